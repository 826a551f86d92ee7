//! What the fast lane knows of a builder: what the columns are, where values go, and how a row ends or is taken back.

use super::{BatchBuilder, Readings, Way};
use crate::contract::{Class, Column, ColumnType, Reading};
use crate::decode::growing::Growing;
use crate::decode::memo::Memo;

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

    pub(in crate::decode) fn range(self, i: usize) -> Option<(i64, i64)> {
        self.0.columns[i].range
    }

    /// Whether what its texts stand for is remembered.
    pub(in crate::decode) fn has_memo(self, i: usize) -> bool {
        self.0.memos[i].is_some()
    }

    /// Whether it is read by its type alone.
    pub(in crate::decode) fn is_typed(self, i: usize) -> bool {
        self.0.ways[i] == Way::Typed
    }

    /// The longest text it takes, in characters, where nothing but its type, that and `whole` is said of it.
    pub(in crate::decode) fn simple(self, i: usize) -> Option<usize> {
        let reading = &self.0.columns[i].reading;
        let simple = Reading { max_chars: reading.max_chars, whole: reading.whole, ..Reading::default() };
        let is_simple = !Readings::by_class_or_type(&self.0.columns[i]) && *reading == simple;
        is_simple.then(|| reading.max_chars.unwrap_or(usize::MAX))
    }

    /// Whether a fraction is refused.
    pub(in crate::decode) fn is_whole(self, i: usize) -> bool {
        self.0.columns[i].reading.whole
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
        let is_own = self.is_typed(i) || Readings::is_own(&self.0.columns[i]);
        !self.is_skipped(i) && is_own && !self.0.readings.repairs_with(i)
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
    /// Texts of the column that were read before.
    pub(in crate::decode) memo: Option<&'a Memo>,
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
        let (growing, memo) = (&mut self.growing[at], self.memos[i].as_ref());
        Destination { growing, memo, n_text_bytes: &mut self.n_text_bytes }
    }

    /// Brings the column stored at `at` up to the row that is being read.
    #[inline]
    pub(in crate::decode) fn catch_up(&mut self, at: usize) {
        self.growing[at].fill(self.n_rows);
    }

    /// Ends a row whose values were appended one by one; columns stored at `absent` have none.
    #[inline]
    pub(in crate::decode) fn end_row(&mut self, absent: &[usize]) {
        for &at in absent {
            if !self.growing[at].ends_with_null() {
                self.growing[at].fill(self.n_rows);
                self.growing[at].append_null();
            }
        }
        self.n_rows += 1;
    }

    /// Brings every column up to the rows so far.
    pub(super) fn even(&mut self) {
        for growing in &mut self.growing {
            growing.fill(self.n_rows);
        }
    }

    /// Removes the values of a row that is not ended.
    pub(in crate::decode) fn take_back(&mut self) {
        for growing in &mut self.growing {
            growing.truncate(self.n_rows);
        }
    }
}

/// Whether a column's texts are few, and what they stand for is theirs alone. Nothing personal is remembered.
pub(super) fn remembers(column: &Column) -> bool {
    let is_known = match Way::of(column) {
        Way::Typed => matches!(column.ty, ColumnType::Date(_) | ColumnType::Boolean),
        // Free texts and amounts repeat too seldom.
        Way::Reading if !Readings::is_own(column) => false,
        Way::Reading => match column.ty {
            ColumnType::Text => column.reading.one_of.is_some(),
            ColumnType::Money | ColumnType::Decimal { .. } | ColumnType::Integer => column.reading.extract.is_some(),
            _ => true,
        },
        Way::Skipped => false,
    };
    is_known && column.class == Class::Public
}
