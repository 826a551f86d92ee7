-- severity: warning
-- Realisasi may not exceed pagu, judged where the budget is controlled: satker, output, two-digit kind of
-- expenditure. At the six-digit account it may, because POK revisions do not reach SPAN.
SELECT tahun_anggaran, kdsatker, kegiatan, output, substr(akun, 1, 2) AS jenis_belanja,
    sum(pagu) AS pagu, sum(realisasi) AS realisasi, sum(realisasi) - sum(pagu) AS lebih
FROM mart.baris_anggaran
GROUP BY tahun_anggaran, kdsatker, kegiatan, output, substr(akun, 1, 2)
HAVING sum(realisasi) > sum(pagu)
ORDER BY lebih DESC
