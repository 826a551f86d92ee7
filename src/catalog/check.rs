//! The SQL data tests: each gives the rows that violate a rule; none means it holds.
//!
//! A test says in its head comment how bad a violation is: `-- severity: error` (figures are wrong until it is mended) or
//! `-- severity: warning`, the default. `ops.data_tests` has every test with the number of rows it finds. It is a view over
//! the tests themselves, so it answers for whatever the session shows, also as of a past day, and cannot be out of date.

use arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::datasource::ViewTable;
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::prelude::col;
use futures::StreamExt;

use super::error::CatalogError;
use super::session::{Catalog, QueryResult};
use super::views::ViewFile;

/// Schema of the tables about the warehouse itself.
pub(crate) const OPS: &str = "ops";
/// The table of all data tests in it.
pub(crate) const DATA_TESTS: &str = "data_tests";

/// Most violating rows a report keeps; all of them are counted.
pub const SAMPLE_ROWS: usize = 20;

/// How bad it is when a data test finds rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Severity {
    /// Figures are wrong until it is mended.
    Error,
    /// A question to the source, or a limit of a figure: shown beside it.
    #[default]
    Warning,
}

impl Severity {
    /// The word in the file, in SQL and on the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }

    /// Reads the line `severity: …` of a head comment; without one it is a warning.
    ///
    /// # Errors
    /// The word, when it is neither.
    pub(crate) fn of_comment(comment: &str) -> Result<Self, String> {
        match comment.lines().find_map(|line| line.strip_prefix(KEY)).map(str::trim) {
            None => Ok(Self::default()),
            Some("error") => Ok(Self::Error),
            Some("warning") => Ok(Self::Warning),
            Some(other) => Err(other.to_owned()),
        }
    }
}

/// What the line of the severity begins with, behind its dashes.
const KEY: &str = "severity:";

/// The rule of a data test: its head comment without the line of the severity.
fn rule(comment: &str) -> String {
    comment.lines().filter(|line| !line.starts_with(KEY)).collect::<Vec<_>>().join("\n")
}

/// What one data test found.
#[derive(Debug)]
pub struct CheckReport {
    /// Stem of the file.
    pub name: String,
    /// The file, for messages.
    pub file: String,
    /// How bad a violation is.
    pub severity: Severity,
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
        Ok(result) => violations(result).await,
        Err(error) => Err(error),
    };
    let comment = file.comment();
    CheckReport {
        name: file.name.clone(),
        file: file.file.clone(),
        // A word that is none was told when the catalog was built; the test itself is not lost.
        severity: Severity::of_comment(&comment).unwrap_or_default(),
        comment: rule(&comment),
        outcome,
    }
}

async fn violations(mut result: QueryResult) -> Result<Violations, CatalogError> {
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

/// A data test that was planned, or could not be.
pub(crate) struct Planned<'a> {
    pub(crate) file: &'a ViewFile,
    pub(crate) plan: Option<LogicalPlan>,
}

/// `ops.data_tests`: name, severity, rule, and rows (NULL where the test could not be planned).
pub(crate) fn table(tests: Vec<Planned>) -> Result<ViewTable, CatalogError> {
    let lines: Result<Vec<LogicalPlan>, DataFusionError> = tests.into_iter().map(line).collect();
    let union = lines.and_then(|lines| {
        let mut lines = lines.into_iter();
        let Some(first) = lines.next() else { return nothing() };
        lines.try_fold(LogicalPlanBuilder::from(first), LogicalPlanBuilder::union)?.build()
    });
    Ok(ViewTable::new(union.map_err(|e| CatalogError::from_engine(&e))?, None))
}

/// One row: a test and its count.
fn line(test: Planned) -> Result<LogicalPlan, DataFusionError> {
    let comment = test.file.comment();
    let about = |rows: Expr| {
        vec![
            lit(test.file.name.clone()).alias("name"),
            lit(Severity::of_comment(&comment).unwrap_or_default().word()).alias("severity"),
            lit(rule(&comment).split_whitespace().collect::<Vec<_>>().join(" ")).alias("rule"),
            rows.alias("rows"),
        ]
    };
    match test.plan {
        // What is only counted need not be sorted.
        Some(LogicalPlan::Sort(sort)) if sort.fetch.is_none() => counted(sort.input.as_ref().clone(), about),
        Some(plan) => counted(plan, about),
        None => LogicalPlanBuilder::empty(true).project(about(lit(ScalarValue::Int64(None))))?.build(),
    }
}

fn counted(plan: LogicalPlan, about: impl Fn(Expr) -> Vec<Expr>) -> Result<LogicalPlan, DataFusionError> {
    let rows = count(lit(1_i64)).alias("found");
    LogicalPlanBuilder::from(plan).aggregate(Vec::<Expr>::new(), vec![rows])?.project(about(col("found")))?.build()
}

/// The table's columns without a row.
fn nothing() -> Result<LogicalPlan, DataFusionError> {
    let text = || lit(ScalarValue::Utf8(None));
    let columns = vec![
        text().alias("name"),
        text().alias("severity"),
        text().alias("rule"),
        lit(ScalarValue::Int64(None)).alias("rows"),
    ];
    LogicalPlanBuilder::empty(false).project(columns)?.build()
}
