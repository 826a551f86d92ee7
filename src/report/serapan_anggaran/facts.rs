//! The rows behind the report, read once per session into plain structs. Money is exact; nothing is rounded here.

use crate::report::amount::Amount;
use crate::report::rows::{Query, Rows, RowsError, Table};
use chrono::NaiveDate;

macro_rules! query {
    ($stem:literal) => {
        Query { name: $stem, sql: include_str!(concat!("../../../queries/report/", $stem, ".sql")) }
    };
}

const TOTAL: Query = query!("serapan_anggaran_total");
const ESELON1: Query = query!("serapan_anggaran_eselon1");
const SATKER: Query = query!("serapan_anggaran_satker");
const JENIS_BELANJA: Query = query!("serapan_anggaran_jenis_belanja");
const TAHUN_LALU: Query = query!("serapan_anggaran_tahun_lalu");
const BULANAN: Query = query!("serapan_anggaran_bulanan");
const PAGU_MINUS: Query = query!("serapan_anggaran_pagu_minus");
const SELISIH_FA: Query = query!("serapan_anggaran_selisih_fa");
const IKPA_SATKER: Query = query!("serapan_anggaran_ikpa_satker");
const IKPA_KL: Query = query!("serapan_anggaran_ikpa_kl");

/// Every query of the report: `lumbung check` plans them, the tests answer them.
pub const QUERIES: [Query; 10] =
    [TOTAL, ESELON1, SATKER, JENIS_BELANJA, TAHUN_LALU, BULANAN, PAGU_MINUS, SELISIH_FA, IKPA_SATKER, IKPA_KL];

/// Pagu and realisation of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    pub(super) pagu: Amount,
    pub(super) realisasi: Amount,
}

impl Budget {
    /// Absorption in percent, rounded once to the one decimal that is printed, so that every difference of two of them
    /// is the difference the reader sees. `None` without pagu.
    pub(super) fn serapan(self) -> Option<Amount> {
        self.realisasi.percent_of(self.pagu, 1)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { pagu: self.pagu.plus(other.pagu), realisasi: self.realisasi.plus(other.realisasi) }
    }

    pub(super) fn sisa(self) -> Amount {
        self.pagu.minus(self.realisasi)
    }
}

/// The headline figures of one fiscal year.
#[derive(Debug, Clone)]
pub(super) struct Total {
    pub(super) year: i64,
    pub(super) per_tanggal: NaiveDate,
    pub(super) budget: Budget,
    pub(super) blokir: Amount,
}

/// One unit: an eselon 1 unit, a satker or a kind of expenditure.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) code: String,
    pub(super) name: String,
    /// The code of the eselon 1 unit it belongs to; of an eselon 1 unit its own.
    pub(super) parent: String,
    pub(super) budget: Budget,
}

/// A kind of expenditure and what it had realised last year at the same date.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) unit: Unit,
    pub(super) last_year: Option<Amount>,
}

/// The course of a year up to the end of one month.
#[derive(Debug, Clone, Copy)]
pub(super) struct Month {
    pub(super) year: i64,
    pub(super) number: i64,
    pub(super) budget: Budget,
}

/// An overspent kind of expenditure of one satker; `sisa` is below zero.
#[derive(Debug, Clone)]
pub(super) struct Overspent {
    pub(super) satker: String,
    pub(super) kind: String,
    pub(super) sisa: Amount,
}

/// How far one satker's books lie from fund availability.
#[derive(Debug, Clone)]
pub(super) struct Mismatch {
    pub(super) satker: String,
    pub(super) lines: i64,
    pub(super) differing: i64,
    pub(super) difference: Amount,
}

/// An IKPA value and what drags it down.
#[derive(Debug, Clone)]
pub(super) struct Ikpa {
    pub(super) period: String,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) value: Amount,
    pub(super) category: String,
    pub(super) weakest: Option<(String, Amount)>,
}

/// What a later edition is compared with.
#[derive(Debug, Clone)]
pub(super) struct Headline {
    pub(super) total: Total,
    pub(super) eselon1: Vec<Unit>,
    pub(super) satker: Vec<Unit>,
    pub(super) ikpa: Option<Ikpa>,
}

