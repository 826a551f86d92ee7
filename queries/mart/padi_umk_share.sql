-- Purpose: how much of the spending through PaDi goes to micro and small businesses, to domestic products, and how
-- domestic the products are.
-- Grain: one month of ordering. umk_pct counts the classes mikro, kecil and koperasi (Perpres 12/2021, Inpres 2/2022:
-- at least 40 %). It is NULL while an order of the month has a category that ref.padi_kategori_umkm does not class
-- (nilai_tanpa_kelas): a share of the known ones only would be wrong. tkdn_pct is weighted by value.
-- Owner: Biro Umum dan Layanan Pengadaan. Formula: docs/views.md, "PaDi UMKM".
WITH jumlah AS (
    SELECT tahun, bulan,
        count(*) AS jumlah_transaksi,
        count(DISTINCT uid_umkm) AS jumlah_umkm,
        sum(nilai) AS nilai,
        coalesce(sum(CASE WHEN kelas_umkm IN ('mikro', 'kecil', 'koperasi') THEN nilai END), 0) AS nilai_umk,
        coalesce(sum(CASE WHEN kelas_umkm IS NULL THEN nilai END), 0) AS nilai_tanpa_kelas,
        coalesce(sum(CASE WHEN pdn THEN nilai END), 0) AS nilai_pdn,
        sum(nilai * tkdn) AS nilai_kali_tkdn
    FROM mart.padi_transaksi
    GROUP BY tahun, bulan
)
SELECT tahun, bulan, jumlah_transaksi, jumlah_umkm, nilai, nilai_umk, nilai_tanpa_kelas, nilai_pdn,
    CASE WHEN nilai_tanpa_kelas = 0 THEN TRY_CAST(nilai_umk * 100 / nullif(nilai, 0) AS DECIMAL(9, 4)) END AS umk_pct,
    CAST(40 AS DECIMAL(9, 4)) AS target_umk_pct,
    TRY_CAST(nilai_pdn * 100 / nullif(nilai, 0) AS DECIMAL(9, 4)) AS pdn_pct,
    TRY_CAST(nilai_kali_tkdn / nullif(nilai, 0) AS DECIMAL(9, 4)) AS tkdn_pct
FROM jumlah
