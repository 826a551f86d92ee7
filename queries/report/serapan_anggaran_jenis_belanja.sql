-- One row a fiscal year and kind of expenditure.
SELECT tahun_anggaran, jenis_belanja, nm_jenis_belanja, pagu, realisasi
FROM mart.serapan_jenis_belanja
ORDER BY tahun_anggaran, jenis_belanja
