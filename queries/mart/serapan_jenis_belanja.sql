-- Purpose: pagu, realisasi and absorption by kind of expenditure.
-- Grain: one kind (the first two digits of the account) and fiscal year.
-- Owner: Biro Keuangan. Formula: docs/views.md, "Standard figures".
WITH jumlah AS (
    SELECT tahun_anggaran, per_tanggal, substr(akun, 1, 2) AS jenis_belanja,
        sum(pagu) AS pagu, sum(realisasi) AS realisasi, sum(blokir) AS blokir
    FROM mart.baris_anggaran
    GROUP BY tahun_anggaran, per_tanggal, substr(akun, 1, 2)
)
SELECT tahun_anggaran, per_tanggal, jenis_belanja,
    CASE jenis_belanja
        WHEN '51' THEN 'Belanja Pegawai'
        WHEN '52' THEN 'Belanja Barang'
        WHEN '53' THEN 'Belanja Modal'
        WHEN '57' THEN 'Belanja Bantuan Sosial'
        ELSE 'Lainnya'
    END AS nm_jenis_belanja,
    pagu, realisasi, blokir,
    pagu - realisasi AS sisa_pagu,
    TRY_CAST(realisasi * 100 / nullif(pagu, 0) AS DECIMAL(9, 4)) AS serapan_pct,
    TRY_CAST(realisasi * 100 / nullif(pagu - blokir, 0) AS DECIMAL(9, 4)) AS serapan_efektif_pct
FROM jumlah
