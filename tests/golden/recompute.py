"""Recomputes the marts from the Parquet files of a warehouse, with DuckDB and SQL of its own.

    recompute.py WAREHOUSE REFERENCE_FOLDER DAY

reads `WAREHOUSE/history` as of DAY and the customer's lists in REFERENCE_FOLDER, and prints one JSON object a line:
{"mart": name, "rows": [{column: text or null}]}. Nothing here is taken from queries/: the formulas are those of docs/views.md,
written a second time. Small cells are closed by a loop, not by windows.
"""

import csv
import glob
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import duckdb

UNMAPPED = "(belum terpetakan)"
warehouse, reference, day = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
db = duckdb.connect()


def pct(part, whole):
    """100 x part / whole with four decimals; NULL for a whole of 0."""
    return f"CAST(round(100.0 * ({part}) / nullif({whole}, 0), 4) AS DECIMAL(9, 4))"


def money(value):
    return f"CAST({value} AS DECIMAL(30, 2))"


def table(name, events=False):
    """The newest snapshot of each fiscal year up to the day, or all events up to it; no row where there is no file yet."""
    source, dataset = name.split(".")
    files = glob.glob(str(warehouse / "history" / source / dataset / "**" / "*.parquet"), recursive=True)
    path = f"read_parquet({files!r}, hive_partitioning = true, hive_types_autocast = false)"
    key = "insert_date" if events else "snapshot_date"
    columns = [row[0] for row in db.sql(f"DESCRIBE SELECT * FROM {path}").fetchall()]
    year = "tahun_anggaran" if "tahun_anggaran" in columns else "1"
    newest = "" if events else f"QUALIFY {key} = max({key}) OVER (PARTITION BY {year})"
    typed = ", ".join(f"CAST({c} AS INT) AS {c}" if c == "tahun_anggaran" else f'"{c}"' for c in columns)
    view = name.replace(".", "_")
    db.sql(f"CREATE TABLE all_{view} AS SELECT {typed} FROM {path} WHERE {key} <= '{day}'")
    db.sql(f"CREATE TABLE {view} AS SELECT * FROM all_{view} {newest}")


for name in [
    "omspan.dipa_belanja", "omspan.realisasi_belanja", "omspan.ketersediaan_dana", "omspan.capaian_ik_satker",
    "omspan.capaian_ik_eselon1", "omspan.capaian_ik_kl", "padi.transaksi", "sipp.p3ke", "sipp.bantuan", "simda.rka",
    "simda.instansi", "oss.nib", "oss.nib_proyek", "oss.nib_proyek_lokasi", "oss.nib_izin", "oss.status_izin",
]:
    table(name)
table("omspan.detail_pnbp", events=True)
for file in sorted(reference.glob("*.csv")):
    db.sql(f"CREATE TABLE ref_{file.stem} AS SELECT * FROM read_csv('{file}', header = true, all_varchar = true)")
db.sql("CREATE TABLE akun AS SELECT * FROM read_csv('config/reference/bas_akun.csv', header = true, all_varchar = true)")

# Budget: what counts, by satker and by its place.
db.sql("""
CREATE TABLE data_date AS SELECT tahun_anggaran, max(maxdate) AS per_tanggal FROM omspan_realisasi_belanja GROUP BY ALL;
CREATE TABLE spend AS
    SELECT tahun_anggaran, kdsatker, ba, baes1, akun, kegiatan, output, lokasi, tanggal, amount AS pagu, 0 AS realisasi, 0 AS blokir,
        'dipa' AS asal, budget_type FROM omspan_dipa_belanja
    UNION ALL SELECT tahun_anggaran, kdsatker, ba, baes1, akun, kegiatan, output, lokasi, tanggal, 0, amount, 0, 'realisasi',
        budget_type FROM omspan_realisasi_belanja JOIN data_date USING (tahun_anggaran) WHERE tanggal <= per_tanggal
    UNION ALL SELECT tahun_anggaran, satker, left(program, 3), left(program, 5), akun, left(output, 4), right(output, 3), lokasi,
        NULL, 0, 0, blokir, 'fa', budget_type FROM omspan_ketersediaan_dana WHERE blokir <> 0;
DELETE FROM spend WHERE budget_type <> '2' OR left(akun, 1) NOT IN ('5', '6') OR contains(kdsatker, 'Z');
""".replace("lokasi, tanggal, amount AS pagu", "lokasi, NULL::DATE AS tanggal, amount AS pagu"))
db.sql(f"""
CREATE TABLE place AS SELECT tahun_anggaran, kdsatker, arg_max(baes1, pagu) AS baes1, arg_max(ba, pagu) AS ba,
        arg_max(lokasi, pagu) AS lokasi
    FROM (SELECT tahun_anggaran, kdsatker, ba, baes1, lokasi, sum(pagu) AS pagu FROM spend GROUP BY ALL) GROUP BY ALL;
CREATE TABLE office AS SELECT p.*, n.nmsatker,
        coalesce(k.kode_kemendagri, v.kode_kemendagri, '{UNMAPPED}') AS kode_wilayah
    FROM place AS p
    LEFT JOIN omspan_capaian_ik_satker AS n USING (tahun_anggaran, kdsatker)
    LEFT JOIN ref_lokasi_djpb_kemendagri AS k ON k.lokasi = p.lokasi
    LEFT JOIN ref_lokasi_djpb_kemendagri AS v ON v.lokasi = left(p.lokasi, 2) || '00';
CREATE TABLE newest AS SELECT max(tahun_anggaran) AS tahun FROM omspan_dipa_belanja;
""")
sums = f"{money('sum(pagu)')} AS pagu, {money('sum(realisasi)')} AS realisasi, {money('sum(blokir)')} AS blokir"
after = (f"{money('sum(pagu) - sum(realisasi)')} AS sisa_pagu, {pct('sum(realisasi)', 'sum(pagu)')} AS serapan_pct, "
         f"{pct('sum(realisasi)', 'sum(pagu) - sum(blokir)')} AS serapan_efektif_pct")

marts = {}
marts["satker"] = """SELECT tahun_anggaran, ba, baes1, kdsatker, nmsatker, lokasi, kode_wilayah FROM office"""
marts["serapan_satker"] = f"""SELECT s.tahun_anggaran, per_tanggal, o.ba, o.baes1, s.kdsatker, nmsatker, {sums}, {after}
    FROM spend AS s JOIN office AS o USING (tahun_anggaran, kdsatker) JOIN data_date USING (tahun_anggaran) GROUP BY ALL"""
