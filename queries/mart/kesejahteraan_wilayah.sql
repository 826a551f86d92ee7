-- Purpose: welfare by region, all levels: families by decile, how many of the poorest are reached, overlap, recipients who
-- are not on the list. kesejahteraan_desa and kesejahteraan_kecamatan show one level each.
-- Grain: one region (tingkat = semua, kabkota, kecamatan, desa; kode '(belum terpetakan)' for families and aid without one).
-- A figure is NULL where a cell it needs is closed (fewer than 5, or what protects one: mart.kesejahteraan_sel);
-- sel_tertutup counts these. Families with a masked NIK cannot be found among the recipients and count as not reached.
-- Families and aid without a code are in no total.
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan" and "Small cells" (UU 27/2022; Inpres 4/2022).
WITH nama AS (
    SELECT kode_kemdagri AS kode, min(kabupaten_kota) AS kabkota, min(kecamatan) AS kecamatan,
        min(desa_kelurahan) AS desa
    FROM (
        SELECT kode_kemdagri, kabupaten_kota, kecamatan, desa_kelurahan FROM sipp.p3ke
        UNION ALL
        SELECT kode_kemdagri, NULL, kecamatan, desa_kelurahan FROM sipp.bantuan
    )
    WHERE kode_kemdagri IS NOT NULL
    GROUP BY kode_kemdagri
),
tempat AS (
    SELECT 'desa' AS tingkat, kode, kabkota, kecamatan, desa FROM nama
    UNION ALL
    SELECT 'kecamatan', substr(kode, 1, 6), min(kabkota), min(kecamatan), CAST(NULL AS VARCHAR)
    FROM nama GROUP BY substr(kode, 1, 6)
    UNION ALL
    SELECT 'kabkota', substr(kode, 1, 4), min(kabkota), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR)
    FROM nama GROUP BY substr(kode, 1, 4)
),
lebar AS (
    -- A closed cell is -1 on the way, a missing one is nobody: 0.
    SELECT tingkat, induk, kode,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'keluarga_desil_1'), 0), -1) AS keluarga_desil_1,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'keluarga_desil_2'), 0), -1) AS keluarga_desil_2,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'keluarga_desil_3'), 0), -1) AS keluarga_desil_3,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'keluarga_desil_4'), 0), -1) AS keluarga_desil_4,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'keluarga_desil_lain'), 0), -1) AS keluarga_desil_lain,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'terbantu_desil_1'), 0), -1) AS terbantu_desil_1,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'terbantu_desil_2'), 0), -1) AS terbantu_desil_2,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'penerima'), 0), -1) AS penerima,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'penerima_rangkap'), 0), -1) AS penerima_rangkap,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'penerima_luar_p3ke'), 0), -1) AS penerima_luar_p3ke,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'keluarga_tanpa_nik'), 0), -1) AS keluarga_tanpa_nik,
        nullif(coalesce(max(isi) FILTER (WHERE ukuran = 'bantuan_tanpa_nik'), 0), -1) AS bantuan_tanpa_nik,
        count(*) FILTER (WHERE tertutup) AS sel_tertutup
    FROM (SELECT *, coalesce(nilai, -1) AS isi FROM mart.kesejahteraan_sel)
    GROUP BY tingkat, induk, kode
)
-- A count with two decimals gives a quotient with six, which the outer cast rounds once. Sums of cells are NULL with any of
-- them, so they tell nothing that the cells do not.
SELECT l.tingkat, l.kode, l.induk,
    CASE l.tingkat
        WHEN 'semua' THEN 'Semua'
        WHEN 'kabkota' THEN coalesce(t.kabkota, '(belum terpetakan)')
        WHEN 'kecamatan' THEN coalesce(t.kecamatan, '(belum terpetakan)')
        ELSE coalesce(t.desa, '(belum terpetakan)')
    END AS nama,
    t.kabkota, t.kecamatan,
    l.keluarga_desil_1 + l.keluarga_desil_2 + l.keluarga_desil_3 + l.keluarga_desil_4 + l.keluarga_desil_lain AS keluarga,
    l.keluarga_desil_1, l.keluarga_desil_2, l.keluarga_desil_3, l.keluarga_desil_4, l.keluarga_desil_lain,
    l.terbantu_desil_1,
    CAST(CAST(l.terbantu_desil_1 AS DECIMAL(20, 2)) * 100 / nullif(l.keluarga_desil_1, 0) AS DECIMAL(9, 4))
        AS cakupan_desil_1_pct,
    l.terbantu_desil_1 + l.terbantu_desil_2 AS terbantu_desil_1_2,
    CAST(CAST(l.terbantu_desil_1 + l.terbantu_desil_2 AS DECIMAL(20, 2)) * 100
        / nullif(l.keluarga_desil_1 + l.keluarga_desil_2, 0) AS DECIMAL(9, 4)) AS cakupan_desil_1_2_pct,
    l.penerima, l.penerima_rangkap,
    CAST(CAST(l.penerima_rangkap AS DECIMAL(20, 2)) * 100 / nullif(l.penerima, 0) AS DECIMAL(9, 4)) AS rangkap_pct,
    l.penerima_luar_p3ke,
    CAST(CAST(l.penerima_luar_p3ke AS DECIMAL(20, 2)) * 100 / nullif(l.penerima, 0) AS DECIMAL(9, 4)) AS luar_p3ke_pct,
    l.keluarga_tanpa_nik, l.bantuan_tanpa_nik, l.sel_tertutup
FROM lebar AS l
LEFT JOIN tempat AS t ON t.tingkat = l.tingkat AND t.kode = l.kode
