-- Purpose: everything the systems say of a region, side by side: budget, revenue, procurement, welfare, regional plan, permits.
-- Grain: one kabupaten or kota (4 digits), the province (2) for what is known no closer, '(belum terpetakan)' for what no
-- mapping reaches: every column adds up to its total. Not sums: jumlah_nib (a NIB counts in each region it has a project
-- in), percentages, and welfare where a cell is closed (NULL).
-- Budget, revenue and orders are those of the satkers of the region (mart.satker: where most of their DIPA lies), for
-- tahun_anggaran, the newest year of DIPA; pagu_daerah is the newest year of SIMDA, by ref.kantor_wilayah; welfare and permits are
-- of the newest snapshot. A region that a system does not speak of has 0 there, a percentage of nothing is NULL.
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, the view each column comes from.
WITH tahun AS (
    SELECT max(tahun_anggaran) AS tahun_anggaran FROM mart.baris_anggaran
),
anggaran AS (
    SELECT s.kode_wilayah AS kode, count(*) AS jumlah_satker,
        sum(a.pagu) AS pagu, sum(a.realisasi) AS realisasi, sum(a.blokir) AS blokir
    FROM mart.serapan_satker AS a
    JOIN mart.satker AS s ON s.tahun_anggaran = a.tahun_anggaran AND s.kdsatker = a.kdsatker
    JOIN tahun AS t ON t.tahun_anggaran = a.tahun_anggaran
    GROUP BY s.kode_wilayah
),
pnbp AS (
    SELECT coalesce(s.kode_wilayah, '(belum terpetakan)') AS kode, sum(p.rupiah) AS pnbp, sum(p.target) AS target_pnbp
    FROM mart.pnbp_akun AS p
    JOIN tahun AS t ON t.tahun_anggaran = p.tahun_anggaran
    LEFT JOIN mart.satker AS s ON s.tahun_anggaran = p.tahun_anggaran AND s.kdsatker = p.kdsatker
    WHERE p.jenis = 'penerimaan'
    GROUP BY 1
),
pengadaan AS (
    SELECT p.kode_wilayah AS kode, sum(p.nilai) AS nilai_padi, sum(p.nilai_umk) AS nilai_umk,
        sum(p.nilai_tanpa_kelas) AS nilai_tanpa_kelas, sum(p.nilai_pdn) AS nilai_pdn
    FROM mart.pengadaan_satker AS p
    JOIN tahun AS t ON t.tahun_anggaran = p.tahun
    GROUP BY p.kode_wilayah
),
kesejahteraan AS (
    SELECT * FROM mart.kesejahteraan_wilayah WHERE tingkat = 'kabkota'
),
rencana AS (
    SELECT coalesce(w.kode, '(belum terpetakan)') AS kode, sum(k.pagu) AS pagu_daerah, sum(k.jumlah) AS rka_daerah
    FROM mart.rka_kegiatan AS k
    JOIN (SELECT max(tahun_anggaran) AS tahun_anggaran FROM mart.rka_kegiatan) AS t
        ON t.tahun_anggaran = k.tahun_anggaran
    LEFT JOIN ref.kantor_wilayah AS w ON w.id_kantor = k.id_kantor
    GROUP BY 1
),
usaha AS (
    SELECT kode_wilayah AS kode, count(DISTINCT nib) AS jumlah_nib FROM mart.oss_usaha GROUP BY kode_wilayah
),
izin AS (
    SELECT kode_wilayah AS kode, sum(jumlah_proyek) AS jumlah_proyek, sum(jumlah_investasi) AS jumlah_investasi,
        sum(jumlah_izin) AS jumlah_izin, sum(izin_disetujui) AS izin_disetujui
    FROM mart.izin_wilayah
    GROUP BY kode_wilayah
),
kode AS (
    SELECT kode FROM anggaran
    UNION SELECT kode FROM pnbp
    UNION SELECT kode FROM pengadaan
    UNION SELECT kode FROM kesejahteraan
    UNION SELECT kode FROM rencana
    UNION SELECT kode FROM usaha
    UNION SELECT kode FROM izin
)
SELECT k.kode AS kode_wilayah,
    CASE
        WHEN k.kode = '(belum terpetakan)' THEN k.kode
        WHEN length(k.kode) = 2 THEN 'provinsi'
        ELSE 'kabkota'
    END AS tingkat,
    coalesce(w.nama, s.nama, n.nama, '(belum terpetakan)') AS nm_wilayah,
    CAST(t.tahun_anggaran AS INT) AS tahun_anggaran,
    coalesce(a.jumlah_satker, 0) AS jumlah_satker,
    coalesce(a.pagu, 0) AS pagu, coalesce(a.realisasi, 0) AS realisasi, coalesce(a.blokir, 0) AS blokir,
    TRY_CAST(a.realisasi * 100 / nullif(a.pagu, 0) AS DECIMAL(9, 4)) AS serapan_pct,
    coalesce(p.pnbp, 0) AS pnbp, p.target_pnbp,
    coalesce(b.nilai_padi, 0) AS nilai_padi,
    CASE WHEN b.nilai_tanpa_kelas = 0 THEN TRY_CAST(b.nilai_umk * 100 / nullif(b.nilai_padi, 0) AS DECIMAL(9, 4)) END
        AS umk_pct,
    TRY_CAST(b.nilai_pdn * 100 / nullif(b.nilai_padi, 0) AS DECIMAL(9, 4)) AS pdn_pct,
    CASE WHEN s.kode IS NULL THEN 0 ELSE s.keluarga END AS keluarga,
    CASE WHEN s.kode IS NULL THEN 0 ELSE s.keluarga_desil_1 END AS keluarga_desil_1,
    s.cakupan_desil_1_pct, s.cakupan_desil_1_2_pct,
    CASE WHEN s.kode IS NULL THEN 0 ELSE s.penerima END AS penerima,
    CASE WHEN s.kode IS NULL THEN 0 ELSE s.penerima_luar_p3ke END AS penerima_luar_p3ke,
    coalesce(r.pagu_daerah, 0) AS pagu_daerah, coalesce(r.rka_daerah, 0) AS rka_daerah,
    coalesce(u.jumlah_nib, 0) AS jumlah_nib, coalesce(i.jumlah_proyek, 0) AS jumlah_proyek,
    coalesce(i.jumlah_investasi, 0) AS jumlah_investasi,
    coalesce(i.jumlah_izin, 0) AS jumlah_izin, coalesce(i.izin_disetujui, 0) AS izin_disetujui
FROM kode AS k
CROSS JOIN tahun AS t
LEFT JOIN ref.wilayah AS w ON w.kode = k.kode
LEFT JOIN (
    SELECT kode_kemendagri AS kode, min(nama) AS nama FROM ref.lokasi_djpb_kemendagri GROUP BY kode_kemendagri
) AS n ON n.kode = k.kode
LEFT JOIN anggaran AS a ON a.kode = k.kode
LEFT JOIN pnbp AS p ON p.kode = k.kode
LEFT JOIN pengadaan AS b ON b.kode = k.kode
LEFT JOIN kesejahteraan AS s ON s.kode = k.kode
LEFT JOIN rencana AS r ON r.kode = k.kode
LEFT JOIN usaha AS u ON u.kode = k.kode
LEFT JOIN izin AS i ON i.kode = k.kode
