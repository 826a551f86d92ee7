-- severity: warning
-- A NIK is whole; one that is masked, missing or broken joins with nothing. Counted here, by table.
SELECT tabel, nik_keadaan, count(*) AS jumlah
FROM (
    SELECT 'sipp.p3ke' AS tabel, nik_keadaan FROM sipp.p3ke
    UNION ALL
    SELECT 'sipp.bantuan', nik_keadaan FROM sipp.bantuan
)
WHERE nik_keadaan <> 'utuh'
GROUP BY tabel, nik_keadaan
ORDER BY tabel, nik_keadaan
