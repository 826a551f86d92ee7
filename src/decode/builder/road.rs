//! What the fast lane knows of a builder: what the columns are, where values go, and how a row ends or is taken back.

use super::{BatchBuilder, Way};
use crate::contract::ColumnType;
use crate::decode::days::Days;
use crate::decode::growing::Growing;

/// The columns of a dataset, by their number in the contract.
#[derive(Clone, Copy)]
pub(in crate::decode) struct Columns<'a>(&'a BatchBuilder);

impl<'a> Columns<'a> {
    pub(in crate::decode) fn len(self) -> usize {
        self.0.columns.len()
    }

    pub(in crate::decode) fn ty(self, i: usize) -> &'a ColumnType {
        &self.0.columns[i].ty
    }

    pub(in crate::decode) fn is_required(self, i: usize) -> bool {
        self.0.columns[i].required
    }

    pub(in crate::decode) fn has_range(self, i: usize) -> bool {
        self.0.columns[i].range.is_some()
    }

    /// Whether it is not read at all.
    pub(in crate::decode) fn is_skipped(self, i: usize) -> bool {
        self.0.ways[i] == Way::Skipped
    }

    /// Whether its value is no key of a row: what the request was for, or what stands around rows.
    pub(in crate::decode) fn is_outside(self, i: usize) -> bool {
        self.0.columns[i].of.is_some() || self.0.columns[i].param.is_some()
    }

    /// Whether its own value is all that it needs, and nobody else needs that.
    pub(in crate::decode) fn is_read_alone(self, i: usize) -> bool {
        self.0.ways[i] == Way::Typed && !self.0.readings.repairs_with(i)
    }

    /// Its place among the stored columns.
    pub(in crate::decode) fn stored_at(self, i: usize) -> Option<usize> {
        self.0.stored_at[i]
    }

    /// The place of the column of unknown keys.
    pub(in crate::decode) fn extra_at(self) -> Option<usize> {
        self.0.extra_at
    }
}

/// Where the values of a column go.
pub(in crate::decode) struct Destination<'a> {
    pub(in crate::decode) growing: &'a mut Growing,
    /// Texts of the column that were read as days.
    pub(in crate::decode) days: &'a Days,
    /// Text that the batch holds.
    pub(in crate::decode) n_text_bytes: &'a mut usize,
}

impl BatchBuilder {
    pub(in crate::decode) fn columns(&self) -> Columns<'_> {
        Columns(self)
    }

    /// Where values of column `i` go, which is stored at `at`.
    #[inline]
    pub(in crate::decode) fn destination(&mut self, i: usize, at: usize) -> Destination<'_> {
        Destination { growing: &mut self.growing[at], days: &self.days[i], n_text_bytes: &mut self.n_text_bytes }
    }

    /// Appends to the column stored at `at` what the last row has.
    #[inline]
    pub(in crate::decode) fn append_again(&mut self, at: usize) {
        self.growing[at].append_again();
    }

    /// Ends a row whose values were appended one by one; columns stored at `absent` have none.
    #[inline]
    pub(in crate::decode) fn end_row(&mut self, absent: &[usize]) {
        for &at in absent {
            self.growing[at].append_null();
        }
        self.n_rows += 1;
    }

    /// Removes the values of a row that is not ended.
    pub(in crate::decode) fn take_back(&mut self) {
        for growing in &mut self.growing {
            growing.truncate(self.n_rows);
        }
    }
}
