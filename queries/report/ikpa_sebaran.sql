-- How many satkers stand in which category in that month; a satker served by two KPPN counts with its lower value.
WITH satker AS (
    SELECT kdsatker, min(nilai_ikpa) AS nilai
    FROM mart.ikpa_satker
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND periode = CAST($periode AS VARCHAR) AND nilai_ikpa IS NOT NULL
    GROUP BY kdsatker
)
SELECT count(*) AS jumlah_satker, count(*) FILTER (WHERE nilai >= 95) AS sangat_baik,
    count(*) FILTER (WHERE nilai >= 89 AND nilai < 95) AS baik,
    count(*) FILTER (WHERE nilai >= 70 AND nilai < 89) AS cukup, count(*) FILTER (WHERE nilai < 70) AS kurang,
    count(*) FILTER (WHERE nilai >= 89) AS mencapai
FROM satker
