-- Satkers with a target whose achievement is at least $ambang_satker points below the plan, farthest first.
WITH bagian AS (
    SELECT kdsatker, coalesce(min(nmsatker), concat('Satker ', kdsatker)) AS nmsatker,
        CAST(sum(rupiah) * 100 / sum(target) AS DECIMAL(9, 1)) AS capaian_satker
    FROM mart.pnbp_akun
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND jenis = 'penerimaan' AND target > 0
    GROUP BY kdsatker
)
SELECT kdsatker, nmsatker, capaian_satker, CAST($rencana AS DECIMAL(9, 1)) - capaian_satker AS jarak_satker
FROM bagian
WHERE CAST($rencana AS DECIMAL(9, 1)) - capaian_satker >= CAST($ambang_satker AS DECIMAL(9, 4))
ORDER BY jarak_satker DESC, kdsatker
