-- Who buys, largest first. Orders that no satker is mapped to stand together.
SELECT kdsatker, CASE
        WHEN kdsatker = '(belum terpetakan)' THEN 'Satker belum terpetakan'
        ELSE coalesce(nmsatker, concat('Satker ', kdsatker))
    END AS nmsatker, nilai,
    CASE WHEN nilai_tanpa_kelas = 0 THEN nilai_umk END AS nilai_umk, nilai_pdn, jumlah_transaksi, umk_pct, pdn_pct
FROM mart.pengadaan_satker
WHERE tahun = CAST($tahun AS INT)
ORDER BY nilai DESC, kdsatker
