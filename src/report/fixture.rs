//! A small ministry for the tests: rows of the source systems, so that a test follows a figure from the posting to the mail.
//! Every figure here is round enough to be checked by hand; `tests.rs` says what must come out.

use super::definition::ReportDefinition;
use super::inputs::{Deployment, Inputs, SourceNote};
use super::queries::QuerySet;
use super::recipients::{Audience, audiences, recipients};
use super::rows::{Parameter, Parameters, QueryFailure, Rows, Session};
use crate::catalog::fixture::Fixture;
use crate::catalog::{Bound, Catalog};
use crate::config::ConfigFolder;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use futures::future::BoxFuture;
use serde_json::{Value, json};

/// The tables of a small ministry. The files live as long as it does.
pub(crate) struct World {
    catalog: Catalog,
    _fixture: Fixture,
}

impl Rows for World {
    fn rows<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a Parameters,
    ) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>> {
        let bound = |parameter: &Parameter| match parameter {
            Parameter::Null => Bound::Null,
            Parameter::Text(text) => Bound::Text(text.clone()),
            Parameter::Date(date) => Bound::Date(*date),
            Parameter::Decimal(unscaled, scale) => Bound::Decimal(*unscaled, i8::try_from(*scale).unwrap()),
        };
        let values: Vec<(String, Bound)> =
            parameters.iter().map(|(name, parameter)| (name.clone(), bound(parameter))).collect();
        Box::pin(async move { Ok(self.catalog.query_bound(sql, &values).await?.collect().await?) })
    }
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Pagu and realisation of one satker and account by the end of October, in millions of rupiah.
struct Line {
    satker: &'static str,
    unit: &'static str,
    akun: &'static str,
    pagu: i64,
    realisasi: i64,
}

const fn line(satker: &'static str, unit: &'static str, akun: &'static str, pagu: i64, realisasi: i64) -> Line {
    Line { satker, unit, akun, pagu, realisasi }
}

/// Rp1,50 triliun of which Rp1,071 triliun are spent: 71,4 percent. A tenth of it each month.
const LINES: [Line; 6] = [
    line("430101", "05601", "511111", 500_000, 438_500),
    line("430101", "05601", "521111", 100_000, 41_500),
    line("431001", "05602", "531111", 100_000, 31_200),
    line("431002", "05602", "521111", 580_000, 437_900),
    line("431002", "05602", "531111", 200_000, 111_900),
    line("431003", "05603", "521111", 20_000, 10_000),
];

fn millions(amount: i64) -> String {
    format!("{amount}000000")
}

fn budget(line: &Line, amount: &str) -> Value {
    json!({"kdsatker": line.satker, "ba": "056", "baes1": line.unit, "akun": line.akun,
        "program": format!("{}WA", line.unit), "kegiatan": "1001", "output": "EBA", "budget_type": "2", "amount": amount})
}

fn posting(line: &Line, day: &str, newest: &str, amount: &str) -> Value {
    let mut posting = budget(line, amount);
    for (key, value) in [("tanggal", day), ("maxdate", newest)] {
        posting[key] = value.into();
    }
    posting["rownum"] = 1.into();
    posting
}

/// DIPA, postings and fund availability after `months` of 2026, and all of 2025.
fn spending(fixture: Fixture, months: i64, newest: &str) -> Fixture {
    let (mut dipa, mut postings, mut available) = (Vec::new(), Vec::new(), Vec::new());
    for line in &LINES {
        // The largest line was raised by Rp20,0 miliar in October.
        let raised = if line.pagu == 580_000 && months < 10 { 20_000 } else { 0 };
        dipa.push(budget(line, &millions(line.pagu - raised)));
        for month in 1..=months {
            let day = format!("2026-{month:02}-15");
            postings.push(posting(line, &day, newest, &format!("{}00000", line.realisasi)));
        }
        available.push(fund_availability(line, months, raised));
    }
    let old =
        [("511111", "2025-10-15", 401_200), ("521111", "2025-10-15", 455_600), ("531111", "2025-12-20", 473_200)];
    let last_year = |(akun, day, amount): &(&'static str, &str, i64)| {
        posting(&line("430101", "05601", akun, 0, 0), day, "2025-12-31", &millions(*amount))
    };
    fixture
        .with("dipa_belanja", 2026, &dipa)
        .with("dipa_belanja", 2025, &[budget(&LINES[0], &millions(1_400_000))])
        .with("realisasi_belanja", 2026, &postings)
        .with("realisasi_belanja", 2025, &old.iter().map(last_year).collect::<Vec<_>>())
        .with("ketersediaan_dana", 2026, &available)
}

