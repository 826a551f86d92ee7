-- Purpose: pagu, realisasi and absorption of each eselon 1 unit.
-- Grain: one eselon 1 unit and fiscal year; a line counts for the unit it names itself.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Standard figures".
WITH jumlah AS (
    SELECT tahun_anggaran, per_tanggal, ba, baes1,
        count(DISTINCT CASE WHEN punya_baris THEN kdsatker END) AS jumlah_satker,
        CAST(sum(pagu) AS DECIMAL(32, 2)) AS pagu, CAST(sum(realisasi) AS DECIMAL(32, 2)) AS realisasi,
        CAST(sum(blokir) AS DECIMAL(32, 2)) AS blokir
    FROM mart.jumlah_anggaran
    GROUP BY tahun_anggaran, per_tanggal, ba, baes1
),
nama AS (
    SELECT tahun_anggaran, ba AS baes1, nmba,
        row_number() OVER (PARTITION BY tahun_anggaran, ba ORDER BY periode DESC, nmba) AS urutan
    FROM omspan.capaian_ik_eselon1
    WHERE nmba IS NOT NULL
)
SELECT j.tahun_anggaran, j.per_tanggal, j.ba, j.baes1, n.nmba AS nmes1, j.jumlah_satker,
    j.pagu, j.realisasi, j.blokir,
    j.pagu - j.realisasi AS sisa_pagu,
    TRY_CAST(j.realisasi * 100 / nullif(j.pagu, 0) AS DECIMAL(9, 4)) AS serapan_pct,
    TRY_CAST(j.realisasi * 100 / nullif(j.pagu - j.blokir, 0) AS DECIMAL(9, 4)) AS serapan_efektif_pct
FROM jumlah AS j
LEFT JOIN nama AS n
    ON n.tahun_anggaran = j.tahun_anggaran AND n.baes1 = j.baes1 AND n.urutan = 1
