-- Purpose: welfare by village; cells below 5 and those that would give them away are NULL.
-- Grain: one desa or kelurahan (kode_desa, 10 digits; '(belum terpetakan)' for families and aid without a code).
-- Owner: Bappelitbangda. Formula: mart.kesejahteraan_wilayah; docs/views.md, "Bantuan" and "Small cells".
SELECT kode AS kode_desa, nama AS desa_kelurahan, kecamatan, kabkota,
    * EXCEPT (tingkat, kode, induk, nama, kabkota, kecamatan)
FROM mart.kesejahteraan_wilayah
WHERE tingkat = 'desa'
