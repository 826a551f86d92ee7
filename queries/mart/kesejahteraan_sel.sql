-- Purpose: the welfare counts of every region, small cells closed, in one long table; the kesejahteraan views read it.
-- Grain: one region (tingkat = semua, kabkota, kecamatan, desa; kode of 4, 6, 10 digits) and count (ukuran). Families and aid
-- without a code stand at each level in a row '(belum terpetakan)' and are in no total: a few of them would close it. nilai is NULL where the cell is closed (tertutup), 0 where there is nobody.
-- Families by decile of the list (one listed twice counts once, in the poorer decile); terbantu_* are families whose head's
-- NIK is among the recipients; recipients are whole NIKs, in the region the aid names; rangkap = with several programmes;
-- luar_p3ke = whose NIK no family has. A masked NIK joins with nothing: keluarga_tanpa_nik, bantuan_tanpa_nik.
-- Closed cells (UU 27/2022; the rule and why a total does not undo it: docs/views.md, "Small cells"): a count of 1 to 4, or
-- one whose rest is 1 to 4; then, of the regions that add up to one published total, the next smallest until at least two are
-- closed and these hold at least 5, the rest at least 5 as well. A closed total closes such a set below it.
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan" (coverage, overlap, inclusion error).
WITH keluarga AS (
    SELECT id_keluarga_p3ke, min(kode_kemdagri) AS kode, min(desil_kesejahteraan) AS desil, min(nik) AS nik
    FROM sipp.p3ke
    GROUP BY id_keluarga_p3ke
),
penerima AS (
    -- A programme is its code, or its name where the code cannot be read.
    SELECT nik, min(kode_kemdagri) AS kode,
        count(DISTINCT coalesce(program_kode, upper(program_nama))) AS jumlah_program
    FROM sipp.bantuan
    WHERE nik IS NOT NULL
    GROUP BY nik
),
unit AS (
    SELECT k.kode, k.desil, k.nik IS NULL AS tanpa_nik, p.nik IS NOT NULL AS terbantu
    FROM keluarga AS k
    LEFT JOIN penerima AS p ON p.nik = k.nik
),
fakta AS (
    -- nilai of the count and what is left of its whole (sisa); a count that is a whole itself is its own rest.
    SELECT kode,
        CASE WHEN desil BETWEEN 1 AND 4 THEN concat('keluarga_desil_', desil) ELSE 'keluarga_desil_lain' END AS ukuran,
        count(*) AS nilai, count(*) AS sisa
    FROM unit
    GROUP BY 1, 2
    UNION ALL
    SELECT kode, concat('terbantu_desil_', desil), count(*) FILTER (WHERE terbantu), count(*) FILTER (WHERE NOT terbantu)
    FROM unit
    WHERE desil IN (1, 2)
    GROUP BY 1, 2
    UNION ALL
    SELECT kode, 'keluarga_tanpa_nik', count(*) AS nilai, count(*) AS sisa
    FROM unit
    WHERE tanpa_nik
    GROUP BY 1
    UNION ALL
    SELECT kode, 'penerima', count(*) AS nilai, count(*) AS sisa
    FROM penerima
    GROUP BY 1
    UNION ALL
    SELECT kode, 'penerima_rangkap', count(*) FILTER (WHERE jumlah_program > 1),
        count(*) FILTER (WHERE jumlah_program = 1)
    FROM penerima
    GROUP BY 1
    UNION ALL
    SELECT p.kode, 'penerima_luar_p3ke', count(*) FILTER (WHERE k.nik IS NULL), count(k.nik)
    FROM penerima AS p
    LEFT JOIN (SELECT DISTINCT nik FROM keluarga WHERE nik IS NOT NULL) AS k ON k.nik = p.nik
    GROUP BY 1
    UNION ALL
    SELECT kode_kemdagri, 'bantuan_tanpa_nik', count(*) AS nilai, count(*) AS sisa
    FROM sipp.bantuan
    WHERE nik IS NULL
    GROUP BY 1
),
tempat AS (
    SELECT kode,
        coalesce(substr(kode, 1, 4), '(belum terpetakan)') AS kabkota,
        coalesce(substr(kode, 1, 6), '(belum terpetakan)') AS kecamatan,
        coalesce(kode, '(belum terpetakan)') AS desa,
        ukuran, nilai, sisa
    FROM fakta
),
semua AS (
    SELECT CASE WHEN kode IS NULL THEN desa ELSE 'semua' END AS kode, ukuran, sum(nilai) AS nilai,
        sum(nilai) BETWEEN 1 AND 4 OR sum(sisa) BETWEEN 1 AND 4 AS tertutup
    FROM tempat
    GROUP BY 1, 2
),
kabkota_urut AS (
    SELECT j.induk, j.kabkota AS kode, j.ukuran, j.nilai, j.sisa, j.kelas,
        i.tertutup OR min(j.kelas) OVER (PARTITION BY j.induk, j.ukuran) = 0 AS pemicu,
        row_number() OVER u AS urutan,
        sum(j.nilai) OVER u - j.nilai AS nilai_sebelum,
        sum(j.sisa) OVER u - j.sisa AS sisa_sebelum
    FROM (
        -- kelas 0 has to be closed; 1 closes a set best, 2 is empty on one side.
        SELECT CASE WHEN kode IS NULL THEN kabkota ELSE 'semua' END AS induk, kabkota, ukuran, sum(nilai) AS nilai, sum(sisa) AS sisa,
            CASE
                WHEN sum(nilai) BETWEEN 1 AND 4 OR sum(sisa) BETWEEN 1 AND 4 THEN 0
                WHEN sum(nilai) > 0 AND sum(sisa) > 0 THEN 1
                ELSE 2
            END AS kelas
        FROM tempat
        GROUP BY 1, 2, 3
    ) AS j
    JOIN semua AS i ON i.kode = j.induk AND i.ukuran = j.ukuran
    WINDOW u AS (
        PARTITION BY j.induk, j.ukuran ORDER BY j.kelas, least(j.nilai, j.sisa), j.nilai + j.sisa, j.kabkota
        ROWS UNBOUNDED PRECEDING
    )
),
kabkota AS (
    SELECT induk, kode, ukuran, nilai,
        kelas = 0 OR (pemicu AND (urutan <= 2 OR nilai_sebelum < 5 OR sisa_sebelum < 5)) AS tertutup
    FROM kabkota_urut
),
kecamatan_urut AS (
    SELECT j.induk, j.kecamatan AS kode, j.ukuran, j.nilai, j.sisa, j.kelas,
        i.tertutup OR min(j.kelas) OVER (PARTITION BY j.induk, j.ukuran) = 0 AS pemicu,
        row_number() OVER u AS urutan,
        sum(j.nilai) OVER u - j.nilai AS nilai_sebelum,
        sum(j.sisa) OVER u - j.sisa AS sisa_sebelum
    FROM (
        -- kelas 0 has to be closed; 1 closes a set best, 2 is empty on one side.
        SELECT kabkota AS induk, kecamatan, ukuran, sum(nilai) AS nilai, sum(sisa) AS sisa,
            CASE
                WHEN sum(nilai) BETWEEN 1 AND 4 OR sum(sisa) BETWEEN 1 AND 4 THEN 0
                WHEN sum(nilai) > 0 AND sum(sisa) > 0 THEN 1
                ELSE 2
            END AS kelas
        FROM tempat
        GROUP BY 1, 2, 3
    ) AS j
    JOIN kabkota AS i ON i.kode = j.induk AND i.ukuran = j.ukuran
    WINDOW u AS (
        PARTITION BY j.induk, j.ukuran ORDER BY j.kelas, least(j.nilai, j.sisa), j.nilai + j.sisa, j.kecamatan
        ROWS UNBOUNDED PRECEDING
    )
),
kecamatan AS (
    SELECT induk, kode, ukuran, nilai,
        kelas = 0 OR (pemicu AND (urutan <= 2 OR nilai_sebelum < 5 OR sisa_sebelum < 5)) AS tertutup
    FROM kecamatan_urut
),
desa_urut AS (
    SELECT j.induk, j.desa AS kode, j.ukuran, j.nilai, j.sisa, j.kelas,
        i.tertutup OR min(j.kelas) OVER (PARTITION BY j.induk, j.ukuran) = 0 AS pemicu,
        row_number() OVER u AS urutan,
        sum(j.nilai) OVER u - j.nilai AS nilai_sebelum,
        sum(j.sisa) OVER u - j.sisa AS sisa_sebelum
    FROM (
        -- kelas 0 has to be closed; 1 closes a set best, 2 is empty on one side.
        SELECT kecamatan AS induk, desa, ukuran, sum(nilai) AS nilai, sum(sisa) AS sisa,
            CASE
                WHEN sum(nilai) BETWEEN 1 AND 4 OR sum(sisa) BETWEEN 1 AND 4 THEN 0
                WHEN sum(nilai) > 0 AND sum(sisa) > 0 THEN 1
                ELSE 2
            END AS kelas
        FROM tempat
        GROUP BY 1, 2, 3
    ) AS j
    JOIN kecamatan AS i ON i.kode = j.induk AND i.ukuran = j.ukuran
    WINDOW u AS (
        PARTITION BY j.induk, j.ukuran ORDER BY j.kelas, least(j.nilai, j.sisa), j.nilai + j.sisa, j.desa
        ROWS UNBOUNDED PRECEDING
    )
),
desa AS (
    SELECT induk, kode, ukuran, nilai,
        kelas = 0 OR (pemicu AND (urutan <= 2 OR nilai_sebelum < 5 OR sisa_sebelum < 5)) AS tertutup
    FROM desa_urut
),
sel AS (
    SELECT 'semua' AS tingkat, CAST(NULL AS VARCHAR) AS induk, kode, ukuran, nilai, tertutup
    FROM semua
    WHERE kode = 'semua'
    UNION ALL
    SELECT 'kabkota', induk, kode, ukuran, nilai, tertutup FROM kabkota
    UNION ALL
    SELECT 'kecamatan', induk, kode, ukuran, nilai, tertutup FROM kecamatan
    UNION ALL
    SELECT 'desa', induk, kode, ukuran, nilai, tertutup FROM desa
),
daftar AS (
    -- Every count of every region, so that nobody is 0 and not missing.
    SELECT w.tingkat, w.induk, w.kode, u.ukuran
    FROM (SELECT DISTINCT tingkat, induk, kode FROM sel) AS w
    CROSS JOIN (VALUES
        ('keluarga_desil_1'), ('keluarga_desil_2'), ('keluarga_desil_3'), ('keluarga_desil_4'), ('keluarga_desil_lain'),
        ('terbantu_desil_1'), ('terbantu_desil_2'), ('keluarga_tanpa_nik'), ('penerima'), ('penerima_rangkap'),
        ('penerima_luar_p3ke'), ('bantuan_tanpa_nik')
    ) AS u(ukuran)
)
SELECT d.tingkat, d.induk, d.kode, d.ukuran,
    CASE WHEN s.tertutup THEN NULL ELSE coalesce(s.nilai, 0) END AS nilai,
    coalesce(s.tertutup, false) AS tertutup
FROM daftar AS d
LEFT JOIN sel AS s ON s.tingkat = d.tingkat AND s.kode = d.kode AND s.ukuran = d.ukuran
