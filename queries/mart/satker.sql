-- Purpose: the satkers that have spending lines, with the unit they belong to and their name.
-- Grain: one satker and fiscal year. A satker with lines of several eselon 1 units belongs to the one with the largest
-- pagu. The name is the latest one CapaianIK knows in that year, NULL when it knows none.
-- Owner: Biro Keuangan.
WITH unit AS (
    SELECT tahun_anggaran, kdsatker, ba, baes1,
        row_number() OVER (
            PARTITION BY tahun_anggaran, kdsatker
            ORDER BY sum(pagu) DESC, sum(realisasi) DESC, baes1, ba
        ) AS urutan
    FROM mart.baris_anggaran
    GROUP BY tahun_anggaran, kdsatker, ba, baes1
),
nama AS (
    SELECT tahun_anggaran, kdsatker, nmsatker,
        row_number() OVER (PARTITION BY tahun_anggaran, kdsatker ORDER BY periode DESC, nmsatker) AS urutan
    FROM omspan.capaian_ik_satker
    WHERE nmsatker IS NOT NULL
)
SELECT u.tahun_anggaran, u.ba, u.baes1, u.kdsatker, n.nmsatker
FROM unit AS u
LEFT JOIN nama AS n
    ON n.tahun_anggaran = u.tahun_anggaran AND n.kdsatker = u.kdsatker AND n.urutan = 1
WHERE u.urutan = 1
