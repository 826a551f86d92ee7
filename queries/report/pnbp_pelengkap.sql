-- What stands beside revenue: payments that are not booked yet, repayments of prior-year spending, satkers with revenue.
SELECT
    coalesce(sum(CASE WHEN jenis = 'penerimaan' THEN rupiah_belum_dibukukan END), CAST(0 AS DECIMAL(30, 2))) AS belum_dibukukan,
    coalesce(sum(CASE WHEN jenis <> 'penerimaan' THEN rupiah END), CAST(0 AS DECIMAL(30, 2))) AS pengembalian,
    count(DISTINCT CASE WHEN jenis = 'penerimaan' AND rupiah <> 0 THEN kdsatker END) AS jumlah_satker,
    count(target) AS baris_target
FROM mart.pnbp_akun
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
