-- One row an eselon 1 unit, largest pagu first.
SELECT baes1, coalesce(nmes1, concat('Unit ', baes1)) AS nmes1, pagu, realisasi, pagu - realisasi AS sisa,
    CASE WHEN pagu > 0 THEN realisasi * 100 / pagu END AS serapan
FROM mart.serapan_eselon1
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
ORDER BY pagu DESC, baes1
