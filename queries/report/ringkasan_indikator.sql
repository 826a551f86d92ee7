-- One row a domain: what is achieved, what is demanded, and the distance in points. A figure without data is NULL.
WITH baris AS (
    SELECT * FROM (VALUES
        (1, 'serapan', 'Serapan anggaran', 'persen pagu', CAST($serapan AS DECIMAL(9, 4)), CAST($target AS DECIMAL(9, 4))),
        (2, 'ikpa', 'IKPA kementerian', 'nilai 0 sampai 100', CAST($nilai_ikpa AS DECIMAL(9, 4)), CAST($target_ikpa AS DECIMAL(9, 4))),
        (3, 'pnbp', 'PNBP', 'persen target setahun', CAST($capaian_pnbp AS DECIMAL(9, 4)), CAST(NULL AS DECIMAL(9, 4))),
        (4, 'umk', 'Belanja UMK dan koperasi', 'persen nilai PaDi', CAST($umk AS DECIMAL(9, 4)), CAST($target_umk AS DECIMAL(9, 4))),
        (5, 'pdn', 'Produk dalam negeri', 'persen nilai PaDi', CAST($pdn AS DECIMAL(9, 4)), CAST($target_pdn AS DECIMAL(9, 4))),
        (6, 'cakupan', 'Bantuan keluarga desil 1', 'persen keluarga', CAST($cakupan AS DECIMAL(9, 4)), CAST($target_cakupan AS DECIMAL(9, 4)))
    ) AS v(urutan, kunci, indikator, satuan, capaian, batas)
)
SELECT urutan, kunci, indikator, satuan, capaian, batas,
    CAST(capaian AS DECIMAL(9, 1)) - CAST(batas AS DECIMAL(9, 1)) AS jarak_batas
FROM baris
ORDER BY urutan
