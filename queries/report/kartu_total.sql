-- Absorption of every satker in the newest year that has postings, with the target at the data date and the absorption of the
-- whole body beside it. `satker` tells whose row it is: a recipient gets only its own.
WITH tahunan AS (
    SELECT tahun_anggaran, max(per_tanggal) AS per_tanggal, sum(pagu) AS pagu, sum(realisasi) AS realisasi
    FROM mart.serapan_satker
    WHERE per_tanggal IS NOT NULL AND tahun_anggaran <= date_part('year', CAST($tanggal AS DATE))
    GROUP BY tahun_anggaran
    ORDER BY tahun_anggaran DESC
    LIMIT 1
),
sasaran AS (
    SELECT *,
        CASE WHEN date_part('year', per_tanggal) > tahun_anggaran THEN 12 ELSE date_part('month', per_tanggal) END AS bulan,
        rencana_pada(CAST($target_serapan AS VARCHAR), tahun_anggaran, per_tanggal) AS target
    FROM tahunan
),
hasil AS (
    SELECT k.kdsatker AS satker, coalesce(k.nmsatker, concat('Satker ', k.kdsatker)) AS nama_satker, k.baes1,
        t.tahun_anggaran, t.per_tanggal, t.bulan, k.pagu, k.realisasi, k.blokir,
        t.target,
        CASE WHEN k.pagu > 0 THEN k.realisasi * 100 / k.pagu END AS serapan,
        CASE WHEN t.pagu > 0 THEN t.realisasi * 100 / t.pagu END AS serapan_kl
    FROM mart.serapan_satker AS k
    JOIN sasaran AS t ON t.tahun_anggaran = k.tahun_anggaran
)
SELECT satker, nama_satker, baes1, CAST(tahun_anggaran AS INT) AS tahun_anggaran, per_tanggal, CAST(bulan AS INT) AS bulan_data,
    pagu, realisasi, blokir, pagu - realisasi AS sisa,
    CASE WHEN pagu > 0 THEN (pagu - realisasi) * 100 / pagu END AS sisa_pct,
    serapan, target, CAST(serapan AS DECIMAL(9, 1)) - target AS jarak, serapan_kl
FROM hasil
