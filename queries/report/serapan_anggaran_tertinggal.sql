-- Satkers at least $ambang_satker points below the target at the data date, farthest first. Judged by the printed share, so
-- that the reader's own subtraction agrees.
WITH bagian AS (
    SELECT s.kdsatker, coalesce(s.nmsatker, concat('Satker ', s.kdsatker)) AS nmsatker, s.baes1,
        CAST(s.realisasi * 100 / s.pagu AS DECIMAL(9, 1)) AS serapan,
        CAST($target AS DECIMAL(9, 1)) AS target
    FROM mart.serapan_satker AS s
    WHERE s.tahun_anggaran = CAST($tahun_anggaran AS INT) AND s.pagu > 0
)
SELECT b.kdsatker, b.nmsatker, e.nmes1, b.serapan, b.target - b.serapan AS jarak_satker
FROM bagian AS b
LEFT JOIN mart.serapan_eselon1 AS e ON e.tahun_anggaran = CAST($tahun_anggaran AS INT) AND e.baes1 = b.baes1
WHERE b.target - b.serapan >= CAST($ambang_satker AS DECIMAL(9, 4))
ORDER BY jarak_satker DESC, b.kdsatker
