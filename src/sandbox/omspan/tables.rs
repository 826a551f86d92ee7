//! The seven datasets as tables: any row can be written alone, nothing is held formatted.

use super::ikpa;
use super::row::Row;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::world::{
    AsOf, Balance, DipaRole, ESELON1, FiscalYear, Line, MINISTRY, MINISTRY_NAME, Score, date_of, days_in,
};
use chrono::{Datelike, NaiveDate};
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

/// A dataset of one fiscal year as of one day.
pub(super) trait Table: Send {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Writes row `index` (0-based) into `row`, which is empty.
    fn fill(&self, index: usize, row: &mut Row);

    /// The rows inserted on `date`, for a table that is asked by day.
    fn on_day(&self, _date: NaiveDate) -> Range<usize> {
        0..0
    }
}

/// The table of `dataset`. `max_date` (a 0-based day of the year) is what its rows give as the data date.
pub(super) fn table(dataset: Dataset, year: Arc<FiscalYear>, as_of: AsOf, max_date: u16) -> Box<dyn Table> {
    match dataset {
        Dataset::DipaBelanja => Box::new(Dipa { year }),
        Dataset::RealisasiBelanja => Box::new(Realisasi::new(year, as_of, max_date)),
        Dataset::CapaianIkKl => Box::new(MinistryScores { year, as_of }),
        Dataset::CapaianIkSatker => Box::new(SatkerScores { year, as_of }),
        Dataset::CapaianIkEselon1 => Box::new(UnitScores { year, as_of }),
        Dataset::DetailPnbp => Box::new(Pnbp { year, as_of }),
        Dataset::KetersediaanDana => {
            let balances = year.balances(as_of);
            Box::new(FundAvailability { year, balances })
        }
        other => unreachable!("{other} is not OMSPAN's"),
    }
}

/// Writes a number as text; a `String` takes everything.
fn number(row: &mut Row, key: &'static str, value: impl std::fmt::Display) {
    write!(row.cell(key), "{value}").expect("a String takes everything");
}

/// `04-FEB-19`.
fn oracle_date(date: NaiveDate) -> String {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    format!("{:02}-{}-{:02}", date.day(), MONTHS[date.month0() as usize], date.year() % 100)
}

/// The keys DIPA and realisasi have in common, from BA to SUMBER_DANA.
fn segments(year: &FiscalYear, line: &Line, row: &mut Row) {
    let satker = year.satker_of(line);
    row.put("BA", MINISTRY);
    row.put("BAES1", satker.eselon1.code);
    row.put("AKUN", line.akun);
    let program = row.cell("PROGRAM");
    program.push_str(satker.eselon1.code);
    program.push_str(line.activity.program);
    row.put("KEGIATAN", line.activity.kegiatan);
    row.put("OUTPUT", line.activity.output);
    row.put("KEWENANGAN", satker.kewenangan());
    row.put("SUMBER_DANA", line.fund.source);
}

struct Dipa {
    year: Arc<FiscalYear>,
}

impl Table for Dipa {
    fn rows(&self) -> usize {
        self.year.dipa.len()
    }

    fn fill(&self, index: usize, row: &mut Row) {
        let dipa = &self.year.dipa[index];
        let line = &self.year.lines[dipa.line as usize];
        let satker = self.year.satker_of(line);
        if dipa.role == DipaRole::Summary {
            let code = row.cell("KDSATKER");
            code.push_str(satker.eselon1.code);
            code.push('Z');
        } else {
            row.put("KDSATKER", &satker.code);
        }
        row.put("KPPN", satker.kppn);
        segments(&self.year, line, row);
        row.put("LOKASI", &satker.lokasi);
        row.put("BUDGET_TYPE", if dipa.role == DipaRole::Proposal { "1" } else { "2" });
        number(row, "AMOUNT", dipa.amount);
    }
}

struct Realisasi {
    year: Arc<FiscalYear>,
    rows: usize,
    /// Each day of the year as text, so that a row costs no date arithmetic.
    days: Vec<String>,
    max_date: String,
}

impl Realisasi {
    fn new(year: Arc<FiscalYear>, as_of: AsOf, max_date: u16) -> Self {
        let days = (0..days_in(year.year)).map(|day| oracle_date(date_of(year.year, day))).collect();
        let max_date = oracle_date(date_of(year.year, max_date));
        let rows = year.postings(as_of).len();
        Self { year, rows, days, max_date }
    }
}

impl Table for Realisasi {
    fn rows(&self) -> usize {
        self.rows
    }

    fn fill(&self, index: usize, row: &mut Row) {
        let posting = self.year.posting(index);
        let line = &self.year.lines[posting.line as usize];
        let satker = self.year.satker_of(line);
        number(row, "ROWNUM", index + 1);
        row.put("KDSATKER", &satker.code);
        row.put("KPPN", satker.kppn);
        segments(&self.year, line, row);
        row.put("CARA_TARIK", line.fund.withdrawal);
        row.put("KDREGISTER", line.fund.register);
        row.put("LOKASI", &satker.lokasi);
        row.put("BUDGET_TYPE", "2");
        row.put("TANGGAL", &self.days[usize::from(posting.day)]);
        row.put("MAXDATE", &self.max_date);
        number(row, "AMOUNT", posting.amount);
    }
}

