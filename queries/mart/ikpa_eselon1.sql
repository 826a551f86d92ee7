-- Purpose: the IKPA score of each eselon 1 unit, as OMSPAN aggregates it (not recomputed from satkers).
-- Grain: one eselon 1 unit and month; ba is the five-digit code.
-- Owner: Biro Keuangan. Formula: mart.ikpa_nilai.
SELECT tahun_anggaran, periode, kode AS ba, nama AS nmba,
    jumlah_bobot, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah
FROM mart.ikpa_nilai
WHERE tingkat = 'eselon1'
