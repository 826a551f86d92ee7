-- IKPA of the whole body, every period: the newest is shown.
SELECT tahun_anggaran, periode, ba, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah
FROM mart.ikpa_kl
WHERE nilai_ikpa IS NOT NULL
ORDER BY tahun_anggaran, periode, ba