/// All facts of one edition.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) headline: Headline,
    pub(super) kinds: Vec<Kind>,
    pub(super) months: Vec<Month>,
    pub(super) overspent: Vec<Overspent>,
    pub(super) mismatches: Vec<Mismatch>,
    pub(super) ikpa_satker: Vec<Ikpa>,
}

impl Headline {
    /// The newest fiscal year up to `year_max` that has rows; `None` when there is none.
    pub(super) async fn read(rows: &dyn Rows, year_max: i64) -> Result<Option<Self>, RowsError> {
        let Some(total) = totals(rows).await?.into_iter().rfind(|total| total.year <= year_max) else {
            return Ok(None);
        };
        let year = total.year;
        Ok(Some(Self {
            eselon1: units(rows, ESELON1, ["baes1", "nmes1", "baes1"], year).await?,
            satker: units(rows, SATKER, ["kdsatker", "nmsatker", "baes1"], year).await?,
            ikpa: ikpa(rows, IKPA_KL, "ba", year).await?.into_iter().next_back(),
            total,
        }))
    }
}

impl Facts {
    /// All sections of the year the headline found.
    pub(super) async fn read(rows: &dyn Rows, year_max: i64) -> Result<Option<Self>, RowsError> {
        let Some(headline) = Headline::read(rows, year_max).await? else { return Ok(None) };
        let year = headline.total.year;
        Ok(Some(Self {
            kinds: kinds(rows, year).await?,
            months: months(rows, year).await?,
            overspent: overspent(rows, year).await?,
            mismatches: mismatches(rows, year).await?,
            ikpa_satker: ikpa(rows, IKPA_SATKER, "kdsatker", year).await?,
            headline,
        }))
    }
}

/// Pagu and realisation of every row; a null is nothing spent or nothing planned, never an unknown.
fn budgets(table: &Table) -> Result<Vec<Budget>, RowsError> {
    let (pagu, realisasi) = (table.amounts("pagu")?, table.amounts("realisasi")?);
    let zero = |amount: Option<Amount>| amount.unwrap_or(Amount::ZERO);
    Ok(pagu.into_iter().zip(realisasi).map(|(p, r)| Budget { pagu: zero(p), realisasi: zero(r) }).collect())
}

/// The rows of `year`, by position.
fn of_year(table: &Table, year: i64) -> Result<Vec<usize>, RowsError> {
    let years = table.integers("tahun_anggaran")?;
    Ok((0..years.len()).filter(|row| years[*row] == year).collect())
}

async fn totals(rows: &dyn Rows) -> Result<Vec<Total>, RowsError> {
    let table = Table::ask(rows, TOTAL).await?;
    let (years, dates, blokir) =
        (table.integers("tahun_anggaran")?, table.dates("per_tanggal")?, table.amounts("blokir")?);
    let budgets = budgets(&table)?;
    let mut totals: Vec<Total> = (0..table.len())
        .map(|row| Total {
            year: years[row],
            per_tanggal: dates[row],
            budget: budgets[row],
            blokir: blokir[row].unwrap_or(Amount::ZERO),
        })
        .collect();
    totals.sort_by_key(|total| total.year);
    Ok(totals)
}

async fn units(
    rows: &dyn Rows,
    query: Query,
    [code, name, parent]: [&'static str; 3],
    year: i64,
) -> Result<Vec<Unit>, RowsError> {
    let table = Table::ask(rows, query).await?;
    let (codes, names, budgets) = (table.texts_required(code)?, table.texts(name)?, budgets(&table)?);
    let parents = table.texts(parent)?;
    let what = match code {
        "kdsatker" => "Satker",
        "baes1" => "Unit",
        _ => "Belanja",
    };
    let unit = |row: usize| Unit {
        name: named(names[row].as_deref(), what, &codes[row]),
        parent: parents[row].clone().unwrap_or_default(),
        code: codes[row].clone(),
        budget: budgets[row],
    };
    Ok(of_year(&table, year)?.into_iter().map(unit).collect())
}

/// The name, or the code where the source has none.
fn named(name: Option<&str>, what: &str, code: &str) -> String {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => format!("{what} {code}"),
    }
}

