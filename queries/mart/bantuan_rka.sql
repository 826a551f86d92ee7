-- Purpose: which activities of SIMDA's budget the aid of SIPP is paid from; the bantuan and anggaran views read it.
-- Grain: one agency (as SIPP writes it), programme, activity and sub-activity of aid, and SIMDA activity found for it;
-- one row with NULL for SIMDA and cocok_pada '(belum terpetakan)' where none is. SIMDA's tree has no programme codes,
-- only ids and names: names are compared without case and punctuation, a code in front of SIMDA's name left out. The
-- sub-activity is looked for first, then the activity, then the programme; the deepest level found counts (cocok_pada).
-- Where ref.opd_instansi maps the agency, only its budget is looked at; else a name that occurs in several agencies is
-- found in all of them. Only the latest year in SIMDA.
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan"; Permendagri 90/2019 for what a programme and an activity
-- are.
-- Not in files: a part of mart.bantuan_program and mart.anggaran_kesejahteraan.
WITH bantuan AS (
    SELECT DISTINCT nama_opd, program_kode, program_nama, kegiatan_kode, kegiatan_nama, sub_kegiatan_kode, sub_kegiatan_nama
    FROM sipp.bantuan
),
-- Names become keys before they are laid out by level: each once, and many at a time.
bernama AS (
    SELECT b.*, o.id_instansi AS id_instansi_opd,
        nullif(trim(regexp_replace(upper(b.sub_kegiatan_nama), '[^A-Z0-9]+', ' ', 'g')), '') AS kunci_sub,
        nullif(trim(regexp_replace(upper(b.kegiatan_nama), '[^A-Z0-9]+', ' ', 'g')), '') AS kunci_kegiatan,
        nullif(trim(regexp_replace(upper(b.program_nama), '[^A-Z0-9]+', ' ', 'g')), '') AS kunci_program
    FROM bantuan AS b
    LEFT JOIN ref.opd_instansi AS o ON upper(o.nama_opd) = upper(b.nama_opd)
),
dicari AS (
    SELECT b.* EXCEPT (kunci_sub, kunci_kegiatan, kunci_program), t.tingkat,
        CASE t.tingkat WHEN 1 THEN b.kunci_sub WHEN 2 THEN b.kunci_kegiatan ELSE b.kunci_program END AS kunci
    FROM (VALUES (1), (2), (3)) AS t(tingkat)
    CROSS JOIN bernama AS b
),
kegiatan AS (
    SELECT k.tahun_anggaran, k.id_kantor, k.id_instansi, k.nama_instansi, k.id_program, k.nama_program, k.id_kegiatan,
        k.id_rka, k.nama_kegiatan, k.pagu, k.jumlah
    FROM mart.rka_kegiatan AS k
    JOIN (SELECT max(tahun_anggaran) AS tahun_anggaran FROM simda.rka) AS t ON t.tahun_anggaran = k.tahun_anggaran
),
anggaran AS (
    SELECT k.* EXCEPT (kunci_kegiatan, kunci_program), t.tingkat,
        CASE t.tingkat WHEN 3 THEN k.kunci_program ELSE k.kunci_kegiatan END AS kunci
    FROM (VALUES (1), (2), (3)) AS t(tingkat)
    CROSS JOIN (
        SELECT *,
            trim(regexp_replace(upper(regexp_replace(nama_kegiatan, '^[0-9.X ]+', '')), '[^A-Z0-9]+', ' ', 'g'))
                AS kunci_kegiatan,
            trim(regexp_replace(upper(regexp_replace(nama_program, '^[0-9.X ]+', '')), '[^A-Z0-9]+', ' ', 'g'))
                AS kunci_program
        FROM kegiatan
    ) AS k
),
calon AS (
    SELECT d.*, a.* EXCEPT (tingkat, kunci),
        min(CASE WHEN a.id_rka IS NOT NULL THEN d.tingkat END) OVER (
            PARTITION BY d.nama_opd, d.program_kode, d.program_nama, d.kegiatan_kode, d.kegiatan_nama,
                d.sub_kegiatan_kode, d.sub_kegiatan_nama
        ) AS terdalam
    FROM dicari AS d
    LEFT JOIN anggaran AS a
        ON a.tingkat = d.tingkat AND a.kunci = d.kunci
        AND (d.id_instansi_opd IS NULL OR a.id_instansi = d.id_instansi_opd)
)
SELECT nama_opd, program_kode, program_nama, kegiatan_kode, kegiatan_nama, sub_kegiatan_kode, sub_kegiatan_nama,
    CASE terdalam
        WHEN 1 THEN 'sub kegiatan'
        WHEN 2 THEN 'kegiatan'
        WHEN 3 THEN 'program'
        ELSE '(belum terpetakan)'
    END AS cocok_pada,
    tahun_anggaran, id_kantor, id_instansi, nama_instansi, id_program, nama_program, id_kegiatan, id_rka, nama_kegiatan,
    pagu, jumlah
FROM calon
WHERE tingkat = coalesce(terdalam, 3)
