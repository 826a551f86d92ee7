-- severity: error
-- What the regions add up to is what the satkers, orders and plans add up to: no mapping may lose a line or count it twice.
WITH jumlah AS (
    SELECT max(tahun_anggaran) AS tahun_anggaran, sum(pagu) AS pagu, sum(realisasi) AS realisasi, sum(pnbp) AS pnbp,
        sum(nilai_padi) AS nilai_padi, sum(pagu_daerah) AS pagu_daerah, sum(jumlah_proyek) AS jumlah_proyek
    FROM mart.wilayah_ringkas
)
SELECT u.ukuran, j.tahun_anggaran,
    CASE u.ukuran
        WHEN 'pagu' THEN j.pagu WHEN 'realisasi' THEN j.realisasi WHEN 'pnbp' THEN j.pnbp
        WHEN 'nilai_padi' THEN j.nilai_padi WHEN 'pagu_daerah' THEN j.pagu_daerah ELSE j.jumlah_proyek
    END AS menurut_wilayah,
    CASE u.ukuran
        WHEN 'pagu' THEN r.pagu WHEN 'realisasi' THEN r.realisasi WHEN 'pnbp' THEN r.pnbp
        WHEN 'nilai_padi' THEN r.nilai_padi WHEN 'pagu_daerah' THEN r.pagu_daerah ELSE r.jumlah_proyek
    END AS menurut_ringkasan
FROM jumlah AS j
CROSS JOIN mart.ringkasan_pimpinan AS r
CROSS JOIN (VALUES ('pagu'), ('realisasi'), ('pnbp'), ('nilai_padi'), ('pagu_daerah'), ('jumlah_proyek')) AS u(ukuran)
WHERE CASE u.ukuran
        WHEN 'pagu' THEN coalesce(j.pagu, 0) <> coalesce(r.pagu, 0)
        WHEN 'realisasi' THEN coalesce(j.realisasi, 0) <> coalesce(r.realisasi, 0)
        WHEN 'pnbp' THEN coalesce(j.pnbp, 0) <> coalesce(r.pnbp, 0)
        WHEN 'nilai_padi' THEN coalesce(j.nilai_padi, 0) <> coalesce(r.nilai_padi, 0)
        WHEN 'pagu_daerah' THEN coalesce(j.pagu_daerah, 0) <> coalesce(r.pagu_daerah, 0)
        ELSE coalesce(j.jumlah_proyek, 0) <> coalesce(r.jumlah_proyek, 0)
    END
ORDER BY u.ukuran
