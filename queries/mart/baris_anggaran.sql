-- Purpose: the spending lines that count, budget and postings in one shape; every serapan view sums this one.
-- Grain: one source line (DIPA, posting, or fund availability with a block); no key.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Which lines count".
-- Not in files: a part of the serapan views, one row a source line.
WITH tanggal_data AS (
    SELECT tahun_anggaran, max(maxdate) AS per_tanggal
    FROM omspan.realisasi_belanja
    GROUP BY tahun_anggaran
)
SELECT b.asal, b.tahun_anggaran, t.per_tanggal, b.ba, b.baes1, b.kdsatker, b.akun, b.kegiatan, b.output,
    b.lokasi, b.tanggal, b.pagu, b.realisasi, b.blokir
FROM mart.baris_calon AS b
LEFT JOIN tanggal_data AS t ON t.tahun_anggaran = b.tahun_anggaran
WHERE b.lewat IS NULL OR b.lewat <= t.per_tanggal
