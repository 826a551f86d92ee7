-- Purpose: how far the figures can be trusted: how fresh each dataset is, what was refused, what no mapping reaches,
-- where control sums differ, which data tests found something.
-- Grain: one finding or measure: kelompok (kesegaran, karantina, belum terpetakan, kontrol, uji data), objek, ukuran
-- and year. jumlah counts rows (kesegaran: days behind the newest snapshot of the warehouse), nilai is rupiah, pct the
-- share of the whole: of rupiah where nilai is given, else of rows; counts of people below 5 are NULL. tanggal is the
-- newest snapshot. status is 'baik', 'peringatan' or 'kesalahan' (a data test of severity error: figures are wrong
-- until it is mended). Nothing to judge gives no row: an empty mapping target, a data test that passed.
-- Columns:
-- kelompok: kesegaran, karantina, belum terpetakan, kontrol or uji data
-- objek: what was looked at: a dataset, a mapping, a data test
-- ukuran: what jumlah counts
-- jumlah: rows (kesegaran: days behind the newest snapshot)
-- pct: share of the whole, percent
-- Owner: Pusat Data dan Informasi. Formula: docs/views.md, "Data quality"; unmapped shares and control figures are due
-- in every report's footer.
WITH potret AS (
    SELECT source, dataset, tahun_anggaran, max(snapshot_date) AS tanggal
    FROM ops.snapshots
    GROUP BY source, dataset, tahun_anggaran
),
percobaan AS (
    SELECT source, dataset, tahun_anggaran, status,
        row_number() OVER (PARTITION BY source, dataset, tahun_anggaran ORDER BY started_at DESC, run DESC) AS urutan
    FROM ops.runs
    WHERE status NOT IN ('running', 'committing')
),
kesegaran AS (
    SELECT 'kesegaran' AS kelompok, concat(coalesce(p.source, c.source), '.', coalesce(p.dataset, c.dataset)) AS objek,
        coalesce(p.tahun_anggaran, c.tahun_anggaran) AS tahun_anggaran,
        CASE
            WHEN c.status IN ('held', 'failed') AND p.tanggal IS NULL THEN 'belum pernah dimuat, percobaan terakhir gagal'
            WHEN c.status IN ('held', 'failed') THEN 'basi: pemuatan terakhir gagal atau ditahan'
            WHEN p.tanggal IS NULL THEN 'kosong di sumber'
            ELSE 'hari di belakang potret terbaru gudang data'
        END AS ukuran,
        CAST(CAST((SELECT max(tanggal) FROM potret) AS INT) - CAST(p.tanggal AS INT) AS BIGINT) AS jumlah,
        CAST(NULL AS DECIMAL(30, 2)) AS nilai, CAST(NULL AS DECIMAL(9, 4)) AS pct, p.tanggal,
        CASE WHEN c.status IN ('held', 'failed') THEN 'peringatan' ELSE 'baik' END AS status
    FROM potret AS p
    FULL OUTER JOIN (SELECT * FROM percobaan WHERE urutan = 1) AS c
        ON c.source = p.source AND c.dataset = p.dataset
        AND coalesce(c.tahun_anggaran, 0) = coalesce(p.tahun_anggaran, 0)
),
karantina AS (
    SELECT 'karantina' AS kelompok, concat(r.source, '.', r.dataset) AS objek, r.tahun_anggaran,
        'baris ditolak dari potret yang dipakai' AS ukuran,
        CAST(sum(r.quarantined) AS BIGINT) AS jumlah, CAST(NULL AS DECIMAL(30, 2)) AS nilai,
        CAST(CAST(sum(r.quarantined) AS DECIMAL(20, 2)) * 100 / nullif(sum(r.quarantined + r.rows), 0) AS DECIMAL(9, 4))
            AS pct,
        CAST(NULL AS DATE) AS tanggal, 'peringatan' AS status
    FROM ops.runs AS r
    JOIN (SELECT DISTINCT run FROM ops.snapshots WHERE latest) AS s ON s.run = r.run
    WHERE r.quarantined > 0
    GROUP BY r.source, r.dataset, r.tahun_anggaran
),
tanpa_nik AS (
    SELECT u.objek, count(*) AS semua,
        count(*) FILTER (WHERE CASE u.nomor WHEN 1 THEN k.nik ELSE k.kode_kemdagri END IS NULL) AS luput
    FROM sipp.p3ke AS k
    CROSS JOIN (VALUES
        (1, 'keluarga P3KE: NIK tersamar, kosong atau rusak'), (2, 'keluarga P3KE: tanpa kode wilayah')
    ) AS u(nomor, objek)
    GROUP BY u.objek
    UNION ALL
    SELECT 'bantuan: NIK tersamar, kosong atau rusak', count(*), count(*) FILTER (WHERE nik IS NULL)
    FROM sipp.bantuan
),
peta AS (
    -- Each mapping: all rows and those it does not reach, and their rupiah where rows have any.
    SELECT u.objek, p.tahun AS tahun_anggaran, count(*) AS semua,
        count(*) FILTER (
            WHERE CASE u.nomor WHEN 1 THEN p.tanpa_satker WHEN 2 THEN p.tanpa_kelas ELSE p.tanpa_nama END
        ) AS luput,
        sum(p.nilai) AS nilai_semua,
        coalesce(sum(p.nilai) FILTER (
            WHERE CASE u.nomor WHEN 1 THEN p.tanpa_satker WHEN 2 THEN p.tanpa_kelas ELSE p.tanpa_nama END
        ), 0) AS nilai_luput
    FROM (
        SELECT tahun, nilai, kdsatker = '(belum terpetakan)' AS tanpa_satker, kelas_umkm IS NULL AS tanpa_kelas,
            nm_kategori_project = '(belum terpetakan)' AS tanpa_nama
        FROM mart.padi_transaksi
    ) AS p
    CROSS JOIN (VALUES
        (1, 'satker PaDi (ref.padi_satker)'), (2, 'kelas UMKM PaDi (ref.padi_kategori_umkm)'),
        (3, 'kategori PaDi (ref.padi_kategori)')
    ) AS u(nomor, objek)
    GROUP BY u.objek, p.tahun
    UNION ALL
    SELECT u.objek, a.tahun_anggaran, count(*), count(*) FILTER (WHERE s.panjang = u.panjang), sum(a.pagu),
        coalesce(sum(CASE WHEN s.panjang = u.panjang THEN a.pagu END), 0)
    FROM (
        SELECT tahun_anggaran, kdsatker, sum(pagu) AS pagu FROM mart.baris_anggaran GROUP BY tahun_anggaran, kdsatker
    ) AS a
    JOIN (
        SELECT tahun_anggaran, kdsatker, CASE WHEN kode_wilayah LIKE '(%' THEN 0 ELSE length(kode_wilayah) END AS panjang
        FROM mart.satker
    ) AS s ON s.tahun_anggaran = a.tahun_anggaran AND s.kdsatker = a.kdsatker
    CROSS JOIN (VALUES
        (0, 'wilayah satker (ref.lokasi_djpb_kemendagri)'),
        (2, 'wilayah satker hanya sampai provinsi (ref.lokasi_djpb_kemendagri)')
    ) AS u(panjang, objek)
    GROUP BY u.objek, a.tahun_anggaran
    UNION ALL
    SELECT 'target PNBP (ref.pnbp_target)', tahun_anggaran, count(*), count(*) FILTER (WHERE target IS NULL), sum(rupiah),
        coalesce(sum(CASE WHEN target IS NULL THEN rupiah END), 0)
    FROM mart.pnbp_akun
    WHERE jenis = 'penerimaan'
    GROUP BY tahun_anggaran
    UNION ALL
    SELECT 'PNBP: mata uang selain IDR atau tidak disebut', tahun_anggaran, count(*),
        count(*) FILTER (WHERE mata_uang IS DISTINCT FROM 'IDR'), NULL, NULL
    FROM omspan.detail_pnbp
    GROUP BY tahun_anggaran
    UNION ALL
    SELECT 'instansi SIPP di SIMDA (ref.opd_instansi)', NULL, count(*), count(*) FILTER (WHERE o.nama_opd IS NULL),
        NULL, NULL
    FROM (SELECT DISTINCT upper(nama_opd) AS nama_opd FROM sipp.bantuan) AS b
    LEFT JOIN (SELECT DISTINCT upper(nama_opd) AS nama_opd FROM ref.opd_instansi) AS o ON o.nama_opd = b.nama_opd
    UNION ALL
    SELECT 'program bantuan di SIMDA (menurut nama)', NULL, count(*),
        count(*) FILTER (WHERE cocok_pada = '(belum terpetakan)'), NULL, NULL
    FROM (
        SELECT DISTINCT nama_opd, program_kode, program_nama, kegiatan_kode, kegiatan_nama, sub_kegiatan_kode,
            sub_kegiatan_nama, cocok_pada
        FROM mart.bantuan_rka
    )
    UNION ALL
    SELECT 'kantor SIMDA ke wilayah (ref.kantor_wilayah)', k.tahun_anggaran, count(*),
        count(*) FILTER (WHERE w.kode IS NULL), sum(k.pagu), coalesce(sum(CASE WHEN w.kode IS NULL THEN k.pagu END), 0)
    FROM mart.rka_kegiatan AS k
    LEFT JOIN ref.kantor_wilayah AS w ON w.id_kantor = k.id_kantor
    GROUP BY k.tahun_anggaran
    UNION ALL
    SELECT u.objek, NULL, count(*),
        count(*) FILTER (WHERE CASE u.nomor WHEN 1 THEN o.kode_wilayah ELSE o.skala_usaha END = '(belum terpetakan)'),
        NULL, NULL
    FROM mart.oss_usaha AS o
    CROSS JOIN (VALUES (1, 'wilayah usaha OSS'), (2, 'skala usaha OSS')) AS u(nomor, objek)
    GROUP BY u.objek
    UNION ALL
    SELECT 'KBLI proyek OSS (ref.kbli)', NULL, count(u.kbli), count(u.kbli) FILTER (WHERE b.kode IS NULL), NULL, NULL
    FROM mart.oss_usaha AS u
    LEFT JOIN ref.kbli AS b ON b.kode = u.kbli
),
terpetakan AS (
    SELECT 'belum terpetakan' AS kelompok, objek, tahun_anggaran,
        CASE WHEN nilai_semua IS NULL THEN 'baris' ELSE 'baris, nilai' END AS ukuran,
        luput AS jumlah, CAST(nilai_luput AS DECIMAL(30, 2)) AS nilai,
        CASE
            WHEN nilai_semua IS NULL THEN CAST(CAST(luput AS DECIMAL(20, 2)) * 100 / nullif(semua, 0) AS DECIMAL(9, 4))
            ELSE TRY_CAST(nilai_luput * 100 / nullif(nilai_semua, 0) AS DECIMAL(9, 4))
        END AS pct,
        CAST(NULL AS DATE) AS tanggal, CASE WHEN luput > 0 THEN 'peringatan' ELSE 'baik' END AS status
    FROM peta
    WHERE semua > 0
    UNION ALL
    SELECT 'belum terpetakan', objek, NULL, 'baris',
        CASE WHEN luput NOT BETWEEN 1 AND 4 THEN luput END, NULL,
        CASE WHEN luput NOT BETWEEN 1 AND 4
            THEN CAST(CAST(luput AS DECIMAL(20, 2)) * 100 / nullif(semua, 0) AS DECIMAL(9, 4)) END,
        NULL, CASE WHEN luput > 0 THEN 'peringatan' ELSE 'baik' END
    FROM tanpa_nik
    WHERE semua > 0
),
kontrol AS (
    SELECT 'kontrol' AS kelompok, 'ketersediaan dana terhadap DIPA dan realisasi' AS objek, s.tahun_anggaran, u.ukuran,
        count(*) FILTER (WHERE CASE u.ukuran WHEN 'selisih DIPA' THEN s.selisih_dipa <> 0
            ELSE s.selisih_realisasi <> 0 END) AS jumlah,
        CAST(sum(CASE u.ukuran WHEN 'selisih DIPA' THEN s.selisih_dipa ELSE s.selisih_realisasi END) AS DECIMAL(30, 2))
            AS nilai,
        TRY_CAST(sum(abs(CASE u.ukuran WHEN 'selisih DIPA' THEN s.selisih_dipa ELSE s.selisih_realisasi END)) * 100
            / nullif(sum(CASE u.ukuran WHEN 'selisih DIPA' THEN s.pagu ELSE s.realisasi END), 0) AS DECIMAL(9, 4)) AS pct,
        CAST(NULL AS DATE) AS tanggal
    FROM mart.sisa_dana AS s
    JOIN (SELECT DISTINCT tahun_anggaran FROM omspan.ketersediaan_dana) AS t ON t.tahun_anggaran = s.tahun_anggaran
    CROSS JOIN (VALUES ('selisih DIPA'), ('selisih realisasi')) AS u(ukuran)
    GROUP BY s.tahun_anggaran, u.ukuran
),
uji AS (
    SELECT 'uji data' AS kelompok, name AS objek, CAST(NULL AS INT) AS tahun_anggaran, rule AS ukuran,
        rows AS jumlah, CAST(NULL AS DECIMAL(30, 2)) AS nilai, CAST(NULL AS DECIMAL(9, 4)) AS pct,
        CAST(NULL AS DATE) AS tanggal, CASE severity WHEN 'error' THEN 'kesalahan' ELSE 'peringatan' END AS status
    FROM ops.data_tests
    WHERE rows > 0 OR rows IS NULL
)
SELECT * FROM kesegaran
UNION ALL
SELECT * FROM karantina
UNION ALL
SELECT * FROM terpetakan
UNION ALL
SELECT *, CASE WHEN jumlah > 0 THEN 'peringatan' ELSE 'baik' END AS status FROM kontrol
UNION ALL
SELECT * FROM uji
