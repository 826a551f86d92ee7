-- Purpose: the spending lines that count, summed as far as satker, unit and place need them; the views by satker and unit sum
-- this one, so that a mart that needs both reads the lines once.
-- Grain: one satker, unit it names (ba, baes1) and location of a fiscal year.
-- Columns:
-- punya_baris: it has a budget or a posting, not only a block of fund availability
-- Owner: Biro Keuangan. Formula: docs/views.md, "Which lines count".
-- Not in files: a part of mart.satker and the serapan views.
WITH tanggal_data AS (
    SELECT tahun_anggaran, max(maxdate) AS per_tanggal
    FROM omspan.realisasi_belanja
    GROUP BY tahun_anggaran
),
jumlah AS (
    -- The few lines that may be too late stand apart until the data date of the year is joined.
    SELECT tahun_anggaran, ba, baes1, kdsatker, lokasi, lewat,
        bool_or(asal <> 'fa') AS punya_baris, sum(pagu) AS pagu, sum(realisasi) AS realisasi, sum(blokir) AS blokir
    FROM mart.baris_calon
    GROUP BY tahun_anggaran, ba, baes1, kdsatker, lokasi, lewat
)
SELECT j.tahun_anggaran, max(t.per_tanggal) AS per_tanggal, j.ba, j.baes1, j.kdsatker, j.lokasi,
    bool_or(j.punya_baris) AS punya_baris,
    sum(j.pagu) AS pagu, sum(j.realisasi) AS realisasi, sum(j.blokir) AS blokir
FROM jumlah AS j
LEFT JOIN tanggal_data AS t ON t.tahun_anggaran = j.tahun_anggaran
WHERE j.lewat IS NULL OR j.lewat <= t.per_tanggal
GROUP BY j.tahun_anggaran, j.ba, j.baes1, j.kdsatker, j.lokasi
