-- severity: warning
-- One NIK heads one family. The NIK is shown as its key.
SELECT nik, count(DISTINCT id_keluarga_p3ke) AS jumlah_keluarga
FROM sipp.p3ke
WHERE nik IS NOT NULL
GROUP BY nik
HAVING count(DISTINCT id_keluarga_p3ke) > 1
ORDER BY jumlah_keluarga DESC, nik
