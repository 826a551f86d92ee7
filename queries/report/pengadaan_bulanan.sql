-- The course of the year, cumulative: value, share of micro and small businesses and of domestic products.
WITH bulanan AS (
    SELECT bulan,
        sum(nilai) OVER urut AS nilai, sum(nilai_umk) OVER urut AS nilai_umk,
        sum(nilai_tanpa_kelas) OVER urut AS tanpa_kelas, sum(nilai_pdn) OVER urut AS nilai_pdn
    FROM mart.padi_umk_share
    WHERE tahun = CAST($tahun AS INT)
    WINDOW urut AS (ORDER BY bulan ROWS UNBOUNDED PRECEDING)
)
SELECT bulan, nilai, CASE WHEN nilai > 0 AND tanpa_kelas = 0 THEN nilai_umk * 100 / nilai END AS umk,
    CASE WHEN nilai > 0 THEN nilai_pdn * 100 / nilai END AS pdn,
    CAST($target_umk AS DECIMAL(9, 1)) AS target_umk
FROM bulanan
ORDER BY bulan
