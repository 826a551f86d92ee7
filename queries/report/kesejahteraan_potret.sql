-- The day of the list of families, and how many figures by kecamatan are closed.
WITH potret AS (
    SELECT max(snapshot_date) AS per_tanggal FROM ops.snapshots WHERE source = 'sipp' AND dataset = 'p3ke'
),
tutup AS (
    SELECT count(*) AS kecamatan, coalesce(sum(sel_tertutup), 0) AS sel_tertutup,
        count(cakupan_desil_1_pct) AS kecamatan_terukur
    FROM mart.kesejahteraan_kecamatan
)
SELECT CAST(p.per_tanggal AS DATE) AS per_tanggal, t.kecamatan, CAST(t.sel_tertutup AS BIGINT) AS sel_tertutup,
    t.kecamatan_terukur
FROM potret AS p
CROSS JOIN tutup AS t
