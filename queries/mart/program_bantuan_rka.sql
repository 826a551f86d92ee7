-- Purpose: the programmes aid is given under (SIPP), with the budget they have in SIMDA where that can be found.
-- Grain: one agency (as SIPP writes it), programme, activity and sub-activity code and name of aid.
-- SIMDA's tree has no programme codes, only ids and names: names are compared without case and punctuation, a code in
-- front of SIMDA's name left out. The sub-activity is looked for first, then the activity, then the programme; cocok_pada
-- says where it was found, NULL = nowhere. Where ref.opd_instansi maps the agency, only its budget is looked at. pagu and
-- jumlah are of the latest year in SIMDA and of everything under that name: never sum them over rows.
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan".
WITH bantuan AS (
    SELECT b.nama_opd, o.id_instansi, b.program_kode, b.program_nama, b.kegiatan_kode, b.kegiatan_nama,
        b.sub_kegiatan_kode, b.sub_kegiatan_nama,
        trim(regexp_replace(upper(b.program_nama), '[^A-Z0-9]+', ' ', 'g')) AS kunci_program,
        trim(regexp_replace(upper(b.kegiatan_nama), '[^A-Z0-9]+', ' ', 'g')) AS kunci_kegiatan,
        trim(regexp_replace(upper(b.sub_kegiatan_nama), '[^A-Z0-9]+', ' ', 'g')) AS kunci_sub_kegiatan,
        count(*) AS jumlah_bantuan,
        count(DISTINCT b.nik) AS jumlah_penerima,
        count(*) FILTER (WHERE b.nik IS NULL) AS bantuan_tanpa_nik
    FROM sipp.bantuan AS b
    LEFT JOIN ref.opd_instansi AS o ON upper(o.nama_opd) = upper(b.nama_opd)
    GROUP BY b.nama_opd, o.id_instansi, b.program_kode, b.program_nama, b.kegiatan_kode, b.kegiatan_nama,
        b.sub_kegiatan_kode, b.sub_kegiatan_nama
),
rka AS (
    SELECT k.tahun_anggaran, k.id_instansi, k.pagu, k.jumlah,
        trim(regexp_replace(upper(regexp_replace(k.nama_program, '^[0-9.X ]+', '')), '[^A-Z0-9]+', ' ', 'g'))
            AS kunci_program,
        trim(regexp_replace(upper(regexp_replace(k.nama_kegiatan, '^[0-9.X ]+', '')), '[^A-Z0-9]+', ' ', 'g'))
            AS kunci_kegiatan
    FROM mart.rka_kegiatan AS k
    JOIN (SELECT max(tahun_anggaran) AS tahun_anggaran FROM simda.rka) AS t ON t.tahun_anggaran = k.tahun_anggaran
),
anggaran AS (
    -- Each name with its budget: per agency, and (id_instansi NULL) over all agencies.
    SELECT 'kegiatan' AS tingkat, tahun_anggaran, id_instansi, kunci_kegiatan AS kunci, sum(pagu) AS pagu, sum(jumlah) AS jumlah
    FROM rka GROUP BY tahun_anggaran, id_instansi, kunci_kegiatan
    UNION ALL
    SELECT 'kegiatan', tahun_anggaran, CAST(NULL AS VARCHAR), kunci_kegiatan, sum(pagu), sum(jumlah)
    FROM rka GROUP BY tahun_anggaran, kunci_kegiatan
    UNION ALL
    SELECT 'program', tahun_anggaran, id_instansi, kunci_program, sum(pagu), sum(jumlah)
    FROM rka GROUP BY tahun_anggaran, id_instansi, kunci_program
    UNION ALL
    SELECT 'program', tahun_anggaran, CAST(NULL AS VARCHAR), kunci_program, sum(pagu), sum(jumlah)
    FROM rka GROUP BY tahun_anggaran, kunci_program
)
SELECT b.nama_opd, b.program_kode, b.program_nama, b.kegiatan_kode, b.kegiatan_nama,
    b.sub_kegiatan_kode, b.sub_kegiatan_nama,
    b.jumlah_bantuan, b.jumlah_penerima, b.bantuan_tanpa_nik,
    CASE
        WHEN s.kunci IS NOT NULL THEN 'sub kegiatan'
        WHEN k.kunci IS NOT NULL THEN 'kegiatan'
        WHEN p.kunci IS NOT NULL THEN 'program'
    END AS cocok_pada,
    coalesce(s.tahun_anggaran, k.tahun_anggaran, p.tahun_anggaran) AS tahun_anggaran,
    CASE WHEN s.kunci IS NOT NULL THEN s.pagu WHEN k.kunci IS NOT NULL THEN k.pagu ELSE p.pagu END AS pagu,
    CASE WHEN s.kunci IS NOT NULL THEN s.jumlah WHEN k.kunci IS NOT NULL THEN k.jumlah ELSE p.jumlah END AS jumlah
FROM bantuan AS b
LEFT JOIN anggaran AS s
    ON s.tingkat = 'kegiatan' AND s.kunci = b.kunci_sub_kegiatan AND coalesce(s.id_instansi, '') = coalesce(b.id_instansi, '')
LEFT JOIN anggaran AS k
    ON k.tingkat = 'kegiatan' AND k.kunci = b.kunci_kegiatan AND coalesce(k.id_instansi, '') = coalesce(b.id_instansi, '')
LEFT JOIN anggaran AS p
    ON p.tingkat = 'program' AND p.kunci = b.kunci_program AND coalesce(p.id_instansi, '') = coalesce(b.id_instansi, '')
