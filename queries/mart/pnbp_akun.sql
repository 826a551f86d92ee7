-- Purpose: non-tax revenue booked, by satker and account, against its target.
-- Grain: one satker, account and fiscal year; also a line that has only a target, and one that has only unbooked payments.
-- target is NULL where ref.pnbp_target has none. jenis keeps repayments of prior-year spending (42591x) apart.
-- Owner: Biro Keuangan. Formula: docs/views.md, "PNBP" (realised / target, by tgl_buku, IDR only).
WITH masuk AS (
    SELECT tahun_anggaran, kdsatker, akun, max(tgl_buku) AS tgl_buku,
        count(tgl_buku) AS jumlah_transaksi,
        coalesce(sum(CASE WHEN tgl_buku IS NOT NULL THEN rupiah END), 0) AS rupiah,
        coalesce(sum(CASE WHEN tgl_buku IS NULL THEN rupiah END), 0) AS rupiah_belum_dibukukan
    FROM mart.pnbp_transaksi
    GROUP BY tahun_anggaran, kdsatker, akun
),
tanggal_data AS (
    SELECT tahun_anggaran, max(tgl_buku) AS per_tanggal
    FROM masuk
    GROUP BY tahun_anggaran
),
baris AS (
    SELECT CAST(coalesce(m.tahun_anggaran, t.tahun_anggaran) AS INT) AS tahun_anggaran,
        coalesce(m.kdsatker, t.kdsatker) AS kdsatker,
        coalesce(m.akun, t.akun) AS akun,
        coalesce(m.jumlah_transaksi, 0) AS jumlah_transaksi,
        coalesce(m.rupiah, 0) AS rupiah,
        coalesce(m.rupiah_belum_dibukukan, 0) AS rupiah_belum_dibukukan,
        t.target
    FROM masuk AS m
    FULL OUTER JOIN ref.pnbp_target AS t
        ON t.tahun_anggaran = m.tahun_anggaran AND t.kdsatker = m.kdsatker AND t.akun = m.akun
)
SELECT b.tahun_anggaran, d.per_tanggal, b.kdsatker, s.nmsatker,
    coalesce(s.kode_wilayah, '(belum terpetakan)') AS kode_wilayah, b.akun,
    coalesce(a.uraian, '(belum terpetakan)') AS nm_akun,
    CASE WHEN b.akun LIKE '42591%' THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END AS jenis,
    b.jumlah_transaksi, b.rupiah, b.rupiah_belum_dibukukan, b.target,
    TRY_CAST(b.rupiah * 100 / nullif(b.target, 0) AS DECIMAL(9, 4)) AS capaian_pct
FROM baris AS b
LEFT JOIN tanggal_data AS d ON d.tahun_anggaran = b.tahun_anggaran
LEFT JOIN mart.satker AS s ON s.tahun_anggaran = b.tahun_anggaran AND s.kdsatker = b.kdsatker
LEFT JOIN ref.bas_akun AS a ON a.kode = b.akun
