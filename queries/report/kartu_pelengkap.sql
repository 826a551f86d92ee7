-- What the other systems say of every satker: IKPA of its newest month, revenue, orders through PaDi.
WITH ikpa AS (
    SELECT kdsatker, periode, nilai_ikpa, kategori, indikator_terlemah, nilai_terlemah,
        row_number() OVER (PARTITION BY kdsatker ORDER BY periode DESC, nilai_ikpa, kdkppn) AS urutan
    FROM mart.ikpa_satker
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND nilai_ikpa IS NOT NULL
),
pnbp AS (
    SELECT kdsatker, sum(rupiah) AS pnbp, sum(target) AS target_pnbp
    FROM mart.pnbp_akun
    WHERE tahun_anggaran = CAST($tahun_anggaran AS INT) AND jenis = 'penerimaan'
    GROUP BY kdsatker
)
SELECT k.kdsatker AS satker, i.periode AS ikpa_periode, i.nilai_ikpa, i.kategori AS ikpa_kategori,
    i.indikator_terlemah AS ikpa_terlemah, i.nilai_terlemah AS ikpa_terlemah_nilai,
    p.pnbp, p.target_pnbp, CASE WHEN p.target_pnbp > 0 THEN p.pnbp * 100 / p.target_pnbp END AS capaian_pnbp,
    b.nilai AS nilai_padi, b.umk_pct AS umk, b.pdn_pct AS pdn
FROM mart.serapan_satker AS k
LEFT JOIN ikpa AS i ON i.kdsatker = k.kdsatker AND i.urutan = 1
LEFT JOIN pnbp AS p ON p.kdsatker = k.kdsatker
LEFT JOIN mart.pengadaan_satker AS b ON b.tahun = k.tahun_anggaran AND b.kdsatker = k.kdsatker
WHERE k.tahun_anggaran = CAST($tahun_anggaran AS INT)
