-- Purpose: the satkers that have spending lines, with the unit they belong to, their name and their region.
-- Grain: one satker and fiscal year. A satker with lines of several eselon 1 units belongs to the one with the largest
-- pagu, and lies where most of its pagu lies. The name is the latest one CapaianIK knows in that year, else the one of
-- ref.satker, NULL when neither knows it. kode_wilayah is the Kemendagri code of the kabupaten or kota (4 digits), of the
-- province (2) where ref.lokasi_djpb_kemendagri knows no more, '(belum terpetakan)' where it knows neither.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Marts"; keys: OMSPAN API specification, DipaBelanjaKL.
WITH unit AS (
    SELECT tahun_anggaran, kdsatker, ba, baes1,
        row_number() OVER (
            PARTITION BY tahun_anggaran, kdsatker
            ORDER BY sum(pagu) DESC, sum(realisasi) DESC, baes1, ba
        ) AS urutan
    FROM mart.baris_anggaran
    GROUP BY tahun_anggaran, kdsatker, ba, baes1
),
tempat AS (
    SELECT tahun_anggaran, kdsatker, lokasi,
        row_number() OVER (
            PARTITION BY tahun_anggaran, kdsatker
            ORDER BY sum(pagu) DESC, sum(realisasi) DESC, lokasi
        ) AS urutan
    FROM mart.baris_anggaran
    WHERE lokasi IS NOT NULL
    GROUP BY tahun_anggaran, kdsatker, lokasi
),
nama AS (
    SELECT tahun_anggaran, kdsatker, nmsatker,
        row_number() OVER (PARTITION BY tahun_anggaran, kdsatker ORDER BY periode DESC, nmsatker) AS urutan
    FROM omspan.capaian_ik_satker
    WHERE nmsatker IS NOT NULL
)
SELECT u.tahun_anggaran, u.ba, u.baes1, u.kdsatker, coalesce(n.nmsatker, r.nama) AS nmsatker, t.lokasi,
    coalesce(k.kode_kemendagri, p.kode_kemendagri, '(belum terpetakan)') AS kode_wilayah
FROM unit AS u
LEFT JOIN tempat AS t
    ON t.tahun_anggaran = u.tahun_anggaran AND t.kdsatker = u.kdsatker AND t.urutan = 1
LEFT JOIN nama AS n
    ON n.tahun_anggaran = u.tahun_anggaran AND n.kdsatker = u.kdsatker AND n.urutan = 1
LEFT JOIN ref.satker AS r
    ON r.kdsatker = u.kdsatker
    AND u.tahun_anggaran >= r.tahun_mulai AND u.tahun_anggaran <= coalesce(r.tahun_akhir, 9999)
LEFT JOIN ref.lokasi_djpb_kemendagri AS k ON k.lokasi = t.lokasi
LEFT JOIN ref.lokasi_djpb_kemendagri AS p ON p.lokasi = concat(substr(t.lokasi, 1, 2), '00')
WHERE u.urutan = 1
