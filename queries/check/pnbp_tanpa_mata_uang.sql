-- severity: warning
-- Every revenue row states its currency: a row without one is not counted as rupiah.
SELECT tahun_anggaran, kdsatker, akun, tgl_buku, rupiah
FROM omspan.detail_pnbp
WHERE mata_uang IS NULL
ORDER BY tahun_anggaran, kdsatker, akun, tgl_buku
