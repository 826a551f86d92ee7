-- Satkers with payments that are not booked yet, largest first.
SELECT kdsatker, coalesce(min(nmsatker), concat('Satker ', kdsatker)) AS nmsatker,
    sum(rupiah_belum_dibukukan) AS belum
FROM mart.pnbp_akun
WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND jenis = 'penerimaan'
GROUP BY kdsatker
HAVING sum(rupiah_belum_dibukukan) > 0
ORDER BY belum DESC, kdsatker
