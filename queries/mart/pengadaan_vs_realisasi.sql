-- Purpose: how much of what satkers spend on goods (52) and assets (53) goes through PaDi.
-- Grain: one satker and month; months of either side (full outer join). Orders that no satker is mapped to stand in the rows
-- '(belum terpetakan)'. An order counts in the month it was placed in, a posting in its month (outside its fiscal year: in
-- the nearest month of it); payment follows the order, so read years rather than single months.
-- realisasi_* is NULL in a year the treasury's postings are not loaded for: 0 would be a claim.
-- Owner: Biro Umum dan Layanan Pengadaan. Formula: docs/views.md, "PaDi UMKM"; kinds 52 and 53 as in "Which lines count".
WITH padi AS (
    SELECT tahun AS tahun_anggaran, bulan, kdsatker,
        count(*) AS jumlah_transaksi, sum(nilai) AS nilai_padi,
        coalesce(sum(CASE WHEN tipe_nilai_project = 'CAPEX' THEN nilai END), 0) AS nilai_capex
    FROM mart.padi_transaksi
    GROUP BY tahun, bulan, kdsatker
),
realisasi AS (
    SELECT tahun_anggaran,
        CAST(CASE
            WHEN date_part('year', tanggal) > tahun_anggaran THEN 12
            WHEN date_part('year', tanggal) < tahun_anggaran THEN 1
            ELSE date_part('month', tanggal)
        END AS INT) AS bulan,
        kdsatker,
        coalesce(sum(CASE WHEN akun LIKE '52%' THEN realisasi END), 0) AS realisasi_barang,
        coalesce(sum(CASE WHEN akun LIKE '53%' THEN realisasi END), 0) AS realisasi_modal
    FROM mart.baris_anggaran
    WHERE asal = 'realisasi' AND substr(akun, 1, 2) IN ('52', '53')
    GROUP BY 1, 2, 3
),
tahun AS (
    SELECT DISTINCT tahun_anggaran FROM omspan.realisasi_belanja
),
baris AS (
    SELECT coalesce(p.tahun_anggaran, r.tahun_anggaran) AS tahun_anggaran,
        coalesce(p.bulan, r.bulan) AS bulan,
        coalesce(p.kdsatker, r.kdsatker) AS kdsatker,
        coalesce(p.jumlah_transaksi, 0) AS jumlah_transaksi,
        coalesce(p.nilai_padi, 0) AS nilai_padi,
        coalesce(p.nilai_capex, 0) AS nilai_capex,
        r.realisasi_barang, r.realisasi_modal
    FROM padi AS p
    FULL OUTER JOIN realisasi AS r
        ON r.tahun_anggaran = p.tahun_anggaran AND r.bulan = p.bulan AND r.kdsatker = p.kdsatker
),
lengkap AS (
    SELECT b.* EXCEPT (realisasi_barang, realisasi_modal),
        CASE WHEN t.tahun_anggaran IS NOT NULL THEN coalesce(b.realisasi_barang, 0) END AS realisasi_barang,
        CASE WHEN t.tahun_anggaran IS NOT NULL THEN coalesce(b.realisasi_modal, 0) END AS realisasi_modal
    FROM baris AS b
    LEFT JOIN tahun AS t ON t.tahun_anggaran = b.tahun_anggaran
)
SELECT l.tahun_anggaran, l.bulan, l.kdsatker, s.nmsatker, l.jumlah_transaksi,
    l.nilai_padi, l.nilai_padi - l.nilai_capex AS nilai_opex, l.nilai_capex,
    l.realisasi_barang, l.realisasi_modal, l.realisasi_barang + l.realisasi_modal AS realisasi_barang_modal,
    TRY_CAST(l.nilai_padi * 100 / nullif(l.realisasi_barang + l.realisasi_modal, 0) AS DECIMAL(9, 4)) AS padi_pct
FROM lengkap AS l
LEFT JOIN mart.satker AS s ON s.tahun_anggaran = l.tahun_anggaran AND s.kdsatker = l.kdsatker
