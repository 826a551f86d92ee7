-- severity: warning
-- Fund availability should agree with DIPA and realisasi per satker and account. The two are cut at different hours,
-- so a difference is a question to the treasury office, not an error of the load. A year without any fund
-- availability is not judged.
SELECT s.*
FROM mart.sisa_dana AS s
JOIN (SELECT DISTINCT tahun_anggaran FROM omspan.ketersediaan_dana) AS t ON t.tahun_anggaran = s.tahun_anggaran
WHERE s.status <> 'cocok'
ORDER BY s.tahun_anggaran, s.kdsatker, s.akun
