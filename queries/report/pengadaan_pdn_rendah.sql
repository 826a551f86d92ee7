-- Satkers that order for at least $ambang_nilai and buy fewer domestic products than the target share, lowest first.
SELECT kdsatker, coalesce(nmsatker, concat('Satker ', kdsatker)) AS nmsatker, nilai, pdn_pct AS pdn_satker,
    CAST($target_pdn AS DECIMAL(9, 1)) - CAST(pdn_pct AS DECIMAL(9, 1)) AS kurang
FROM mart.pengadaan_satker
WHERE tahun = CAST($tahun AS INT) AND kdsatker <> '(belum terpetakan)' AND nilai >= CAST($ambang_nilai AS DECIMAL(30, 2))
    AND CAST(pdn_pct AS DECIMAL(9, 1)) < CAST($target_pdn AS DECIMAL(9, 1))
ORDER BY pdn_pct, kdsatker
