-- severity: warning
-- The items of an activity stay within its ceiling. The source's own sample does not (19,200,000 against 17,155,000), so
-- this is a question to the agency, not an error of the load.
SELECT tahun_anggaran, id_kantor, id_instansi, nama_instansi, id_program, id_kegiatan, id_rka, nama_kegiatan, pagu, jumlah,
    jumlah - pagu AS lebih
FROM mart.rka_kegiatan
WHERE jumlah > coalesce(pagu, 0)
ORDER BY tahun_anggaran, lebih DESC, id_rka
