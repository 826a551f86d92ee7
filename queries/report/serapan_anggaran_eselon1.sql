-- The detail table: one row a fiscal year and eselon 1 unit.
SELECT tahun_anggaran, baes1, nmes1, jumlah_satker, pagu, realisasi, sisa_pagu
FROM mart.serapan_eselon1
ORDER BY tahun_anggaran, baes1
