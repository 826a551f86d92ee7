-- Purpose: welfare by kecamatan; cells below 5 and those that would give them away are NULL.
-- Grain: one kecamatan (kode_kecamatan, 6 digits; '(belum terpetakan)' for families and aid without a code).
-- Owner: Bappelitbangda. Formula: mart.kesejahteraan_wilayah; docs/views.md, "Bantuan" and "Small cells".
SELECT kode AS kode_kecamatan, nama AS kecamatan, kabkota, * EXCEPT (tingkat, kode, induk, nama, kabkota, kecamatan)
FROM mart.kesejahteraan_wilayah
WHERE tingkat = 'kecamatan'
