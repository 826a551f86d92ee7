-- Revenue by satker, largest first.
SELECT kdsatker, coalesce(min(nmsatker), concat('Satker ', kdsatker)) AS nmsatker, sum(rupiah) AS rupiah,
    sum(target) AS target_rupiah, CAST(sum(jumlah_transaksi) AS BIGINT) AS jumlah_transaksi
FROM mart.pnbp_akun
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND jenis = 'penerimaan'
GROUP BY kdsatker
ORDER BY rupiah DESC, kdsatker
