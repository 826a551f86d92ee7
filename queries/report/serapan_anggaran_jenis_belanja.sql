-- One row a kind of expenditure, with last year's realisation at the same calendar date: the marts hold last year only at its
-- own newest data date, so the postings are cut here by their own. NULL where last year is not held at all; a kind without
-- postings in a year that is held had none.
WITH lalu AS (
    SELECT substr(akun, 1, 2) AS jenis_belanja, sum(realisasi) AS realisasi
    FROM mart.baris_anggaran
    WHERE asal = 'realisasi' AND tahun_anggaran = CAST($tahun_anggaran AS INT) - 1
        AND tanggal <= CAST($per_tanggal AS DATE) - INTERVAL '1 year'
    GROUP BY 1
)
SELECT j.jenis_belanja, j.nm_jenis_belanja, j.pagu, j.realisasi,
    CASE WHEN CAST($baris_lalu AS BIGINT) > 0 THEN coalesce(l.realisasi, CAST(0 AS DECIMAL(30, 2))) END AS realisasi_lalu
FROM mart.serapan_jenis_belanja AS j
LEFT JOIN lalu AS l ON l.jenis_belanja = j.jenis_belanja
WHERE j.tahun_anggaran = CAST($tahun_anggaran AS INT)
ORDER BY j.jenis_belanja
