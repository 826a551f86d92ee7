-- Purpose: businesses, their projects, investment and workers, by scale, KBLI and province of the business.
-- Grain: one scale, KBLI, legal form group (badan usaha or perseorangan), source of capital and province.
-- A NIB with several projects of one KBLI counts once in jumlah_nib of that group, and once in each other group it has
-- projects in: jumlah_nib adds up over KBLI to more than there are NIBs. A NIB without projects has no KBLI (NULL).
-- No personal column; whoever shows this to others suppresses cells below 5 businesses.
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, "OSS".
WITH usaha AS (
    SELECT n.nib, p.id_proyek, p.kbli, p.sektor,
        coalesce(p.skala_usaha, n.skala_usaha) AS skala,
        CASE n.jenis_pelaku_usaha
            WHEN '02' THEN 'perseorangan'
            ELSE 'badan usaha'
        END AS pelaku,
        n.status_penanaman_modal,
        substr(n.perseroan_daerah_id, 1, 2) AS kode_provinsi,
        p.jumlah_investasi,
        coalesce(p.jumlah_tki_l, 0) + coalesce(p.jumlah_tki_p, 0) AS tki,
        coalesce(p.jumlah_tka_l, 0) + coalesce(p.jumlah_tka_p, 0) AS tka
    FROM oss.nib AS n
    LEFT JOIN oss.nib_proyek AS p ON p.nib = n.nib
),
golongan AS (
    -- The scale is a code, a code without its zero, or words.
    SELECT *,
        CASE
            WHEN skala IN ('01', '1') OR lower(skala) LIKE '%mikro%' THEN '01'
            WHEN skala IN ('02', '2') OR lower(skala) LIKE '%kecil%' THEN '02'
            WHEN skala IN ('03', '3') OR lower(skala) LIKE '%menengah%' THEN '03'
            WHEN skala IN ('04', '4') OR lower(skala) LIKE '%besar%' THEN '04'
        END AS skala_usaha
    FROM usaha
)
SELECT g.skala_usaha,
    CASE g.skala_usaha
        WHEN '01' THEN 'Usaha Mikro'
        WHEN '02' THEN 'Usaha Kecil'
        WHEN '03' THEN 'Usaha Menengah'
        WHEN '04' THEN 'Usaha Besar'
    END AS nm_skala_usaha,
    g.kbli, min(b.judul) AS nm_kbli, min(g.sektor) AS sektor, g.pelaku, g.status_penanaman_modal, g.kode_provinsi,
    count(DISTINCT g.nib) AS jumlah_nib,
    count(g.id_proyek) AS jumlah_proyek,
    coalesce(sum(g.jumlah_investasi), 0) AS jumlah_investasi,
    sum(g.tki) AS tenaga_kerja_indonesia,
    sum(g.tka) AS tenaga_kerja_asing
FROM golongan AS g
LEFT JOIN ref.kbli AS b ON b.kode = g.kbli
GROUP BY g.skala_usaha, g.kbli, g.pelaku, g.status_penanaman_modal, g.kode_provinsi
