//! The fast lane: rows that are written like the row before them go from the buffer straight into their columns.
//!
//! The rows of one answer are written by one program: the same keys in the same order, with the same blanks between them. A
//! [`Plan`] is what was seen of one row: the bytes between its values (the *leads*), and the column that each value belongs
//! to. The lane expects the next row to have the same leads. So a key with its quotes and its colon is one comparison, no
//! byte is looked at twice, and there is no row between the buffer and the columns. What holds:
//!
//! 1. A plan is made of a row that the ordinary road ([`super::row::RowReader`], [`BatchBuilder::append`]) took. Leads are
//!    compared byte by byte, so whatever they allow (blanks, surplus commas, spellings of a key) was judged once and means
//!    the same again.
//! 2. No plan has a key twice, a key that the contract does not know, or a required column without a key. A row with the
//!    leads of a plan has none of these either.
//! 3. The lane takes a row only when every lead stands where it is due and every value is good for its column. Otherwise
//!    [`BatchBuilder::take_back`] removes what was appended, and the ordinary road reads the row from its first byte. It
//!    alone refuses rows, reports errors and counts unknown keys.
//! 4. What stands around rows is read when it begins to: until it changes, its columns lag behind the batch, which means
//!    that they repeat their last value ([`BatchBuilder`]). The ordinary road brings them up to date first.
//! 5. Only the commonest values are read here (`lane/quick.rs`: plain ASCII texts, digits, days seen before). All others
//!    go through [`BatchBuilder::append_value`], which is what the ordinary road does.
//!
//! `lane/tests.rs` compares both roads over random rows, cut at every byte; the fuzz target `page` compares them with a
//! third decoder, which shares no code with either.

mod plan;
mod quick;

use super::builder::BatchBuilder;
use super::row::{Ahead, Row, RowReader};
use plan::{Around, Outside, Parameters, Plan};

/// Why a row is left to the ordinary road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The buffer ends before the row does, or so near behind it that words cannot be read.
    BufferEnds,
    /// It is written in another way, or holds a value that does not fit.
    Differs,
}

/// Rows in a row that must differ from a plan before another one is made: one that is odd is only that.
const ODD_ROWS: u32 = 2;

/// A plan that took fewer rows than this was not worth making.
const WORTHWHILE_ROWS: u64 = 16;

/// Rows to wait at most before the next plan is made, where plans are not worth it.
const WAIT_ROWS_MAX: u32 = 4_096;

/// The plan in use, and when to make another.
#[derive(Default)]
pub(super) struct Lane {
    plan: Option<Plan>,
    /// The surroundings of the last row that was appended; `None` where they are not known.
    surroundings: Option<usize>,
    /// Where the values around that row stood, as far as the lane read it.
    outside: Outside,
    /// Rows that the plan took.
    n_taken: u64,
    /// Rows that differed since the last one that did not.
    n_odd: u32,
    /// Rows left to the ordinary road before the next plan is made, and how many there will be if that is no better.
    wait: u32,
    next_wait: u32,
    #[cfg(test)]
    pub(super) is_closed: bool,
    #[cfg(test)]
    pub(super) n_taken_in_all: u64,
}

impl Lane {
    /// Reads the row ahead and appends it; returns the position behind it, `None` when the ordinary road must read it.
    #[inline]
    pub(super) fn take(
        &mut self,
        buffer: &[u8],
        ahead: Ahead,
        (row, reader, parameters): (&mut Row, &dyn RowReader, Parameters<'_>),
        builder: &mut BatchBuilder,
    ) -> Option<usize> {
        let plan = self.plan.as_ref()?;
        let is_known = self.surroundings.is_some() && !builder.is_empty();
        if !is_known {
            self.outside.clear();
        }
        let is_same = is_known && self.surroundings == Some(ahead.surroundings);
        let around = Around { reader, parameters, is_same };
        match plan.read(buffer, ahead.at, (row, &around), (builder, &mut self.outside)) {
            Ok(end) => {
                self.surroundings = Some(ahead.surroundings);
                self.n_taken += 1;
                self.n_odd = 0;
                #[cfg(test)]
                {
                    self.n_taken_in_all += 1;
                }
                Some(end)
            }
            Err(stop) => {
                builder.take_back();
                self.outside.clear();
                self.n_odd += u32::from(stop == Stop::Differs);
                None
            }
        }
    }

    /// Looks at a row that the ordinary road took: what was ahead of it, and now ends with `buffer`.
    pub(super) fn learn(&mut self, buffer: &[u8], ahead: Ahead, row: &mut Row, builder: &BatchBuilder) {
        self.surroundings = Some(ahead.surroundings);
        self.outside.clear();
        #[cfg(test)]
        if self.is_closed {
            return;
        }
        if self.plan.is_some() && self.n_odd < ODD_ROWS {
            return;
        }
        if self.wait > 0 {
            self.wait -= 1;
            return;
        }
        self.next_wait = match self.plan.is_some() && self.n_taken >= WORTHWHILE_ROWS {
            true => 1,
            false => (self.next_wait * 2).clamp(1, WAIT_ROWS_MAX),
        };
        self.wait = self.next_wait;
        (self.n_taken, self.n_odd) = (0, 0);
        self.plan = Plan::of(buffer, ahead.at, row, builder);
    }

    /// Another page or request begins: surroundings have other numbers in it, other values, and other places.
    pub(super) fn end_page(&mut self) {
        self.surroundings = None;
        self.outside.clear();
    }
}

#[cfg(test)]
mod tests;
