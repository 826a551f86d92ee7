-- Purpose: the spending lines that may count, budget and postings in one shape: all but those that are posted after the data date.
-- Grain: one source line (DIPA, posting, or fund availability with a block); no key.
-- Columns:
-- lewat: its date where that is after the data date of its own line (maxdate), or that is not known; only then the newest data date of
--   the year has to be asked, so that sums over two million lines need no join (mart.jumlah_anggaran)
-- Owner: Biro Keuangan. Formula: docs/views.md, "Which lines count".
-- Not in files: a part of mart.baris_anggaran and mart.jumlah_anggaran.
WITH baris AS (
    SELECT 'dipa' AS asal, tahun_anggaran, ba, baes1, kdsatker, akun, kegiatan, output, lokasi, budget_type,
        CAST(NULL AS DATE) AS tanggal, CAST(NULL AS DATE) AS lewat,
        amount AS pagu, CAST(0 AS DECIMAL(20, 2)) AS realisasi, CAST(0 AS DECIMAL(20, 2)) AS blokir
    FROM omspan.dipa_belanja
    UNION ALL
    SELECT 'realisasi', tahun_anggaran, ba, baes1, kdsatker, akun, kegiatan, output, lokasi, budget_type,
        tanggal, CASE WHEN tanggal <= maxdate THEN CAST(NULL AS DATE) ELSE tanggal END,
        CAST(0 AS DECIMAL(20, 2)), amount, CAST(0 AS DECIMAL(20, 2))
    FROM omspan.realisasi_belanja
    UNION ALL
    -- Fund availability has no ba and baes1: they are the head of its program; its output holds the activity.
    SELECT 'fa', tahun_anggaran, substr(program, 1, 3), substr(program, 1, 5), satker, akun,
        substr(output, 1, 4), substr(output, 5, 3), lokasi, budget_type,
        CAST(NULL AS DATE), CAST(NULL AS DATE),
        CAST(0 AS DECIMAL(20, 2)), CAST(0 AS DECIMAL(20, 2)), blokir
    FROM omspan.ketersediaan_dana
    WHERE blokir <> 0
)
SELECT asal, tahun_anggaran, ba, baes1, kdsatker, akun, kegiatan, output, lokasi, tanggal, lewat,
    coalesce(pagu, 0) AS pagu, coalesce(realisasi, 0) AS realisasi, coalesce(blokir, 0) AS blokir
FROM baris
WHERE budget_type = '2'
    -- Accounts that start with 5 or 6, without cutting a piece off each.
    AND akun >= '5' AND akun < '7'
    AND kdsatker NOT LIKE '%Z%'
