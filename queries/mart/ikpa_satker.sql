-- Purpose: the IKPA score of each satker.
-- Grain: one satker (and its KPPN) and month.
-- Owner: Biro Keuangan. Formula: mart.ikpa_nilai.
SELECT tahun_anggaran, periode, kode AS kdsatker, nama AS nmsatker, kdkppn,
    jumlah_bobot, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah
FROM mart.ikpa_nilai
WHERE tingkat = 'satker'
