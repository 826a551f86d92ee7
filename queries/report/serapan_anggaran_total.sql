-- One row a fiscal year: the headline figures. The report takes the newest year that has any. A year without postings
-- has no data date yet (early January, with a DIPA but nothing spent): it is not reported on.
SELECT
    tahun_anggaran,
    max(per_tanggal) AS per_tanggal,
    sum(pagu) AS pagu,
    sum(realisasi) AS realisasi,
    sum(blokir) AS blokir,
    sum(sisa_pagu) AS sisa_pagu
FROM mart.serapan_eselon1
WHERE per_tanggal IS NOT NULL
GROUP BY tahun_anggaran
ORDER BY tahun_anggaran