marts["serapan_eselon1"] = f"""SELECT s.tahun_anggaran, per_tanggal, s.ba, s.baes1, any_value(nmba) AS nmes1,
    count(DISTINCT kdsatker) FILTER (asal <> 'fa') AS jumlah_satker, {sums}, {after}
    FROM spend AS s JOIN data_date USING (tahun_anggaran)
    LEFT JOIN omspan_capaian_ik_eselon1 AS n ON n.ba = s.baes1 AND n.tahun_anggaran = s.tahun_anggaran GROUP BY ALL"""
marts["serapan_jenis_belanja"] = f"""SELECT tahun_anggaran, per_tanggal, left(akun, 2) AS jenis_belanja,
    MAP {{'51': 'Belanja Pegawai', '52': 'Belanja Barang', '53': 'Belanja Modal'}}[left(akun, 2)] AS nm_jenis_belanja, {sums}, {after}
    FROM spend JOIN data_date USING (tahun_anggaran) GROUP BY ALL"""
marts["serapan_bulanan"] = f"""
    WITH m AS (SELECT tahun_anggaran, per_tanggal, unnest(range(1, month(per_tanggal) + 1)) AS bulan FROM data_date),
    r AS (SELECT tahun_anggaran, per_tanggal, bulan, sum(realisasi) FILTER (month(tanggal) = bulan) AS bulan_ini,
        sum(realisasi) FILTER (month(tanggal) <= bulan) AS sampai, sum(pagu) AS pagu
        FROM m JOIN spend USING (tahun_anggaran) GROUP BY ALL)
    SELECT tahun_anggaran, per_tanggal, CAST(bulan AS INT) AS bulan, {money('coalesce(bulan_ini, 0)')} AS realisasi,
        {money('coalesce(sampai, 0)')} AS realisasi_kumulatif, {money('pagu')} AS pagu,
        {pct('coalesce(sampai, 0)', 'pagu')} AS serapan_kumulatif_pct FROM r"""
marts["sisa_dana"] = f"""
    WITH x AS (SELECT tahun_anggaran, kdsatker, akun, pagu, realisasi, 0 AS d, 0 AS k, 0 AS b, 0 AS a, 0 AS s, 1 AS buku, 0 AS fa
            FROM spend WHERE asal <> 'fa'
        UNION ALL SELECT tahun_anggaran, satker, akun, 0, 0, dipa, kontrak, blokir, actual_amt, balancing_amt, 0, 1
            FROM omspan_ketersediaan_dana),
    y AS (SELECT tahun_anggaran, kdsatker, akun, sum(pagu) AS pagu, sum(realisasi) AS realisasi, sum(d) AS d, sum(k) AS k,
        sum(b) AS b, sum(a) AS a, sum(s) AS s, max(buku) AS buku, max(fa) AS fa FROM x GROUP BY ALL)
    SELECT tahun_anggaran, kdsatker, akun, {money('pagu')} AS pagu, {money('realisasi')} AS realisasi, {money('d')} AS fa_dipa,
        {money('k')} AS fa_kontrak, {money('b')} AS fa_blokir, {money('a')} AS fa_actual, {money('s')} AS fa_balancing,
        {money('d - k - b - a')} AS dana_tersedia, {money('d - pagu')} AS selisih_dipa,
        {money('a - realisasi')} AS selisih_realisasi, {money('s - (d - k - b - a)')} AS selisih_balancing,
        CASE WHEN d = pagu AND a = realisasi AND s = d - k - b - a THEN 'cocok' WHEN fa = 0 THEN 'hanya di DIPA/realisasi'
            WHEN buku = 0 THEN 'hanya di FA' ELSE 'beda ' || concat_ws(', ', CASE WHEN d <> pagu THEN 'dipa' END,
            CASE WHEN a <> realisasi THEN 'realisasi' END, CASE WHEN s <> d - k - b - a THEN 'balancing' END) END AS status
    FROM y"""
for level, code, name, extra in [
    ("satker", "kdsatker", "nmsatker", ", kdkppn"), ("eselon1", "ba", "nmba", ""), ("kl", "ba", "nmba", "")]:
    # The fixture scores two indicators.
    marts[f"ikpa_{level}"] = f"""
        WITH s AS (SELECT *, (ik_realisasi * bbt_ind_realisasi + ik_data_kontrak * bbt_ind_kontrak)
            / (bbt_ind_realisasi + bbt_ind_kontrak) AS skor FROM omspan_capaian_ik_{level})
        SELECT tahun_anggaran, periode, {code}, {name}{extra},
            CAST(bbt_ind_realisasi + bbt_ind_kontrak AS DECIMAL(15, 2)) AS jumlah_bobot,
            CAST(round(skor, 2) AS DECIMAL(7, 2)) AS nilai_ikpa, CASE WHEN skor >= 95 THEN 'sangat baik' WHEN skor >= 89 THEN 'baik'
                WHEN skor >= 70 THEN 'cukup' ELSE 'kurang' END AS kategori,
            CASE WHEN ik_data_kontrak < ik_realisasi THEN 'Data kontrak' ELSE 'Penyerapan anggaran' END AS indikator_terlemah,
            least(ik_realisasi, ik_data_kontrak) AS nilai_terlemah FROM s"""

