-- Purpose: what is left to spend (fund availability), set against DIPA and realisasi.
-- Grain: one satker, account and fiscal year; a line that only one side knows is here, with zeros for the other.
-- Columns:
-- status: cocok, hanya di DIPA/realisasi, hanya di FA, or beda with what differs
-- Owner: Biro Keuangan. Formula: docs/views.md, "Fund availability".
WITH buku AS (
    SELECT tahun_anggaran, kdsatker, akun, sum(pagu) AS pagu, sum(realisasi) AS realisasi
    FROM mart.baris_anggaran
    WHERE asal IN ('dipa', 'realisasi')
    GROUP BY tahun_anggaran, kdsatker, akun
),
fa AS (
    SELECT tahun_anggaran, satker AS kdsatker, akun,
        coalesce(sum(dipa), 0) AS fa_dipa,
        coalesce(sum(kontrak), 0) AS fa_kontrak,
        coalesce(sum(blokir), 0) AS fa_blokir,
        coalesce(sum(actual_amt), 0) AS fa_actual,
        coalesce(sum(balancing_amt), 0) AS fa_balancing
    FROM omspan.ketersediaan_dana
    WHERE budget_type = '2' AND akun >= '5' AND akun < '7' AND satker NOT LIKE '%Z%'
    GROUP BY tahun_anggaran, satker, akun
),
baris AS (
    SELECT
        coalesce(buku.tahun_anggaran, fa.tahun_anggaran) AS tahun_anggaran,
        coalesce(buku.kdsatker, fa.kdsatker) AS kdsatker,
        coalesce(buku.akun, fa.akun) AS akun,
        coalesce(buku.pagu, 0) AS pagu,
        coalesce(buku.realisasi, 0) AS realisasi,
        coalesce(fa.fa_dipa, 0) AS fa_dipa,
        coalesce(fa.fa_kontrak, 0) AS fa_kontrak,
        coalesce(fa.fa_blokir, 0) AS fa_blokir,
        coalesce(fa.fa_actual, 0) AS fa_actual,
        coalesce(fa.fa_balancing, 0) AS fa_balancing,
        buku.kdsatker IS NOT NULL AS ada_buku,
        fa.kdsatker IS NOT NULL AS ada_fa
    FROM buku
    FULL OUTER JOIN fa
        ON fa.tahun_anggaran = buku.tahun_anggaran AND fa.kdsatker = buku.kdsatker AND fa.akun = buku.akun
),
selisih AS (
    SELECT *,
        fa_dipa - fa_kontrak - fa_blokir - fa_actual AS dana_tersedia,
        fa_dipa - pagu AS selisih_dipa,
        fa_actual - realisasi AS selisih_realisasi,
        fa_balancing - (fa_dipa - fa_kontrak - fa_blokir - fa_actual) AS selisih_balancing
    FROM baris
)
SELECT tahun_anggaran, kdsatker, akun, pagu, realisasi,
    fa_dipa, fa_kontrak, fa_blokir, fa_actual, fa_balancing, dana_tersedia,
    selisih_dipa, selisih_realisasi, selisih_balancing,
    CASE
        WHEN selisih_dipa = 0 AND selisih_realisasi = 0 AND selisih_balancing = 0 THEN 'cocok'
        WHEN NOT ada_fa THEN 'hanya di DIPA/realisasi'
        WHEN NOT ada_buku THEN 'hanya di FA'
        ELSE concat('beda ', concat_ws(', ',
            CASE WHEN selisih_dipa <> 0 THEN 'dipa' END,
            CASE WHEN selisih_realisasi <> 0 THEN 'realisasi' END,
            CASE WHEN selisih_balancing <> 0 THEN 'balancing' END))
    END AS status
FROM selisih
