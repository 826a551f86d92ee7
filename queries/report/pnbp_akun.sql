-- Revenue by account, largest first.
SELECT akun, min(nm_akun) AS nm_akun, sum(rupiah) AS rupiah, sum(target) AS target_rupiah,
    CAST(sum(jumlah_transaksi) AS BIGINT) AS jumlah_transaksi
FROM mart.pnbp_akun
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND jenis = 'penerimaan'
GROUP BY akun
ORDER BY rupiah DESC, akun
