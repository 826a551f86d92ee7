-- Purpose: the IKPA score of every unit; ikpa_satker, ikpa_eselon1 and ikpa_kl show one level each.
-- Grain: one unit (tingkat, kode, and KPPN for satkers) and month.
-- Score = sum(nilai x bobot) / sum(bobot), over the indicators that apply. An indicator that applies (bobot > 0) but
-- has no score makes the total NULL: neither counting it as 0 nor leaving it out gives the true figure.
-- Columns:
-- tingkat: satker, eselon1 or kl
-- Owner: Biro Keuangan. Formula: docs/views.md, "IKPA".
-- Not in files: a part of mart.ikpa_satker, mart.ikpa_eselon1 and mart.ikpa_kl.
WITH jumlah AS (
    SELECT tingkat, tahun_anggaran, periode, kode, nama, kdkppn,
        sum(bobot) AS jumlah_bobot,
        sum(nilai * bobot) AS jumlah_nilai,
        count(*) FILTER (WHERE bobot > 0 AND nilai IS NULL) AS tanpa_nilai,
        first_value(indikator ORDER BY nilai, bobot DESC, kunci)
            FILTER (WHERE bobot > 0 AND nilai IS NOT NULL) AS indikator_terlemah,
        min(nilai) FILTER (WHERE bobot > 0) AS nilai_terlemah
    FROM mart.ikpa_indikator
    GROUP BY tingkat, tahun_anggaran, periode, kode, nama, kdkppn
),
skor AS (
    SELECT *,
        CASE WHEN tanpa_nilai = 0 THEN TRY_CAST(jumlah_nilai / nullif(jumlah_bobot, 0) AS DECIMAL(7, 2)) END
            AS nilai_ikpa
    FROM jumlah
)
SELECT tingkat, tahun_anggaran, periode, kode, nama, kdkppn, jumlah_bobot, nilai_ikpa,
    CASE
        WHEN nilai_ikpa >= 95 THEN 'sangat baik'
        WHEN nilai_ikpa >= 89 THEN 'baik'
        WHEN nilai_ikpa >= 70 THEN 'cukup'
        WHEN nilai_ikpa IS NOT NULL THEN 'kurang'
    END AS kategori,
    indikator_terlemah, nilai_terlemah
FROM skor
