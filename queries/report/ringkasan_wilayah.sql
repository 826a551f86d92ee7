-- The regions with the largest pagu: everything the systems say of them.
SELECT kode_wilayah, CASE
        WHEN nm_wilayah = '(belum terpetakan)' THEN 'Wilayah belum terpetakan'
        ELSE nm_wilayah
    END AS nm_wilayah, pagu, realisasi, pnbp, nilai_padi, cakupan_desil_1_pct AS cakupan
FROM mart.wilayah_ringkas
ORDER BY pagu DESC, kode_wilayah
