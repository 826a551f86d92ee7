-- Purpose: non-tax revenue in rupiah, each payment once; every pnbp view sums this one.
-- Grain: one account line of a payment (ntpn, else kdbilling, else ntb; account, satker, amount).
-- tahun_anggaran is the year of booking (tgl_buku), whatever key it was fetched under: what is booked on 31 December and
-- inserted in January belongs to the old year. A line that is not booked yet (tgl_buku NULL) has the key's year and no
-- month. Other currencies are left out (mart.mutu_data counts them); jenis keeps repayments of prior-year spending
-- (42591x) apart: they are no revenue from services.
-- Audience: analyst, bi.
-- Owner: Biro Keuangan. Formula: docs/views.md, "PNBP"; OMSPAN API specification, DetailPNBPAllRev.
-- Not in files: a part of the pnbp views, one row a payment.
WITH bertanda AS (
    SELECT tahun_anggaran, kdsatker, akun, rupiah, tgl_buku, tanggal_insert_date, tanggal_insert,
        coalesce(ntpn, kdbilling, ntb) AS tanda
    FROM omspan.detail_pnbp
    WHERE mata_uang = 'IDR' AND kdsatker NOT LIKE '%Z%'
),
nomor AS (
    -- Most numbers stand in one row: it is its own last revision, and its columns are their own smallest ones.
    SELECT tanda, count(*) AS n, min(tahun_anggaran) AS tahun_anggaran, min(kdsatker) AS kdsatker, min(akun) AS akun,
        min(rupiah) AS rupiah, min(tgl_buku) AS tgl_buku
    FROM bertanda
    WHERE tanda IS NOT NULL
    GROUP BY tanda
),
berulang AS (
    -- The feed repeats a payment in later revisions: the last one inserted counts.
    SELECT b.kdsatker, b.akun, b.rupiah,
        first_value(b.tahun_anggaran ORDER BY b.tanggal_insert_date DESC NULLS LAST, b.tanggal_insert DESC NULLS LAST,
            b.tgl_buku DESC NULLS LAST) AS tahun_anggaran,
        first_value(b.tgl_buku ORDER BY b.tanggal_insert_date DESC NULLS LAST, b.tanggal_insert DESC NULLS LAST,
            b.tgl_buku DESC NULLS LAST) AS tgl_buku
    FROM (SELECT tanda FROM nomor WHERE n > 1) AS k
    JOIN bertanda AS b ON b.tanda = k.tanda
    GROUP BY b.tanda, b.akun, b.kdsatker, b.rupiah
),
terakhir AS (
    SELECT tahun_anggaran, kdsatker, akun, rupiah, tgl_buku FROM nomor WHERE n = 1
    UNION ALL
    SELECT tahun_anggaran, kdsatker, akun, rupiah, tgl_buku FROM berulang
    UNION ALL
    -- A row without any transaction number cannot be recognised again and always counts.
    SELECT tahun_anggaran, kdsatker, akun, rupiah, tgl_buku FROM bertanda WHERE tanda IS NULL
)
SELECT CAST(coalesce(date_part('year', tgl_buku), tahun_anggaran) AS INT) AS tahun_anggaran,
    CAST(date_part('month', tgl_buku) AS INT) AS bulan, tgl_buku, kdsatker, akun,
    CASE WHEN akun LIKE '42591%' THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END AS jenis,
    rupiah
FROM terakhir
