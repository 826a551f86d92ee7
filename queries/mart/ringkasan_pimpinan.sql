-- Purpose: the headline figures of all systems, for the top of a report.
-- Grain: one row, always; a figure is NULL where its system has nothing. tahun_anggaran is the newest year of DIPA;
-- revenue and orders are of the same year, the regional plan of the newest year in SIMDA, welfare and permits of the
-- newest snapshot. ikpa_* is the K/L's newest month of that year. per_tanggal is the data date of realisasi,
-- pnbp_per_tanggal that of revenue.
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, the view each column comes from.
WITH tahun AS (
    SELECT max(tahun_anggaran) AS tahun_anggaran FROM omspan.dipa_belanja
),
anggaran AS (
    SELECT max(b.per_tanggal) AS per_tanggal, CAST(sum(b.pagu) AS DECIMAL(32, 2)) AS pagu,
        CAST(sum(b.realisasi) AS DECIMAL(32, 2)) AS realisasi, CAST(sum(b.blokir) AS DECIMAL(32, 2)) AS blokir,
        count(DISTINCT CASE WHEN b.punya_baris THEN b.kdsatker END) AS jumlah_satker
    FROM mart.jumlah_anggaran AS b
    JOIN tahun AS t ON t.tahun_anggaran = b.tahun_anggaran
),
ikpa AS (
    SELECT first_value(i.periode ORDER BY i.periode DESC, i.ba) AS periode,
        first_value(i.nilai_ikpa ORDER BY i.periode DESC, i.ba) AS nilai,
        first_value(i.kategori ORDER BY i.periode DESC, i.ba) AS kategori,
        first_value(i.indikator_terlemah ORDER BY i.periode DESC, i.ba) AS indikator_terlemah
    FROM mart.ikpa_kl AS i
    JOIN tahun AS t ON t.tahun_anggaran = i.tahun_anggaran
),
pnbp AS (
    -- The last month has the year so far.
    SELECT max(p.per_tanggal) AS per_tanggal, first_value(p.rupiah_kumulatif ORDER BY p.bulan DESC) AS pnbp,
        max(p.target) AS target, first_value(p.tumbuh_pct ORDER BY p.bulan DESC) AS tumbuh_pct
    FROM mart.pnbp_bulanan AS p
    JOIN tahun AS t ON t.tahun_anggaran = p.tahun_anggaran
    WHERE p.jenis = 'penerimaan'
),
pengadaan AS (
    SELECT sum(p.nilai) AS nilai,
        sum(CASE WHEN p.kelas_umkm IN ('mikro', 'kecil', 'koperasi') THEN p.nilai ELSE 0 END) AS nilai_umk,
        sum(CASE WHEN p.kelas_umkm IS NULL THEN p.nilai ELSE 0 END) AS nilai_tanpa_kelas,
        sum(CASE WHEN p.pdn THEN p.nilai ELSE 0 END) AS nilai_pdn,
        sum(p.nilai * p.tkdn) AS nilai_kali_tkdn
    FROM mart.padi_transaksi AS p
    JOIN tahun AS t ON t.tahun_anggaran = p.tahun
),
kesejahteraan AS (
    SELECT max(keluarga) AS keluarga, max(keluarga_desil_1) AS keluarga_desil_1,
        max(cakupan_desil_1_pct) AS cakupan_desil_1_pct, max(cakupan_desil_1_2_pct) AS cakupan_desil_1_2_pct,
        max(penerima) AS penerima, max(penerima_rangkap) AS penerima_rangkap,
        max(penerima_luar_p3ke) AS penerima_luar_p3ke
    FROM mart.kesejahteraan_wilayah
    WHERE tingkat = 'semua'
),
rencana AS (
    SELECT max(k.tahun_anggaran) AS tahun_daerah, sum(k.pagu) AS pagu_daerah
    FROM mart.rka_kegiatan AS k
    JOIN (SELECT max(tahun_anggaran) AS tahun_anggaran FROM simda.rka) AS t ON t.tahun_anggaran = k.tahun_anggaran
),
usaha AS (
    SELECT count(DISTINCT nib) AS jumlah_nib, count(id_proyek) AS jumlah_proyek, sum(jumlah_investasi) AS jumlah_investasi
    FROM mart.oss_usaha
),
izin AS (
    SELECT sum(jumlah_izin) AS jumlah_izin, sum(izin_disetujui) AS izin_disetujui FROM mart.izin_wilayah
)
SELECT CAST(t.tahun_anggaran AS INT) AS tahun_anggaran, a.per_tanggal, a.jumlah_satker,
    a.pagu, a.realisasi, a.blokir, a.pagu - a.realisasi AS sisa_pagu,
    TRY_CAST(a.realisasi * 100 / nullif(a.pagu, 0) AS DECIMAL(9, 4)) AS serapan_pct,
    TRY_CAST(a.realisasi * 100 / nullif(a.pagu - a.blokir, 0) AS DECIMAL(9, 4)) AS serapan_efektif_pct,
    i.periode AS ikpa_periode, i.nilai AS nilai_ikpa, i.kategori AS ikpa_kategori,
    i.indikator_terlemah AS ikpa_indikator_terlemah,
    p.per_tanggal AS pnbp_per_tanggal, p.pnbp, p.target AS target_pnbp,
    TRY_CAST(p.pnbp * 100 / nullif(p.target, 0) AS DECIMAL(9, 4)) AS capaian_pnbp_pct,
    p.tumbuh_pct AS pnbp_tumbuh_pct,
    b.nilai AS nilai_padi,
    CASE WHEN b.nilai_tanpa_kelas = 0 THEN TRY_CAST(b.nilai_umk * 100 / nullif(b.nilai, 0) AS DECIMAL(9, 4)) END AS umk_pct,
    CAST(40 AS DECIMAL(9, 4)) AS target_umk_pct,
    TRY_CAST(b.nilai_pdn * 100 / nullif(b.nilai, 0) AS DECIMAL(9, 4)) AS pdn_pct,
    TRY_CAST(b.nilai_kali_tkdn / nullif(b.nilai, 0) AS DECIMAL(9, 4)) AS tkdn_pct,
    s.keluarga, s.keluarga_desil_1, s.cakupan_desil_1_pct, s.cakupan_desil_1_2_pct,
    s.penerima, s.penerima_rangkap, s.penerima_luar_p3ke,
    CAST(r.tahun_daerah AS INT) AS tahun_daerah, r.pagu_daerah,
    u.jumlah_nib, u.jumlah_proyek, u.jumlah_investasi, z.jumlah_izin, z.izin_disetujui
FROM tahun AS t
CROSS JOIN anggaran AS a
CROSS JOIN ikpa AS i
CROSS JOIN pnbp AS p
CROSS JOIN pengadaan AS b
CROSS JOIN kesejahteraan AS s
CROSS JOIN rencana AS r
CROSS JOIN usaha AS u
CROSS JOIN izin AS z