# Revenue.
db.sql("""
CREATE TABLE paid AS
    SELECT year(tgl_buku) AS tahun, month(tgl_buku) AS bulan, * FROM (
        SELECT * FROM omspan_detail_pnbp WHERE mata_uang = 'IDR'
        QUALIFY row_number() OVER (PARTITION BY ntpn, akun, kdsatker, rupiah ORDER BY tanggal_insert_date DESC) = 1);
UPDATE paid SET tahun = tahun_anggaran WHERE tahun IS NULL;
ALTER TABLE paid ADD COLUMN jenis VARCHAR;
UPDATE paid SET jenis = CASE WHEN starts_with(akun, '42591') THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END;
CREATE TABLE target AS SELECT tahun_anggaran::INT AS tahun, kdsatker, akun, target::DECIMAL(20, 2) AS target,
    CASE WHEN starts_with(akun, '42591') THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END AS jenis
    FROM ref_pnbp_target;
CREATE TABLE booked_until AS SELECT tahun, max(tgl_buku) AS per FROM paid GROUP BY ALL;
""")
marts["pnbp_akun"] = f"""
    WITH lines AS (SELECT DISTINCT tahun, kdsatker, akun FROM paid UNION SELECT tahun, kdsatker, akun FROM target),
    x AS (SELECT l.*, (SELECT max(target) FROM target AS t WHERE (t.tahun, t.kdsatker, t.akun) = (l.tahun, l.kdsatker, l.akun)) AS target,
        (SELECT count(tgl_buku) FROM paid AS p WHERE (p.tahun, p.kdsatker, p.akun) = (l.tahun, l.kdsatker, l.akun)) AS n,
        (SELECT coalesce(sum(rupiah) FILTER (tgl_buku IS NOT NULL), 0) FROM paid AS p
            WHERE (p.tahun, p.kdsatker, p.akun) = (l.tahun, l.kdsatker, l.akun)) AS rp,
        (SELECT coalesce(sum(rupiah) FILTER (tgl_buku IS NULL), 0) FROM paid AS p
            WHERE (p.tahun, p.kdsatker, p.akun) = (l.tahun, l.kdsatker, l.akun)) AS later FROM lines AS l)
    SELECT CAST(x.tahun AS INT) AS tahun_anggaran, per AS per_tanggal, x.kdsatker, nmsatker,
        coalesce(kode_wilayah, '{UNMAPPED}') AS kode_wilayah, x.akun, coalesce(a.uraian, '{UNMAPPED}') AS nm_akun,
        CASE WHEN starts_with(x.akun, '42591') THEN 'pengembalian belanja tahun lalu' ELSE 'penerimaan' END AS jenis,
        n AS jumlah_transaksi, {money('rp')} AS rupiah, {money('later')} AS rupiah_belum_dibukukan, target,
        {pct('rp', 'target')} AS capaian_pct
    FROM x LEFT JOIN booked_until AS b USING (tahun) LEFT JOIN office AS o ON o.tahun_anggaran = x.tahun AND o.kdsatker = x.kdsatker
    LEFT JOIN akun AS a ON a.kode = x.akun"""
marts["pnbp_bulanan"] = f"""
    WITH m AS (SELECT b.tahun, per, j.jenis, unnest(range(1, month(per) + 1)) AS bulan
        FROM booked_until AS b JOIN (SELECT DISTINCT tahun, jenis FROM paid UNION SELECT tahun, jenis FROM target) AS j USING (tahun)),
    x AS (SELECT m.*,
        (SELECT count(tgl_buku) FROM paid AS p WHERE p.tahun = m.tahun AND p.jenis = m.jenis AND p.bulan = m.bulan) AS n,
        (SELECT coalesce(sum(rupiah), 0) FROM paid AS p WHERE p.tahun = m.tahun AND p.jenis = m.jenis AND p.bulan = m.bulan) AS rp,
        (SELECT coalesce(sum(rupiah), 0) FROM paid AS p WHERE p.tahun = m.tahun AND p.jenis = m.jenis AND p.bulan <= m.bulan) AS kum,
        (SELECT coalesce(sum(rupiah), 0) FROM paid AS p WHERE p.tahun = m.tahun AND p.jenis = m.jenis AND p.bulan <= m.bulan
            AND NOT EXISTS (SELECT 1 FROM target AS t WHERE (t.tahun, t.kdsatker, t.akun) = (p.tahun, p.kdsatker, p.akun))) AS bare,
        (SELECT coalesce(sum(rupiah), 0) FROM paid AS p WHERE p.tahun = m.tahun - 1 AND p.jenis = m.jenis AND p.bulan = m.bulan
            AND (month(p.tgl_buku), day(p.tgl_buku)) <= (month(m.per), day(m.per))) AS lalu,
        (SELECT coalesce(sum(rupiah), 0) FROM paid AS p WHERE p.tahun = m.tahun - 1 AND p.jenis = m.jenis AND p.bulan <= m.bulan
            AND (month(p.tgl_buku), day(p.tgl_buku)) <= (month(m.per), day(m.per))) AS lalu_kum,
        (SELECT sum(target) FROM target AS t WHERE t.tahun = m.tahun AND t.jenis = m.jenis) AS target,
        m.tahun - 1 IN (SELECT tahun FROM booked_until) AS ada FROM m)
    SELECT CAST(tahun AS INT) AS tahun_anggaran, per AS per_tanggal, jenis, CAST(bulan AS INT) AS bulan, n AS jumlah_transaksi,
        {money('rp')} AS rupiah, {money('kum')} AS rupiah_kumulatif, CASE WHEN ada THEN {money('lalu')} END AS rupiah_tahun_lalu,
        CASE WHEN ada THEN {money('lalu_kum')} END AS rupiah_tahun_lalu_kumulatif,
        CASE WHEN ada THEN {pct('kum - lalu_kum', 'lalu_kum')} END AS tumbuh_pct, {money('target')} AS target,
        {money('bare')} AS rupiah_tanpa_target_kumulatif, {pct('kum', 'target')} AS capaian_pct FROM x"""

# Procurement.
db.sql(f"""
CREATE TABLE orders AS SELECT year(tanggal_transaksi) AS tahun, month(tanggal_transaksi) AS bulan,
        coalesce(s.kdsatker, '{UNMAPPED}') AS kd, u.kelas, total_nilai_project AS v, coalesce(k.nama, '{UNMAPPED}') AS kategori,
        date_diff('day', tanggal_order_placement, tanggal_invoice) AS hari, p.*
    FROM padi_transaksi AS p LEFT JOIN ref_padi_satker AS s USING (id_satker)
    LEFT JOIN ref_padi_kategori_umkm AS u ON u.kode = kategori_umkm LEFT JOIN ref_padi_kategori AS k ON k.kode = kategori_project
""")
umk = "coalesce(sum(v) FILTER (kelas IN ('mikro', 'kecil', 'koperasi')), 0)"
bare = "count(*) FILTER (kelas IS NULL)"
procurement = f"""count(*) AS jumlah_transaksi, count(DISTINCT uid_umkm) AS jumlah_umkm, {money('sum(v)')} AS nilai,
    {money("coalesce(sum(v) FILTER (tipe_nilai_project = 'CAPEX'), 0)")} AS nilai_capex,
    {money("coalesce(sum(v) FILTER (tipe_nilai_project = 'OPEX'), 0)")} AS nilai_opex, {money(umk)} AS nilai_umk,
    {money("coalesce(sum(v) FILTER (kelas IS NULL), 0)")} AS nilai_tanpa_kelas,
    CASE WHEN {bare} = 0 THEN {pct(umk, 'sum(v)')} END AS umk_pct, CAST(40 AS DECIMAL(9, 4)) AS target_umk_pct,
    CASE WHEN {bare} = 0 THEN {umk} >= 0.4 * sum(v) END AS memenuhi_target_umk,
    {money("coalesce(sum(v) FILTER (is_pdn = 1), 0)")} AS nilai_pdn,
    {pct("coalesce(sum(v) FILTER (is_pdn = 1), 0)", "sum(v)")} AS pdn_pct,
    CAST(round(sum(v * tkdn) / sum(v), 4) AS DECIMAL(9, 4)) AS tkdn_pct, count(hari) AS jumlah_bersiklus,
    CAST(round(avg(hari), 2) AS DECIMAL(9, 2)) AS rata_waktu_siklus,
    count(*) FILTER (hari > target_penyelesaian) AS jumlah_melewati_target"""
