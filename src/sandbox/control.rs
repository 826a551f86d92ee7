//! The sandbox's totals: what a faultless load of everything served must add up to. Computed from the world, never
//! from what was written into an answer.

use serde::Serialize;
use std::collections::BTreeMap;

/// Rows and sums of one dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ControlTotals {
    /// Rows served, over all fiscal years and days up to today.
    pub rows: u64,
    /// Sum of each money column, by its name in the contract, with two decimals: `"123.00"`.
    pub sums: BTreeMap<String, String>,
}

impl ControlTotals {
    /// So many rows, and the sum of each money column in whole rupiah.
    pub(crate) fn new(rows: usize, sums: &[(&str, i128)]) -> Self {
        let sums = sums.iter().map(|(column, sum)| ((*column).to_owned(), format!("{sum}.00"))).collect();
        Self { rows: rows as u64, sums }
    }
}

/// Totals by `<source>.<dataset>`. Faults that spoil answers do not change them; `overrun`, which changes the world,
/// does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Control {
    /// `omspan.dipa_belanja` and so on.
    pub datasets: BTreeMap<String, ControlTotals>,
}
