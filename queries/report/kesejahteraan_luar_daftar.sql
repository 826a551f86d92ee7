-- Kecamatan where many recipients are not on the list of families, largest share first; closed figures are not judged.
SELECT kode_kecamatan, concat(kecamatan, CASE WHEN kabkota IS NULL THEN '' ELSE concat(', ', kabkota) END) AS kecamatan,
    penerima, penerima_luar_p3ke AS luar, luar_p3ke_pct AS luar_pct
FROM mart.kesejahteraan_kecamatan
WHERE kode_kecamatan <> '(belum terpetakan)' AND luar_p3ke_pct >= CAST($ambang_luar AS DECIMAL(9, 4))
ORDER BY luar_p3ke_pct DESC, kode_kecamatan
