-- Purpose: businesses, their projects, investment and workers, by scale, KBLI and province of the business.
-- Grain: one scale, KBLI, legal form group (badan usaha or perseorangan), source of capital and province.
-- A NIB with several projects of one KBLI counts once in jumlah_nib of that group, and once in each other group it has
-- projects in: jumlah_nib adds up over KBLI to more than there are NIBs. A NIB without projects has no KBLI (NULL).
-- No personal column; whoever shows this to others suppresses cells below 5 businesses.
-- Audience: analyst, bi.
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, "OSS".
-- Not in files: its cells below 5 businesses are open, and one of them may be one person.
SELECT u.skala_usaha, u.nm_skala_usaha,
    u.kbli, min(b.judul) AS nm_kbli, min(u.sektor) AS sektor, u.pelaku, u.status_penanaman_modal, u.kode_provinsi,
    count(DISTINCT u.nib) AS jumlah_nib,
    count(u.id_proyek) AS jumlah_proyek,
    coalesce(sum(u.jumlah_investasi), 0) AS jumlah_investasi,
    sum(u.tki) AS tenaga_kerja_indonesia,
    sum(u.tka) AS tenaga_kerja_asing
FROM mart.oss_usaha AS u
LEFT JOIN ref.kbli AS b ON b.kode = u.kbli
GROUP BY u.skala_usaha, u.nm_skala_usaha, u.kbli, u.pelaku, u.status_penanaman_modal, u.kode_provinsi
