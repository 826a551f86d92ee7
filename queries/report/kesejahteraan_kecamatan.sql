-- Families of the poorest decile by kecamatan, the lowest coverage first; what is closed stands last.
SELECT kode_kecamatan, concat(kecamatan, CASE WHEN kabkota IS NULL THEN '' ELSE concat(', ', kabkota) END) AS kecamatan,
    keluarga_desil_1, terbantu_desil_1, cakupan_desil_1_pct AS cakupan, penerima, penerima_luar_p3ke
FROM mart.kesejahteraan_kecamatan
WHERE kode_kecamatan <> '(belum terpetakan)'
ORDER BY cakupan_desil_1_pct NULLS LAST, kode_kecamatan
