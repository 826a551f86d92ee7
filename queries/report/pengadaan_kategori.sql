-- What is bought, by category, largest first. No share of micro and small businesses while a class is unknown.
SELECT kategori_project, CASE
        WHEN nm_kategori_project = '(belum terpetakan)' THEN concat('Kategori ', kategori_project)
        ELSE nm_kategori_project
    END AS nm_kategori, nilai,
    CASE WHEN nilai_tanpa_kelas = 0 THEN nilai_umk END AS nilai_umk, nilai_pdn, jumlah_transaksi
FROM mart.pengadaan_kategori
WHERE tahun = CAST($tahun AS INT)
ORDER BY nilai DESC, kategori_project
