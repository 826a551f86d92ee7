-- Kinds of expenditure of every satker.
SELECT kdsatker AS satker, substr(akun, 1, 2) AS jenis_belanja,
    CASE substr(akun, 1, 2)
        WHEN '51' THEN 'Belanja Pegawai'
        WHEN '52' THEN 'Belanja Barang'
        WHEN '53' THEN 'Belanja Modal'
        WHEN '57' THEN 'Belanja Bantuan Sosial'
        ELSE 'Lainnya'
    END AS nm_jenis_belanja,
    sum(pagu) AS pagu, sum(realisasi) AS realisasi, sum(pagu) - sum(realisasi) AS sisa,
    CASE WHEN sum(pagu) > 0 THEN sum(realisasi) * 100 / sum(pagu) END AS serapan
FROM mart.baris_anggaran
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
GROUP BY 1, 2, 3
ORDER BY satker, jenis_belanja
