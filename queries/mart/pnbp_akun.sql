-- Purpose: non-tax revenue booked, by account and month, each payment counted once.
-- Grain: one satker, account and month of booking (tgl_buku) of a fiscal year; bulan NULL = not booked yet.
-- Rupiah only. jenis keeps repayments of prior-year spending (42591x) apart: they are no revenue from services.
-- Owner: Biro Keuangan. Formula: docs/views.md, "PNBP".
WITH bertanda AS (
    SELECT tahun_anggaran, kdsatker, akun, rupiah, tgl_buku, tanggal_insert_date, tanggal_insert,
        coalesce(ntpn, kdbilling, ntb) AS tanda
    FROM omspan.detail_pnbp
    WHERE mata_uang = 'IDR' AND kdsatker NOT LIKE '%Z%'
),
terakhir AS (
    -- The feed repeats a payment in later revisions: the last one inserted counts. A row without any transaction
    -- number cannot be recognised again and always counts.
    SELECT *,
        CASE WHEN tanda IS NULL THEN 1 ELSE row_number() OVER (
            PARTITION BY tahun_anggaran, tanda, akun, kdsatker, rupiah
            ORDER BY tanggal_insert_date DESC NULLS LAST, tanggal_insert DESC NULLS LAST, tgl_buku DESC NULLS LAST
        ) END AS urutan
    FROM bertanda
)
SELECT tahun_anggaran, kdsatker, akun, CAST(date_part('month', tgl_buku) AS INT) AS bulan,
    CASE WHEN akun LIKE '42591%' THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END AS jenis,
    count(*) AS jumlah_transaksi,
    sum(rupiah) AS rupiah
FROM terakhir
WHERE urutan = 1
GROUP BY tahun_anggaran, kdsatker, akun, date_part('month', tgl_buku)
