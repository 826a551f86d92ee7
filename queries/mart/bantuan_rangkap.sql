-- Purpose: recipients of more than one programme, as counts only.
-- Grain: one village (as the aid names it) and number of programmes, from two up.
-- A recipient is a whole NIK, a programme its code, or its name where the code cannot be read. Masked NIKs are left out:
-- mart.bantuan_cakupan counts them. Whoever shows this to others suppresses cells below 5 recipients.
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan".
WITH penerima AS (
    SELECT nik, min(kode_kemdagri) AS kode_kemdagri, min(kecamatan) AS kecamatan,
        min(desa_kelurahan) AS desa_kelurahan,
        count(DISTINCT coalesce(program_kode, upper(program_nama))) AS jumlah_program
    FROM sipp.bantuan
    WHERE nik IS NOT NULL
    GROUP BY nik
)
SELECT p.kode_kemdagri, min(p.kecamatan) AS kecamatan, min(p.desa_kelurahan) AS desa_kelurahan, p.jumlah_program,
    count(*) AS jumlah_penerima,
    count(k.nik) AS jumlah_di_p3ke
FROM penerima AS p
LEFT JOIN (SELECT DISTINCT nik FROM sipp.p3ke WHERE nik IS NOT NULL) AS k ON k.nik = p.nik
WHERE p.jumlah_program > 1
GROUP BY p.kode_kemdagri, p.jumlah_program
