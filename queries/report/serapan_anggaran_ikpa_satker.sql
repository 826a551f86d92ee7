-- IKPA of each satker in the newest period of its year.
SELECT i.tahun_anggaran, i.periode, i.kdsatker, i.nmsatker, i.nilai_ikpa, i.indikator_terlemah, i.nilai_terlemah
FROM mart.ikpa_satker AS i
INNER JOIN (
    SELECT tahun_anggaran, max(periode) AS periode FROM mart.ikpa_satker GROUP BY tahun_anggaran
) AS terakhir
    ON i.tahun_anggaran = terakhir.tahun_anggaran AND i.periode = terakhir.periode
WHERE i.nilai_ikpa IS NOT NULL
ORDER BY i.tahun_anggaran, i.kdsatker
