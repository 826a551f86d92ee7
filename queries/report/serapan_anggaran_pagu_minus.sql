-- Overspent lines. Revisions below the DIPA level (POK) do not reach the source, so a single six-digit account may show a
-- negative balance that is none: the judgement is made for satker and kind of expenditure. A line that fund availability
-- does not know is judged by pagu and realisasi.
WITH baris AS (
    SELECT
        tahun_anggaran,
        kdsatker,
        substr(akun, 1, 2) AS jenis_belanja,
        CASE
            WHEN fa_dipa = 0 AND fa_actual = 0 AND fa_balancing = 0 THEN pagu - realisasi
            ELSE fa_balancing
        END AS sisa
    FROM mart.sisa_dana
)
SELECT tahun_anggaran, kdsatker, jenis_belanja, sum(sisa) AS sisa
FROM baris
GROUP BY tahun_anggaran, kdsatker, jenis_belanja
HAVING sum(sisa) < 0
ORDER BY tahun_anggaran, sisa
