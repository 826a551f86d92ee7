-- severity: error
-- An order is reported once: (bumn_id, transaksi_id) twice would count its value twice.
SELECT bumn_id, transaksi_id, count(*) AS baris, sum(total_nilai_project) AS nilai
FROM padi.transaksi
GROUP BY bumn_id, transaksi_id
HAVING count(*) > 1
ORDER BY bumn_id, transaksi_id
