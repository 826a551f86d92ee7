-- IKPA of the whole body in the newest month of the year.
SELECT periode AS ikpa_periode, nilai_ikpa, kategori AS ikpa_kategori, indikator_terlemah AS ikpa_terlemah,
    nilai_terlemah AS ikpa_terlemah_nilai
FROM mart.ikpa_kl
WHERE nilai_ikpa IS NOT NULL AND tahun_anggaran = CAST($tahun_anggaran AS INT)
ORDER BY periode DESC, ba
LIMIT 1
