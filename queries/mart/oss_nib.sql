-- Purpose: businesses, their projects, investment and workers, by scale, KBLI and province of the business.
-- Grain: one scale, KBLI, legal form group (badan usaha or perseorangan), source of capital and province.
-- A NIB with several projects of one KBLI counts once in jumlah_nib of that group, and once in each other group it has
-- projects in: jumlah_nib adds up over KBLI to more than there are NIBs. A NIB without projects has no KBLI (NULL).
-- No personal column; whoever shows this to others suppresses cells below 5 businesses.
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, "OSS".
-- Not in files: its cells below 5 businesses are open, and one of them may be one person.
WITH usaha AS (
    -- One row a NIB and group, so that a NIB is counted by counting rows.
    SELECT skala_usaha, nm_skala_usaha, kbli, pelaku, status_penanaman_modal, kode_provinsi, nib,
        min(sektor) AS sektor, count(id_proyek) AS jumlah_proyek, sum(jumlah_investasi) AS jumlah_investasi,
        sum(tki) AS tki, sum(tka) AS tka
    FROM mart.oss_usaha
    GROUP BY skala_usaha, nm_skala_usaha, kbli, pelaku, status_penanaman_modal, kode_provinsi, nib
),
jumlah AS (
    SELECT skala_usaha, nm_skala_usaha, kbli, min(sektor) AS sektor, pelaku, status_penanaman_modal, kode_provinsi,
        count(nib) AS jumlah_nib, sum(jumlah_proyek) AS jumlah_proyek,
        CAST(coalesce(sum(jumlah_investasi), 0) AS DECIMAL(30, 2)) AS jumlah_investasi,
        sum(tki) AS tenaga_kerja_indonesia, sum(tka) AS tenaga_kerja_asing
    FROM usaha
    GROUP BY skala_usaha, nm_skala_usaha, kbli, pelaku, status_penanaman_modal, kode_provinsi
)
SELECT j.skala_usaha, j.nm_skala_usaha, j.kbli, b.judul AS nm_kbli, j.sektor, j.pelaku, j.status_penanaman_modal,
    j.kode_provinsi, j.jumlah_nib, j.jumlah_proyek, j.jumlah_investasi, j.tenaga_kerja_indonesia, j.tenaga_kerja_asing
FROM jumlah AS j
LEFT JOIN (SELECT kode, min(judul) AS judul FROM ref.kbli GROUP BY kode) AS b ON b.kode = j.kbli
