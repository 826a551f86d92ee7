-- Satkers whose budget and postings differ from fund availability (FA) by at least $ambang_selisih, largest first. Both are
-- cut at different hours, so a difference is told, not rejected.
WITH selisih AS (
    SELECT kdsatker, count(*) AS baris, sum(CASE WHEN status = 'cocok' THEN 0 ELSE 1 END) AS berbeda,
        sum(abs(coalesce(selisih_dipa, 0)) + abs(coalesce(selisih_realisasi, 0))) AS selisih
    FROM mart.sisa_dana
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
    GROUP BY kdsatker
)
SELECT d.kdsatker, coalesce(s.nmsatker, concat('Satker ', d.kdsatker)) AS nmsatker, e.nmes1, d.baris, d.berbeda, d.selisih
FROM selisih AS d
LEFT JOIN mart.satker AS s ON s.tahun_anggaran = CAST($tahun_anggaran AS INT) AND s.kdsatker = d.kdsatker
LEFT JOIN mart.serapan_eselon1 AS e ON e.tahun_anggaran = CAST($tahun_anggaran AS INT) AND e.baes1 = s.baes1
WHERE d.berbeda > 0 AND d.selisih >= CAST($ambang_selisih AS DECIMAL(30, 2))
ORDER BY d.selisih DESC, d.kdsatker
