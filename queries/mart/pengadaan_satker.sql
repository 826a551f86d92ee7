-- Purpose: what each satker buys through PaDi: how much, from whom, how domestic, how fast.
-- Grain: one satker and year of ordering. Orders whose id_satker ref.padi_satker does not map stand together in one row of
-- the year, kdsatker '(belum terpetakan)'; jumlah_id_satker says how many PaDi numbers a row holds.
-- umk_pct counts mikro, kecil and koperasi against 40 % (Inpres 2/2022, Perpres 12/2021); it is NULL, and so is
-- memenuhi_target_umk, while an order has a class that ref.padi_kategori_umkm does not name (nilai_tanpa_kelas).
-- tkdn_pct is weighted by value; rata_waktu_siklus = mean days from placement to invoice of the orders that have both dates.
-- Owner: Biro Umum dan Layanan Pengadaan. Formula: docs/views.md, "PaDi UMKM".
WITH jumlah AS (
    SELECT tahun, kdsatker,
        count(DISTINCT id_satker) AS jumlah_id_satker,
        count(*) AS jumlah_transaksi,
        count(DISTINCT uid_umkm) AS jumlah_umkm,
        sum(nilai) AS nilai,
        coalesce(sum(CASE WHEN tipe_nilai_project = 'CAPEX' THEN nilai END), 0) AS nilai_capex,
        coalesce(sum(CASE WHEN kelas_umkm IN ('mikro', 'kecil', 'koperasi') THEN nilai END), 0) AS nilai_umk,
        coalesce(sum(CASE WHEN kelas_umkm IS NULL THEN nilai END), 0) AS nilai_tanpa_kelas,
        coalesce(sum(CASE WHEN pdn THEN nilai END), 0) AS nilai_pdn,
        sum(nilai * tkdn) AS nilai_kali_tkdn,
        count(waktu_siklus_hitung) AS jumlah_bersiklus,
        CAST(sum(waktu_siklus_hitung) AS DECIMAL(20, 2)) AS hari_siklus,
        count(*) FILTER (WHERE melewati_target) AS jumlah_melewati_target
    FROM mart.padi_transaksi
    GROUP BY tahun, kdsatker
)
SELECT j.tahun, j.kdsatker, s.nmsatker, coalesce(s.kode_wilayah, '(belum terpetakan)') AS kode_wilayah, j.jumlah_id_satker,
    j.jumlah_transaksi, j.jumlah_umkm, j.nilai, j.nilai_capex, j.nilai - j.nilai_capex AS nilai_opex,
    j.nilai_umk, j.nilai_tanpa_kelas,
    CASE WHEN j.nilai_tanpa_kelas = 0 THEN TRY_CAST(j.nilai_umk * 100 / nullif(j.nilai, 0) AS DECIMAL(9, 4)) END
        AS umk_pct,
    CAST(40 AS DECIMAL(9, 4)) AS target_umk_pct,
    CASE WHEN j.nilai_tanpa_kelas = 0 THEN j.nilai_umk * 100 >= j.nilai * 40 END AS memenuhi_target_umk,
    j.nilai_pdn,
    TRY_CAST(j.nilai_pdn * 100 / nullif(j.nilai, 0) AS DECIMAL(9, 4)) AS pdn_pct,
    TRY_CAST(j.nilai_kali_tkdn / nullif(j.nilai, 0) AS DECIMAL(9, 4)) AS tkdn_pct,
    j.jumlah_bersiklus,
    TRY_CAST(j.hari_siklus / nullif(j.jumlah_bersiklus, 0) AS DECIMAL(9, 2)) AS rata_waktu_siklus,
    j.jumlah_melewati_target
FROM jumlah AS j
LEFT JOIN mart.satker AS s ON s.tahun_anggaran = j.tahun AND s.kdsatker = j.kdsatker
