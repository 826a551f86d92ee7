-- Revenue of every satker by account, largest first.
SELECT kdsatker AS satker, akun, nm_akun, rupiah, target AS target_rupiah, jumlah_transaksi
FROM mart.pnbp_akun
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND jenis = 'penerimaan'
ORDER BY satker, rupiah DESC, akun
