-- Purpose: what the agencies of the region plan to spend (renja, RKA), by account.
-- Grain: one agency, five-level account (rekening, 5.2.2.3.6: Permendagri 13/2006) and year. An agency that the list
-- does not name is '(belum terpetakan)'. The ceiling (pagu) is the activity's, not the account's: mart.rka_kegiatan has
-- it. Regional and central charts of accounts differ: compare with OMSPAN at most by kind (rekening_jenis).
-- Owner: Bappelitbangda. Formula: docs/views.md, "RKA".
WITH instansi AS (
    SELECT id_kantor, id_instansi, min(nama_instansi) AS nama_instansi
    FROM simda.instansi
    GROUP BY id_kantor, id_instansi
),
kegiatan AS (
    -- One row an activity and account, so that an activity is counted by counting rows.
    SELECT tahun_anggaran, id_kantor, id_instansi,
        concat_ws('.', rek_akun, rek_kelompok, rek_belanja, rek_bagian, rek_sub_bagian) AS rekening,
        concat_ws('.', rek_akun, rek_kelompok, rek_belanja) AS rekening_jenis, id_rka,
        min(nama_rek_kelompok) AS nama_rek_kelompok, min(nama_rek_belanja) AS nama_rek_belanja,
        min(nama_rek_bagian) AS nama_rek_bagian, min(nama_sub_bagian) AS nama_rekening,
        count(*) AS jumlah_rincian, sum(jumlah) AS jumlah
    FROM simda.rka
    GROUP BY 1, 2, 3, 4, 5, 6
),
jumlah AS (
    SELECT tahun_anggaran, id_kantor, id_instansi, rekening, rekening_jenis,
        min(nama_rek_kelompok) AS nama_rek_kelompok, min(nama_rek_belanja) AS nama_rek_belanja,
        min(nama_rek_bagian) AS nama_rek_bagian, min(nama_rekening) AS nama_rekening,
        count(id_rka) AS jumlah_kegiatan, CAST(sum(jumlah_rincian) AS BIGINT) AS jumlah_rincian,
        CAST(coalesce(sum(jumlah), 0) AS DECIMAL(30, 2)) AS jumlah
    FROM kegiatan
    GROUP BY tahun_anggaran, id_kantor, id_instansi, rekening, rekening_jenis
),
total AS (
    SELECT tahun_anggaran, id_kantor, id_instansi, sum(jumlah) AS jumlah
    FROM jumlah
    GROUP BY tahun_anggaran, id_kantor, id_instansi
)
SELECT j.tahun_anggaran, j.id_kantor, j.id_instansi, coalesce(i.nama_instansi, '(belum terpetakan)') AS nama_instansi,
    j.rekening, coalesce(j.nama_rekening, '(belum terpetakan)') AS nama_rekening,
    j.rekening_jenis, j.nama_rek_kelompok, j.nama_rek_belanja, j.nama_rek_bagian,
    j.jumlah_kegiatan, j.jumlah_rincian, j.jumlah,
    TRY_CAST(j.jumlah * 100 / nullif(t.jumlah, 0) AS DECIMAL(9, 4)) AS porsi_pct
FROM jumlah AS j
JOIN total AS t
    ON t.tahun_anggaran = j.tahun_anggaran AND t.id_kantor = j.id_kantor AND t.id_instansi = j.id_instansi
LEFT JOIN instansi AS i ON i.id_kantor = j.id_kantor AND i.id_instansi = j.id_instansi
