//! A session that remembers what it was asked and what it answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use futures::future::BoxFuture;

use crate::catalog::Catalog;
use crate::cli::report::Snapshots;
use crate::report::{Parameters, QueryFailure, Rows};

/// Answers as [`Snapshots`] does, and remembers.
pub(super) struct Witness {
    snapshots: Snapshots,
    seen: Mutex<Vec<Seen>>,
}

/// One question and its answer.
#[derive(Clone)]
pub(super) struct Seen {
    sql: String,
    pub(super) parameters: Parameters,
    batches: Vec<RecordBatch>,
}

impl Witness {
    pub(super) fn new(snapshots: Snapshots) -> Self {
        Self { snapshots, seen: Mutex::default() }
    }

    /// The session itself.
    pub(super) fn catalog(&self) -> &Catalog {
        &self.snapshots.0
    }

    /// The last time that `sql` was asked.
    pub(super) fn seen(&self, sql: &str) -> Option<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().rev().find(|seen| seen.sql == sql).cloned()
    }
}

impl Rows for Witness {
    fn rows<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a Parameters,
    ) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>> {
        Box::pin(async move {
            let batches = self.snapshots.rows(sql, parameters).await?;
            let seen = Seen { sql: sql.to_owned(), parameters: parameters.clone(), batches: batches.clone() };
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
            Ok(batches)
        })
    }
}

impl Seen {
    /// The columns of the answer, in order.
    pub(super) fn columns(&self) -> Vec<String> {
        let schema = self.batches.first().map(RecordBatch::schema);
        schema.iter().flat_map(|schema| schema.fields()).map(|field| field.name().clone()).collect()
    }

    /// The rows as texts by column; with `own`, a column and a value, only those that have it. NULL has no text.
    pub(super) fn rows(&self, own: Option<(&str, &str)>) -> Vec<BTreeMap<String, String>> {
        let names = self.columns();
        let row = |batch: &RecordBatch, i: usize| -> BTreeMap<String, String> {
            let cells = names.iter().zip(batch.columns()).filter(|(_, column)| column.is_valid(i));
            cells.filter_map(|(name, column)| Some((name.clone(), array_value_to_string(column, i).ok()?))).collect()
        };
        let all = self.batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |i| (batch, i)));
        let rows = all.map(|(batch, i)| row(batch, i));
        rows.filter(|row| own.is_none_or(|(column, value)| row.get(column).is_some_and(|cell| cell.trim() == value)))
            .collect()
    }
}
