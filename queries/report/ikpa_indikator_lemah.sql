-- Indicators of the body below $batas_indikator in that month, weakest first.
SELECT kunci, indikator, nilai, bobot
FROM mart.ikpa_indikator
WHERE tingkat = 'kl' AND tahun_anggaran = CAST($tahun_anggaran AS INT) AND periode = CAST($periode AS VARCHAR) AND bobot > 0
    AND nilai < CAST($batas_indikator AS DECIMAL(9, 4))
ORDER BY nilai, kunci
