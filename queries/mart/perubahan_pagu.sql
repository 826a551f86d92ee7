-- Purpose: what changed in the budget between the two newest snapshots: revisions, moved money, lines that came and
-- went.
-- Grain: one budget line (satker, program, activity, output, account, source of funds, location) of a fiscal year whose
-- pagu differs; a year with one snapshot has none. tanggal_lama and tanggal_baru are the days compared: --as-of D
-- compares the two newest up to D. Only lines that count (docs/views.md, "Which lines count").
-- Owner: Biro Keuangan. Formula: docs/views.md, "Standard figures"; selisih = pagu_baru - pagu_lama.
WITH hari AS (
    SELECT tahun_anggaran, snapshot_date,
        row_number() OVER (PARTITION BY tahun_anggaran ORDER BY snapshot_date DESC) AS urutan
    FROM (
        SELECT DISTINCT tahun_anggaran, snapshot_date
        FROM ops.snapshots
        WHERE source = 'omspan' AND dataset = 'dipa_belanja'
    )
),
banding AS (
    SELECT b.tahun_anggaran, b.snapshot_date AS tanggal_baru, l.snapshot_date AS tanggal_lama
    FROM hari AS b
    JOIN hari AS l ON l.tahun_anggaran = b.tahun_anggaran AND l.urutan = 2
    WHERE b.urutan = 1
),
potret AS (
    -- One row a snapshot: joined by equal keys, the other days' files are not even opened.
    SELECT b.tahun_anggaran, b.tanggal_lama, b.tanggal_baru, u.baru,
        CASE WHEN u.baru THEN b.tanggal_baru ELSE b.tanggal_lama END AS snapshot_date
    FROM banding AS b
    CROSS JOIN (VALUES (true), (false)) AS u(baru)
),
baris AS (
    -- The two snapshots one below the other: adding up needs no join on keys that may be NULL.
    SELECT p.tahun_anggaran, p.tanggal_lama, p.tanggal_baru,
        d.ba, d.baes1, d.kdsatker, d.program, d.kegiatan, d.output, d.akun, d.sumber_dana, d.lokasi,
        p.baru, coalesce(d.amount, 0) AS amount
    FROM history.omspan_dipa_belanja AS d
    JOIN potret AS p ON p.tahun_anggaran = d.tahun_anggaran AND p.snapshot_date = d.snapshot_date
    WHERE d.budget_type = '2' AND d.akun >= '5' AND d.akun < '7' AND d.kdsatker NOT LIKE '%Z%'
),
jumlah AS (
    SELECT tahun_anggaran, tanggal_lama, tanggal_baru, ba, baes1, kdsatker, program, kegiatan, output, akun,
        sumber_dana, lokasi,
        count(*) FILTER (WHERE NOT baru) AS baris_lama, count(*) FILTER (WHERE baru) AS baris_baru,
        coalesce(sum(CASE WHEN NOT baru THEN amount END), 0) AS pagu_lama,
        coalesce(sum(CASE WHEN baru THEN amount END), 0) AS pagu_baru
    FROM baris
    GROUP BY tahun_anggaran, tanggal_lama, tanggal_baru, ba, baes1, kdsatker, program, kegiatan, output, akun,
        sumber_dana, lokasi
)
SELECT j.tahun_anggaran, j.tanggal_lama, j.tanggal_baru, j.ba, j.baes1, j.kdsatker, s.nmsatker,
    j.program, j.kegiatan, j.output, j.akun, j.sumber_dana, j.lokasi,
    CASE
        WHEN j.baris_lama = 0 THEN 'baru'
        WHEN j.baris_baru = 0 THEN 'hilang'
        WHEN j.pagu_baru > j.pagu_lama THEN 'bertambah'
        ELSE 'berkurang'
    END AS perubahan,
    j.pagu_lama, j.pagu_baru, j.pagu_baru - j.pagu_lama AS selisih,
    TRY_CAST((j.pagu_baru - j.pagu_lama) * 100 / nullif(j.pagu_lama, 0) AS DECIMAL(9, 4)) AS selisih_pct
FROM jumlah AS j
LEFT JOIN mart.satker AS s ON s.tahun_anggaran = j.tahun_anggaran AND s.kdsatker = j.kdsatker
WHERE j.pagu_baru <> j.pagu_lama OR j.baris_lama = 0 OR j.baris_baru = 0
