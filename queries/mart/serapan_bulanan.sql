-- Purpose: realisasi month by month and how far it has come against the year's pagu.
-- Grain: one month of a fiscal year, from January up to the month of the data date, also months without postings.
-- A posting dated outside its fiscal year counts in the nearest month of it, so that December closes on the total.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Standard figures".
WITH per_bulan AS (
    -- Budget lines and blocks have no day: they are together in the month NULL.
    SELECT tahun_anggaran, per_tanggal,
        CASE
            WHEN date_part('year', tanggal) > tahun_anggaran THEN 12
            WHEN date_part('year', tanggal) < tahun_anggaran THEN 1
            ELSE date_part('month', tanggal)
        END AS bulan,
        sum(pagu) AS pagu, sum(realisasi) AS realisasi
    FROM mart.baris_anggaran
    GROUP BY 1, 2, 3
),
tahun AS (
    SELECT tahun_anggaran, per_tanggal, CAST(sum(pagu) AS DECIMAL(32, 2)) AS pagu,
        CASE
            WHEN date_part('year', per_tanggal) > tahun_anggaran THEN 12
            WHEN date_part('year', per_tanggal) < tahun_anggaran THEN 1
            ELSE date_part('month', per_tanggal)
        END AS bulan_data
    FROM per_bulan
    WHERE per_tanggal IS NOT NULL
    GROUP BY tahun_anggaran, per_tanggal
),
bulan AS (
    SELECT t.tahun_anggaran, t.per_tanggal, t.pagu, CAST(b.bulan AS INT) AS bulan
    FROM tahun AS t
    CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) AS b(bulan)
    WHERE b.bulan <= t.bulan_data
),
kumulatif AS (
    SELECT b.tahun_anggaran, b.per_tanggal, b.bulan, b.pagu,
        coalesce(r.realisasi, 0) AS realisasi,
        sum(coalesce(r.realisasi, 0)) OVER (
            PARTITION BY b.tahun_anggaran ORDER BY b.bulan ROWS UNBOUNDED PRECEDING
        ) AS realisasi_kumulatif
    FROM bulan AS b
    LEFT JOIN per_bulan AS r ON r.tahun_anggaran = b.tahun_anggaran AND r.bulan = b.bulan
)
SELECT tahun_anggaran, per_tanggal, bulan, realisasi, realisasi_kumulatif, pagu,
    TRY_CAST(realisasi_kumulatif * 100 / nullif(pagu, 0) AS DECIMAL(9, 4)) AS serapan_kumulatif_pct
FROM kumulatif
