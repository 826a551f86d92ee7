-- Purpose: the ceiling (pagu) of each activity against what its budget items come to.
-- Grain: one activity of a budget plan (id_rka) of an agency and year. An activity without items is here with jumlah 0,
-- as far as it has an indicator: the source's tree shows it nowhere else.
-- Owner: Bappelitbangda. Formula: docs/views.md, "RKA".
WITH baris AS (
    SELECT tahun_anggaran, id_kantor, id_instansi, id_jenis_urusan, nama_jenis_urusan, id_urusan, nama_urusan,
        id_program, nama_program, id_kegiatan, id_rka, nama_kegiatan, sumber_dana, pagu,
        id_sub_rincian, jumlah
    FROM simda.rka
    UNION ALL
    SELECT tahun_anggaran, id_kantor, id_instansi, id_jenis_urusan, nama_jenis_urusan, id_urusan, nama_urusan,
        id_program, nama_program, id_kegiatan, id_rka, nama_kegiatan, sumber_dana, pagu,
        CAST(NULL AS VARCHAR), CAST(NULL AS DECIMAL(20, 2))
    FROM simda.rka_indikator_kegiatan
),
kegiatan AS (
    SELECT tahun_anggaran, id_kantor, id_instansi, id_program, id_kegiatan, id_rka,
        min(nama_jenis_urusan) AS nama_jenis_urusan, min(nama_urusan) AS nama_urusan,
        min(nama_program) AS nama_program, min(nama_kegiatan) AS nama_kegiatan, min(sumber_dana) AS sumber_dana,
        -- Repeated in every row of the activity.
        max(pagu) AS pagu,
        count(id_sub_rincian) AS jumlah_rincian,
        coalesce(sum(jumlah), 0) AS jumlah
    FROM baris
    GROUP BY tahun_anggaran, id_kantor, id_instansi, id_program, id_kegiatan, id_rka
),
instansi AS (
    SELECT id_kantor, id_instansi, min(nama_instansi) AS nama_instansi
    FROM simda.instansi
    GROUP BY id_kantor, id_instansi
)
SELECT k.tahun_anggaran, k.id_kantor, k.id_instansi, i.nama_instansi, k.nama_jenis_urusan, k.nama_urusan,
    k.id_program, k.nama_program, k.id_kegiatan, k.id_rka, k.nama_kegiatan, k.sumber_dana,
    k.pagu, k.jumlah, k.pagu - k.jumlah AS sisa_pagu, k.jumlah_rincian,
    TRY_CAST(k.jumlah * 100 / nullif(k.pagu, 0) AS DECIMAL(9, 4)) AS jumlah_pct
FROM kegiatan AS k
LEFT JOIN instansi AS i
    ON i.id_kantor = k.id_kantor AND i.id_instansi = k.id_instansi
