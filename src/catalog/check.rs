//! The SQL data tests: each gives the rows that violate a rule; none means it holds.

use arrow::array::RecordBatch;
use futures::StreamExt;

use super::error::CatalogError;
use super::session::{Catalog, QueryResult};
use super::views::ViewFile;

/// Most violating rows a report keeps; all of them are counted.
pub const SAMPLE_ROWS: usize = 20;

/// What one data test found.
#[derive(Debug)]
pub struct CheckReport {
    /// Stem of the file.
    pub name: String,
    /// The file, for messages.
    pub file: String,
    /// The comment at its head: what the rule is and why.
    pub comment: String,
    /// The violations, or why the test could not run.
    pub outcome: Result<Violations, CatalogError>,
}

/// The rows that violate a rule.
#[derive(Debug, Default)]
pub struct Violations {
    /// How many there are.
    pub rows: u64,
    /// The first [`SAMPLE_ROWS`] of them.
    pub sample: Vec<RecordBatch>,
}

impl CheckReport {
    /// Did the test run and find nothing?
    #[must_use]
    pub fn passed(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|found| found.rows == 0)
    }
}

/// Runs one data test.
pub(crate) async fn run(catalog: &Catalog, file: &ViewFile) -> CheckReport {
    let outcome = match catalog.query(&file.sql).await {
        Ok(result) => count(result).await,
        Err(error) => Err(error),
    };
    CheckReport { name: file.name.clone(), file: file.file.clone(), comment: file.comment(), outcome }
}

async fn count(mut result: QueryResult) -> Result<Violations, CatalogError> {
    let mut found = Violations::default();
    while let Some(batch) = result.batches.next().await {
        let batch = batch?;
        let kept: usize = found.sample.iter().map(RecordBatch::num_rows).sum();
        if kept < SAMPLE_ROWS && batch.num_rows() > 0 {
            found.sample.push(batch.slice(0, batch.num_rows().min(SAMPLE_ROWS - kept)));
        }
        found.rows += batch.num_rows() as u64;
    }
    Ok(found)
}
