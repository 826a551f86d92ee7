-- Welfare of all regions together. A figure is NULL where a cell it needs is closed (fewer than 5 people).
SELECT keluarga, keluarga_desil_1, terbantu_desil_1,
    CASE WHEN keluarga_desil_1 > 0 THEN CAST(terbantu_desil_1 AS DECIMAL(20, 2)) * 100 / keluarga_desil_1 END AS cakupan,
    CASE WHEN keluarga_desil_1 > 0
        THEN CAST(CAST(terbantu_desil_1 AS DECIMAL(20, 2)) * 100 / keluarga_desil_1 AS DECIMAL(9, 1)) - CAST($target_cakupan AS DECIMAL(9, 1))
    END AS jarak,
    cakupan_desil_1_2_pct AS cakupan_1_2, penerima, penerima_rangkap, rangkap_pct, penerima_luar_p3ke, luar_p3ke_pct,
    keluarga_tanpa_nik
FROM mart.kesejahteraan_wilayah
WHERE tingkat = 'semua' AND kode = 'semua'
