-- IKPA of the body month by month up to that month, against the target and against last year.
SELECT CAST(k.periode AS INT) AS bulan, k.nilai_ikpa, k.kategori, l.nilai_ikpa AS nilai_lalu,
    CAST($target_ikpa AS DECIMAL(9, 2)) AS target
FROM mart.ikpa_kl AS k
LEFT JOIN mart.ikpa_kl AS l ON l.tahun_anggaran = k.tahun_anggaran - 1 AND l.periode = k.periode AND l.ba = k.ba
WHERE k.tahun_anggaran = CAST($tahun_anggaran AS INT) AND k.periode <= CAST($periode AS VARCHAR)
ORDER BY bulan