marts["pengadaan_satker"] = f"""SELECT CAST(tahun AS INT) AS tahun, kd AS kdsatker, any_value(nmsatker) AS nmsatker,
    coalesce(any_value(kode_wilayah), '{UNMAPPED}') AS kode_wilayah, count(DISTINCT id_satker) AS jumlah_id_satker, {procurement}
    FROM orders LEFT JOIN office AS o ON o.tahun_anggaran = tahun AND o.kdsatker = kd GROUP BY tahun, kd"""
marts["pengadaan_kategori"] = f"""SELECT CAST(tahun AS INT) AS tahun, kategori_project, kategori AS nm_kategori_project,
    count(DISTINCT kd) AS jumlah_satker, {pct('sum(v)', 'sum(sum(v)) OVER (PARTITION BY tahun)')} AS porsi_pct,
    {procurement} FROM orders GROUP BY tahun, kategori_project, kategori"""
marts["padi_umk_share"] = f"""SELECT CAST(tahun AS INT) AS tahun, CAST(bulan AS INT) AS bulan,
    * EXCLUDE (tahun, bulan, nilai_capex, nilai_opex, memenuhi_target_umk, jumlah_bersiklus, rata_waktu_siklus, jumlah_melewati_target)
    FROM (SELECT tahun, bulan, {procurement} FROM orders GROUP BY tahun, bulan)"""
marts["pengadaan_vs_realisasi"] = f"""
    WITH x AS (SELECT tahun, bulan, kd, 1 AS n, v, CASE WHEN tipe_nilai_project = 'CAPEX' THEN v ELSE 0 END AS c, 0 AS b, 0 AS m
            FROM orders
        UNION ALL SELECT tahun_anggaran, month(tanggal), kdsatker, 0, 0, 0, CASE WHEN akun[:2] = '52' THEN realisasi ELSE 0 END,
            CASE WHEN akun[:2] = '53' THEN realisasi ELSE 0 END FROM spend WHERE asal = 'realisasi' AND akun[:2] IN ('52', '53'))
    SELECT CAST(x.tahun AS INT) AS tahun_anggaran, CAST(bulan AS INT) AS bulan, kd AS kdsatker, any_value(nmsatker) AS nmsatker,
        sum(n)::BIGINT AS jumlah_transaksi, {money('sum(v)')} AS nilai_padi, {money('sum(v) - sum(c)')} AS nilai_opex,
        {money('sum(c)')} AS nilai_capex, {money('sum(b)')} AS realisasi_barang, {money('sum(m)')} AS realisasi_modal,
        {money('sum(b) + sum(m)')} AS realisasi_barang_modal, {pct('sum(v)', 'sum(b) + sum(m)')} AS padi_pct
    FROM x LEFT JOIN office AS o ON o.tahun_anggaran = x.tahun AND o.kdsatker = kd GROUP BY x.tahun, bulan, kd"""

# The regional plan.
db.sql("""
CREATE TABLE activity AS SELECT tahun_anggaran, id_kantor, id_instansi, id_program, nama_program, id_kegiatan, id_rka, nama_kegiatan,
    any_value(nama_jenis_urusan) AS nama_jenis_urusan, any_value(nama_urusan) AS nama_urusan, any_value(sumber_dana) AS sumber_dana,
    any_value(pagu) AS pagu, sum(jumlah) AS jumlah, count(*) AS n FROM simda_rka GROUP BY ALL
""")
marts["rka_kegiatan"] = f"""SELECT tahun_anggaran, id_kantor, id_instansi, nama_instansi, nama_jenis_urusan, nama_urusan, id_program,
    nama_program, id_kegiatan, id_rka, nama_kegiatan, sumber_dana, pagu, {money('jumlah')} AS jumlah,
    {money('pagu - jumlah')} AS sisa_pagu, n AS jumlah_rincian, {pct('jumlah', 'pagu')} AS jumlah_pct
    FROM activity LEFT JOIN simda_instansi AS i USING (id_kantor, id_instansi)"""
marts["rencana_anggaran"] = f"""
    WITH x AS (SELECT *, concat_ws('.', rek_akun, rek_kelompok, rek_belanja, rek_bagian, rek_sub_bagian) AS rek FROM simda_rka)
    SELECT tahun_anggaran, id_kantor, id_instansi, coalesce(any_value(nama_instansi), '{UNMAPPED}') AS nama_instansi, rek AS rekening,
        any_value(nama_sub_bagian) AS nama_rekening, concat_ws('.', rek_akun, rek_kelompok, rek_belanja) AS rekening_jenis,
        any_value(nama_rek_kelompok) AS nama_rek_kelompok, any_value(nama_rek_belanja) AS nama_rek_belanja,
        any_value(nama_rek_bagian) AS nama_rek_bagian, count(DISTINCT id_rka) AS jumlah_kegiatan, count(*) AS jumlah_rincian,
        {money('sum(jumlah)')} AS jumlah, {pct('sum(jumlah)', 'sum(sum(jumlah)) OVER (PARTITION BY id_kantor, id_instansi)')} AS porsi_pct
    FROM x LEFT JOIN simda_instansi AS i USING (id_kantor, id_instansi)
    GROUP BY tahun_anggaran, id_kantor, id_instansi, rek, rek_akun, rek_kelompok, rek_belanja"""

