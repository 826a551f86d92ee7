-- What no mapping reaches, largest share first, for the objects of mart.mutu_data whose name matches $mutu (a regular
-- expression): unmapped shares are due in every report.
SELECT objek, jumlah, pct
FROM mart.mutu_data
WHERE kelompok = 'belum terpetakan' AND status = 'peringatan' AND pct > 0
    AND (tahun_anggaran IS NULL OR tahun_anggaran = date_part('year', CAST($tanggal AS DATE)))
    AND regexp_like(objek, CAST($mutu AS VARCHAR))
ORDER BY pct DESC, objek
LIMIT 5
