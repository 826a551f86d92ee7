-- severity: warning
-- A budget item is volume1 x volume2 x volume3 x price, a volume that is not there counting as 1. Differences below one
-- rupiah are rounding.
SELECT tahun_anggaran, id_kantor, id_instansi, id_rka, id_sub_rincian, nama_sub_rincian, volume1, volume2, volume3, nilai,
    jumlah, hitung, jumlah - hitung AS selisih
FROM (
    SELECT *,
        CAST(coalesce(volume1, 1) * coalesce(volume2, 1) * coalesce(volume3, 1) * coalesce(nilai, 0) AS DECIMAL(30, 2))
            AS hitung
    FROM simda.rka
)
WHERE abs(coalesce(jumlah, 0) - hitung) >= 1
ORDER BY tahun_anggaran, id_kantor, id_instansi, id_rka, id_sub_rincian
