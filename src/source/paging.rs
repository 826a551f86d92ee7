//! How the rows of a window are divided over requests. Strategies say what to ask next; they never ask.

pub mod daily;
pub mod page_number;
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

/// What the last answer held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageOutcome {
    /// Rows, refused ones included.
    pub rows: u64,
    /// Rows there are in all, where the answer says so.
    pub total: Option<u64>,
    /// Whether it was the answer before it once more, byte for byte.
    pub repeated: bool,
}

/// The next request: what fills its placeholders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// Placeholders of the paging.
    pub values: Vec<(&'static str, String)>,
    /// Whether everything is asked for at once.
    pub whole: bool,
}

/// Which requests fill one window.
pub trait Pager: Send + Sync {
    /// The next request, given what the last answer held (`None` before the first); `None` at the end.
    ///
    /// # Errors
    /// What shows that the source moved while it was read: only a new beginning helps.
    fn next(&mut self, last: Option<&PageOutcome>) -> Result<Option<Ask>, String>;
}

/// The pager that the contract names for `dataset`.
#[must_use]
pub fn pager(dataset: &Dataset, window: &Window) -> Box<dyn Pager> {
    match &dataset.paging {
        Paging::Whole | Paging::Files { .. } | Paging::Inbox { .. } => Box::new(whole::Once::new(Ask::default())),
        Paging::RowRange { page_rows: 0, .. } => Box::new(whole::Once::new(Ask { whole: true, ..Ask::default() })),
        Paging::RowRange { page_rows, .. } => Box::new(row_range::Ranges::new(*page_rows)),
        Paging::PageNumber { first, page_rows, total, .. } => {
            Box::new(page_number::Pages::new(*first, *page_rows, total.is_some()))
        }
        Paging::Daily { .. } => Box::new(whole::Once::new(daily::ask(window.date))),
    }
}
