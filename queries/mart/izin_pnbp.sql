-- Purpose: which permits sent to OSS name a billing code, and whether its PNBP was paid: the outbound log beside the revenue.
-- Grain: one billing code. kecocokan: 'terbayar' (sent and paid), 'belum terbayar' (sent, no payment loaded), 'tanpa izin'
-- (paid, but no record that was sent names it). Both kinds of unmatched codes stay visible.
-- Rupiah only; each payment counts once, as in pnbp_akun. A record whose answer was lost or refused counts in jumlah_kirim only.
-- Audience: analyst, bi.
-- Owner: Biro Keuangan. Formula: docs/views.md, "PNBP".
WITH bertanda AS (
    SELECT *, coalesce(ntpn, kdbilling) AS tanda
    FROM omspan.detail_pnbp
    WHERE mata_uang = 'IDR' AND kdsatker NOT LIKE '%Z%' AND kdbilling IS NOT NULL
),
nomor AS (
    -- As in mart.pnbp_transaksi: a number in one row is its own last revision.
    SELECT tanda, count(*) AS n, min(kdbilling) AS kdbilling, min(ntpn) AS ntpn, min(kdsatker) AS kdsatker,
        min(rupiah) AS rupiah, min(tgl_bayar) AS tgl_bayar, min(tgl_buku) AS tgl_buku
    FROM bertanda
    GROUP BY tanda
),
berulang AS (
    -- The last revision inserted counts; of two at one moment one and the same for every column.
    SELECT b.kdsatker, b.rupiah,
        first_value(b.kdbilling ORDER BY b.tanggal_insert_date DESC NULLS LAST, b.tanggal_insert DESC NULLS LAST,
            b.tgl_buku DESC NULLS LAST, b.kdbilling, b.ntpn, b.tgl_bayar) AS kdbilling,
        first_value(b.ntpn ORDER BY b.tanggal_insert_date DESC NULLS LAST, b.tanggal_insert DESC NULLS LAST,
            b.tgl_buku DESC NULLS LAST, b.kdbilling, b.ntpn, b.tgl_bayar) AS ntpn,
        first_value(b.tgl_bayar ORDER BY b.tanggal_insert_date DESC NULLS LAST, b.tanggal_insert DESC NULLS LAST,
            b.tgl_buku DESC NULLS LAST, b.kdbilling, b.ntpn, b.tgl_bayar) AS tgl_bayar,
        first_value(b.tgl_buku ORDER BY b.tanggal_insert_date DESC NULLS LAST, b.tanggal_insert DESC NULLS LAST,
            b.tgl_buku DESC NULLS LAST, b.kdbilling, b.ntpn, b.tgl_bayar) AS tgl_buku
    FROM (SELECT tanda FROM nomor WHERE n > 1) AS k
    JOIN bertanda AS b ON b.tanda = k.tanda
    GROUP BY b.tahun_anggaran, b.tanda, b.akun, b.kdsatker, b.rupiah
),
terakhir AS (
    SELECT kdbilling, ntpn, kdsatker, rupiah, tgl_bayar, tgl_buku FROM nomor WHERE n = 1
    UNION ALL
    SELECT kdbilling, ntpn, kdsatker, rupiah, tgl_bayar, tgl_buku FROM berulang
),
setoran AS (
    SELECT kdbilling, ntpn, min(kdsatker) AS kdsatker, sum(rupiah) AS rupiah, min(tgl_bayar) AS tgl_bayar,
        max(tgl_buku) AS tgl_buku
    FROM terakhir
    GROUP BY kdbilling, ntpn
),
bayar AS (
    SELECT kdbilling, min(kdsatker) AS kdsatker, count(ntpn) AS jumlah_ntpn, sum(rupiah) AS rupiah,
        min(tgl_bayar) AS tgl_bayar, max(tgl_buku) AS tgl_buku
    FROM setoran
    GROUP BY kdbilling
),
izin AS (
    SELECT kd_billing, count(*) AS jumlah_kirim, count(*) FILTER (WHERE state = 'accepted') AS jumlah_diterima,
        max(sent_at) AS terakhir_dikirim
    FROM ops.submissions
    WHERE kd_billing IS NOT NULL
    GROUP BY kd_billing
)
SELECT coalesce(i.kd_billing, b.kdbilling) AS kd_billing,
    CASE
        WHEN b.kdbilling IS NULL THEN 'belum terbayar'
        WHEN i.kd_billing IS NULL THEN 'tanpa izin'
        ELSE 'terbayar'
    END AS kecocokan,
    coalesce(i.jumlah_kirim, 0) AS jumlah_kirim,
    coalesce(i.jumlah_diterima, 0) AS jumlah_diterima,
    i.terakhir_dikirim,
    b.kdsatker, coalesce(b.jumlah_ntpn, 0) AS jumlah_ntpn, b.rupiah, b.tgl_bayar, b.tgl_buku
FROM izin AS i
FULL JOIN bayar AS b ON b.kdbilling = i.kd_billing
