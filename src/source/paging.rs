//! How the rows of a window are divided over requests. Strategies say which path to ask next; they never ask.

pub mod daily;
pub mod row_range;
pub mod whole;

use chrono::NaiveDate;

use crate::contract::{Dataset, Paging};

/// A span that is asked for and committed as one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The fiscal year whose credential is used, where the source has them.
    pub fiscal_year: Option<i32>,
    /// The partition's date: the snapshot date, or the day asked for.
    pub date: NaiveDate,
}

/// Which requests fill one window.
pub trait Pager: Send {
    /// The path of the next request, given how many rows the last answer held (`None` before the first); `None` at the end.
    fn next(&mut self, rows_of_last: Option<u64>) -> Option<String>;
}

/// The pager that the contract names for `dataset`.
#[must_use]
pub fn pager(dataset: &Dataset, window: &Window) -> Box<dyn Pager> {
    match &dataset.paging {
        Paging::Whole => Box::new(whole::Once::new(dataset.path.clone())),
        Paging::RowRange { page_rows: 0, .. } => {
            let path = dataset.path_whole.clone().expect("the contract is checked to have path_whole");
            Box::new(whole::Once::new(path))
        }
        Paging::RowRange { page_rows, .. } => Box::new(row_range::Ranges::new(dataset.path.clone(), *page_rows)),
        Paging::Daily { .. } => Box::new(whole::Once::new(daily::path(&dataset.path, window.date))),
    }
}
