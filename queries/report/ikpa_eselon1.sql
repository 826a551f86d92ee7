-- Eselon 1 units in that month, weakest first.
SELECT ba AS baes1, coalesce(nmba, concat('Unit ', ba)) AS nmes1, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah
FROM mart.ikpa_eselon1
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND periode = CAST($periode AS VARCHAR) AND nilai_ikpa IS NOT NULL
ORDER BY nilai_ikpa, ba
