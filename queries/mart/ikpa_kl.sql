-- Purpose: the IKPA score of the ministry, as OMSPAN aggregates it (not recomputed from its units).
-- Grain: one ministry and month.
-- Owner: Biro Keuangan. Formula: mart.ikpa_nilai.
SELECT tahun_anggaran, periode, kode AS ba, nama AS nmba,
    jumlah_bobot, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah
FROM mart.ikpa_nilai
WHERE tingkat = 'kl'
