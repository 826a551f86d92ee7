//! Bytes as a page of a source, under every row shape.

use std::sync::LazyLock;

use lumbung::contract::RowShape;

use super::outcome::{Table, agree, contracts};
use super::plain;

/// Datasets of every row shape, with every kind of column; an input names one by its first byte.
const DATASETS: [(&str, &str); 7] = [
    ("omspan", "realisasi_belanja"),
    ("omspan", "capaian_ik_satker"),
    ("omspan", "detail_pnbp"),
    ("padi", "transaksi"),
    ("sipp", "p3ke"),
    ("sipp", "bantuan"),
    ("sirup", "penyedia"),
];

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let contracts = contracts();
    let table = |(source, dataset)| {
        let contract = contracts.iter().find(|contract| contract.source == source).expect("a shipped source");
        Table::new(contract, contract.dataset(dataset).expect("a shipped dataset"))
    };
    DATASETS.into_iter().map(table).collect()
});

/// Checks a page, `<digit of the dataset><digit of the cuts><page>`, and says how many rows were taken.
///
/// # Panics
/// When decoding contradicts itself.
pub fn page(input: &[u8]) -> u64 {
    let [which, cuts, body @ ..] = input else { return 0 };
    let table = &TABLES[usize::from(which.wrapping_sub(b'0')) % DATASETS.len()];
    let whole = table.decode([body].into_iter());
    if table.dataset.is_document() {
        // A document comes in one piece, but on the heels of another.
        let (mut inspector, mut decoder) = (table.inspector(), table.decoder());
        agree(&mut inspector, &mut decoder, body);
        let second = agree(&mut inspector, &mut decoder, body).map(|(_, summary)| summary);
        assert_eq!(second, whole.summary.ok(), "the second of two equal documents");
        return second.map_or(0, |summary| summary.rows);
    }
    assert_eq!(table.decode(Pieces::of(body, *cuts)), whole, "in pieces and whole");
    if table.dataset.rows == RowShape::Objects {
        plain::check(&table.dataset, body, &whole);
    }
    whole.summary.map_or(0, |summary| summary.rows)
}

/// A page cut into pieces.
struct Pieces<'a> {
    rest: &'a [u8],
    /// Length of every piece, or 0: lengths that `state` makes up.
    length: usize,
    state: u32,
}

impl<'a> Pieces<'a> {
    /// Pieces of `cuts - '0' + 1` bytes for a digit, else of lengths that differ.
    fn of(body: &'a [u8], cuts: u8) -> Self {
        let length = if cuts.is_ascii_digit() { usize::from(cuts - b'0') + 1 } else { 0 };
        Self { rest: body, length, state: 0x9e37_79b9 ^ u32::from(cuts) }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        let length = if self.length > 0 { self.length } else { self.state as usize % 48 };
        let piece = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        let is_over = self.rest.is_empty();
        self.rest = piece.1;
        (!is_over).then_some(piece.0)
    }
}
