-- Accounts with revenue that no target stands against, largest first.
SELECT akun, min(nm_akun) AS nm_akun, sum(rupiah) AS rupiah, count(DISTINCT kdsatker) AS jumlah_satker
FROM mart.pnbp_akun
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND jenis = 'penerimaan' AND target IS NULL AND rupiah > 0
GROUP BY akun
HAVING sum(rupiah) >= CAST($ambang_tanpa_target AS DECIMAL(30, 2))
ORDER BY rupiah DESC, akun
