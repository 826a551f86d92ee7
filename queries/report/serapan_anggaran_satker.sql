-- Every satker, for the count, the exceptions and the movers.
SELECT tahun_anggaran, baes1, kdsatker, nmsatker, pagu, realisasi
FROM mart.serapan_satker
ORDER BY tahun_anggaran, kdsatker
