-- Purpose: businesses and their projects with the scale in one spelling and the region; the OSS views sum this one.
-- Grain: one project of a NIB; a NIB without projects has one row, id_proyek NULL. kode_wilayah is where the project
-- lies (its first location), else where the business does: kabupaten or kota (4 digits), the province (2) where no more
-- is said, '(belum terpetakan)' where nothing is. So are scales that are neither code nor name. No personal column;
-- whoever shows sums of it to others suppresses cells below 5 businesses.
-- Audience: analyst.
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, "OSS"; codes: OSS-RBA guide, lists of skala usaha and pelaku
-- usaha.
-- Not in files: a part of the OSS views, one row a project of one business.
WITH lokasi AS (
    SELECT nib, id_proyek, first_value(proyek_daerah_id ORDER BY id_proyek_lokasi) AS daerah_id
    FROM oss.nib_proyek_lokasi
    WHERE proyek_daerah_id IS NOT NULL
    GROUP BY nib, id_proyek
),
usaha AS (
    SELECT n.nib, p.id_proyek, p.kbli, p.sektor,
        coalesce(p.skala_usaha, n.skala_usaha) AS skala,
        CASE n.jenis_pelaku_usaha WHEN '02' THEN 'perseorangan' ELSE 'badan usaha' END AS pelaku,
        n.status_penanaman_modal,
        substr(n.perseroan_daerah_id, 1, 2) AS kode_provinsi,
        coalesce(l.daerah_id, n.perseroan_daerah_id) AS daerah_id,
        p.jumlah_investasi,
        coalesce(p.jumlah_tki_l, 0) + coalesce(p.jumlah_tki_p, 0) AS tki,
        coalesce(p.jumlah_tka_l, 0) + coalesce(p.jumlah_tka_p, 0) AS tka
    FROM oss.nib AS n
    LEFT JOIN oss.nib_proyek AS p ON p.nib = n.nib
    LEFT JOIN lokasi AS l ON l.nib = p.nib AND l.id_proyek = p.id_proyek
),
golongan AS (
    -- The scale is a code, a code without its zero, or words; codes first, so that few are searched for words.
    SELECT *,
        CASE
            WHEN skala IN ('01', '1') THEN '01'
            WHEN skala IN ('02', '2') THEN '02'
            WHEN skala IN ('03', '3') THEN '03'
            WHEN skala IN ('04', '4') THEN '04'
            WHEN lower(skala) LIKE '%mikro%' THEN '01'
            WHEN lower(skala) LIKE '%kecil%' THEN '02'
            WHEN lower(skala) LIKE '%menengah%' THEN '03'
            WHEN lower(skala) LIKE '%besar%' THEN '04'
            ELSE '(belum terpetakan)'
        END AS skala_usaha
    FROM usaha
)
SELECT nib, id_proyek, kbli, sektor, skala_usaha,
    CASE skala_usaha
        WHEN '01' THEN 'Usaha Mikro'
        WHEN '02' THEN 'Usaha Kecil'
        WHEN '03' THEN 'Usaha Menengah'
        WHEN '04' THEN 'Usaha Besar'
        ELSE '(belum terpetakan)'
    END AS nm_skala_usaha,
    pelaku, status_penanaman_modal, kode_provinsi,
    CASE
        WHEN daerah_id IS NULL THEN '(belum terpetakan)'
        WHEN substr(daerah_id, 3, 2) IN ('', '00') THEN substr(daerah_id, 1, 2)
        ELSE substr(daerah_id, 1, 4)
    END AS kode_wilayah,
    jumlah_investasi, tki, tka
FROM golongan
