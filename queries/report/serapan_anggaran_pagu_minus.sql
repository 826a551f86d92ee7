-- Overspent lines, worst first. Revisions below the DIPA level (POK) do not reach the source, so a single six-digit account
-- may show a negative balance that is none: the judgement is made for satker and kind of expenditure. A line that fund
-- availability does not know is judged by pagu and realisasi.
WITH baris AS (
    SELECT kdsatker, substr(akun, 1, 2) AS jenis_belanja,
        sum(CASE
            WHEN fa_dipa = 0 AND fa_actual = 0 AND fa_balancing = 0 THEN pagu - realisasi
            ELSE fa_balancing
        END) AS sisa
    FROM mart.sisa_dana
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
    GROUP BY 1, 2
)
SELECT concat(b.kdsatker, '.', b.jenis_belanja) AS kunci, b.kdsatker,
    coalesce(s.nmsatker, concat('Satker ', b.kdsatker)) AS nmsatker, e.nmes1,
    coalesce(j.nm_jenis_belanja, concat('jenis belanja ', b.jenis_belanja)) AS nm_jenis_belanja, b.sisa
FROM baris AS b
LEFT JOIN mart.satker AS s ON s.tahun_anggaran = CAST($tahun_anggaran AS INT) AND s.kdsatker = b.kdsatker
LEFT JOIN mart.serapan_eselon1 AS e ON e.tahun_anggaran = CAST($tahun_anggaran AS INT) AND e.baes1 = s.baes1
LEFT JOIN mart.serapan_jenis_belanja AS j
    ON j.tahun_anggaran = CAST($tahun_anggaran AS INT) AND j.jenis_belanja = b.jenis_belanja
WHERE b.sisa < 0
ORDER BY b.sisa, kunci