/// As the books say, but: 12 miliar blocked, 53 of satker 431002 contracted beyond its pagu, a posting of satker 431001 that
/// fund availability does not have yet.
fn fund_availability(line: &Line, months: i64, raised: i64) -> Value {
    let (dipa, actual) = ((line.pagu - raised) * 1_000_000, line.realisasi * months * 100_000);
    let (mut kontrak, mut blokir, mut missing) = (0, 0, 0);
    match (line.satker, line.akun) {
        ("430101", "521111") => blokir = 12_000_000_000,
        ("431002", "531111") => kontrak = dipa - actual + 12_345_678,
        ("431001", _) => missing = 2_500_000_000,
        _ => {}
    }
    let actual = actual - missing;
    json!({"satker": line.satker, "akun": line.akun, "program": format!("{}WA", line.unit), "output": "1001EBA",
        "budget_type": "2", "dipa": dipa.to_string(), "kontrak": kontrak.to_string(), "blokir": blokir.to_string(),
        "actual_amt": actual.to_string(), "balancing_amt": (dipa - kontrak - blokir - actual).to_string()})
}

/// IKPA of the body, its units and its satkers in one month: 40 parts of the absorption, 60 of the output.
fn scores(fixture: Fixture, month: &str, absorption: &str) -> Fixture {
    let kl = json!({"ba": "056", "nmba": "KEMENTERIAN", "periode": month, "ik_realisasi": absorption,
        "bbt_ind_realisasi": "40", "ik_capaian_output": "95.70", "bbt_ind_cap_output": "60"});
    let unit = |code: &str, name: &str| json!({"ba": code, "nmba": name, "periode": month, "ik_realisasi": "80.00", "bbt_ind_realisasi": "100"});
    let units = [
        unit("05601", "Sekretariat Jenderal"),
        unit("05602", "Direktorat Jenderal Penetapan Hak"),
        unit("05603", "Inspektorat Jenderal"),
    ];
    let satker = |code: &str, name: Option<&str>, hal3: Option<&str>| {
        json!({"kdsatker": code, "nmsatker": name, "kdkppn": "001", "periode": month, "ik_realisasi": "89.00",
            "bbt_ind_realisasi": "50", "ik_hal3_dipa": hal3, "bbt_ind_hal3_dipa": hal3.map_or("0", |_| "50")})
    };
    let satkers = [
        satker("430101", Some("Sekretariat Utama"), None),
        satker("431001", Some("Kantor Pertanahan <Barat> & \"Utara\""), Some("93.40")),
        satker("431002", Some("Kantor Wilayah Timur"), Some("91.00")),
        satker("431003", None, Some("12.00")),
    ];
    fixture.with("capaian_ik_kl", 2026, &[kl]).with("capaian_ik_eselon1", 2026, &units).with(
        "capaian_ik_satker",
        2026,
        &satkers,
    )
}

