-- Revenue of the newest year that has any booked: realised, target, last year at the same date. $target_pnbp holds the
-- planned cumulative percent of the target at the twelve month ends. Repayments of prior-year spending (42591x) are apart.
WITH terakhir AS (
    SELECT *
    FROM mart.pnbp_bulanan
    WHERE jenis = 'penerimaan' AND tahun_anggaran <= date_part('year', CAST($tanggal AS DATE))
    ORDER BY tahun_anggaran DESC, bulan DESC
    LIMIT 1
),
hasil AS (
    SELECT *,
        CASE WHEN target > 0 THEN rupiah_kumulatif * 100 / target END AS capaian,
        CASE WHEN target > 0 THEN rencana_pada(CAST($target_pnbp AS VARCHAR), tahun_anggaran, per_tanggal) END AS rencana,
        CASE
            WHEN rupiah_tahun_lalu_kumulatif > 0
                THEN (rupiah_kumulatif - rupiah_tahun_lalu_kumulatif) * 100 / rupiah_tahun_lalu_kumulatif
        END AS tumbuh
    FROM terakhir
)
SELECT CAST(tahun_anggaran AS INT) AS tahun_anggaran, CAST(tahun_anggaran - 1 AS INT) AS tahun_lalu, per_tanggal,
    CAST(bulan AS INT) AS bulan_data, rupiah_kumulatif AS pnbp, target AS target_rupiah, capaian, rencana,
    CAST(capaian AS DECIMAL(9, 1)) - rencana AS jarak,
    rupiah_tahun_lalu_kumulatif AS pnbp_lalu, tumbuh, rupiah_tanpa_target_kumulatif AS tanpa_target,
    rencana - CAST($ambang_satker AS DECIMAL(9, 1)) AS batas_jauh
FROM hasil
