-- The cumulative course of each fiscal year, one row a month.
SELECT tahun_anggaran, bulan, realisasi_kumulatif, pagu
FROM mart.serapan_bulanan
ORDER BY tahun_anggaran, bulan
