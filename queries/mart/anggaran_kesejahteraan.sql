-- Purpose: the budget of the programmes that give aid, against the people and families they reach.
-- Grain: one agency (as SIPP writes it) and programme of aid; also one whose name SIMDA does not have, pagu NULL and
-- cocok_pada '(belum terpetakan)'. pagu_kegiatan and jumlah_rka: the SIMDA activities that the programme's aid names,
-- each once. pagu_program: everything in the SIMDA programmes these belong to. cocok_pada is the least certain level
-- among them (program before kegiatan before sub kegiatan), or '(belum terpetakan)' while any aid of the programme is
-- not found (sebagian tells that some is). Counts below 5 are NULL, so is every count of a programme with a closed row
-- in mart.bantuan_program, and what could be divided back into them (docs/views.md, "Small cells").
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan".
WITH keluarga AS (
    SELECT nik, min(id_keluarga_p3ke) AS id_keluarga, min(desil_kesejahteraan) AS desil
    FROM sipp.p3ke
    WHERE nik IS NOT NULL
    GROUP BY nik
),
sasaran AS (
    SELECT b.nama_opd, b.program_kode, b.program_nama,
        count(DISTINCT b.nik) AS penerima,
        count(DISTINCT k.id_keluarga) AS keluarga,
        count(DISTINCT CASE WHEN k.desil IN (1, 2) THEN k.id_keluarga END) AS keluarga_desil_1_2
    FROM sipp.bantuan AS b
    LEFT JOIN keluarga AS k ON k.nik = b.nik
    GROUP BY b.nama_opd, b.program_kode, b.program_nama
),
kegiatan AS (
    SELECT nama_opd, program_kode, program_nama, tahun_anggaran, id_kantor, id_instansi, id_program, id_kegiatan, id_rka,
        max(CASE cocok_pada WHEN 'sub kegiatan' THEN 1 WHEN 'kegiatan' THEN 2 WHEN 'program' THEN 3 ELSE 4 END) AS tingkat,
        max(pagu) AS pagu, max(jumlah) AS jumlah
    FROM mart.bantuan_rka
    GROUP BY nama_opd, program_kode, program_nama, tahun_anggaran, id_kantor, id_instansi, id_program, id_kegiatan, id_rka
),
anggaran AS (
    SELECT nama_opd, program_kode, program_nama, max(tahun_anggaran) AS tahun_anggaran, max(tingkat) AS tingkat,
        count(id_rka) AS jumlah_kegiatan_rka, sum(pagu) AS pagu_kegiatan, sum(jumlah) AS jumlah_rka
    FROM kegiatan
    GROUP BY nama_opd, program_kode, program_nama
),
pagu_simda AS (
    SELECT tahun_anggaran, id_kantor, id_instansi, id_program, sum(pagu) AS pagu
    FROM mart.rka_kegiatan
    GROUP BY tahun_anggaran, id_kantor, id_instansi, id_program
),
program AS (
    SELECT p.nama_opd, p.program_kode, p.program_nama, sum(s.pagu) AS pagu_program
    FROM (
        SELECT DISTINCT nama_opd, program_kode, program_nama, tahun_anggaran, id_kantor, id_instansi, id_program
        FROM kegiatan
    ) AS p
    JOIN pagu_simda AS s
        ON s.tahun_anggaran = p.tahun_anggaran AND s.id_kantor = p.id_kantor AND s.id_instansi = p.id_instansi
        AND s.id_program = p.id_program
    GROUP BY p.nama_opd, p.program_kode, p.program_nama
),
tutup AS (
    SELECT nama_opd, program_kode, program_nama, bool_or(tertutup) AS tertutup
    FROM mart.bantuan_program
    GROUP BY nama_opd, program_kode, program_nama
),
baris AS (
    SELECT s.nama_opd, s.program_kode, s.program_nama, a.tahun_anggaran, a.tingkat, a.jumlah_kegiatan_rka,
        a.pagu_kegiatan, a.jumlah_rka, p.pagu_program,
        CASE WHEN NOT t.tertutup AND s.penerima NOT BETWEEN 1 AND 4 THEN s.penerima END AS jumlah_penerima,
        CASE WHEN NOT t.tertutup AND s.keluarga NOT BETWEEN 1 AND 4 AND s.penerima - s.keluarga NOT BETWEEN 1 AND 4
            THEN s.keluarga END AS keluarga_terbantu,
        CASE WHEN NOT t.tertutup AND s.keluarga_desil_1_2 NOT BETWEEN 1 AND 4
            AND s.keluarga - s.keluarga_desil_1_2 NOT BETWEEN 1 AND 4 THEN s.keluarga_desil_1_2 END
            AS keluarga_desil_1_2_terbantu
    FROM sasaran AS s
    LEFT JOIN anggaran AS a
        ON (a.nama_opd IS NOT DISTINCT FROM s.nama_opd)
        AND (a.program_kode IS NOT DISTINCT FROM s.program_kode)
        AND (a.program_nama IS NOT DISTINCT FROM s.program_nama)
    LEFT JOIN tutup AS t
        ON (t.nama_opd IS NOT DISTINCT FROM s.nama_opd)
        AND (t.program_kode IS NOT DISTINCT FROM s.program_kode)
        AND (t.program_nama IS NOT DISTINCT FROM s.program_nama)
    LEFT JOIN program AS p
        ON (p.nama_opd IS NOT DISTINCT FROM s.nama_opd)
        AND (p.program_kode IS NOT DISTINCT FROM s.program_kode)
        AND (p.program_nama IS NOT DISTINCT FROM s.program_nama)
)
SELECT nama_opd, program_kode, program_nama,
    CASE tingkat
        WHEN 1 THEN 'sub kegiatan'
        WHEN 2 THEN 'kegiatan'
        WHEN 3 THEN 'program'
        ELSE '(belum terpetakan)'
    END AS cocok_pada,
    coalesce(tingkat = 4 AND jumlah_kegiatan_rka > 0, false) AS sebagian,
    tahun_anggaran, jumlah_kegiatan_rka, pagu_program, pagu_kegiatan, jumlah_rka,
    jumlah_penerima, keluarga_terbantu, keluarga_desil_1_2_terbantu,
    CAST(pagu_kegiatan / nullif(jumlah_penerima, 0) AS DECIMAL(30, 2)) AS pagu_per_penerima,
    CAST(pagu_kegiatan / nullif(keluarga_terbantu, 0) AS DECIMAL(30, 2)) AS pagu_per_keluarga
FROM baris
