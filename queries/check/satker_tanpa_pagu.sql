-- severity: warning
-- A satker that spends has a budget; one without pagu is missing from DIPA or has a wrong code.
SELECT tahun_anggaran, ba, baes1, kdsatker, nmsatker, pagu, realisasi
FROM mart.serapan_satker
WHERE pagu = 0 AND realisasi <> 0
ORDER BY tahun_anggaran, kdsatker
