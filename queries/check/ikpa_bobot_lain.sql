-- severity: warning
-- A weight that came with a score differs from that of the year's regulation (ref.ikpa_bobot), or the regulation has no
-- such indicator. Indicators that are switched off (0) are left out, and so are years known from samples only.
WITH peraturan AS (
    SELECT DISTINCT tahun_mulai, coalesce(tahun_akhir, 9999) AS tahun_akhir, peraturan
    FROM ref.ikpa_bobot
    WHERE dasar = 'peraturan'
)
SELECT i.tingkat, i.tahun_anggaran, i.periode, i.kode, i.kunci, i.bobot, b.bobot AS bobot_peraturan, p.peraturan
FROM mart.ikpa_indikator AS i
JOIN peraturan AS p ON i.tahun_anggaran BETWEEN p.tahun_mulai AND p.tahun_akhir
LEFT JOIN ref.ikpa_bobot AS b ON b.tahun_mulai = p.tahun_mulai AND b.kunci = i.kunci
WHERE i.bobot > 0 AND (b.kunci IS NULL OR b.jenis = 'pengurang' OR b.bobot <> i.bobot)
ORDER BY i.tahun_anggaran, i.periode, i.tingkat, i.kode, i.kunci
