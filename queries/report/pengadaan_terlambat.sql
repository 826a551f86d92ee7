-- Satkers with orders that took longer than agreed, most first.
SELECT kdsatker, coalesce(nmsatker, concat('Satker ', kdsatker)) AS nmsatker, jumlah_transaksi,
    jumlah_melewati_target AS lewat
FROM mart.pengadaan_satker
WHERE tahun = CAST($tahun AS INT) AND kdsatker <> '(belum terpetakan)'
    AND jumlah_melewati_target >= CAST($ambang_terlambat AS DECIMAL(20, 0))
ORDER BY jumlah_melewati_target DESC, kdsatker
