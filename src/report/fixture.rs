//! A small ministry for the tests: its rows as Arrow batches, one table a query, and the inputs around them.

use super::amount::Amount;
use super::definition::ReportDefinition;
use super::inputs::{Deployment, Inputs, SourceNote};
use super::rows::{QueryFailure, Rows};
use super::serapan_anggaran::QUERIES;
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::Arc;

/// Batches by query name; what is missing answers without rows.
#[derive(Clone, Default)]
pub(crate) struct Session(pub(crate) HashMap<&'static str, RecordBatch>);

impl Rows for Session {
    fn rows<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>> {
        let name = QUERIES.iter().find(|query| query.sql == sql).map(|query| query.name);
        Box::pin(async move {
            let name = name.ok_or("a query that is not in QUERIES")?;
            Ok(self.0.get(name).cloned().into_iter().collect())
        })
    }
}

fn years(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from_iter(values.iter().map(|text| (!text.is_empty()).then_some(*text))))
}

fn counts(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// Decimals with two places, from text.
fn money(values: &[&str]) -> ArrayRef {
    let unscaled = values.iter().map(|text| Amount::parse(text).unwrap().unscaled_at(2));
    Arc::new(Decimal128Array::from_iter_values(unscaled).with_precision_and_scale(30, 2).unwrap())
}

fn dates(values: &[&str]) -> ArrayRef {
    let days = values.iter().map(|text| Date32Type::from_naive_date(date(text)));
    Arc::new(Date32Array::from_iter_values(days))
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn batch<const N: usize>(columns: [(&'static str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

impl Session {
    /// The ministry on 31 October 2026: 71,4 percent of Rp1,50 triliun, with last year beside it.
    pub(crate) fn october() -> Self {
        let mut session = Self::default();
        session.totals("2026-10-31", "1500000000000.00", "1071000000000.00");
        session.units("1071000000000.00");
        session.satker("31200000000.00", "Kantor Pertanahan <Barat> & \"Utara\"");
        session.kinds();
        session.months(10);
        session.findings();
        session.ikpa("87.85");
        session
    }

    /// The same ministry a month before.
    pub(crate) fn september() -> Self {
        let mut session = Self::default();
        session.totals("2026-09-30", "1480000000000.00", "966440000000.00");
        session.units("966440000000.00");
        session.satker("30000000000.00", "Kantor Pertanahan <Barat> & \"Utara\"");
        session.ikpa("86.10");
        session
    }

    /// A ministry where all is well: no exceptions, no last year, no IKPA.
    pub(crate) fn quiet() -> Self {
        let mut session = Self::default();
        session.totals("2026-10-31", "1500000000000.00", "1171000000000.00");
        session.units("1171000000000.00");
        session.satker("80000000000.00", "Kantor Pertanahan Barat");
        session
    }

    /// The widest page the limits allow: 15 units, 12 months, long names.
    pub(crate) fn widest() -> Self {
        let mut session = Self::october();
        session.totals("2026-12-31", "1500000000000.00", "1071000000000.00");
        let names: Vec<String> =
            (0..15).map(|n| format!("Direktorat Jenderal Penetapan Hak dan Pendaftaran Tanah {n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let codes: Vec<String> = (1..16).map(|n| format!("056{n:02}")).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        session.insert_units(&codes, &names, &["123456789012.00"; 15], &["98765432109.00"; 15]);
        session.months(12);
        session.many_findings();
        session
    }

    /// Twelve overspent satker and twelve with weak IKPA, which no other table knows.
    fn many_findings(&mut self) {
        let codes: Vec<String> = (0..12).map(|n| format!("4400{n:02}")).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        self.insert(
            "serapan_anggaran_pagu_minus",
            batch([
                ("tahun_anggaran", years(&[2026; 12])),
                ("kdsatker", texts(&codes)),
                ("jenis_belanja", texts(&["52"; 12])),
                ("sisa", money(&["-12345678.00"; 12])),
            ]),
        );
        self.insert(
            "serapan_anggaran_ikpa_satker",
            batch([
                ("tahun_anggaran", years(&[2026; 12])),
                ("periode", texts(&["12"; 12])),
                ("kdsatker", texts(&codes)),
                ("nmsatker", texts(&["Kantor Pertanahan Kabupaten yang Panjang Namanya"; 12])),
                ("nilai_ikpa", money(&["56.52"; 12])),
                ("indikator_terlemah", texts(&["Deviasi Halaman III DIPA"; 12])),
                ("nilai_terlemah", money(&["12.00"; 12])),
            ]),
        );
    }

    fn insert(&mut self, name: &'static str, batch: RecordBatch) {
        self.0.insert(name, batch);
    }

    pub(crate) fn totals(&mut self, per_tanggal: &str, pagu: &str, realisasi: &str) {
        let sisa = Amount::parse(pagu).unwrap().minus(Amount::parse(realisasi).unwrap()).unscaled_at(2);
        let sisa = format!("{}.{:02}", sisa / 100, sisa % 100);
        self.insert(
            "serapan_anggaran_total",
            batch([
                ("tahun_anggaran", years(&[2025, 2026])),
                ("per_tanggal", dates(&["2025-12-31", per_tanggal])),
                ("pagu", money(&["1400000000000", pagu])),
                ("realisasi", money(&["1330000000000", realisasi])),
                ("blokir", money(&["0", "12000000000"])),
                ("sisa_pagu", money(&["70000000000", &sisa])),
            ]),
        );
    }

    fn units(&mut self, realisasi: &str) {
        let rest = Amount::parse(realisasi).unwrap().minus(Amount::whole(490_000_000_000)).unscaled_at(0).to_string();
        let names = ["Sekretariat Jenderal", "Direktorat Jenderal Penetapan Hak", "Inspektorat Jenderal"];
        let codes = ["05601", "05602", "05603"];
        self.insert_units(
            &codes,
            &names,
            &["600000000000", "880000000000", "20000000000"],
            &["480000000000", &rest, "10000000000"],
        );
    }

    fn insert_units(&mut self, codes: &[&str], names: &[&str], pagu: &[&str], realisasi: &[&str]) {
        let sisa = vec!["0"; codes.len()];
        self.insert(
            "serapan_anggaran_eselon1",
            batch([
                ("tahun_anggaran", years(&vec![2026; codes.len()])),
                ("baes1", texts(codes)),
                ("nmes1", texts(names)),
                ("jumlah_satker", counts(&vec![1; codes.len()])),
                ("pagu", money(pagu)),
                ("realisasi", money(realisasi)),
                ("sisa_pagu", money(&sisa)),
            ]),
        );
    }

    fn satker(&mut self, realisasi: &str, name: &str) {
        self.insert(
            "serapan_anggaran_satker",
            batch([
                ("tahun_anggaran", years(&[2026, 2026, 2026, 2025])),
                ("baes1", texts(&["05602", "05602", "05603", "05602"])),
                ("kdsatker", texts(&["431001", "431002", "431003", "431001"])),
                ("nmsatker", texts(&[name, "Kantor Wilayah Timur", "", "Tahun lalu"])),
                ("pagu", money(&["100000000000", "200000000000", "0", "1"])),
                ("realisasi", money(&[realisasi, "160000000000", "0", "1"])),
            ]),
        );
    }

    fn kinds(&mut self) {
        self.insert(
            "serapan_anggaran_jenis_belanja",
            batch([
                ("tahun_anggaran", years(&[2026, 2026, 2026])),
                ("jenis_belanja", texts(&["51", "52", "53"])),
                ("nm_jenis_belanja", texts(&["Belanja Pegawai", "Belanja Barang", "Belanja Modal"])),
                ("pagu", money(&["500000000000", "700000000000", "300000000000"])),
                ("realisasi", money(&["438500000000", "489400000000", "143100000000"])),
            ]),
        );
        self.insert(
            "serapan_anggaran_tahun_lalu",
            batch([
                ("tahun_anggaran", years(&[2026, 2026])),
                ("jenis_belanja", texts(&["51", "52"])),
                ("realisasi", money(&["401200000000", "455600000000"])),
            ]),
        );
    }

    fn months(&mut self, last: usize) {
        let month: Vec<i64> = (1..=12).chain(1..=i64::try_from(last).unwrap()).collect();
        let year: Vec<i32> = month.iter().enumerate().map(|(row, _)| if row < 12 { 2025 } else { 2026 }).collect();
        let spent: Vec<String> = month.iter().map(|month| (month * 107_100_000_000).to_string()).collect();
        let spent: Vec<&str> = spent.iter().map(String::as_str).collect();
        self.insert(
            "serapan_anggaran_bulanan",
            batch([
                ("tahun_anggaran", years(&year)),
                ("bulan", counts(&month)),
                ("realisasi_kumulatif", money(&spent)),
                ("pagu", money(&vec!["1500000000000"; month.len()])),
            ]),
        );
    }

    fn findings(&mut self) {
        self.insert(
            "serapan_anggaran_pagu_minus",
            batch([
                ("tahun_anggaran", years(&[2026, 2025])),
                ("kdsatker", texts(&["431002", "431002"])),
                ("jenis_belanja", texts(&["52", "52"])),
                ("sisa", money(&["-12345678.00", "-1"])),
            ]),
        );
        self.insert(
            "serapan_anggaran_selisih_fa",
            batch([
                ("tahun_anggaran", years(&[2026, 2026])),
                ("kdsatker", texts(&["431001", "431002"])),
                ("baris", counts(&[1_200, 1_110])),
                ("baris_berbeda", counts(&[41, 0])),
                ("baris_fa", counts(&[1_200, 1_110])),
                ("selisih", money(&["2500000000.00", "0"])),
            ]),
        );
        self.insert(
            "serapan_anggaran_ikpa_satker",
            batch([
                ("tahun_anggaran", years(&[2026, 2026])),
                ("periode", texts(&["10", "10"])),
                ("kdsatker", texts(&["431001", "431003"])),
                ("nmsatker", texts(&["Kantor Pertanahan Barat", "Kantor Contoh"])),
                ("nilai_ikpa", money(&["91.20", "56.52"])),
                ("indikator_terlemah", texts(&["Penyerapan Anggaran", "Deviasi Halaman III DIPA"])),
                ("nilai_terlemah", money(&["71.40", "12.00"])),
            ]),
        );
    }

    fn ikpa(&mut self, value: &str) {
        self.insert(
            "serapan_anggaran_ikpa_kl",
            batch([
                ("tahun_anggaran", years(&[2026, 2026])),
                ("periode", texts(&["10", "09"])),
                ("ba", texts(&["056", "056"])),
                ("nilai_ikpa", money(&[value, "50.00"])),
                ("kategori", texts(&["Cukup", "Kurang"])),
                ("indikator_terlemah", texts(&["Penyerapan Anggaran", "Penyerapan Anggaran"])),
                ("nilai_terlemah", money(&["71.40", "50.00"])),
            ]),
        );
    }
}

/// The shipped definition.
pub(crate) fn definition() -> ReportDefinition {
    ReportDefinition::load(super::SERAPAN_ANGGARAN_TOML, "serapan-anggaran.toml").unwrap()
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

/// The two datasets of the freshness rule and one more, loaded on 2 November at 06.00 WIB.
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
    ]
}

/// Inputs of an edition on 2 November 2026 at 06.30 WIB.
pub(crate) fn inputs<'a>(
    current: &'a Session,
    previous: Option<&'a Session>,
    sources: &'a [SourceNote],
    deployment: &'a Deployment,
) -> Inputs<'a> {
    Inputs {
        current,
        previous: previous.map(|session| session as &dyn Rows),
        sources,
        period: date("2026-11-02"),
        now: "2026-11-01T23:30:00Z".parse().unwrap(),
        deployment,
    }
}