struct MinistryScores {
    year: Arc<FiscalYear>,
    as_of: AsOf,
}

impl Table for MinistryScores {
    fn rows(&self) -> usize {
        self.year.ministry_scores(self.as_of).len()
    }

    fn fill(&self, index: usize, row: &mut Row) {
        row.put("BA", MINISTRY);
        row.put("NMBA", MINISTRY_NAME);
        ikpa::fill(&ikpa::KL, &self.year.ministry_scores(self.as_of)[index], row);
    }
}

struct SatkerScores {
    year: Arc<FiscalYear>,
    as_of: AsOf,
}

impl Table for SatkerScores {
    fn rows(&self) -> usize {
        self.year.satker_scores(self.as_of).len()
    }

    fn fill(&self, index: usize, row: &mut Row) {
        let score = &self.year.satker_scores(self.as_of)[index];
        let satker = &self.year.satkers[score.of as usize];
        row.put("KDSATKER", &satker.code);
        row.put("NMSATKER", &satker.name);
        row.put("KDKPPN", satker.kppn);
        ikpa::fill(&ikpa::SATKER, score, row);
    }
}

struct UnitScores {
    year: Arc<FiscalYear>,
    as_of: AsOf,
}

impl Table for UnitScores {
    fn rows(&self) -> usize {
        self.year.unit_scores(self.as_of).len()
    }

    fn fill(&self, index: usize, row: &mut Row) {
        let score: &Score = &self.year.unit_scores(self.as_of)[index];
        let unit = &ESELON1[score.of as usize];
        row.put("BA", unit.code);
        row.put("NMBA", unit.name);
        ikpa::fill(&ikpa::ESELON1, score, row);
    }
}

struct Pnbp {
    year: Arc<FiscalYear>,
    as_of: AsOf,
}

impl Table for Pnbp {
    fn rows(&self) -> usize {
        self.year.payments(self.as_of).len()
    }

    fn fill(&self, index: usize, row: &mut Row) {
        let payment = &self.year.payments(self.as_of)[index];
        let year = self.year.year;
        row.put("kdsatker", &self.year.satkers[payment.satker as usize].code);
        payment.billing(year, row.cell("kdbilling"));
        payment.ntb(row.cell("ntb"));
        payment.ntpn(row.cell("ntpn"));
        row.put("nama_waj_bay", &payment.payer());
        row.put("akun", payment.akun);
        row.put("budget_type", "2");
        number(row, "rupiah", payment.amount);
        number(row, "tgl_bayar", date_of(year, payment.paid));
        number(row, "tgl_buku", date_of(year, payment.booked));
        row.put("mata_uang", if payment.dollars { "USD" } else { "IDR" });
        row.put("bank", payment.bank);
        payment.inserted_text(year, row.cell("tanggal_insert"));
        row.put("posisi_transaksi", "GL");
    }

    fn on_day(&self, date: NaiveDate) -> Range<usize> {
        if date.year() != self.year.year {
            return 0..0;
        }
        let day = date.ordinal0() as u16;
        let payments = self.year.payments(self.as_of);
        let from = payments.partition_point(|payment| payment.inserted < day);
        let to = payments.partition_point(|payment| payment.inserted <= day);
        from..to
    }
}

struct FundAvailability {
    year: Arc<FiscalYear>,
    balances: Vec<Balance>,
}

impl Table for FundAvailability {
    fn rows(&self) -> usize {
        self.balances.len()
    }

    fn fill(&self, index: usize, row: &mut Row) {
        let (line, balance) = (&self.year.lines[index], &self.balances[index]);
        let satker = self.year.satker_of(line);
        row.put("SATKER", &satker.code);
        row.put("KPPN", satker.kppn);
        row.put("AKUN", line.akun);
        let program = row.cell("PROGRAM");
        program.push_str(satker.eselon1.code);
        program.push_str(line.activity.program);
        let output = row.cell("OUTPUT");
        output.push_str(line.activity.kegiatan);
        output.push_str(line.activity.output);
        let fund = row.cell("DANA");
        for part in [line.fund.source, line.fund.withdrawal, line.fund.register] {
            fund.push_str(part);
        }
        row.put("KEWENANGAN", satker.kewenangan());
        row.put("LOKASI", &satker.lokasi);
        row.put("BUDGET_TYPE", "2");
        number(row, "DIPA", balance.pagu);
        number(row, "KONTRAK", balance.contract);
        number(row, "BLOKIR", balance.blocked);
        number(row, "ACTUAL_AMT", balance.spent);
        number(row, "BALANCING_AMT", balance.available());
    }
}
