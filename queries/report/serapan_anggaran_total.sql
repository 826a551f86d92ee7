-- The headline figures: the newest fiscal year that has postings. A year without any has no data date yet (early January,
-- with a DIPA but nothing spent): it is not reported on. $target_serapan holds the twelve month ends of the plan.
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
    -- A posting of January that belongs to the old year does not bring back January.
    SELECT *,
        CASE
            WHEN date_part('year', per_tanggal) > tahun_anggaran THEN CAST(concat(tahun_anggaran, '-12-31') AS DATE)
            ELSE per_tanggal
        END AS hari
    FROM tahunan
),
hasil AS (
    SELECT *, pagu - realisasi AS sisa,
        rencana_pada(CAST($target_serapan AS VARCHAR), tahun_anggaran, per_tanggal) AS target,
        CASE WHEN pagu > 0 THEN realisasi * 100 / pagu END AS serapan,
        CASE WHEN pagu > 0 THEN (pagu - realisasi) * 100 / pagu END AS sisa_pct
    FROM posisi
)
SELECT CAST(tahun_anggaran AS INT) AS tahun_anggaran, CAST(tahun_anggaran - 1 AS INT) AS tahun_lalu, per_tanggal,
    CAST(date_part('month', hari) AS INT) AS bulan_data,
    date_part('day', hari + INTERVAL '1 day') = 1 AS akhir_bulan,
    pagu, realisasi, blokir, sisa, serapan, sisa_pct, target,
    CAST(serapan AS DECIMAL(9, 1)) - target AS jarak,
    target - CAST($ambang_satker AS DECIMAL(9, 1)) AS batas_jauh
FROM hasil
