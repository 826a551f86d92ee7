-- Satkers below $ikpa_minimum in that month, weakest first.
WITH terendah AS (
    SELECT kdsatker, nmsatker, nilai_ikpa, indikator_terlemah, nilai_terlemah,
        row_number() OVER (PARTITION BY kdsatker ORDER BY nilai_ikpa, kdkppn) AS urutan
    FROM mart.ikpa_satker
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND periode = CAST($periode AS VARCHAR) AND nilai_ikpa IS NOT NULL
)
SELECT kdsatker, coalesce(nmsatker, concat('Satker ', kdsatker)) AS nmsatker, nilai_ikpa AS nilai, indikator_terlemah,
    nilai_terlemah
FROM terendah
WHERE urutan = 1 AND nilai_ikpa < CAST($ikpa_minimum AS DECIMAL(9, 4))
ORDER BY nilai_ikpa, kdsatker
