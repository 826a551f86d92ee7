-- severity: warning
-- No posting is younger than the data date its own dump states (MAXDATE); such a row is left out of realisasi.
SELECT tahun_anggaran, kdsatker, akun, tanggal, maxdate, amount
FROM omspan.realisasi_belanja
WHERE tanggal > maxdate
ORDER BY tahun_anggaran, kdsatker, akun, tanggal