/// Revenue up to 28 October: Rp12.502,5 juta against Rp17,0 miliar, Rp10,0 miliar at the same date of last year.
fn revenue(fixture: Fixture, months: i64) -> Fixture {
    let payment = |year: i64, month: i64, satker: &str, akun: &str, rupiah: &str| {
        let day = format!("{year}-{month:02}-28");
        json!({"kdsatker": satker, "ntpn": format!("{year}{month:02}{satker}{akun}"), "akun": akun, "rupiah": rupiah,
            "tgl_buku": day, "mata_uang": "IDR", "tanggal_insert": day, "tanggal_insert_date": day})
    };
    let mut this = Vec::new();
    for month in 1..=months {
        this.push(payment(2026, month, "431001", "425341", "1200000000"));
        if month <= 5 {
            this.push(payment(2026, month, "431002", "425341", "100000000"));
        }
    }
    this.push(payment(2026, 3, "431003", "425131", "2500000"));
    this.push(payment(2026, 3, "431003", "425912", "5000000"));
    let mut unbooked = payment(2026, 9, "431002", "425341", "30000000");
    unbooked["tgl_buku"] = Value::Null;
    unbooked["ntpn"] = "unbooked".into();
    this.push(unbooked);
    let last: Vec<Value> = (1..=12).map(|month| payment(2025, month, "431001", "425341", "1000000000")).collect();
    let target = |satker: &str, target: &str| json!({"tahun_anggaran": 2026, "kdsatker": satker, "akun": "425341", "target": target});
    fixture
        .with("detail_pnbp", 2026, &this)
        .with("detail_pnbp", 2025, &last)
        .with_reference("pnbp_target", &[target("431001", "15000000000"), target("431002", "2000000000")])
}

/// Rp250 juta of orders: 44,0 percent from micro and small businesses, 80,0 percent domestic.
fn orders(fixture: Fixture) -> Fixture {
    let order = |id: &str, satker: &str, class: &str, (value, pdn, tkdn): (&str, i64, &str)| {
        json!({"tanggal_transaksi": "2026-09-10", "transaksi_id": id, "bumn_id": "ABCD", "nama_project": "Alat",
            "kategori_project": "1", "total_nilai_project": value, "tipe_nilai_project": "OPEX", "kategori_umkm": class,
            "uid_umkm": id, "target_penyelesaian": 30, "tanggal_order_placement": "2026-09-10",
            "tanggal_invoice": "2026-10-20", "id_satker": satker, "is_pdn": pdn, "tkdn": tkdn, "is_certificate": 0})
    };
    let class = |code: &str, class: &str| json!({"kode": code, "nama": class, "kelas": class});
    let satker = |id: &str, code: &str| json!({"id_satker": id, "kdsatker": code});
    fixture
        .with(
            "transaksi",
            2026,
            &[
                order("a", "1", "1", ("60000000", 1, "50.00")),
                order("b", "2", "2", ("140000000", 1, "20.00")),
                order("c", "1", "3", ("50000000", 0, "0.00")),
            ],
        )
        .with_reference("padi_kategori_umkm", &[class("1", "mikro"), class("2", "menengah"), class("3", "kecil")])
        .with_reference("padi_satker", &[satker("1", "431001"), satker("2", "431002")])
}

/// Three kecamatan with 20, 10 and 12 of the poorest families, of which 8, 2 and 6 are reached. The 2 must not be seen, and so
/// neither the 6: both could be found by subtraction.
fn welfare(fixture: Fixture) -> Fixture {
    let (mut families, mut aid) = (Vec::new(), Vec::new());
    for (kecamatan, name, n, reached) in
        [("351401", "Purwodadi", 20, 8), ("351402", "Tutur", 10, 2), ("351403", "Puspo", 12, 6)]
    {
        for family in 0..n {
            let nik = format!("{kecamatan}-{family}");
            families.push(json!({"id_keluarga_p3ke": nik, "kode_kemdagri": format!("{kecamatan}2001"), "nik": nik,
                "kabupaten_kota": "Kabupaten Pasuruan", "kecamatan": name, "desa_kelurahan": "Desa",
                "desil_kesejahteraan": 1, "nik_keadaan": "utuh"}));
            if family < reached {
                aid.push(json!({"nik": nik, "nik_keadaan": "utuh", "kode_kemdagri": format!("{kecamatan}2001"),
                    "nama_opd": "DINAS SOSIAL", "program_kode": "1.06.05", "program_nama": "PERLINDUNGAN SOSIAL"}));
            }
        }
    }
    fixture.with("p3ke", 2026, &families).with("bantuan", 2026, &aid)
}

impl World {
    async fn of(fixture: Fixture) -> Self {
        Self { catalog: fixture.catalog().await, _fixture: fixture }
    }

    /// The ministry on 31 October 2026.
    pub(crate) async fn october() -> Self {
        let fixture = spending(Fixture::new(), 10, "2026-10-31");
        let fixture = scores(scores(fixture, "09", "65.30"), "10", "71.40");
        Self::of(welfare(orders(revenue(fixture, 10)))).await
    }

