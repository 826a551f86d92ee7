-- The headline figures of all domains, with the absorption target at the data date.
WITH hasil AS (
    SELECT *,
        rencana_pada(CAST($target_serapan AS VARCHAR), tahun_anggaran, per_tanggal) AS target,
        CASE WHEN pagu > 0 THEN realisasi * 100 / pagu END AS serapan,
        CASE WHEN target_pnbp > 0 THEN pnbp * 100 / target_pnbp END AS capaian_pnbp
    FROM mart.ringkasan_pimpinan
    WHERE tahun_anggaran IS NOT NULL
)
SELECT tahun_anggaran, tahun_anggaran AS tahun, per_tanggal, pagu, realisasi, sisa_pagu AS sisa, serapan, target,
    CAST(serapan AS DECIMAL(9, 1)) - target AS jarak,
    target - CAST($ambang_satker AS DECIMAL(9, 1)) AS batas_jauh,
    jumlah_satker, ikpa_periode, nilai_ikpa, ikpa_kategori,
    pnbp, target_pnbp AS target_pnbp_rupiah, capaian_pnbp, pnbp_tumbuh_pct AS pnbp_tumbuh,
    nilai_padi, umk_pct AS umk, pdn_pct AS pdn, tkdn_pct AS tkdn,
    keluarga_desil_1, cakupan_desil_1_pct AS cakupan, penerima, penerima_rangkap, penerima_luar_p3ke
FROM hasil
