-- severity: warning
-- One NIK heads one family. The NIK is shown as its key.
SELECT nik, count(id_keluarga_p3ke) AS jumlah_keluarga
FROM (SELECT DISTINCT nik, id_keluarga_p3ke FROM sipp.p3ke WHERE nik IS NOT NULL)
GROUP BY nik
HAVING count(id_keluarga_p3ke) > 1
ORDER BY jumlah_keluarga DESC, nik
