-- Where budget and postings differ from fund availability (FA), one row a satker. Both are cut at different hours, so a
-- difference is told, not rejected. `baris_fa` counts the lines FA knows: none at all means that it is not loaded.
SELECT
    tahun_anggaran,
    kdsatker,
    count(*) AS baris,
    sum(CASE WHEN status = 'cocok' THEN 0 ELSE 1 END) AS baris_berbeda,
    sum(CASE WHEN fa_dipa = 0 AND fa_actual = 0 AND fa_balancing = 0 THEN 0 ELSE 1 END) AS baris_fa,
    sum(abs(coalesce(selisih_dipa, 0)) + abs(coalesce(selisih_realisasi, 0))) AS selisih
FROM mart.sisa_dana
GROUP BY tahun_anggaran, kdsatker
ORDER BY tahun_anggaran, kdsatker
