-- severity: error
-- IKPA scores and weights lie between 0 and 100; "10000" is 100.00 that lost its point.
SELECT tingkat, tahun_anggaran, periode, kode, kunci, nilai, bobot
FROM mart.ikpa_indikator
WHERE nilai NOT BETWEEN 0 AND 100 OR bobot NOT BETWEEN 0 AND 100
ORDER BY tahun_anggaran, periode, tingkat, kode, kunci
