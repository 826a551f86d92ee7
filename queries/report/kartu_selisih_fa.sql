-- Accounts of every satker where budget or postings differ from fund availability by at least $ambang_selisih, largest first.
SELECT kdsatker AS satker, akun, coalesce(a.uraian, concat('Akun ', akun)) AS nm_akun,
    abs(coalesce(selisih_dipa, 0)) + abs(coalesce(selisih_realisasi, 0)) AS selisih
FROM mart.sisa_dana AS d
LEFT JOIN ref.bas_akun AS a ON a.kode = d.akun
WHERE d.tahun_anggaran = CAST($tahun_anggaran AS INT) AND d.status <> 'cocok' AND d.status <> 'hanya di DIPA/realisasi'
    AND abs(coalesce(selisih_dipa, 0)) + abs(coalesce(selisih_realisasi, 0)) >= CAST($ambang_selisih AS DECIMAL(30, 2))
ORDER BY satker, selisih DESC, akun
