-- Purpose: PaDi orders with the names of their codes, the treasury's satker, and the cycle time computed again.
-- Grain: one order (bumn_id, transaksi_id). Vendors are named by uid_umkm only. kdsatker and names that no reference
-- table knows are '(belum terpetakan)'; kelas_umkm is NULL then, which keeps shares open. waktu_siklus_hitung = days
-- from placement to invoice; selisih_waktu_siklus = what the buyer reported minus that. Where the buyer gave a date
-- instead of days, the days up to that date count as reported.
-- Owner: Biro Umum dan Layanan Pengadaan. Formula: docs/views.md, "PaDi UMKM".
-- Not in files: a part of the pengadaan views, one row an order.
WITH hari AS (
    -- A date as its number of days: the difference of two is a number of days.
    SELECT *,
        CAST(tanggal_invoice AS INT) - CAST(tanggal_order_placement AS INT) AS waktu_siklus_hitung,
        coalesce(total_cycle_time, CAST(total_cycle_time_tanggal AS INT) - CAST(tanggal_order_placement AS INT))
            AS waktu_siklus_lapor
    FROM padi.transaksi
)
SELECT
    CAST(date_part('year', t.tanggal_transaksi) AS INT) AS tahun,
    CAST(date_part('month', t.tanggal_transaksi) AS INT) AS bulan,
    t.bumn_id, t.transaksi_id, t.tanggal_transaksi, t.nama_project,
    t.kategori_project, coalesce(k.nama, '(belum terpetakan)') AS nm_kategori_project,
    t.total_nilai_project AS nilai, t.tipe_nilai_project,
    t.kategori_umkm, u.nama AS nm_kategori_umkm, u.kelas AS kelas_umkm, t.uid_umkm,
    t.id_satker, coalesce(s.kdsatker, '(belum terpetakan)') AS kdsatker,
    t.is_pdn = 1 AS pdn, t.tkdn, t.is_certificate = 1 AS bersertifikat_tkdn,
    -- The same office is spelt SJIND.8 and SJ-IND.8.
    upper(replace(replace(t.certificate_tkdn, '-', ''), ' ', '')) AS sertifikat_tkdn,
    t.tanggal_order_placement, t.tanggal_confirmation, t.tanggal_delivery, t.tanggal_invoice,
    t.target_penyelesaian, t.waktu_siklus_lapor, t.waktu_siklus_hitung,
    t.waktu_siklus_lapor - t.waktu_siklus_hitung AS selisih_waktu_siklus,
    t.waktu_siklus_hitung > t.target_penyelesaian AS melewati_target,
    t.rating, t.snapshot_date
FROM hari AS t
LEFT JOIN ref.padi_kategori AS k ON k.kode = t.kategori_project
LEFT JOIN ref.padi_kategori_umkm AS u ON u.kode = t.kategori_umkm
LEFT JOIN ref.padi_satker AS s ON s.id_satker = t.id_satker
