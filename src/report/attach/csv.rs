//! All figures of a page in one CSV: a line a cell, so that tables of different columns fit into one file.
//!
//! No CSV opens right in both an Indonesian Excel and a bare `pandas.read_csv`: the first wants `;` between fields and a
//! decimal comma, the second `,` and a decimal point. The Indonesian form is written, because nobody misreads it in
//! silence. Excel shows exactly what is meant; given a decimal point it would take 71.400 for 71400. A program that was
//! not told finds no column `nilai`, and one that was (`sep=";", decimal=","`) reads it all. The byte order mark makes Excel read
//! UTF-8 and is skipped by pandas.

use super::tables::{tables, unit_word};
use crate::report::amount::Amount;
use crate::report::page::Page;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const HEADER: [&str; 8] = ["bagian", "baris", "rincian", "kolom", "nilai", "satuan", "teks", "jumlah"];

/// One field after the other as in [`HEADER`]; `nilai` is a number or empty, everything else is text.
struct Record<'a> {
    section: &'a str,
    row: &'a str,
    detail: &'a str,
    column: &'a str,
    amount: Option<Amount>,
    unit: &'a str,
    text: &'a str,
    total: bool,
}

impl Record<'_> {
    fn fields(&self) -> [String; 8] {
        let amount = self.amount.map_or_else(String::new, |amount| amount.to_string().replace('.', ","));
        [
            guarded(self.section),
            guarded(self.row),
            guarded(self.detail),
            guarded(self.column),
            amount,
            self.unit.to_owned(),
            guarded(self.text),
            if self.total { "ya" } else { "" }.to_owned(),
        ]
    }
}

/// The page as CSV: what it says of itself first (title, position, warnings, notes), then each cell of each table.
pub(crate) fn csv(page: &Page) -> Vec<u8> {
    let mut bytes = BYTE_ORDER_MARK.to_vec();
    let mut writer =
        ::csv::WriterBuilder::new().delimiter(b';').terminator(::csv::Terminator::CRLF).from_writer(&mut bytes);
    let mut put = |fields: [String; 8]| writer.write_record(fields).expect("a Vec takes any record of eight fields");
    put(HEADER.map(str::to_owned));
    for (row, text) in said(page) {
        put(Record { row, text, ..Record::about("Laporan") }.fields());
    }
    for placed in tables(page) {
        for row in &placed.table.rows {
            for (cell, column) in row.cells.iter().zip(placed.table.columns.iter().skip(1)) {
                let record = Record {
                    row: &row.head,
                    detail: row.detail.as_deref().unwrap_or_default(),
                    column: &column.label,
                    amount: cell.figure.map(|figure| figure.amount),
                    unit: cell.figure.map_or("", |figure| unit_word(figure.unit)),
                    text: &cell.text,
                    total: row.total,
                    ..Record::about(placed.heading)
                };
                put(record.fields());
            }
        }
    }
    writer.flush().expect("a Vec takes every byte");
    drop(writer);
    bytes
}

/// What the page says in words, each with its name.
fn said(page: &Page) -> impl Iterator<Item = (&'static str, &str)> {
    fn each<'a>(name: &'static str, texts: &'a [String]) -> impl Iterator<Item = (&'static str, &'a str)> {
        texts.iter().map(move |text| (name, text.as_str()))
    }
    let head = [("Judul", &page.title), ("Pesan utama", &page.headline), ("Posisi", &page.position)];
    head.into_iter()
        .map(|(name, text)| (name, text.as_str()))
        .chain(each("Peringatan", &page.warnings))
        .chain(each("Perubahan", &page.changes))
        .chain(page.attention.remark.as_deref().map(|text| ("Perlu perhatian", text)))
        .chain(each("Catatan mutu data", &page.notes))
        .chain(each("Sumber", &page.footer.sources))
        .chain([("Penyusunan", page.footer.made.as_str())])
}

impl<'a> Record<'a> {
    fn about(section: &'a str) -> Self {
        Self { section, row: "", detail: "", column: "", amount: None, unit: "", text: "", total: false }
    }
}

/// Text that a spreadsheet would take for a formula gets an apostrophe in front; a line break becomes a space.
fn guarded(text: &str) -> String {
    let flat = text.replace(['\r', '\n', '\t'], " ");
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}');
    if flat.trim_start().starts_with(formula) { format!("'{flat}") } else { flat }
}

#[cfg(test)]
mod tests;
