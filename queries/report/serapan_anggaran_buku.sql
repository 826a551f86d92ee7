-- How far the books agree, and which data is there at all. baris_fa counts the lines that fund availability knows: none
-- means that it is not loaded, and then nothing can differ from it.
WITH buku AS (
    SELECT count(*) AS baris_akun, sum(CASE WHEN status = 'cocok' THEN 0 ELSE 1 END) AS baris_berbeda,
        sum(CASE WHEN fa_dipa = 0 AND fa_actual = 0 AND fa_balancing = 0 THEN 0 ELSE 1 END) AS baris_fa
    FROM mart.sisa_dana
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
),
satker AS (
    SELECT count(*) AS jumlah_satker FROM mart.serapan_satker WHERE tahun_anggaran = CAST($tahun_anggaran AS INT)
),
ikpa AS (
    SELECT count(*) AS satker_ikpa FROM mart.ikpa_satker
    WHERE nilai_ikpa IS NOT NULL AND tahun_anggaran = CAST($tahun_anggaran AS INT)
),
lalu AS (
    SELECT count(*) AS baris_lalu FROM mart.baris_anggaran
    WHERE asal = 'realisasi' AND tahun_anggaran = CAST($tahun_anggaran AS INT) - 1
        AND tanggal <= CAST($per_tanggal AS DATE) - INTERVAL '1 year'
)
SELECT b.baris_akun, coalesce(b.baris_berbeda, 0) AS baris_berbeda, coalesce(b.baris_fa, 0) AS baris_fa,
    s.jumlah_satker, i.satker_ikpa, l.baris_lalu
FROM buku AS b
CROSS JOIN satker AS s
CROSS JOIN ikpa AS i
CROSS JOIN lalu AS l
