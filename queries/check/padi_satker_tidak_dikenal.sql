-- severity: warning
-- id_satker of an order is one that ref.padi_satker maps to a satker of the treasury. While that list is empty nothing is
-- judged.
SELECT t.id_satker, count(*) AS jumlah_transaksi, sum(t.total_nilai_project) AS nilai
FROM padi.transaksi AS t
LEFT JOIN ref.padi_satker AS s ON s.id_satker = t.id_satker
WHERE s.id_satker IS NULL AND EXISTS (SELECT 1 FROM ref.padi_satker)
GROUP BY t.id_satker
ORDER BY t.id_satker
