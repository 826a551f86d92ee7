-- severity: warning
-- Locations of DIPA that ref.lokasi_djpb_kemendagri does not know, neither themselves (kab/kota) nor by their province,
-- with their share of the year's DIPA amounts: a map by region leaves them out.
WITH dipa AS (
    SELECT tahun_anggaran, lokasi, count(DISTINCT kdsatker) AS jumlah_satker,
        sum(coalesce(amount, 0)) AS pagu
    FROM omspan.dipa_belanja
    WHERE budget_type = '2' AND kdsatker NOT LIKE '%Z%'
    GROUP BY tahun_anggaran, lokasi
),
tahun AS (
    SELECT tahun_anggaran, sum(pagu) AS pagu FROM dipa GROUP BY tahun_anggaran
)
SELECT d.tahun_anggaran, d.lokasi, d.jumlah_satker, d.pagu,
    TRY_CAST(100 * d.pagu / nullif(t.pagu, 0) AS DECIMAL(9, 4)) AS pagu_pct
FROM dipa AS d
JOIN tahun AS t ON t.tahun_anggaran = d.tahun_anggaran
LEFT JOIN ref.lokasi_djpb_kemendagri AS k ON k.lokasi = d.lokasi
LEFT JOIN ref.lokasi_djpb_kemendagri AS p ON p.lokasi = concat(substr(d.lokasi, 1, 2), '00')
WHERE d.lokasi IS NOT NULL AND k.lokasi IS NULL AND p.lokasi IS NULL
ORDER BY d.tahun_anggaran, d.lokasi
