-- IKPA indicators of every satker below $batas_indikator in its newest month, weakest first.
WITH terakhir AS (
    SELECT kode, max(periode) AS periode
    FROM mart.ikpa_indikator
    WHERE tingkat = 'satker' AND tahun_anggaran = CAST($tahun_anggaran AS INT)
    GROUP BY kode
)
SELECT i.kode AS satker, concat(i.kunci, '-', coalesce(i.kdkppn, '')) AS kunci, i.indikator, i.nilai, i.bobot
FROM mart.ikpa_indikator AS i
JOIN terakhir AS t ON t.kode = i.kode AND t.periode = i.periode
WHERE i.tingkat = 'satker' AND i.tahun_anggaran = CAST($tahun_anggaran AS INT) AND i.bobot > 0
    AND i.nilai < CAST($batas_indikator AS DECIMAL(9, 4))
ORDER BY satker, i.nilai, kunci
