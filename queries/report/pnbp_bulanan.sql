-- The cumulative course of the year against the plan and against last year at the same day, one row a month.
SELECT bulan, rupiah, rupiah_kumulatif AS kumulatif, rupiah_tahun_lalu_kumulatif AS kumulatif_lalu,
    CASE
        WHEN bulan = CAST($bulan_data AS INT)
            THEN CAST(target * CAST($rencana AS DECIMAL(9, 4)) / 100 AS DECIMAL(30, 2))
        ELSE CAST(
            target * CAST(split_part(CAST($target_pnbp AS VARCHAR), ' ', CAST(bulan AS BIGINT)) AS DECIMAL(9, 4)) / 100
            AS DECIMAL(30, 2))
    END AS rencana_rupiah,
    CASE WHEN rupiah_tahun_lalu_kumulatif > 0
        THEN (rupiah_kumulatif - rupiah_tahun_lalu_kumulatif) * 100 / rupiah_tahun_lalu_kumulatif END AS tumbuh
FROM mart.pnbp_bulanan
WHERE jenis = 'penerimaan' AND tahun_anggaran = CAST($tahun_anggaran AS INT)
ORDER BY bulan
