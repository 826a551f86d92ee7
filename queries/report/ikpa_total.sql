-- IKPA of the body in the newest month of the newest year, as the treasury aggregates it.
SELECT CAST(tahun_anggaran AS INT) AS tahun_anggaran, periode, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah,
    nilai_ikpa - CAST($target_ikpa AS DECIMAL(9, 2)) AS jarak
FROM mart.ikpa_kl
WHERE nilai_ikpa IS NOT NULL AND tahun_anggaran <= date_part('year', CAST($tanggal AS DATE))
ORDER BY tahun_anggaran DESC, periode DESC, ba
LIMIT 1
