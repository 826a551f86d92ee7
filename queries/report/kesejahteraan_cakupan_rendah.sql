-- Kecamatan where fewer of the poorest families are reached than the target, farthest first; closed figures are not judged.
SELECT kode_kecamatan, concat(kecamatan, CASE WHEN kabkota IS NULL THEN '' ELSE concat(', ', kabkota) END) AS kecamatan,
    keluarga_desil_1, cakupan_desil_1_pct AS cakupan_kecamatan,
    CAST($target_cakupan AS DECIMAL(9, 1)) - CAST(cakupan_desil_1_pct AS DECIMAL(9, 1)) AS kurang
FROM mart.kesejahteraan_kecamatan
WHERE kode_kecamatan <> '(belum terpetakan)'
    AND CAST($target_cakupan AS DECIMAL(9, 1)) - CAST(cakupan_desil_1_pct AS DECIMAL(9, 1)) >= CAST($ambang_kecamatan AS DECIMAL(9, 4))
ORDER BY kurang DESC, kode_kecamatan
