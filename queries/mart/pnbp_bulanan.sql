-- Purpose: non-tax revenue month by month, against its target and against the same date of last year.
-- Grain: one month and jenis of a fiscal year, from January up to the month of the data date, also months without
-- payments. Payments that are not booked yet are in no month (mart.pnbp_akun has them).
-- Last year is counted up to the same day: in the month of the data date only what was booked by that day of the month;
-- NULL when the warehouse has nothing of last year. target is the year's, as far as ref.pnbp_target has one;
-- rupiah_tanpa_target_kumulatif is what was booked on lines without a target.
-- Owner: Biro Keuangan. Formula: docs/views.md, "PNBP" (realised / target; growth at the same date; by tgl_buku, IDR only).
WITH tahun AS (
    SELECT tahun_anggaran, max(tgl_buku) AS per_tanggal, CAST(date_part('month', max(tgl_buku)) AS INT) AS bulan_data,
        CAST(date_part('day', max(tgl_buku)) AS INT) AS hari_data
    FROM mart.pnbp_transaksi
    WHERE tgl_buku IS NOT NULL
    GROUP BY tahun_anggaran
),
jenis AS (
    -- Every jenis of the year, booked or only aimed at.
    SELECT tahun_anggaran, jenis, sum(target) AS target
    FROM (
        SELECT DISTINCT tahun_anggaran, jenis, CAST(NULL AS DECIMAL(20, 2)) AS target FROM mart.pnbp_transaksi
        UNION ALL
        SELECT tahun_anggaran,
            CASE WHEN akun LIKE '42591%' THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END, target
        FROM ref.pnbp_target
    )
    GROUP BY tahun_anggaran, jenis
),
kerangka AS (
    SELECT t.tahun_anggaran, t.per_tanggal, j.jenis, j.target, CAST(b.bulan AS INT) AS bulan,
        l.tahun_anggaran IS NOT NULL AS ada_tahun_lalu
    FROM tahun AS t
    JOIN jenis AS j ON j.tahun_anggaran = t.tahun_anggaran
    LEFT JOIN tahun AS l ON l.tahun_anggaran = t.tahun_anggaran - 1
    CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) AS b(bulan)
    WHERE b.bulan <= t.bulan_data
),
masuk AS (
    SELECT p.tahun_anggaran, p.jenis, p.bulan, count(*) AS jumlah_transaksi, sum(p.rupiah) AS rupiah,
        coalesce(sum(CASE WHEN r.target IS NULL THEN p.rupiah END), 0) AS rupiah_tanpa_target
    FROM mart.pnbp_transaksi AS p
    LEFT JOIN ref.pnbp_target AS r
        ON r.tahun_anggaran = p.tahun_anggaran AND r.kdsatker = p.kdsatker AND r.akun = p.akun
    WHERE p.tgl_buku IS NOT NULL
    GROUP BY p.tahun_anggaran, p.jenis, p.bulan
),
lalu AS (
    SELECT t.tahun_anggaran, p.jenis, p.bulan, sum(p.rupiah) AS rupiah
    FROM mart.pnbp_transaksi AS p
    JOIN tahun AS t ON t.tahun_anggaran - 1 = p.tahun_anggaran
    WHERE p.bulan < t.bulan_data OR (p.bulan = t.bulan_data AND date_part('day', p.tgl_buku) <= t.hari_data)
    GROUP BY t.tahun_anggaran, p.jenis, p.bulan
),
bulanan AS (
    SELECT k.tahun_anggaran, k.per_tanggal, k.jenis, k.bulan, k.target,
        coalesce(m.jumlah_transaksi, 0) AS jumlah_transaksi,
        coalesce(m.rupiah, 0) AS rupiah,
        coalesce(m.rupiah_tanpa_target, 0) AS rupiah_tanpa_target,
        CASE WHEN k.ada_tahun_lalu THEN coalesce(l.rupiah, 0) END AS rupiah_tahun_lalu
    FROM kerangka AS k
    LEFT JOIN masuk AS m
        ON m.tahun_anggaran = k.tahun_anggaran AND m.jenis = k.jenis AND m.bulan = k.bulan
    LEFT JOIN lalu AS l
        ON l.tahun_anggaran = k.tahun_anggaran AND l.jenis = k.jenis AND l.bulan = k.bulan
),
kumulatif AS (
    SELECT *,
        sum(rupiah) OVER sampai_kini AS rupiah_kumulatif,
        sum(rupiah_tanpa_target) OVER sampai_kini AS rupiah_tanpa_target_kumulatif,
        sum(rupiah_tahun_lalu) OVER sampai_kini AS rupiah_tahun_lalu_kumulatif
    FROM bulanan
    WINDOW sampai_kini AS (PARTITION BY tahun_anggaran, jenis ORDER BY bulan ROWS UNBOUNDED PRECEDING)
)
SELECT tahun_anggaran, per_tanggal, jenis, bulan, jumlah_transaksi, rupiah, rupiah_kumulatif,
    rupiah_tahun_lalu, rupiah_tahun_lalu_kumulatif,
    TRY_CAST((rupiah_kumulatif - rupiah_tahun_lalu_kumulatif) * 100 / nullif(rupiah_tahun_lalu_kumulatif, 0)
        AS DECIMAL(9, 4)) AS tumbuh_pct,
    target, rupiah_tanpa_target_kumulatif,
    TRY_CAST(rupiah_kumulatif * 100 / nullif(target, 0) AS DECIMAL(9, 4)) AS capaian_pct
FROM kumulatif
