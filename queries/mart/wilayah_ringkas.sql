-- Purpose: everything the systems say of a region, side by side: budget, revenue, procurement, welfare, regional plan,
-- permits.
-- Grain: one kabupaten or kota (4 digits), the province (2) for what is known no closer, '(belum terpetakan)' for what
-- no mapping reaches: every column adds up to its total. Not sums: jumlah_nib (a NIB counts in each region it has a
-- project in), percentages, and welfare where a cell is closed (NULL). Budget, revenue and orders are those of the
-- satkers of the region (mart.satker: where most of their DIPA lies), for tahun_anggaran, the newest year of DIPA;
-- pagu_daerah is the newest year of SIMDA, by ref.kantor_wilayah; welfare and permits are of the newest snapshot. A
-- region that a system does not speak of has 0 there, a percentage of nothing is NULL.
-- Columns:
-- tingkat: kabkota, provinsi, or (belum terpetakan)
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, the view each column comes from.
WITH tahun AS (
    SELECT max(tahun_anggaran) AS tahun_anggaran FROM omspan.dipa_belanja
),
baris AS (
    -- One part a system, each with columns of its own; what a part does not have is NULL.
    SELECT s.kode_wilayah AS kode, count(DISTINCT CASE WHEN b.punya_baris THEN b.kdsatker END) AS jumlah_satker,
        CAST(sum(b.pagu) AS DECIMAL(32, 2)) AS pagu, CAST(sum(b.realisasi) AS DECIMAL(32, 2)) AS realisasi,
        CAST(sum(b.blokir) AS DECIMAL(32, 2)) AS blokir
    FROM mart.jumlah_anggaran AS b
    JOIN tahun AS t ON t.tahun_anggaran = b.tahun_anggaran
    JOIN mart.satker AS s ON s.tahun_anggaran = b.tahun_anggaran AND s.kdsatker = b.kdsatker
    GROUP BY s.kode_wilayah
    UNION ALL BY NAME
    SELECT p.kode_wilayah AS kode, sum(p.rupiah) AS pnbp, sum(p.target) AS target_pnbp
    FROM mart.pnbp_akun AS p
    JOIN tahun AS t ON t.tahun_anggaran = p.tahun_anggaran
    WHERE p.jenis = 'penerimaan'
    GROUP BY p.kode_wilayah
    UNION ALL BY NAME
    SELECT p.kode_wilayah AS kode, sum(p.nilai) AS nilai_padi, sum(p.nilai_umk) AS nilai_umk,
        sum(p.nilai_tanpa_kelas) AS nilai_tanpa_kelas, sum(p.nilai_pdn) AS nilai_pdn
    FROM mart.pengadaan_satker AS p
    JOIN tahun AS t ON t.tahun_anggaran = p.tahun
    GROUP BY p.kode_wilayah
    UNION ALL BY NAME
    SELECT kode, nama AS nama_sipp, 1 AS ada_sipp, keluarga, keluarga_desil_1, cakupan_desil_1_pct, cakupan_desil_1_2_pct,
        penerima, penerima_luar_p3ke
    FROM mart.kesejahteraan_wilayah
    WHERE tingkat = 'kabkota'
    UNION ALL BY NAME
    SELECT coalesce(w.kode, '(belum terpetakan)') AS kode, sum(k.pagu) AS pagu_daerah, sum(k.jumlah) AS rka_daerah
    FROM mart.rka_kegiatan AS k
    JOIN (SELECT max(tahun_anggaran) AS tahun_anggaran FROM simda.rka) AS t ON t.tahun_anggaran = k.tahun_anggaran
    LEFT JOIN ref.kantor_wilayah AS w ON w.id_kantor = k.id_kantor
    GROUP BY 1
    UNION ALL BY NAME
    SELECT kode_wilayah AS kode, count(DISTINCT nib) AS jumlah_nib
    FROM mart.oss_usaha
    GROUP BY kode_wilayah
    UNION ALL BY NAME
    SELECT kode_wilayah AS kode, sum(jumlah_proyek) AS jumlah_proyek, sum(jumlah_investasi) AS jumlah_investasi,
        sum(jumlah_izin) AS jumlah_izin, sum(izin_disetujui) AS izin_disetujui
    FROM mart.izin_wilayah
    GROUP BY kode_wilayah
),
wilayah AS (
    -- Each part has at most one row of a region.
    SELECT kode, max(jumlah_satker) AS jumlah_satker, max(pagu) AS pagu, max(realisasi) AS realisasi, max(blokir) AS blokir,
        max(pnbp) AS pnbp, max(target_pnbp) AS target_pnbp,
        max(nilai_padi) AS nilai_padi, max(nilai_umk) AS nilai_umk, max(nilai_tanpa_kelas) AS nilai_tanpa_kelas,
        max(nilai_pdn) AS nilai_pdn,
        max(nama_sipp) AS nama_sipp, max(ada_sipp) AS ada_sipp, max(keluarga) AS keluarga,
        max(keluarga_desil_1) AS keluarga_desil_1, max(cakupan_desil_1_pct) AS cakupan_desil_1_pct,
        max(cakupan_desil_1_2_pct) AS cakupan_desil_1_2_pct, max(penerima) AS penerima,
        max(penerima_luar_p3ke) AS penerima_luar_p3ke,
        max(pagu_daerah) AS pagu_daerah, max(rka_daerah) AS rka_daerah,
        max(jumlah_nib) AS jumlah_nib, max(jumlah_proyek) AS jumlah_proyek, max(jumlah_investasi) AS jumlah_investasi,
        max(jumlah_izin) AS jumlah_izin, max(izin_disetujui) AS izin_disetujui
    FROM baris
    GROUP BY kode
)
SELECT k.kode AS kode_wilayah,
    CASE
        WHEN k.kode = '(belum terpetakan)' THEN k.kode
        WHEN length(k.kode) = 2 THEN 'provinsi'
        ELSE 'kabkota'
    END AS tingkat,
    coalesce(w.nama, k.nama_sipp, n.nama, '(belum terpetakan)') AS nm_wilayah,
    CAST(t.tahun_anggaran AS INT) AS tahun_anggaran,
    coalesce(k.jumlah_satker, 0) AS jumlah_satker,
    coalesce(k.pagu, 0) AS pagu, coalesce(k.realisasi, 0) AS realisasi, coalesce(k.blokir, 0) AS blokir,
    TRY_CAST(k.realisasi * 100 / nullif(k.pagu, 0) AS DECIMAL(9, 4)) AS serapan_pct,
    coalesce(k.pnbp, 0) AS pnbp, k.target_pnbp,
    coalesce(k.nilai_padi, 0) AS nilai_padi,
    CASE WHEN k.nilai_tanpa_kelas = 0 THEN TRY_CAST(k.nilai_umk * 100 / nullif(k.nilai_padi, 0) AS DECIMAL(9, 4)) END
        AS umk_pct,
    TRY_CAST(k.nilai_pdn * 100 / nullif(k.nilai_padi, 0) AS DECIMAL(9, 4)) AS pdn_pct,
    CASE WHEN k.ada_sipp IS NULL THEN 0 ELSE k.keluarga END AS keluarga,
    CASE WHEN k.ada_sipp IS NULL THEN 0 ELSE k.keluarga_desil_1 END AS keluarga_desil_1,
    k.cakupan_desil_1_pct, k.cakupan_desil_1_2_pct,
    CASE WHEN k.ada_sipp IS NULL THEN 0 ELSE k.penerima END AS penerima,
    CASE WHEN k.ada_sipp IS NULL THEN 0 ELSE k.penerima_luar_p3ke END AS penerima_luar_p3ke,
    coalesce(k.pagu_daerah, 0) AS pagu_daerah, coalesce(k.rka_daerah, 0) AS rka_daerah,
    coalesce(k.jumlah_nib, 0) AS jumlah_nib, coalesce(k.jumlah_proyek, 0) AS jumlah_proyek,
    coalesce(k.jumlah_investasi, 0) AS jumlah_investasi,
    coalesce(k.jumlah_izin, 0) AS jumlah_izin, coalesce(k.izin_disetujui, 0) AS izin_disetujui
FROM wilayah AS k
CROSS JOIN tahun AS t
LEFT JOIN ref.wilayah AS w ON w.kode = k.kode
LEFT JOIN (
    SELECT kode_kemendagri AS kode, min(nama) AS nama FROM ref.lokasi_djpb_kemendagri GROUP BY kode_kemendagri
) AS n ON n.kode = k.kode
