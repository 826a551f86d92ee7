-- What is bought, by category, largest first.
SELECT kategori_project, CASE
        WHEN nm_kategori_project = '(belum terpetakan)' THEN concat('Kategori ', kategori_project)
        ELSE nm_kategori_project
    END AS nm_kategori, nilai, nilai_umk, nilai_pdn, nilai_tanpa_kelas, jumlah_transaksi
FROM mart.pengadaan_kategori
WHERE tahun = CAST($tahun AS INT)
ORDER BY nilai DESC, kategori_project
