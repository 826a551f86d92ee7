-- Purpose: businesses, projects, investment and permits by region and scale.
-- Grain: one kabupaten or kota (province where no more is known; '(belum terpetakan)' where nothing is) and scale of
-- business. A project counts where it lies, a permit where it was applied for (kd_daerah), else where its project lies;
-- a permit's scale is its project's. A NIB counts once in every group it has a project in, so jumlah_nib does not add
-- up; the rest does. Status of permits: 50 and 57 approved, 90 and 93 refused, others under way, and those OSS was not
-- asked about or knows none of. nm_wilayah comes from ref.wilayah, else from ref.lokasi_djpb_kemendagri. Whoever shows
-- this to others suppresses cells below 5 businesses.
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, "OSS"; codes: OSS-RBA guide, status izin.
-- Not in files: its cells below 5 businesses are open, and one of them may be one person.
WITH proyek AS (
    SELECT nib, id_proyek, min(kode_wilayah) AS kode_wilayah, min(skala_usaha) AS skala_usaha
    FROM mart.oss_usaha
    WHERE id_proyek IS NOT NULL
    GROUP BY nib, id_proyek
),
keadaan AS (
    SELECT id_izin, max(kd_status) AS kd_status
    FROM oss.status_izin
    GROUP BY id_izin
),
permohonan AS (
    -- A permit is listed once a product: once here.
    SELECT nib, id_izin, min(id_proyek) AS id_proyek, min(kd_daerah) AS kd_daerah
    FROM oss.nib_izin
    WHERE id_izin IS NOT NULL
    GROUP BY nib, id_izin
),
izin AS (
    SELECT
        CASE
            WHEN i.kd_daerah IS NULL THEN coalesce(p.kode_wilayah, '(belum terpetakan)')
            WHEN substr(i.kd_daerah, 3, 2) IN ('', '00') THEN substr(i.kd_daerah, 1, 2)
            ELSE substr(i.kd_daerah, 1, 4)
        END AS kode_wilayah,
        coalesce(p.skala_usaha, '(belum terpetakan)') AS skala_usaha,
        s.kd_status
    FROM permohonan AS i
    LEFT JOIN proyek AS p ON p.nib = i.nib AND p.id_proyek = i.id_proyek
    LEFT JOIN keadaan AS s ON s.id_izin = i.id_izin
),
baris AS (
    SELECT kode_wilayah, skala_usaha, count(DISTINCT nib) AS jumlah_nib, count(id_proyek) AS jumlah_proyek,
        coalesce(sum(jumlah_investasi), 0) AS jumlah_investasi, sum(tki) AS tki, sum(tka) AS tka,
        0 AS jumlah_izin, 0 AS disetujui, 0 AS ditolak, 0 AS diproses, 0 AS tanpa_status
    FROM mart.oss_usaha
    GROUP BY kode_wilayah, skala_usaha
    UNION ALL
    SELECT kode_wilayah, skala_usaha, 0, 0, CAST(0 AS DECIMAL(30, 2)), 0, 0,
        count(*) AS jumlah_izin,
        count(*) FILTER (WHERE kd_status IN ('50', '57')) AS disetujui,
        count(*) FILTER (WHERE kd_status IN ('90', '93')) AS ditolak,
        count(*) FILTER (WHERE kd_status NOT IN ('50', '57', '90', '93')) AS diproses,
        count(*) FILTER (WHERE kd_status IS NULL) AS tanpa_status
    FROM izin
    GROUP BY kode_wilayah, skala_usaha
)
SELECT b.kode_wilayah, coalesce(min(w.nama), min(n.nama), '(belum terpetakan)') AS nm_wilayah,
    b.skala_usaha,
    CASE b.skala_usaha
        WHEN '01' THEN 'Usaha Mikro'
        WHEN '02' THEN 'Usaha Kecil'
        WHEN '03' THEN 'Usaha Menengah'
        WHEN '04' THEN 'Usaha Besar'
        ELSE '(belum terpetakan)'
    END AS nm_skala_usaha,
    sum(b.jumlah_nib) AS jumlah_nib, sum(b.jumlah_proyek) AS jumlah_proyek,
    sum(b.jumlah_investasi) AS jumlah_investasi,
    sum(b.tki) AS tenaga_kerja_indonesia, sum(b.tka) AS tenaga_kerja_asing,
    sum(b.jumlah_izin) AS jumlah_izin, sum(b.disetujui) AS izin_disetujui, sum(b.ditolak) AS izin_ditolak,
    sum(b.diproses) AS izin_diproses, sum(b.tanpa_status) AS izin_tanpa_status
FROM baris AS b
LEFT JOIN ref.wilayah AS w ON w.kode = b.kode_wilayah
LEFT JOIN (
    SELECT kode_kemendagri AS kode, min(nama) AS nama FROM ref.lokasi_djpb_kemendagri GROUP BY kode_kemendagri
) AS n ON n.kode = b.kode_wilayah
GROUP BY b.kode_wilayah, b.skala_usaha
