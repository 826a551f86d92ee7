-- severity: warning
-- An order is confirmed before it is delivered, and delivered before it is invoiced. The source's own sample breaks this.
SELECT bumn_id, transaksi_id, tanggal_order_placement, tanggal_confirmation, tanggal_delivery, tanggal_invoice
FROM mart.padi_transaksi
WHERE tanggal_confirmation > tanggal_delivery OR tanggal_delivery > tanggal_invoice
ORDER BY bumn_id, transaksi_id
