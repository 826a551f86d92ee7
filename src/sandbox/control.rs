//! The sandbox's totals: what a faultless load of everything served must add up to. Computed from the world, never
//! from what was written into an answer.

use super::dataset::Dataset;
use super::world::{AsOf, FiscalYear};
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

/// Totals by `<source>.<dataset>`. Faults that spoil answers do not change them; `overrun`, which changes the world,
/// does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Control {
    /// `omspan.dipa_belanja` and so on.
    pub datasets: BTreeMap<String, ControlTotals>,
}

/// The totals of `years`, each as of its day.
pub(crate) fn totals(years: &[(std::sync::Arc<FiscalYear>, AsOf)]) -> Control {
    let datasets = Dataset::ALL.into_iter().map(|dataset| {
        let mut rows = 0;
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        for (year, as_of) in years {
            let (count, columns) = of_year(dataset, year, *as_of);
            rows += count as u64;
            for (column, sum) in columns {
                *sums.entry(column.to_owned()).or_default() += sum;
            }
        }
        let sums = sums.into_iter().map(|(column, sum)| (column, format!("{sum}.00"))).collect();
        (dataset.to_string(), ControlTotals { rows, sums })
    });
    Control { datasets: datasets.collect() }
}

/// Rows, and sums by column, of a dataset in one year.
fn of_year(dataset: Dataset, year: &FiscalYear, as_of: AsOf) -> (usize, Vec<(&'static str, i128)>) {
    let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.map(i128::from).sum::<i128>();
    match dataset {
        Dataset::DipaBelanja => {
            let amount = sum(&mut year.dipa.iter().map(|row| row.amount));
            (year.dipa.len(), vec![("amount", amount)])
        }
        Dataset::RealisasiBelanja => {
            let postings = year.postings(as_of);
            (postings.len(), vec![("amount", sum(&mut postings.iter().map(|posting| posting.amount)))])
        }
        Dataset::CapaianIkKl => (year.ministry_scores(as_of).len(), Vec::new()),
        Dataset::CapaianIkEselon1 => (year.unit_scores(as_of).len(), Vec::new()),
        Dataset::CapaianIkSatker => (year.satker_scores(as_of).len(), Vec::new()),
        Dataset::DetailPnbp => {
            let payments = year.payments(as_of);
            (payments.len(), vec![("rupiah", sum(&mut payments.iter().map(|payment| payment.amount)))])
        }
        Dataset::KetersediaanDana => {
            let balances = year.balances(as_of);
            let columns = vec![
                ("dipa", sum(&mut balances.iter().map(|balance| balance.pagu))),
                ("kontrak", sum(&mut balances.iter().map(|balance| balance.contract))),
                ("blokir", sum(&mut balances.iter().map(|balance| balance.blocked))),
                ("actual_amt", sum(&mut balances.iter().map(|balance| balance.spent))),
                ("balancing_amt", sum(&mut balances.iter().map(|balance| balance.available()))),
            ];
            (balances.len(), columns)
        }
    }
}
