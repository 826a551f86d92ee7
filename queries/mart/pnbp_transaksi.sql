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
terakhir AS (
    -- The feed repeats a payment in later revisions: the last one inserted counts. A row without any transaction
    -- number cannot be recognised again and always counts.
    SELECT *,
        CASE WHEN tanda IS NULL THEN 1 ELSE row_number() OVER (
            PARTITION BY tanda, akun, kdsatker, rupiah
            ORDER BY tanggal_insert_date DESC NULLS LAST, tanggal_insert DESC NULLS LAST, tgl_buku DESC NULLS LAST
        ) END AS urutan
    FROM bertanda
)
SELECT CAST(coalesce(date_part('year', tgl_buku), tahun_anggaran) AS INT) AS tahun_anggaran,
    CAST(date_part('month', tgl_buku) AS INT) AS bulan, tgl_buku, kdsatker, akun,
    CASE WHEN akun LIKE '42591%' THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END AS jenis,
    rupiah
FROM terakhir
WHERE urutan = 1