    /// The same ministry a month before: nine tenths are spent, and Rp20,0 miliar less are planned.
    pub(crate) async fn september() -> Self {
        let fixture = scores(spending(Fixture::new(), 9, "2026-09-30"), "09", "65.30");
        Self::of(revenue(fixture, 9)).await
    }

    /// A ministry of one satker where all is well: nothing but DIPA and postings.
    pub(crate) async fn quiet() -> Self {
        let only = line("430101", "05601", "511111", 100_000, 80_000);
        let fixture = Fixture::new().with("dipa_belanja", 2026, &[budget(&only, &millions(only.pagu))]).with(
            "realisasi_belanja",
            2026,
            &[posting(&only, "2026-10-15", "2026-10-31", &millions(only.realisasi))],
        );
        Self::of(fixture).await
    }

    /// Nothing is loaded.
    pub(crate) async fn empty() -> Self {
        Self::of(Fixture::new()).await
    }
}

/// The shipped definition of this name.
pub(crate) fn definition(name: &str) -> ReportDefinition {
    let (file, text) = ConfigFolder::embedded().read(&format!("reports/{name}.toml")).unwrap();
    ReportDefinition::load(&text, &file, &QuerySet::embedded()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Everybody who gets the report.
pub(crate) async fn audiences_of(definition: &ReportDefinition, session: &Session<'_>) -> Vec<Audience> {
    let none = |file: &str| Err(format!("{file} does not exist"));
    audiences(definition, recipients(definition, session, &none).await.unwrap())
}

/// A deployment without a logo.
pub(crate) fn deployment() -> Deployment {
    Deployment {
        agency: "Kementerian Contoh".to_owned(),
        contact_unit: "Biro Perencanaan dan Keuangan".to_owned(),
        contact_address: "biro.keuangan@contoh.go.id".parse().unwrap(),
        from_name: "Lumbung Kementerian Contoh".to_owned(),
        from_address: "lumbung@contoh.go.id".parse().unwrap(),
        logo: None,
    }
}

/// Every dataset of the freshness rules, loaded on 2 November at 06.00 WIB.
pub(crate) fn sources() -> Vec<SourceNote> {
    let source = |dataset: &str, title: &str, rows, quarantined| SourceNote {
        dataset: dataset.to_owned(),
        title: title.to_owned(),
        snapshot_date: date("2026-11-02"),
        extracted_at: "2026-11-01T23:00:00Z".parse().unwrap(),
        rows,
        run: "20261102-060000-a1".to_owned(),
        stale: false,
        quarantined,
    };
    vec![
        source("omspan.dipa_belanja", "DIPA Belanja", 18_250, 0),
        source("omspan.realisasi_belanja", "Realisasi Belanja", 1_250_000, 12),
        source("omspan.ketersediaan_dana", "Ketersediaan Dana", 17_900, 0),
        source("omspan.capaian_ik_kl", "Capaian IKPA K/L", 10, 0),
        source("omspan.capaian_ik_eselon1", "Capaian IKPA Eselon I", 60, 0),
        source("omspan.capaian_ik_satker", "Capaian IKPA Satker", 2_140, 0),
        source("omspan.detail_pnbp", "Detail PNBP", 310_000, 0),
        source("padi.transaksi", "Transaksi PaDi", 4_120, 3),
        source("sipp.p3ke", "Keluarga P3KE", 98_000, 0),
        source("sipp.bantuan", "Bantuan", 41_000, 0),
    ]
}

/// Inputs of an edition made on 2 November 2026 at 06.30 WIB.
pub(crate) fn inputs<'a>(
    definition: &ReportDefinition,
    (current, previous): (&'a Session<'a>, Option<&'a Session<'a>>),
    sources: &'a [SourceNote],
    deployment: &'a Deployment,
) -> Inputs<'a> {
    let day = date("2026-11-02");
    let now = "2026-11-01T23:30:00Z".parse().unwrap();
    Inputs { current, previous, sources, period: definition.period.of(day), day, now, deployment }
}
