-- Purpose: what is bought through PaDi, by category of goods and services.
-- Grain: one of the 27 categories and year of ordering; a category that ref.padi_kategori does not name is shown by its
-- code, nm_kategori_project '(belum terpetakan)'. Figures as in mart.pengadaan_satker.
-- Owner: Biro Umum dan Layanan Pengadaan. Formula: docs/views.md, "PaDi UMKM" (Inpres 2/2022, Perpres 12/2021).
WITH jumlah AS (
    SELECT tahun, kategori_project, nm_kategori_project,
        count(DISTINCT kdsatker) AS jumlah_satker,
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
    GROUP BY tahun, kategori_project, nm_kategori_project
),
tahunan AS (
    SELECT tahun, sum(nilai) AS nilai FROM jumlah GROUP BY tahun
)
SELECT j.tahun, j.kategori_project, j.nm_kategori_project, j.jumlah_satker,
    TRY_CAST(j.nilai * 100 / nullif(t.nilai, 0) AS DECIMAL(9, 4)) AS porsi_pct,
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
JOIN tahunan AS t ON t.tahun = j.tahun
