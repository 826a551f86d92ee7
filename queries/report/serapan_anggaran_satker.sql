-- Every satker, for what moved most since the last edition.
SELECT kdsatker, coalesce(nmsatker, concat('Satker ', kdsatker)) AS nmsatker, pagu, realisasi,
    CASE WHEN pagu > 0 THEN realisasi * 100 / pagu END AS serapan
FROM mart.serapan_satker
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
ORDER BY kdsatker
