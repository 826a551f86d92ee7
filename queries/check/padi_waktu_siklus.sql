-- severity: warning
-- The cycle time a buyer reports is the days from placement to invoice.
SELECT bumn_id, transaksi_id, tanggal_order_placement, tanggal_invoice, waktu_siklus_lapor, waktu_siklus_hitung,
    selisih_waktu_siklus
FROM mart.padi_transaksi
WHERE selisih_waktu_siklus <> 0
ORDER BY bumn_id, transaksi_id
