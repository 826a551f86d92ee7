//! Which rows an answer holds, what goes wrong with pages included.

use super::edits::Edits;
use super::json::{JsonChunks, Style};
use super::{Ask, Table, table};
use crate::sandbox::dataset::Dataset;
use crate::sandbox::fault::{Fault, Faults};
use crate::sandbox::world::{AsOf, FiscalYear};
use std::ops::Range;
use std::sync::Arc;

/// The rows of an answer by their index in the table: a range, at times with a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picks {
    rest: Range<usize>,
    hole: Option<usize>,
}

impl Picks {
    /// All rows of a range.
    #[cfg(test)]
    pub(super) fn of(rest: Range<usize>) -> Self {
        Self { rest, hole: None }
    }

    /// How many rows are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len() - usize::from(self.hole.is_some_and(|hole| self.rest.contains(&hole)))
    }
}

impl Iterator for Picks {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.rest.next().filter(|index| Some(*index) != self.hole).or_else(|| self.rest.next())
    }
}

/// The body of an answer in chunks; none where it has no rows.
pub(super) fn chunks(
    faults: &Faults,
    year: Arc<FiscalYear>,
    as_of: AsOf,
    question: (Dataset, Ask),
) -> Option<JsonChunks> {
    let (dataset, ask) = question;
    let once = year.year.to_string();
    // Whoever asks for a single row reads no pages that could disagree.
    let pages = !matches!(ask, Ask::Range { from, to } if from == to);
    let stale = dataset == Dataset::RealisasiBelanja && pages && faults.once(&Fault::MaxdateMoves, dataset, &once);
    let max_date = as_of.last_day().saturating_sub(u16::from(stale));
    let table = table(dataset, year, as_of, max_date);
    let mut rows = asked(table.as_ref(), ask, faults.on(&Fault::Shrink, dataset));
    if let Ask::Range { from, .. } = ask {
        spoil_page(faults, dataset, from, table.rows(), &mut rows);
    }
    if rows.is_empty() {
        return None;
    }
    let gap =
        dataset == Dataset::RealisasiBelanja && rows.len() > 2 && faults.once(&Fault::RownumGap, dataset, &once);
    let hole = gap.then_some(rows.start + rows.len() / 2);
    let picks = Picks { rest: rows, hole };
    let edits = Edits::new(faults, dataset, table.rows());
    Some(JsonChunks::new(table, picks, edits, Style::new(faults, dataset)))
}

/// The rows asked for, as far as they exist.
fn asked(table: &dyn Table, ask: Ask, shrink: bool) -> Range<usize> {
    let tenth = |count: usize| if shrink { count.div_ceil(10) } else { count };
    let count = tenth(table.rows());
    match ask {
        Ask::All => 0..count,
        Ask::Range { from, to } => (from - 1).min(count)..to.min(count),
        Ask::Day(date) => {
            let day = table.on_day(date);
            day.start..day.start + tenth(day.len())
        }
        Ask::Unreadable => 0..0,
    }
}

/// Pages that overlap, or that are shorter than asked though more rows exist.
fn spoil_page(faults: &Faults, dataset: Dataset, from: usize, count: usize, rows: &mut Range<usize>) {
    if rows.len() > 1 && rows.end < count && faults.on(&Fault::ShortPageMid, dataset) {
        rows.end -= (rows.len() / 10).max(1);
    }
    if from > 1 && rows.start < rows.end && faults.on(&Fault::PageOverlap, dataset) {
        rows.start -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Picks;

    #[test]
    fn picks_leave_out_the_hole() {
        let picks = |rest, hole| Picks { rest, hole };
        assert_eq!(picks(3..7, Some(5)).collect::<Vec<_>>(), [3, 4, 6]);
        assert_eq!(picks(3..7, Some(5)).left(), 3);
        assert_eq!(picks(3..6, Some(5)).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(picks(3..6, None).collect::<Vec<_>>(), [3, 4, 5]);
    }
}
