-- Purpose: the programmes aid is given under: how many it reaches, how many of the poorest, and the budget it has in
-- SIMDA.
-- Grain: one agency (as SIPP writes it), programme, activity and sub-activity code and name of aid. Recipients are
-- whole NIKs; keluarga_terbantu are P3KE families whose head is one of them, penerima_luar_p3ke have none. Counts below
-- 5, or whose rest is below 5, are NULL; where one row's jumlah_bantuan is closed the next smallest closes with it,
-- because the number of all aid is known (docs/views.md, "Small cells"). pagu and jumlah_rka are those of the SIMDA
-- activities found (mart.bantuan_rka: cocok_pada says at which name): one activity may stand behind several rows, so
-- never sum them over rows; mart.anggaran_kesejahteraan does that.
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan".
WITH keluarga AS (
    SELECT nik, min(id_keluarga_p3ke) AS id_keluarga, min(desil_kesejahteraan) AS desil
    FROM sipp.p3ke
    WHERE nik IS NOT NULL
    GROUP BY nik
),
bantuan AS (
    SELECT b.nama_opd, b.program_kode, b.program_nama, b.kegiatan_kode, b.kegiatan_nama,
        b.sub_kegiatan_kode, b.sub_kegiatan_nama,
        count(*) AS jumlah_bantuan,
        count(DISTINCT b.nik) AS penerima,
        count(DISTINCT k.id_keluarga) AS keluarga,
        count(DISTINCT CASE WHEN k.desil IN (1, 2) THEN k.id_keluarga END) AS keluarga_desil_1_2,
        count(DISTINCT CASE WHEN k.nik IS NULL THEN b.nik END) AS luar_p3ke
    FROM sipp.bantuan AS b
    LEFT JOIN keluarga AS k ON k.nik = b.nik
    GROUP BY b.nama_opd, b.program_kode, b.program_nama, b.kegiatan_kode, b.kegiatan_nama,
        b.sub_kegiatan_kode, b.sub_kegiatan_nama
),
anggaran AS (
    SELECT nama_opd, program_kode, program_nama, kegiatan_kode, kegiatan_nama, sub_kegiatan_kode, sub_kegiatan_nama,
        min(cocok_pada) AS cocok_pada, max(tahun_anggaran) AS tahun_anggaran, count(id_rka) AS jumlah_kegiatan_rka,
        sum(pagu) AS pagu, sum(jumlah) AS jumlah_rka
    FROM mart.bantuan_rka
    GROUP BY nama_opd, program_kode, program_nama, kegiatan_kode, kegiatan_nama, sub_kegiatan_kode, sub_kegiatan_nama
),
urut AS (
    SELECT *,
        penerima BETWEEN 1 AND 4 OR jumlah_bantuan < 5 AS kecil,
        bool_or(penerima BETWEEN 1 AND 4 OR jumlah_bantuan < 5) OVER () AS pemicu,
        row_number() OVER u AS urutan,
        sum(jumlah_bantuan) OVER u - jumlah_bantuan AS sebelum
    FROM bantuan
    WINDOW u AS (
        ORDER BY penerima BETWEEN 1 AND 4 OR jumlah_bantuan < 5 DESC, jumlah_bantuan, nama_opd, program_kode, program_nama,
            kegiatan_kode, kegiatan_nama, sub_kegiatan_kode, sub_kegiatan_nama
        ROWS UNBOUNDED PRECEDING
    )
),
tutup AS (
    SELECT *, kecil OR (pemicu AND (urutan <= 2 OR sebelum < 5)) AS tertutup
    FROM urut
)
SELECT t.nama_opd, t.program_kode, t.program_nama, t.kegiatan_kode, t.kegiatan_nama,
    t.sub_kegiatan_kode, t.sub_kegiatan_nama,
    CASE WHEN NOT t.tertutup THEN t.jumlah_bantuan END AS jumlah_bantuan,
    CASE WHEN NOT t.tertutup THEN t.penerima END AS jumlah_penerima,
    CASE WHEN NOT t.tertutup AND t.keluarga NOT BETWEEN 1 AND 4
        AND t.penerima - t.keluarga NOT BETWEEN 1 AND 4 THEN t.keluarga END AS keluarga_terbantu,
    CASE WHEN NOT t.tertutup AND t.keluarga_desil_1_2 NOT BETWEEN 1 AND 4
        AND t.keluarga - t.keluarga_desil_1_2 NOT BETWEEN 1 AND 4 THEN t.keluarga_desil_1_2 END
        AS keluarga_desil_1_2_terbantu,
    CASE WHEN NOT t.tertutup AND t.luar_p3ke NOT BETWEEN 1 AND 4
        AND t.penerima - t.luar_p3ke NOT BETWEEN 1 AND 4 THEN t.luar_p3ke END AS penerima_luar_p3ke,
    t.tertutup, a.cocok_pada, a.tahun_anggaran, a.jumlah_kegiatan_rka, a.pagu, a.jumlah_rka
FROM tutup AS t
LEFT JOIN anggaran AS a
    ON (a.nama_opd IS NOT DISTINCT FROM t.nama_opd)
    AND (a.program_kode IS NOT DISTINCT FROM t.program_kode)
    AND (a.program_nama IS NOT DISTINCT FROM t.program_nama)
    AND (a.kegiatan_kode IS NOT DISTINCT FROM t.kegiatan_kode)
    AND (a.kegiatan_nama IS NOT DISTINCT FROM t.kegiatan_nama)
    AND (a.sub_kegiatan_kode IS NOT DISTINCT FROM t.sub_kegiatan_kode)
    AND (a.sub_kegiatan_nama IS NOT DISTINCT FROM t.sub_kegiatan_nama)
