-- Purpose: the spending lines that count, budget and postings in one shape; every serapan view sums this one.
-- Grain: one source line (DIPA, posting, or fund availability with a block); no key.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Which lines count".
-- Not in files: a part of the serapan views, one row a source line.
WITH tanggal_data AS (
    SELECT tahun_anggaran, max(maxdate) AS per_tanggal
    FROM omspan.realisasi_belanja
    GROUP BY tahun_anggaran
),
baris AS (
    SELECT 'dipa' AS asal, tahun_anggaran, ba, baes1, kdsatker, akun, kegiatan, output, lokasi, budget_type,
        CAST(NULL AS DATE) AS tanggal,
        amount AS pagu, CAST(0 AS DECIMAL(20, 2)) AS realisasi, CAST(0 AS DECIMAL(20, 2)) AS blokir
    FROM omspan.dipa_belanja
    UNION ALL
    SELECT 'realisasi', tahun_anggaran, ba, baes1, kdsatker, akun, kegiatan, output, lokasi, budget_type,
        tanggal,
        CAST(0 AS DECIMAL(20, 2)), amount, CAST(0 AS DECIMAL(20, 2))
    FROM omspan.realisasi_belanja
    UNION ALL
    -- Fund availability has no ba and baes1: they are the head of its program; its output holds the activity.
    SELECT 'fa', tahun_anggaran, substr(program, 1, 3), substr(program, 1, 5), satker, akun,
        substr(output, 1, 4), substr(output, 5, 3), lokasi, budget_type,
        CAST(NULL AS DATE),
        CAST(0 AS DECIMAL(20, 2)), CAST(0 AS DECIMAL(20, 2)), blokir
    FROM omspan.ketersediaan_dana
    WHERE blokir <> 0
)
SELECT b.asal, b.tahun_anggaran, t.per_tanggal, b.ba, b.baes1, b.kdsatker, b.akun, b.kegiatan, b.output,
    b.lokasi, b.tanggal,
    coalesce(b.pagu, 0) AS pagu, coalesce(b.realisasi, 0) AS realisasi, coalesce(b.blokir, 0) AS blokir
FROM baris AS b
LEFT JOIN tanggal_data AS t ON t.tahun_anggaran = b.tahun_anggaran
WHERE b.budget_type = '2'
    -- Accounts that start with 5 or 6, without cutting a piece off each.
    AND b.akun >= '5' AND b.akun < '7'
    AND b.kdsatker NOT LIKE '%Z%'
    AND (b.tanggal IS NULL OR b.tanggal <= t.per_tanggal)
