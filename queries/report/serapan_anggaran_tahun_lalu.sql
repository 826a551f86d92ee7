-- Last year's realisation at the same calendar date, by kind of expenditure. `tahun_anggaran` is the year it is compared
-- with. The other marts hold last year only at its own newest data date, so the postings are cut here by their own date.
WITH posisi AS (
    SELECT tahun_anggaran, max(per_tanggal) AS per_tanggal
    FROM mart.serapan_jenis_belanja
    WHERE per_tanggal IS NOT NULL
    GROUP BY tahun_anggaran
)
SELECT
    posisi.tahun_anggaran,
    substr(lalu.akun, 1, 2) AS jenis_belanja,
    sum(lalu.realisasi) AS realisasi
FROM posisi
INNER JOIN mart.baris_anggaran AS lalu
    ON lalu.tahun_anggaran = posisi.tahun_anggaran - 1
WHERE lalu.asal = 'realisasi'
    AND lalu.tanggal <= posisi.per_tanggal - INTERVAL '1 year'
GROUP BY posisi.tahun_anggaran, substr(lalu.akun, 1, 2)
ORDER BY posisi.tahun_anggaran, jenis_belanja
