//! What a load of OMSPAN comes to, over both fiscal years.

use crate::sandbox::control::ControlTotals;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::server::Served;
use crate::sandbox::world::{AsOf, FiscalYear};

/// Sums by column, in whole rupiah.
type Sums = Vec<(&'static str, i128)>;

/// The totals of every dataset.
pub(super) fn totals(served: &Served) -> Vec<(Dataset, ControlTotals)> {
    let years = served.years();
    let of = |dataset: Dataset| {
        let mut rows = 0;
        let mut sums = Sums::new();
        for (year, as_of) in &years {
            let (count, columns) = of_year(dataset, year, *as_of);
            rows += count;
            for (column, sum) in columns {
                match sums.iter_mut().find(|(known, _)| *known == column) {
                    Some((_, total)) => *total += sum,
                    None => sums.push((column, sum)),
                }
            }
        }
        (dataset, ControlTotals::new(rows, &sums))
    };
    Dataset::ALL.iter().copied().filter(|dataset| dataset.source() == super::SYSTEM.source).map(of).collect()
}

/// Rows, and sums by column, of a dataset in one year.
fn of_year(dataset: Dataset, year: &FiscalYear, as_of: AsOf) -> (usize, Sums) {
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
        _ => (0, Vec::new()),
    }
}
