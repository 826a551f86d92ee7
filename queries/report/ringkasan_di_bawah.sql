-- Domains below what is demanded, the farthest first.
WITH baris AS (
    SELECT * FROM (VALUES
        ('serapan', 'Serapan anggaran', 'Biro Perencanaan dan Keuangan', CAST($serapan AS DECIMAL(9, 1)), CAST($target AS DECIMAL(9, 1))),
        ('ikpa', 'IKPA kementerian', 'Biro Perencanaan dan Keuangan', CAST($nilai_ikpa AS DECIMAL(9, 1)), CAST($target_ikpa AS DECIMAL(9, 1))),
        ('umk', 'Belanja UMK dan koperasi', 'Biro Umum dan Layanan Pengadaan', CAST($umk AS DECIMAL(9, 1)), CAST($target_umk AS DECIMAL(9, 1))),
        ('pdn', 'Produk dalam negeri', 'Biro Umum dan Layanan Pengadaan', CAST($pdn AS DECIMAL(9, 1)), CAST($target_pdn AS DECIMAL(9, 1))),
        ('cakupan', 'Bantuan keluarga desil 1', 'Bappelitbangda', CAST($cakupan AS DECIMAL(9, 1)), CAST($target_cakupan AS DECIMAL(9, 1)))
    ) AS v(kunci, indikator, pemilik, capaian, batas)
)
SELECT kunci, indikator, pemilik, capaian, batas, batas - capaian AS kurang
FROM baris
WHERE capaian < batas
ORDER BY kurang DESC, kunci
