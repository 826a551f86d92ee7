-- Purpose: pagu, realisasi and absorption of each satker.
-- Grain: one satker and fiscal year.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Standard figures".
WITH jumlah AS (
    SELECT tahun_anggaran, per_tanggal, kdsatker,
        CAST(sum(pagu) AS DECIMAL(32, 2)) AS pagu, CAST(sum(realisasi) AS DECIMAL(32, 2)) AS realisasi,
        CAST(sum(blokir) AS DECIMAL(32, 2)) AS blokir
    FROM mart.jumlah_anggaran
    GROUP BY tahun_anggaran, per_tanggal, kdsatker
)
SELECT j.tahun_anggaran, j.per_tanggal, s.ba, s.baes1, j.kdsatker, s.nmsatker,
    j.pagu, j.realisasi, j.blokir,
    j.pagu - j.realisasi AS sisa_pagu,
    TRY_CAST(j.realisasi * 100 / nullif(j.pagu, 0) AS DECIMAL(9, 4)) AS serapan_pct,
    TRY_CAST(j.realisasi * 100 / nullif(j.pagu - j.blokir, 0) AS DECIMAL(9, 4)) AS serapan_efektif_pct
FROM jumlah AS j
JOIN mart.satker AS s ON s.tahun_anggaran = j.tahun_anggaran AND s.kdsatker = j.kdsatker
