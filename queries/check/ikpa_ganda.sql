-- severity: error
-- A unit has one row a month; twice the same unit would blend two scores into one.
SELECT tingkat, tahun_anggaran, periode, kode, kdkppn, count(*) AS baris
FROM mart.ikpa_indikator
WHERE kunci = 'realisasi'
GROUP BY tingkat, tahun_anggaran, periode, kode, kdkppn
HAVING count(*) > 1
ORDER BY tahun_anggaran, periode, tingkat, kode
