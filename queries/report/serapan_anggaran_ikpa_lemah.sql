-- Satkers whose IKPA is below $ikpa_minimum in the newest month of the year, weakest first. A satker served by two KPPN has
-- two values: its lower one counts.
WITH terakhir AS (
    SELECT i.kdsatker, i.nmsatker, i.nilai_ikpa, i.indikator_terlemah, i.nilai_terlemah,
        row_number() OVER (PARTITION BY i.kdsatker ORDER BY i.nilai_ikpa, i.kdkppn) AS urutan
    FROM mart.ikpa_satker AS i
    JOIN (
        SELECT max(periode) AS periode FROM mart.ikpa_satker WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
    ) AS p ON p.periode = i.periode
    WHERE i.tahun_anggaran = CAST($tahun_anggaran AS INT) AND i.nilai_ikpa IS NOT NULL
)
SELECT t.kdsatker, coalesce(s.nmsatker, t.nmsatker, concat('Satker ', t.kdsatker)) AS nmsatker, e.nmes1,
    t.nilai_ikpa AS nilai, t.indikator_terlemah, t.nilai_terlemah
FROM terakhir AS t
LEFT JOIN mart.satker AS s ON s.tahun_anggaran = CAST($tahun_anggaran AS INT) AND s.kdsatker = t.kdsatker
LEFT JOIN mart.serapan_eselon1 AS e ON e.tahun_anggaran = CAST($tahun_anggaran AS INT) AND e.baes1 = s.baes1
WHERE t.urutan = 1 AND t.nilai_ikpa < CAST($ikpa_minimum AS DECIMAL(9, 4))
ORDER BY t.nilai_ikpa, t.kdsatker
