-- Overspent kinds of expenditure of every satker, worst first (judged as in serapan_anggaran_pagu_minus).
WITH baris AS (
    SELECT kdsatker, substr(akun, 1, 2) AS jenis_belanja,
        sum(CASE
            WHEN fa_dipa = 0 AND fa_actual = 0 AND fa_balancing = 0 THEN pagu - realisasi
            ELSE fa_balancing
        END) AS sisa
    FROM mart.sisa_dana
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
    GROUP BY 1, 2
)
SELECT kdsatker AS satker, jenis_belanja, sisa,
    CASE jenis_belanja
        WHEN '51' THEN 'Belanja Pegawai'
        WHEN '52' THEN 'Belanja Barang'
        WHEN '53' THEN 'Belanja Modal'
        WHEN '57' THEN 'Belanja Bantuan Sosial'
        ELSE concat('Jenis belanja ', jenis_belanja)
    END AS nm_jenis_belanja
FROM baris
WHERE sisa < 0
ORDER BY satker, sisa, jenis_belanja