# Permits.
region = "CASE WHEN {0} IS NULL THEN NULL WHEN {0}[3:4] IN ('', '00') THEN {0}[:2] ELSE {0}[:4] END"
scales = "MAP {'01': 'Usaha Mikro', '02': 'Usaha Kecil', '03': 'Usaha Menengah', '04': 'Usaha Besar'}"
db.sql(f"""
CREATE TABLE project AS SELECT n.nib, p.id_proyek, p.kbli, p.sektor, CASE coalesce(p.skala_usaha, n.skala_usaha)
        WHEN '01' THEN '01' WHEN 'Usaha Kecil' THEN '02' WHEN '4' THEN '04' ELSE '{UNMAPPED}' END AS skala,
    n.jenis_pelaku_usaha, n.status_penanaman_modal, n.perseroan_daerah_id[:2] AS prov,
    coalesce((SELECT {region.format('proyek_daerah_id')} FROM oss_nib_proyek_lokasi AS l
        WHERE (l.nib, l.id_proyek) = (p.nib, p.id_proyek) ORDER BY id_proyek_lokasi LIMIT 1),
        {region.format('n.perseroan_daerah_id')}, '{UNMAPPED}') AS kode, jumlah_investasi AS inv,
    coalesce(jumlah_tki_l, 0) + coalesce(jumlah_tki_p, 0) AS tki, coalesce(jumlah_tka_l, 0) + coalesce(jumlah_tka_p, 0) AS tka
    FROM oss_nib AS n LEFT JOIN oss_nib_proyek AS p ON p.nib = n.nib;
CREATE TABLE permit AS SELECT DISTINCT i.nib, i.id_izin, coalesce({region.format('i.kd_daerah')}, p.kode) AS kode, p.skala, s.kd_status
    FROM oss_nib_izin AS i LEFT JOIN project AS p ON (p.nib, p.id_proyek) = (i.nib, i.id_proyek)
    LEFT JOIN oss_status_izin AS s USING (id_izin);
CREATE TABLE place_name AS SELECT replace(kode, '.', '') AS kode, nama FROM ref_wilayah;
""")
marts["oss_nib"] = f"""SELECT skala AS skala_usaha, coalesce({scales}[skala], '{UNMAPPED}') AS nm_skala_usaha, p.kbli,
    any_value(judul) AS nm_kbli, any_value(sektor) AS sektor,
    CASE jenis_pelaku_usaha WHEN '02' THEN 'perseorangan' ELSE 'badan usaha' END AS pelaku, status_penanaman_modal, prov AS kode_provinsi,
    count(DISTINCT nib) AS jumlah_nib, count(id_proyek) AS jumlah_proyek, {money('coalesce(sum(inv), 0)')} AS jumlah_investasi,
    sum(tki)::BIGINT AS tenaga_kerja_indonesia, sum(tka)::BIGINT AS tenaga_kerja_asing
    FROM project AS p LEFT JOIN ref_kbli AS k ON k.kode = p.kbli
    GROUP BY skala, p.kbli, jenis_pelaku_usaha, status_penanaman_modal, prov"""
marts["izin_wilayah"] = f"""
    WITH k AS (SELECT kode, skala FROM project UNION SELECT kode, skala FROM permit)
    SELECT k.kode AS kode_wilayah, coalesce((SELECT nama FROM place_name AS n WHERE n.kode = k.kode), '{UNMAPPED}') AS nm_wilayah,
        skala AS skala_usaha, coalesce({scales}[skala], '{UNMAPPED}') AS nm_skala_usaha,
        (SELECT count(DISTINCT nib) FROM project AS p WHERE (p.kode, p.skala) = (k.kode, k.skala)) AS jumlah_nib,
        (SELECT count(id_proyek) FROM project AS p WHERE (p.kode, p.skala) = (k.kode, k.skala)) AS jumlah_proyek,
        (SELECT {money('coalesce(sum(inv), 0)')} FROM project AS p WHERE (p.kode, p.skala) = (k.kode, k.skala)) AS jumlah_investasi,
        (SELECT coalesce(sum(tki), 0)::BIGINT FROM project AS p WHERE (p.kode, p.skala) = (k.kode, k.skala)) AS tenaga_kerja_indonesia,
        (SELECT coalesce(sum(tka), 0)::BIGINT FROM project AS p WHERE (p.kode, p.skala) = (k.kode, k.skala)) AS tenaga_kerja_asing,
        """ + ", ".join(
    f"(SELECT count(*) FROM permit AS p WHERE (p.kode, p.skala) = (k.kode, k.skala) AND {when}) AS {name}"
    for name, when in [
        ("jumlah_izin", "true"), ("izin_disetujui", "kd_status IN ('50', '57')"), ("izin_ditolak", "kd_status IN ('90', '93')"),
        ("izin_diproses", "kd_status NOT IN ('50', '57', '90', '93')"), ("izin_tanpa_status", "kd_status IS NULL")]
) + " FROM k"

# What changed in the budget, newest against the one before.
marts["perubahan_pagu"] = f"""
    WITH d AS (SELECT DISTINCT tahun_anggaran, snapshot_date FROM all_omspan_dipa_belanja),
    two AS (SELECT tahun_anggaran, max(snapshot_date, 2)[1] AS baru, max(snapshot_date, 2)[2] AS lama FROM d GROUP BY ALL),
    x AS (SELECT a.*, lama, baru FROM all_omspan_dipa_belanja AS a JOIN two USING (tahun_anggaran)
        WHERE lama IS NOT NULL AND snapshot_date IN (lama, baru) AND budget_type = '2' AND left(akun, 1) IN ('5', '6')
        AND NOT contains(kdsatker, 'Z')),
    y AS (SELECT tahun_anggaran, CAST(lama AS DATE) AS tanggal_lama, CAST(baru AS DATE) AS tanggal_baru, ba, baes1, kdsatker, program, kegiatan, output, akun, sumber_dana,
        lokasi, sum(amount) FILTER (snapshot_date = lama) AS l, sum(amount) FILTER (snapshot_date = baru) AS b FROM x GROUP BY ALL)
    SELECT y.tahun_anggaran, tanggal_lama, tanggal_baru, y.ba, y.baes1, y.kdsatker, nmsatker, program, kegiatan, output, akun,
        sumber_dana, y.lokasi, CASE WHEN l IS NULL THEN 'baru' WHEN b IS NULL THEN 'hilang' WHEN b > l THEN 'bertambah'
        ELSE 'berkurang' END AS perubahan, {money('coalesce(l, 0)')} AS pagu_lama, {money('coalesce(b, 0)')} AS pagu_baru,
        {money('coalesce(b, 0) - coalesce(l, 0)')} AS selisih, {pct('coalesce(b, 0) - l', 'l')} AS selisih_pct
    FROM y LEFT JOIN office AS o USING (tahun_anggaran, kdsatker) WHERE coalesce(l, 0) <> coalesce(b, 0)"""


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def rows_of(sql):
    found = db.sql(sql)
    return [dict(zip(found.columns, map(text, row))) for row in found.fetchall()]


