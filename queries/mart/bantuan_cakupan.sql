-- Purpose: how many of the poorest families receive any aid, by region.
-- Grain: one region (tingkat = desa, kecamatan or kabupaten; kode = 10, 6 or 4 digits; NULL = families without a code).
-- Families and aid are joined on the hashed NIK. A masked or broken NIK joins with nothing: such families count as not
-- reached, keluarga_tanpa_nik says how many they are, bantuan_tanpa_nik how many rows of aid cannot be given to anybody.
-- penerima_di_luar_p3ke are recipients whose NIK no family has (inclusion error), by the region the aid names.
-- Whoever shows this to others suppresses cells below 5 families.
-- Owner: Bappelitbangda. Formula: docs/views.md, "Bantuan".
WITH keluarga AS (
    -- A family that is listed twice is one family: the poorer decile counts.
    SELECT id_keluarga_p3ke, min(kode_kemdagri) AS kode_kemdagri, min(kecamatan) AS kecamatan,
        min(desa_kelurahan) AS desa_kelurahan, min(desil_kesejahteraan) AS desil, min(nik) AS nik
    FROM sipp.p3ke
    GROUP BY id_keluarga_p3ke
),
penerima AS (
    SELECT nik, min(kode_kemdagri) AS kode_kemdagri, min(kecamatan) AS kecamatan,
        min(desa_kelurahan) AS desa_kelurahan
    FROM sipp.bantuan
    WHERE nik IS NOT NULL
    GROUP BY nik
),
baris AS (
    SELECT k.kode_kemdagri, k.kecamatan, k.desa_kelurahan,
        CASE WHEN k.desil = 1 THEN 1 ELSE 0 END AS keluarga_1,
        CASE WHEN k.desil = 1 AND p.nik IS NOT NULL THEN 1 ELSE 0 END AS terbantu_1,
        CASE WHEN k.desil IN (1, 2) THEN 1 ELSE 0 END AS keluarga_12,
        CASE WHEN k.desil IN (1, 2) AND p.nik IS NOT NULL THEN 1 ELSE 0 END AS terbantu_12,
        CASE WHEN k.desil IN (1, 2) AND k.nik IS NULL THEN 1 ELSE 0 END AS tanpa_nik,
        0 AS bantuan_tanpa_nik, 0 AS di_luar
    FROM keluarga AS k
    LEFT JOIN penerima AS p ON p.nik = k.nik
    UNION ALL
    SELECT kode_kemdagri, kecamatan, desa_kelurahan, 0, 0, 0, 0, 0, 1, 0
    FROM sipp.bantuan
    WHERE nik IS NULL
    UNION ALL
    SELECT p.kode_kemdagri, p.kecamatan, p.desa_kelurahan, 0, 0, 0, 0, 0, 0, 1
    FROM penerima AS p
    LEFT JOIN (SELECT DISTINCT nik FROM keluarga WHERE nik IS NOT NULL) AS k ON k.nik = p.nik
    WHERE k.nik IS NULL
),
wilayah AS (
    SELECT 'desa' AS tingkat, kode_kemdagri AS kode, kecamatan, desa_kelurahan,
        baris.* EXCEPT (kode_kemdagri, kecamatan, desa_kelurahan)
    FROM baris
    UNION ALL
    SELECT 'kecamatan', substr(kode_kemdagri, 1, 6), kecamatan, CAST(NULL AS VARCHAR),
        baris.* EXCEPT (kode_kemdagri, kecamatan, desa_kelurahan)
    FROM baris
    UNION ALL
    SELECT 'kabupaten', substr(kode_kemdagri, 1, 4), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
        baris.* EXCEPT (kode_kemdagri, kecamatan, desa_kelurahan)
    FROM baris
),
jumlah AS (
    SELECT tingkat, kode, min(kecamatan) AS kecamatan, min(desa_kelurahan) AS desa_kelurahan,
        sum(keluarga_1) AS keluarga_desil_1, sum(terbantu_1) AS terbantu_desil_1,
        sum(keluarga_12) AS keluarga_desil_1_2, sum(terbantu_12) AS terbantu_desil_1_2,
        sum(tanpa_nik) AS keluarga_tanpa_nik,
        sum(bantuan_tanpa_nik) AS bantuan_tanpa_nik, sum(di_luar) AS penerima_di_luar_p3ke
    FROM wilayah
    GROUP BY tingkat, kode
)
-- A count with two decimals gives a quotient with six, which the outer cast rounds once.
SELECT tingkat, kode, kecamatan, desa_kelurahan,
    keluarga_desil_1, terbantu_desil_1,
    CAST(CAST(terbantu_desil_1 AS DECIMAL(20, 2)) * 100 / nullif(keluarga_desil_1, 0) AS DECIMAL(9, 4))
        AS cakupan_desil_1_pct,
    keluarga_desil_1_2, terbantu_desil_1_2,
    CAST(CAST(terbantu_desil_1_2 AS DECIMAL(20, 2)) * 100 / nullif(keluarga_desil_1_2, 0) AS DECIMAL(9, 4))
        AS cakupan_desil_1_2_pct,
    keluarga_tanpa_nik, bantuan_tanpa_nik, penerima_di_luar_p3ke
FROM jumlah
