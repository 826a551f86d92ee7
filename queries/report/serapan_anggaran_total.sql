-- The headline figures: the newest fiscal year that has postings. A year without any has no data date yet (early January,
-- with a DIPA but nothing spent): it is not reported on. $target_serapan holds the twelve month ends of the plan; within a
-- month the target lies on the straight line between two of them.
WITH tahunan AS (
    SELECT tahun_anggaran, max(per_tanggal) AS per_tanggal, sum(pagu) AS pagu, sum(realisasi) AS realisasi,
        sum(blokir) AS blokir
    FROM mart.serapan_eselon1
    WHERE per_tanggal IS NOT NULL AND tahun_anggaran <= date_part('year', CAST($tanggal AS DATE))
    GROUP BY tahun_anggaran
    ORDER BY tahun_anggaran DESC
    LIMIT 1
),
posisi AS (
    -- A posting of January that belongs to the old year does not bring back January's target.
    SELECT *,
        CASE
            WHEN date_part('year', per_tanggal) > tahun_anggaran THEN CAST(concat(tahun_anggaran, '-12-31') AS DATE)
            ELSE per_tanggal
        END AS hari
    FROM tahunan
),
rencana AS (
    SELECT *,
        CAST(date_part('month', hari) AS BIGINT) AS bulan,
        CAST(date_part('day', hari) AS DECIMAL(9, 4)) AS hari_ke,
        CAST(date_part('day', date_trunc('month', hari) + INTERVAL '1 month' - INTERVAL '1 day') AS DECIMAL(9, 4)) AS jumlah_hari
    FROM posisi
),
sasaran AS (
    SELECT *,
        CAST(split_part(CAST($target_serapan AS VARCHAR), ' ', bulan) AS DECIMAL(9, 4)) AS akhir,
        CASE
            WHEN bulan = 1 THEN CAST(0 AS DECIMAL(9, 4))
            ELSE CAST(split_part(CAST($target_serapan AS VARCHAR), ' ', greatest(bulan - 1, 1)) AS DECIMAL(9, 4))
        END AS awal
    FROM rencana
),
hasil AS (
    SELECT *, pagu - realisasi AS sisa,
        CAST(awal + (akhir - awal) * hari_ke / jumlah_hari AS DECIMAL(9, 1)) AS target,
        CASE WHEN pagu > 0 THEN realisasi * 100 / pagu END AS serapan,
        CASE WHEN pagu > 0 THEN (pagu - realisasi) * 100 / pagu END AS sisa_pct
    FROM sasaran
)
SELECT CAST(tahun_anggaran AS INT) AS tahun_anggaran, CAST(tahun_anggaran - 1 AS INT) AS tahun_lalu, per_tanggal,
    CAST(bulan AS INT) AS bulan_data, hari_ke = jumlah_hari AS akhir_bulan,
    pagu, realisasi, blokir, sisa, serapan, sisa_pct, target,
    CAST(serapan AS DECIMAL(9, 1)) - target AS jarak,
    target - CAST($ambang_satker AS DECIMAL(9, 1)) AS batas_jauh
FROM hasil