async fn kinds(rows: &dyn Rows, year: i64) -> Result<Vec<Kind>, RowsError> {
    let units = units(rows, JENIS_BELANJA, ["jenis_belanja", "nm_jenis_belanja", "jenis_belanja"], year).await?;
    let table = Table::ask(rows, TAHUN_LALU).await?;
    let (codes, amounts) = (table.texts_required("jenis_belanja")?, table.amounts("realisasi")?);
    let of_year = of_year(&table, year)?;
    // A year without any posting is a year we do not hold, not a year in which nothing was spent.
    let last = |code: &str| {
        let mut found = of_year.iter().filter(|row| codes[**row] == code).filter_map(|row| amounts[*row]);
        if of_year.is_empty() { None } else { Some(found.next().unwrap_or(Amount::ZERO)) }
    };
    Ok(units.into_iter().map(|unit| Kind { last_year: last(&unit.code), unit }).collect())
}

async fn months(rows: &dyn Rows, year: i64) -> Result<Vec<Month>, RowsError> {
    let table = Table::ask(rows, BULANAN).await?;
    let (years, numbers) = (table.integers("tahun_anggaran")?, table.integers("bulan")?);
    let (pagu, realisasi) = (table.amounts("pagu")?, table.amounts("realisasi_kumulatif")?);
    let month = |row: usize| {
        let budget = Budget { pagu: pagu[row]?, realisasi: realisasi[row]? };
        Some(Month { year: years[row], number: numbers[row], budget })
    };
    Ok((0..table.len()).filter(|row| years[*row] == year || years[*row] == year - 1).filter_map(month).collect())
}

async fn overspent(rows: &dyn Rows, year: i64) -> Result<Vec<Overspent>, RowsError> {
    let table = Table::ask(rows, PAGU_MINUS).await?;
    let (satker, kinds) = (table.texts_required("kdsatker")?, table.texts_required("jenis_belanja")?);
    let sisa = table.amounts_required("sisa")?;
    let line = |row: usize| Overspent { satker: satker[row].clone(), kind: kinds[row].clone(), sisa: sisa[row] };
    Ok(of_year(&table, year)?.into_iter().map(line).collect())
}

async fn mismatches(rows: &dyn Rows, year: i64) -> Result<Vec<Mismatch>, RowsError> {
    let table = Table::ask(rows, SELISIH_FA).await?;
    let satker = table.texts_required("kdsatker")?;
    let (lines, differing) = (table.integers("baris")?, table.integers("baris_berbeda")?);
    let difference = table.amounts_required("selisih")?;
    let known = table.integers("baris_fa")?;
    let line = |row: &usize| Mismatch {
        satker: satker[*row].clone(),
        lines: lines[*row],
        differing: differing[*row],
        difference: difference[*row],
    };
    let rows = of_year(&table, year)?;
    // Without any fund availability every line would differ; that is a missing dataset, not a finding.
    let loaded = rows.iter().any(|row| known[*row] > 0);
    Ok(if loaded { rows.iter().map(line).collect() } else { Vec::new() })
}

async fn ikpa(rows: &dyn Rows, query: Query, code: &'static str, year: i64) -> Result<Vec<Ikpa>, RowsError> {
    let table = Table::ask(rows, query).await?;
    let whole_body = code == "ba";
    let (codes, periods) = (table.texts_required(code)?, table.texts_required("periode")?);
    let values = table.amounts_required("nilai_ikpa")?;
    let extra = table.texts(if whole_body { "kategori" } else { "nmsatker" })?;
    let (weakest, weakest_values) = (table.texts("indikator_terlemah")?, table.amounts("nilai_terlemah")?);
    let line = |row: usize| {
        let text = extra[row].as_deref();
        Ikpa {
            period: periods[row].clone(),
            code: codes[row].clone(),
            name: named(text.filter(|_| !whole_body), "Satker", &codes[row]),
            value: values[row],
            category: text.filter(|_| whole_body).unwrap_or_default().to_lowercase(),
            weakest: weakest[row].clone().zip(weakest_values[row]),
        }
    };
    let mut lines: Vec<Ikpa> = of_year(&table, year)?.into_iter().map(line).collect();
    lines.sort_by(|a, b| (&a.period, &a.code).cmp(&(&b.period, &b.code)));
    Ok(lines)
}
