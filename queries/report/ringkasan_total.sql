-- The headline figures of all domains, with the absorption target at the data date.
WITH ringkas AS (
    SELECT * FROM mart.ringkasan_pimpinan WHERE tahun_anggaran IS NOT NULL
),
posisi AS (
    SELECT tahun_anggaran, per_tanggal,
        CASE
            WHEN date_part('year', per_tanggal) > tahun_anggaran THEN CAST(concat(tahun_anggaran, '-12-31') AS DATE)
            ELSE per_tanggal
        END AS hari
    FROM ringkas
),
rencana AS (
    SELECT tahun_anggaran,
        CAST(date_part('month', hari) AS BIGINT) AS bulan,
        CAST(date_part('day', hari) AS DECIMAL(9, 4)) AS hari_ke,
        CAST(date_part('day', date_trunc('month', hari) + INTERVAL '1 month' - INTERVAL '1 day') AS DECIMAL(9, 4)) AS jumlah_hari
    FROM posisi
),
sasaran AS (
    SELECT tahun_anggaran, hari_ke, jumlah_hari,
        CAST(split_part(CAST($target_serapan AS VARCHAR), ' ', bulan) AS DECIMAL(9, 4)) AS akhir,
        CASE
            WHEN bulan = 1 THEN CAST(0 AS DECIMAL(9, 4))
            ELSE CAST(split_part(CAST($target_serapan AS VARCHAR), ' ', greatest(bulan - 1, 1)) AS DECIMAL(9, 4))
        END AS awal
    FROM rencana
),
hasil AS (
    SELECT r.*,
        CAST(s.awal + (s.akhir - s.awal) * s.hari_ke / s.jumlah_hari AS DECIMAL(9, 1)) AS target,
        CASE WHEN r.pagu > 0 THEN r.realisasi * 100 / r.pagu END AS serapan,
        CASE WHEN r.target_pnbp > 0 THEN r.pnbp * 100 / r.target_pnbp END AS capaian_pnbp
    FROM ringkas AS r
    LEFT JOIN sasaran AS s ON s.tahun_anggaran = r.tahun_anggaran
)
SELECT tahun_anggaran, tahun_anggaran AS tahun, per_tanggal, pagu, realisasi, sisa_pagu AS sisa, serapan, target,
    CAST(serapan AS DECIMAL(9, 1)) - target AS jarak,
    target - CAST($ambang_satker AS DECIMAL(9, 1)) AS batas_jauh,
    jumlah_satker, ikpa_periode, nilai_ikpa, ikpa_kategori,
    pnbp, target_pnbp AS target_pnbp_rupiah, capaian_pnbp, pnbp_tumbuh_pct AS pnbp_tumbuh,
    nilai_padi, umk_pct AS umk, pdn_pct AS pdn, tkdn_pct AS tkdn,
    keluarga_desil_1, cakupan_desil_1_pct AS cakupan, penerima, penerima_rangkap, penerima_luar_p3ke
FROM hasil
