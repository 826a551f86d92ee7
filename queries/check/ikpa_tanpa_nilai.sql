-- severity: warning
-- An indicator that applies (weight above 0) has a score; without one the unit's total is not shown.
SELECT tingkat, tahun_anggaran, periode, kode, nama, kunci, bobot
FROM mart.ikpa_indikator
WHERE bobot > 0 AND nilai IS NULL
ORDER BY tahun_anggaran, periode, tingkat, kode, kunci
