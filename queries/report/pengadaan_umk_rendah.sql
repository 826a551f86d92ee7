-- Satkers that order for at least $ambang_nilai and give less than the target share to micro and small businesses, lowest first.
SELECT kdsatker, coalesce(nmsatker, concat('Satker ', kdsatker)) AS nmsatker, nilai, umk_pct AS umk_satker,
    CAST($target_umk AS DECIMAL(9, 1)) - CAST(umk_pct AS DECIMAL(9, 1)) AS kurang
FROM mart.pengadaan_satker
WHERE tahun = CAST($tahun AS INT) AND kdsatker <> '(belum terpetakan)' AND nilai >= CAST($ambang_nilai AS DECIMAL(30, 2))
    AND CAST(umk_pct AS DECIMAL(9, 1)) < CAST($target_umk AS DECIMAL(9, 1))
ORDER BY umk_pct, kdsatker
