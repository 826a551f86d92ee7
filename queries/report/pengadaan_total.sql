-- Orders through PaDi in the newest year that has any. The share of micro and small businesses and cooperatives is NULL while
-- an order has a class that no reference names: a share of the known ones only would be wrong.
WITH tahunan AS (
    SELECT tahun, max(tanggal_transaksi) AS per_tanggal, count(*) AS jumlah_transaksi,
        count(DISTINCT uid_umkm) AS jumlah_umkm, sum(nilai) AS nilai,
        coalesce(sum(CASE WHEN kelas_umkm IN ('mikro', 'kecil', 'koperasi') THEN nilai END), 0) AS nilai_umk,
        coalesce(sum(CASE WHEN kelas_umkm IS NULL THEN nilai END), 0) AS nilai_tanpa_kelas,
        coalesce(sum(CASE WHEN pdn THEN nilai END), 0) AS nilai_pdn,
        sum(nilai * tkdn) AS nilai_kali_tkdn,
        count(*) FILTER (WHERE melewati_target) AS terlambat
    FROM mart.padi_transaksi
    WHERE tahun <= date_part('year', CAST($tanggal AS DATE))
    GROUP BY tahun
    ORDER BY tahun DESC
    LIMIT 1
),
hasil AS (
    SELECT *,
        CASE WHEN nilai > 0 AND nilai_tanpa_kelas = 0 THEN nilai_umk * 100 / nilai END AS umk,
        CASE WHEN nilai > 0 THEN nilai_pdn * 100 / nilai END AS pdn,
        CASE WHEN nilai > 0 THEN nilai_kali_tkdn / nilai END AS tkdn
    FROM tahunan
)
SELECT CAST(tahun AS INT) AS tahun, per_tanggal, jumlah_transaksi, jumlah_umkm, nilai, nilai_umk, nilai_tanpa_kelas,
    nilai_pdn, terlambat, umk, pdn, CAST(tkdn AS DECIMAL(9, 4)) AS tkdn,
    CAST(umk AS DECIMAL(9, 1)) - CAST($target_umk AS DECIMAL(9, 1)) AS jarak_umk,
    CAST(pdn AS DECIMAL(9, 1)) - CAST($target_pdn AS DECIMAL(9, 1)) AS jarak_pdn
FROM hasil
