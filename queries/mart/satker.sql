-- Purpose: the satkers that have spending lines, with the unit they belong to, their name and their region.
-- Grain: one satker and fiscal year. A satker with lines of several eselon 1 units belongs to the one with the largest
-- pagu, and lies where most of its pagu lies. The name is the latest one CapaianIK knows in that year, else the one of
-- ref.satker, NULL when neither knows it. kode_wilayah is the Kemendagri code of the kabupaten or kota (4 digits), of the
-- province (2) where ref.lokasi_djpb_kemendagri knows no more, '(belum terpetakan)' where it knows neither.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Marts"; keys: OMSPAN API specification, DipaBelanjaKL.
WITH jumlah AS (
    SELECT tahun_anggaran, kdsatker, ba, baes1, lokasi,
        sum(pagu) OVER unit AS pagu_unit, sum(realisasi) OVER unit AS realisasi_unit,
        sum(pagu) OVER tempat AS pagu_lokasi, sum(realisasi) OVER tempat AS realisasi_lokasi
    FROM mart.jumlah_anggaran
    WINDOW unit AS (PARTITION BY tahun_anggaran, kdsatker, ba, baes1),
        tempat AS (PARTITION BY tahun_anggaran, kdsatker, lokasi)
),
unit AS (
    SELECT tahun_anggaran, kdsatker,
        first_value(ba ORDER BY pagu_unit DESC, realisasi_unit DESC, baes1, ba) AS ba,
        first_value(baes1 ORDER BY pagu_unit DESC, realisasi_unit DESC, baes1, ba) AS baes1,
        first_value(lokasi ORDER BY pagu_lokasi DESC, realisasi_lokasi DESC, lokasi)
            FILTER (WHERE lokasi IS NOT NULL) AS lokasi
    FROM jumlah
    GROUP BY tahun_anggaran, kdsatker
),
nama AS (
    SELECT tahun_anggaran, kdsatker, nmsatker,
        row_number() OVER (PARTITION BY tahun_anggaran, kdsatker ORDER BY periode DESC, nmsatker) AS urutan
    FROM omspan.capaian_ik_satker
    WHERE nmsatker IS NOT NULL
)
SELECT u.tahun_anggaran, u.ba, u.baes1, u.kdsatker, coalesce(n.nmsatker, r.nama) AS nmsatker, u.lokasi,
    coalesce(k.kode_kemendagri, p.kode_kemendagri, '(belum terpetakan)') AS kode_wilayah
FROM unit AS u
LEFT JOIN nama AS n
    ON n.tahun_anggaran = u.tahun_anggaran AND n.kdsatker = u.kdsatker AND n.urutan = 1
LEFT JOIN ref.satker AS r
    ON r.kdsatker = u.kdsatker
    AND u.tahun_anggaran >= r.tahun_mulai AND u.tahun_anggaran <= coalesce(r.tahun_akhir, 9999)
LEFT JOIN ref.lokasi_djpb_kemendagri AS k ON k.lokasi = u.lokasi
LEFT JOIN ref.lokasi_djpb_kemendagri AS p ON p.lokasi = concat(substr(u.lokasi, 1, 2), '00')