def one(sql):
    return db.sql(sql).fetchall()


# Welfare: cells are closed by walking down the regions.
families = one("SELECT id_keluarga_p3ke, kode_kemdagri, desil_kesejahteraan, nik, kecamatan, desa_kelurahan, kabupaten_kota FROM sipp_p3ke")
aid = one("""SELECT nik, kode_kemdagri, nama_opd, program_kode, program_nama, kegiatan_kode, kegiatan_nama, sub_kegiatan_kode,
    sub_kegiatan_nama FROM sipp_bantuan""")
programmes = defaultdict(set)
home = {}
for nik, code, *rest in aid:
    if nik:
        programmes[nik].add(rest[1])
        home[nik] = min(home.get(nik, code), code)
listed = {f[3]: f for f in families if f[3]}
COUNTS = ["keluarga_desil_1", "keluarga_desil_2", "keluarga_desil_3", "keluarga_desil_4", "keluarga_desil_lain", "terbantu_desil_1",
          "terbantu_desil_2", "keluarga_tanpa_nik", "penerima", "penerima_rangkap", "penerima_luar_p3ke", "bantuan_tanpa_nik"]


def path(code):
    return ["semua", code[:4], code[:6], code] if code else [None, UNMAPPED, UNMAPPED, UNMAPPED]


LEVELS = ["semua", "kabkota", "kecamatan", "desa"]
value = defaultdict(lambda: [0, 0])
below = defaultdict(set)


def add(code, count, number, rest):
    way = path(code)
    for level, region_code in enumerate(way):
        if region_code:
            value[LEVELS[level], region_code, count][0] += number
            value[LEVELS[level], region_code, count][1] += rest
            if level and way[level - 1]:
                below[LEVELS[level - 1], way[level - 1]].add((LEVELS[level], region_code))
            elif level == 1:
                below["outside", None].add((LEVELS[level], region_code))


for _, code, decile, nik, *_ in families:
    helped = nik in programmes
    add(code, f"keluarga_desil_{decile}" if decile <= 4 else "keluarga_desil_lain", 1, 1)
    if decile <= 2:
        add(code, f"terbantu_desil_{decile}", int(helped), int(not helped))
    if not nik:
        add(code, "keluarga_tanpa_nik", 1, 1)
for nik, codes in programmes.items():
    add(home[nik], "penerima", 1, 1)
    add(home[nik], "penerima_rangkap", int(len(codes) > 1), int(len(codes) == 1))
    add(home[nik], "penerima_luar_p3ke", int(nik not in listed), int(nik in listed))
for nik, code, *_ in aid:
    if not nik:
        add(code, "bantuan_tanpa_nik", 1, 1)

small = lambda n: 1 <= n <= 4
closed = {}


def walk(node, count, closed_above):
    children = [c for c in below[node] if any(value[(*c, count)])]
    order = []
    for child in children:
        n, rest = value[(*child, count)]
        grade = 0 if small(n) or small(rest) else 1 if n and rest else 2
        order.append((grade, min(n, rest), n + rest, child[1], child, n, rest))
    order.sort()
    needed = closed_above or any(o[0] == 0 for o in order)
    kept = sum_n = sum_rest = 0
    for grade, _, _, _, child, n, rest in order:
        shut = grade == 0 or (needed and (kept < 2 or sum_n < 5 or sum_rest < 5))
        closed[(*child, count)] = shut
        kept, sum_n, sum_rest = kept + 1, sum_n + n, sum_rest + rest
        walk(child, count, shut)


for count in COUNTS:
    n, rest = value["semua", "semua", count]
    closed["semua", "semua", count] = small(n) or small(rest)
    walk(("semua", "semua"), count, closed["semua", "semua", count])
    for child in below["outside", None]:
        n, rest = value[(*child, count)]
        for level in LEVELS[1:]:
            closed[level, UNMAPPED, count] = small(n) or small(rest)


def shown(level, code, count):
    return None if closed.get((level, code, count)) else value[level, code, count][0]


def share(part, whole):
    if part is None or not whole:
        return None
    return text(one(f"SELECT {pct(part, whole)}")[0][0])


def plus(*parts):
    return None if None in parts else sum(parts)


names = {}
for _, code, _, _, kecamatan, desa, kab in families:
    if code:
        names["desa", code] = (desa, kab, kecamatan)
        names["kecamatan", code[:6]] = (kecamatan, kab, kecamatan)
        names["kabkota", code[:4]] = (kab, kab, None)
for nik, code, *_ in aid:
    for level, digits in (("desa", 10), ("kecamatan", 6), ("kabkota", 4)):
        names.setdefault((level, code[:digits]), None)
# A village that only aid names has its names from there.
for code, kecamatan, desa in one("SELECT DISTINCT kode_kemdagri, kecamatan, desa_kelurahan FROM sipp_bantuan"):
    names["desa", code] = names["desa", code] or (desa, None, kecamatan)
    names["kecamatan", code[:6]] = names["kecamatan", code[:6]] or (kecamatan, None, kecamatan)
names["semua", "semua"] = ("Semua", None, None)
parents = {child: parent[1] for parent, children in below.items() for child in children}
welfare = []
for level, code in sorted({key[:2] for key, cell in value.items() if any(cell)}):
    name, kab, kecamatan = names.get((level, code)) or (UNMAPPED, None, None)
    cell = {count: shown(level, code, count) for count in COUNTS}
    k1, k2, t1, t2 = (cell[c] for c in ("keluarga_desil_1", "keluarga_desil_2", "terbantu_desil_1", "terbantu_desil_2"))
    parent = parents.get((level, code))
    if code == UNMAPPED:
        parent = UNMAPPED
    welfare.append({
        "tingkat": level, "kode": code, "induk": parent, "nama": name, "kabkota": kab, "kecamatan": kecamatan,
        "keluarga": text(plus(*(cell[c] for c in COUNTS[:5]))), **{c: text(cell[c]) for c in COUNTS[:5]},
        "terbantu_desil_1": text(t1), "cakupan_desil_1_pct": share(t1, k1), "terbantu_desil_1_2": text(plus(t1, t2)),
        "cakupan_desil_1_2_pct": share(plus(t1, t2), plus(k1, k2)), "penerima": text(cell["penerima"]),
        "penerima_rangkap": text(cell["penerima_rangkap"]), "rangkap_pct": share(cell["penerima_rangkap"], cell["penerima"]),
        "penerima_luar_p3ke": text(cell["penerima_luar_p3ke"]), "luar_p3ke_pct": share(cell["penerima_luar_p3ke"], cell["penerima"]),
        "keluarga_tanpa_nik": text(cell["keluarga_tanpa_nik"]), "bantuan_tanpa_nik": text(cell["bantuan_tanpa_nik"]),
        "sel_tertutup": str(sum(bool(closed.get((level, code, count))) for count in COUNTS)),
    })
