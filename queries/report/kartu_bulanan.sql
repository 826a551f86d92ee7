-- The cumulative course of the year of every satker, one row a month up to the data date, with the plan of the whole body.
WITH bulan AS (
    SELECT b.bulan FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) AS b(bulan)
    WHERE b.bulan <= CAST($bulan_data AS INT)
),
masuk AS (
    SELECT kdsatker,
        CASE
            WHEN date_part('year', tanggal) > tahun_anggaran THEN 12
            WHEN date_part('year', tanggal) < tahun_anggaran THEN 1
            ELSE date_part('month', tanggal)
        END AS bulan,
        sum(realisasi) AS realisasi
    FROM mart.baris_anggaran
    WHERE asal = 'realisasi' AND tahun_anggaran = CAST($tahun_anggaran AS INT)
    GROUP BY 1, 2
),
kumulatif AS (
    SELECT k.kdsatker, CAST(b.bulan AS INT) AS bulan, k.pagu,
        sum(coalesce(m.realisasi, 0)) OVER (
            PARTITION BY k.kdsatker ORDER BY b.bulan ROWS UNBOUNDED PRECEDING
        ) AS realisasi
    FROM mart.serapan_satker AS k
    CROSS JOIN bulan AS b
    LEFT JOIN masuk AS m ON m.kdsatker = k.kdsatker AND m.bulan = b.bulan
    WHERE k.tahun_anggaran = CAST($tahun_anggaran AS INT)
),
hasil AS (
    SELECT kdsatker, bulan, realisasi, CASE WHEN pagu > 0 THEN realisasi * 100 / pagu END AS serapan,
        CASE
            WHEN bulan = CAST($bulan_data AS INT) THEN CAST($target AS DECIMAL(9, 1))
            ELSE CAST(CAST(split_part(CAST($target_serapan AS VARCHAR), ' ', CAST(bulan AS BIGINT)) AS DECIMAL(9, 4))
                AS DECIMAL(9, 1))
        END AS target
    FROM kumulatif
)
SELECT kdsatker AS satker, bulan, realisasi, serapan, target, CAST(serapan AS DECIMAL(9, 1)) - target AS jarak
FROM hasil
ORDER BY satker, bulan
