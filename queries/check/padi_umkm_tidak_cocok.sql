-- severity: warning
-- uid_umkm, nama_umkm and kategori_umkm of an order agree with the vendor's own data. Names are compared as keys. Without
-- any vendor data nothing is judged.
WITH umkm AS (
    SELECT uid, min(nama_umkm) AS nama_umkm, min(kategori_usaha) AS kategori_usaha
    FROM padi.umkm
    GROUP BY uid
),
banding AS (
    SELECT t.bumn_id, t.transaksi_id, t.uid_umkm,
        CASE
            WHEN u.uid IS NULL THEN 'uid tidak dikenal'
            WHEN t.nama_umkm <> u.nama_umkm THEN 'nama berbeda'
            WHEN t.kategori_umkm <> u.kategori_usaha THEN 'kategori berbeda'
        END AS sebab,
        t.kategori_umkm, u.kategori_usaha
    FROM padi.transaksi AS t
    LEFT JOIN umkm AS u ON u.uid = t.uid_umkm
    WHERE EXISTS (SELECT 1 FROM padi.umkm)
)
SELECT * FROM banding WHERE sebab IS NOT NULL ORDER BY bumn_id, transaksi_id