out = {"kesejahteraan_wilayah": welfare}
for level, key, label in (("desa", "kode_desa", "desa_kelurahan"), ("kecamatan", "kode_kecamatan", "kecamatan")):
    rows = []
    for row in welfare:
        if row["tingkat"] == level:
            rest = {k: v for k, v in row.items() if k not in ("tingkat", "kode", "induk", "nama")}
            rest.update({key: row["kode"], label: row["nama"]})
            rows.append(rest)
    out[f"kesejahteraan_{level}"] = rows

# Programmes of aid and their budget.
plain = lambda words: re.sub("[^A-Z0-9]+", " ", re.sub("^[0-9.X ]+", "", words or "").upper()).strip() or None
agencies = {row["nama_opd"].upper(): row["id_instansi"] for row in csv.DictReader(open(reference / "opd_instansi.csv"))}
latest_year = one("SELECT max(tahun_anggaran) FROM activity")[0][0]
activities = one(f"""SELECT tahun_anggaran, id_kantor, id_instansi, id_program, id_rka, nama_program, nama_kegiatan, pagu, jumlah
    FROM activity WHERE tahun_anggaran = {latest_year}""")
kinds = defaultdict(list)
for nik, code, *kind in aid:
    kinds[tuple(kind)].append(nik)


def matches(kind):
    opd, _, program, _, kegiatan, _, sub = kind
    mine = [a for a in activities if agencies.get(opd.upper(), a[2]) == a[2]]
    for level, name, column in (("sub kegiatan", sub, 6), ("kegiatan", kegiatan, 6), ("program", program, 5)):
        found = [a for a in mine if plain(a[column]) == plain(name)]
        if found:
            return level, found
    return UNMAPPED, []


by_size = sorted(kinds, key=lambda k: (not (small(len({n for n in kinds[k] if n})) or len(kinds[k]) < 5), len(kinds[k]), *map(str, k)))
shut, kept, total = set(), 0, 0
trigger = any(small(len({n for n in kinds[k] if n})) or len(kinds[k]) < 5 for k in kinds)
for kind in by_size:
    people = {n for n in kinds[kind] if n}
    if small(len(people)) or len(kinds[kind]) < 5 or (trigger and (kept < 2 or total < 5)):
        shut.add(kind)
    kept, total = kept + 1, total + len(kinds[kind])


def reached(people, shut_row):
    inside = {n for n in people if n in listed}
    poor = {n for n in inside if listed[n][2] in (1, 2)}
    outside = len(people) - len(inside)
    hide = lambda n, *rest: None if shut_row or small(n) or any(map(small, rest)) else str(n)
    return hide(len(people)), hide(len(inside), outside), hide(len(poor), len(inside) - len(poor)), hide(outside, len(inside))


HEAD = ["nama_opd", "program_kode", "program_nama", "kegiatan_kode", "kegiatan_nama", "sub_kegiatan_kode", "sub_kegiatan_nama"]
amount = lambda numbers: text(sum(numbers)) if numbers else None
out["bantuan_program"] = []
for kind, given in kinds.items():
    level, found = matches(kind)
    people, inside, poor, outside = reached({n for n in given if n}, kind in shut)
    out["bantuan_program"].append(dict(
        zip(HEAD, kind), jumlah_bantuan=None if kind in shut else str(len(given)), jumlah_penerima=people, keluarga_terbantu=inside,
        keluarga_desil_1_2_terbantu=poor, penerima_luar_p3ke=outside, tertutup=text(kind in shut), cocok_pada=level,
        tahun_anggaran=str(latest_year) if found else None, jumlah_kegiatan_rka=str(len(found)), pagu=amount([a[7] for a in found]),
        jumlah_rka=amount([a[8] for a in found])))
grouped = defaultdict(list)
for kind in kinds:
    grouped[kind[:3]].append(kind)
out["anggaran_kesejahteraan"] = []
RANK = ["sub kegiatan", "kegiatan", "program", UNMAPPED]
for head, members in grouped.items():
    found = {a[4]: a for kind in members for a in matches(kind)[1]}
    level = max((matches(kind)[0] for kind in members), key=RANK.index)
    people, inside, poor, _ = reached({n for kind in members for n in kinds[kind] if n}, any(kind in shut for kind in members))
    used = {(a[1], a[2], a[3]) for a in found.values()}
    pagu = sum(a[7] for a in found.values())
    each = lambda n: text(one(f"SELECT {money(f'round({pagu} / {n}, 2)')}")[0][0]) if found and n and n != "0" else None
    out["anggaran_kesejahteraan"].append(dict(
        zip(HEAD, head), cocok_pada=level, sebagian=text(level == UNMAPPED and bool(found)),
        tahun_anggaran=str(latest_year) if found else None, jumlah_kegiatan_rka=str(len(found)),
        pagu_program=amount([a[7] for a in activities if (a[1], a[2], a[3]) in used]),
        pagu_kegiatan=amount([a[7] for a in found.values()]), jumlah_rka=amount([a[8] for a in found.values()]),
        jumlah_penerima=people, keluarga_terbantu=inside, keluarga_desil_1_2_terbantu=poor, pagu_per_penerima=each(people),
        pagu_per_keluarga=each(inside)))

for name, sql in marts.items():
    out[name] = rows_of(sql)

# Regions and headlines.
tahun = one("SELECT tahun FROM newest")[0][0]
db.sql(f"CREATE TABLE kantor AS SELECT * FROM ref_kantor_wilayah")
regional = f"""SELECT coalesce(k.kode, '{UNMAPPED}') AS kode, sum(pagu) AS pagu, sum(jumlah) AS jumlah FROM activity
    LEFT JOIN kantor AS k USING (id_kantor) WHERE tahun_anggaran = {latest_year} GROUP BY 1"""
