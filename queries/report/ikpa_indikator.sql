-- The indicators of the body in that month, weakest first; those with weight 0 do not apply.
SELECT kunci, indikator, nilai, bobot, CAST(nilai - CAST($batas_indikator AS DECIMAL(9, 2)) AS DECIMAL(9, 2)) AS jarak_batas
FROM mart.ikpa_indikator
WHERE tingkat = 'kl' AND tahun_anggaran = CAST($tahun_anggaran AS INT) AND periode = CAST($periode AS VARCHAR) AND bobot > 0
ORDER BY nilai NULLS LAST, kunci
