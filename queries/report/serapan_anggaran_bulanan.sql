-- The cumulative course of the year against the plan and against last year, one row a month up to the data date. Within the
-- running month last year is cut at the same day.
WITH lalu_kini AS (
    SELECT sum(realisasi) AS realisasi
    FROM mart.baris_anggaran
    WHERE asal = 'realisasi' AND tahun_anggaran = CAST($tahun_anggaran AS INT) - 1
        AND tanggal <= CAST($per_tanggal AS DATE) - INTERVAL '1 year'
),
bulanan AS (
    SELECT k.bulan, k.realisasi_kumulatif AS realisasi,
        CASE WHEN k.pagu > 0 THEN k.realisasi_kumulatif * 100 / k.pagu END AS serapan,
        CASE
            WHEN k.bulan = CAST($bulan_data AS INT) THEN CAST($target AS DECIMAL(9, 1))
            ELSE CAST(CAST(split_part(CAST($target_serapan AS VARCHAR), ' ', CAST(k.bulan AS BIGINT)) AS DECIMAL(9, 4))
                AS DECIMAL(9, 1))
        END AS target,
        CASE
            WHEN l.pagu > 0 AND k.bulan = CAST($bulan_data AS INT) THEN n.realisasi * 100 / l.pagu
            WHEN l.pagu > 0 THEN l.realisasi_kumulatif * 100 / l.pagu
        END AS serapan_lalu
    FROM mart.serapan_bulanan AS k
    CROSS JOIN lalu_kini AS n
    LEFT JOIN mart.serapan_bulanan AS l ON l.tahun_anggaran = k.tahun_anggaran - 1 AND l.bulan = k.bulan
    WHERE k.tahun_anggaran = CAST($tahun_anggaran AS INT) AND k.bulan <= CAST($bulan_data AS INT)
)
SELECT bulan, realisasi, serapan, target, CAST(serapan AS DECIMAL(9, 1)) - target AS jarak, serapan_lalu
FROM bulanan
ORDER BY bulan