codes = {r[0] for r in one(f"""SELECT kode_wilayah FROM office WHERE tahun_anggaran = {tahun} UNION SELECT kode FROM project
    UNION SELECT kode FROM permit UNION SELECT kode FROM ({regional})""")}
codes |= {r["kode_wilayah"] for r in out["pnbp_akun"] + out["pengadaan_satker"] if r.get("tahun_anggaran", r.get("tahun")) == str(tahun)}
kab = {r["kode"]: r for r in welfare if r["tingkat"] == "kabkota"}
codes |= set(kab)
out["wilayah_ringkas"] = []


def first(sql):
    return [text(v) for v in one(sql)[0]]


for code in codes:
    spend_sql = f"FROM spend JOIN office AS o USING (tahun_anggaran, kdsatker) WHERE tahun_anggaran = {tahun} AND kode_wilayah = '{code}'"
    n, pagu, realisasi, blokir, serapan = first(f"""SELECT count(DISTINCT kdsatker), {money('coalesce(sum(pagu), 0)')},
        {money('coalesce(sum(realisasi), 0)')}, {money('coalesce(sum(blokir), 0)')}, {pct('sum(realisasi)', 'sum(pagu)')} {spend_sql}""")
    pnbp, aim = first(f"""SELECT {money('coalesce(sum(rupiah), 0)')}, sum(target) FROM ({marts['pnbp_akun']})
        WHERE tahun_anggaran = {tahun} AND kode_wilayah = '{code}' AND jenis = 'penerimaan'""")
    v, share_umk, share_pdn = first(f"""SELECT {money('coalesce(sum(nilai), 0)')},
        CASE WHEN sum(nilai_tanpa_kelas) = 0 THEN {pct('sum(nilai_umk)', 'sum(nilai)')} END, {pct('sum(nilai_pdn)', 'sum(nilai)')}
        FROM ({marts['pengadaan_satker']}) WHERE tahun = {tahun} AND kode_wilayah = '{code}'""")
    plan = {r[0]: r for r in one(regional)}.get(code)
    nib, proyek, inv = first(f"""SELECT count(DISTINCT nib), count(id_proyek), {money('coalesce(sum(inv), 0)')} FROM project
        WHERE kode = '{code}'""")
    izin, setuju = first(f"SELECT count(*), count(*) FILTER (kd_status IN ('50', '57')) FROM permit WHERE kode = '{code}'")
    here = kab.get(code)
    people = lambda column: here[column] if here else "0"
    named = one(f"SELECT nama FROM place_name WHERE kode = '{code}'")
    out["wilayah_ringkas"].append({
        "kode_wilayah": code, "tingkat": UNMAPPED if code == UNMAPPED else "provinsi" if len(code) == 2 else "kabkota",
        "nm_wilayah": named[0][0] if named else here["nama"] if here else UNMAPPED, "tahun_anggaran": str(tahun), "jumlah_satker": n,
        "pagu": pagu, "realisasi": realisasi, "blokir": blokir, "serapan_pct": serapan, "pnbp": pnbp, "target_pnbp": aim,
        "nilai_padi": v, "umk_pct": share_umk, "pdn_pct": share_pdn, "keluarga": people("keluarga"),
        "keluarga_desil_1": people("keluarga_desil_1"), "cakupan_desil_1_pct": here and here["cakupan_desil_1_pct"],
        "cakupan_desil_1_2_pct": here and here["cakupan_desil_1_2_pct"], "penerima": people("penerima"),
        "penerima_luar_p3ke": people("penerima_luar_p3ke"), "pagu_daerah": text(plan[1]) if plan else "0.00",
        "rka_daerah": text(plan[2]) if plan else "0.00", "jumlah_nib": nib, "jumlah_proyek": proyek, "jumlah_investasi": inv,
        "jumlah_izin": izin, "izin_disetujui": setuju})

everyone = [r for r in welfare if r["tingkat"] == "semua"][0]
kl = sorted(out["ikpa_kl"], key=lambda r: r["periode"])[-1]
growth = max((r for r in out["pnbp_bulanan"] if r["tahun_anggaran"] == str(tahun) and r["jenis"] == "penerimaan"), key=lambda r: int(r["bulan"]))
head = rows_of(f"""SELECT {tahun} AS tahun_anggaran, (SELECT per_tanggal FROM data_date WHERE tahun_anggaran = {tahun}) AS per_tanggal,
    count(DISTINCT kdsatker) FILTER (asal <> 'fa') AS jumlah_satker, {sums}, {after} FROM spend WHERE tahun_anggaran = {tahun}""")[0]
buying = rows_of(f"SELECT {procurement} FROM orders WHERE tahun = {tahun}")[0]
nib, proyek, inv = first("SELECT count(DISTINCT nib), count(id_proyek), sum(inv) FROM project")
izin, setuju = first("SELECT count(*), count(*) FILTER (kd_status IN ('50', '57')) FROM permit")
out["ringkasan_pimpinan"] = [{
    **head, "ikpa_periode": kl["periode"], "nilai_ikpa": kl["nilai_ikpa"], "ikpa_kategori": kl["kategori"],
    "ikpa_indikator_terlemah": kl["indikator_terlemah"], "pnbp_per_tanggal": growth["per_tanggal"], "pnbp": growth["rupiah_kumulatif"],
    "target_pnbp": growth["target"], "capaian_pnbp_pct": growth["capaian_pct"], "pnbp_tumbuh_pct": growth["tumbuh_pct"],
    "nilai_padi": buying["nilai"], **{c: buying[c] for c in ("umk_pct", "target_umk_pct", "pdn_pct", "tkdn_pct")},
    **{c: everyone[c] for c in ("keluarga", "keluarga_desil_1", "cakupan_desil_1_pct", "cakupan_desil_1_2_pct", "penerima",
                                "penerima_rangkap", "penerima_luar_p3ke")},
    "tahun_daerah": str(latest_year), "pagu_daerah": first(f"SELECT sum(pagu) FROM ({regional})")[0], "jumlah_nib": nib,
    "jumlah_proyek": proyek, "jumlah_investasi": inv, "jumlah_izin": izin, "izin_disetujui": setuju}]

for name, rows in out.items():
    print(json.dumps({"mart": name, "rows": rows}, ensure_ascii=False))
