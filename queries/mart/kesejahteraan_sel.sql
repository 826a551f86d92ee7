-- Purpose: the welfare counts of every region, small cells closed, in one long table; the kesejahteraan views read it.
-- Grain: one region (tingkat = semua, kabkota, kecamatan, desa; kode of 4, 6, 10 digits) and count (ukuran) that is not
-- 0. nilai is NULL where the cell is closed (tertutup). Families and aid without a code stand at each level in a row
-- '(belum terpetakan)' and are in no total: a few of them would close it. Families by decile of the list (one listed
-- twice counts once, in the poorer decile); terbantu_* are families whose head's NIK is among the recipients;
-- recipients are whole NIKs, in the region the aid names; rangkap = with several programmes; luar_p3ke = whose NIK no
-- family has. A masked NIK joins with nothing: keluarga_tanpa_nik, bantuan_tanpa_nik. Closed cells (UU 27/2022; the
-- rule and why a total does not undo it: docs/views.md, "Small cells"): a count of 1 to 4, or one whose rest is 1 to 4;
-- then, of the regions that add up to one published total, the next smallest until at least two are closed and these
-- hold at least 5, the rest at least 5 as well. A closed total closes such a set below it.
-- Columns:
-- ukuran: what is counted
-- nilai: the count; NULL where the cell is closed
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan" (coverage, overlap, inclusion error).
-- Not in files: a part of mart.kesejahteraan_wilayah.
WITH keluarga AS (
    SELECT id_keluarga_p3ke, min(kode_kemdagri) AS kode, min(desil_kesejahteraan) AS desil, min(nik) AS nik
    FROM sipp.p3ke
    GROUP BY id_keluarga_p3ke
),
penerima AS (
    -- A programme is its code, or its name where the code cannot be read; several have a first and another last one.
    SELECT nik, min(kode_kemdagri) AS kode,
        min(coalesce(program_kode, upper(program_nama))) <> max(coalesce(program_kode, upper(program_nama))) AS rangkap
    FROM sipp.bantuan
    WHERE nik IS NOT NULL
    GROUP BY nik
),
per_desa AS (
    SELECT k.kode,
        count(*) FILTER (WHERE k.desil = 1) AS desil_1, count(*) FILTER (WHERE k.desil = 2) AS desil_2,
        count(*) FILTER (WHERE k.desil = 3) AS desil_3, count(*) FILTER (WHERE k.desil = 4) AS desil_4,
        count(*) FILTER (WHERE k.desil IS NULL OR k.desil > 4) AS desil_lain,
        count(*) FILTER (WHERE k.desil = 1 AND p.nik IS NOT NULL) AS terbantu_1,
        count(*) FILTER (WHERE k.desil = 2 AND p.nik IS NOT NULL) AS terbantu_2,
        count(*) FILTER (WHERE k.nik IS NULL) AS keluarga_tanpa_nik,
        0 AS penerima, 0 AS rangkap, 0 AS luar, 0 AS bantuan_tanpa_nik
    FROM keluarga AS k
    LEFT JOIN penerima AS p ON p.nik = k.nik
    GROUP BY k.kode
    UNION ALL
    SELECT p.kode, 0, 0, 0, 0, 0, 0, 0, 0,
        count(*), count(*) FILTER (WHERE p.rangkap) AS rangkap, count(*) FILTER (WHERE k.nik IS NULL) AS luar, 0
    FROM penerima AS p
    LEFT JOIN (SELECT DISTINCT nik FROM sipp.p3ke WHERE nik IS NOT NULL) AS k ON k.nik = p.nik
    GROUP BY p.kode
    UNION ALL
    SELECT kode_kemdagri, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*)
    FROM sipp.bantuan
    WHERE nik IS NULL
    GROUP BY kode_kemdagri
),
panjang AS (
    -- nilai of the count and what is left of its whole (sisa); a count that is a whole itself is its own rest.
    SELECT d.kode, u.ukuran,
        sum(CASE u.ukuran
            WHEN 'keluarga_desil_1' THEN d.desil_1 WHEN 'keluarga_desil_2' THEN d.desil_2
            WHEN 'keluarga_desil_3' THEN d.desil_3 WHEN 'keluarga_desil_4' THEN d.desil_4
            WHEN 'keluarga_desil_lain' THEN d.desil_lain WHEN 'keluarga_tanpa_nik' THEN d.keluarga_tanpa_nik
            WHEN 'terbantu_desil_1' THEN d.terbantu_1 WHEN 'terbantu_desil_2' THEN d.terbantu_2
            WHEN 'penerima' THEN d.penerima WHEN 'penerima_rangkap' THEN d.rangkap
            WHEN 'penerima_luar_p3ke' THEN d.luar ELSE d.bantuan_tanpa_nik
        END) AS nilai,
        sum(CASE u.ukuran
            WHEN 'terbantu_desil_1' THEN d.desil_1 WHEN 'terbantu_desil_2' THEN d.desil_2
            WHEN 'penerima_rangkap' THEN d.penerima WHEN 'penerima_luar_p3ke' THEN d.penerima
        END) AS keseluruhan
    FROM per_desa AS d
    CROSS JOIN (VALUES
        ('keluarga_desil_1'), ('keluarga_desil_2'), ('keluarga_desil_3'), ('keluarga_desil_4'), ('keluarga_desil_lain'),
        ('terbantu_desil_1'), ('terbantu_desil_2'), ('keluarga_tanpa_nik'), ('penerima'), ('penerima_rangkap'),
        ('penerima_luar_p3ke'), ('bantuan_tanpa_nik')
    ) AS u(ukuran)
    GROUP BY d.kode, u.ukuran
),
-- From here on every village carries the sums of the regions above it, so that nothing is computed twice.
tempat AS (
    SELECT CASE WHEN kode IS NULL THEN '(belum terpetakan)' ELSE 'semua' END AS semua,
        coalesce(substr(kode, 1, 4), '(belum terpetakan)') AS kabkota,
        coalesce(substr(kode, 1, 6), '(belum terpetakan)') AS kecamatan,
        coalesce(kode, '(belum terpetakan)') AS desa,
        ukuran, nilai, coalesce(keseluruhan - nilai, nilai) AS sisa
    FROM panjang
    WHERE nilai > 0 OR keseluruhan > 0
),
jumlah AS (
    SELECT *,
        sum(nilai) OVER (PARTITION BY semua, ukuran) AS nilai_semua,
        sum(sisa) OVER (PARTITION BY semua, ukuran) AS sisa_semua,
        sum(nilai) OVER (PARTITION BY kabkota, ukuran) AS nilai_kab,
        sum(sisa) OVER (PARTITION BY kabkota, ukuran) AS sisa_kab,
        sum(nilai) OVER (PARTITION BY kecamatan, ukuran) AS nilai_kec,
        sum(sisa) OVER (PARTITION BY kecamatan, ukuran) AS sisa_kec
    FROM tempat
),
kelas AS (
    -- 0 has to be closed; 1 closes a set best, 2 is empty on one side.
    SELECT *,
        nilai_semua BETWEEN 1 AND 4 OR sisa_semua BETWEEN 1 AND 4 AS tutup_semua,
        CASE WHEN nilai_kab BETWEEN 1 AND 4 OR sisa_kab BETWEEN 1 AND 4 THEN 0
            WHEN nilai_kab > 0 AND sisa_kab > 0 THEN 1 ELSE 2 END AS kelas_kab,
        CASE WHEN nilai_kec BETWEEN 1 AND 4 OR sisa_kec BETWEEN 1 AND 4 THEN 0
            WHEN nilai_kec > 0 AND sisa_kec > 0 THEN 1 ELSE 2 END AS kelas_kec,
        CASE WHEN nilai BETWEEN 1 AND 4 OR sisa BETWEEN 1 AND 4 THEN 0
            WHEN nilai > 0 AND sisa > 0 THEN 1 ELSE 2 END AS kelas_desa
    FROM jumlah
),
-- Villages of one region are peers in these windows: dense_rank counts regions, and the sums up to and with a region, less
-- its own, are those of the regions before it.
urut AS (
    SELECT *,
        tutup_semua OR min(kelas_kab) OVER (PARTITION BY semua, ukuran) = 0 AS pemicu_kab,
        dense_rank() OVER k AS urutan_kab,
        sum(nilai) OVER k - nilai_kab AS nilai_sebelum_kab, sum(sisa) OVER k - sisa_kab AS sisa_sebelum_kab,
        min(kelas_kec) OVER (PARTITION BY kabkota, ukuran) = 0 AS kecil_kec,
        dense_rank() OVER c AS urutan_kec,
        sum(nilai) OVER c - nilai_kec AS nilai_sebelum_kec, sum(sisa) OVER c - sisa_kec AS sisa_sebelum_kec,
        min(kelas_desa) OVER (PARTITION BY kecamatan, ukuran) = 0 AS kecil_desa,
        dense_rank() OVER d AS urutan_desa,
        sum(nilai) OVER d - nilai AS nilai_sebelum_desa, sum(sisa) OVER d - sisa AS sisa_sebelum_desa
    FROM kelas
    WINDOW
        k AS (PARTITION BY semua, ukuran ORDER BY kelas_kab, least(nilai_kab, sisa_kab), nilai_kab + sisa_kab, kabkota),
        c AS (PARTITION BY kabkota, ukuran ORDER BY kelas_kec, least(nilai_kec, sisa_kec), nilai_kec + sisa_kec, kecamatan),
        d AS (PARTITION BY kecamatan, ukuran ORDER BY kelas_desa, least(nilai, sisa), nilai + sisa, desa)
),
tutup_kab AS (
    SELECT *,
        kelas_kab = 0 OR (pemicu_kab AND (urutan_kab <= 2 OR nilai_sebelum_kab < 5 OR sisa_sebelum_kab < 5)) AS tutup_kab
    FROM urut
),
tutup_kec AS (
    SELECT *,
        kelas_kec = 0 OR ((tutup_kab OR kecil_kec)
            AND (urutan_kec <= 2 OR nilai_sebelum_kec < 5 OR sisa_sebelum_kec < 5)) AS tutup_kec
    FROM tutup_kab
),
tutup AS (
    SELECT *,
        kelas_desa = 0 OR ((tutup_kec OR kecil_desa)
            AND (urutan_desa <= 2 OR nilai_sebelum_desa < 5 OR sisa_sebelum_desa < 5)) AS tutup_desa
    FROM tutup_kec
),
sel AS (
    SELECT t.tingkat,
        CASE t.tingkat WHEN 'kabkota' THEN x.semua WHEN 'kecamatan' THEN x.kabkota WHEN 'desa' THEN x.kecamatan END AS induk,
        CASE t.tingkat
            WHEN 'semua' THEN x.semua WHEN 'kabkota' THEN x.kabkota WHEN 'kecamatan' THEN x.kecamatan ELSE x.desa
        END AS kode,
        x.ukuran, sum(x.nilai) AS nilai,
        bool_or(CASE t.tingkat
            WHEN 'semua' THEN x.tutup_semua WHEN 'kabkota' THEN x.tutup_kab WHEN 'kecamatan' THEN x.tutup_kec
            ELSE x.tutup_desa
        END) AS tertutup
    FROM tutup AS x
    CROSS JOIN (VALUES ('semua'), ('kabkota'), ('kecamatan'), ('desa')) AS t(tingkat)
    WHERE t.tingkat <> 'semua' OR x.semua = 'semua'
    GROUP BY 1, 2, 3, 4
)
SELECT tingkat, induk, kode, ukuran, CASE WHEN NOT tertutup THEN nilai END AS nilai, tertutup
FROM sel
