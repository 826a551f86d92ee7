-- Purpose: the spending lines that count, summed as far as satker, unit and place need them; the views by satker and unit sum
-- this one, so that a mart that needs both reads the lines once.
-- Grain: one satker, unit it names (ba, baes1) and location of a fiscal year.
-- Columns:
-- punya_baris: it has a budget or a posting, not only a block of fund availability
-- Owner: Biro Keuangan. Formula: docs/views.md, "Which lines count".
-- Not in files: a part of mart.satker and the serapan views.
SELECT tahun_anggaran, max(per_tanggal) AS per_tanggal, ba, baes1, kdsatker, lokasi,
    bool_or(asal <> 'fa') AS punya_baris, sum(pagu) AS pagu, sum(realisasi) AS realisasi, sum(blokir) AS blokir
FROM mart.baris_anggaran
GROUP BY tahun_anggaran, ba, baes1, kdsatker, lokasi
