//! Where a report's rows come from: SQL text and bound values in, exact cells out.
//!
//! The caller owns the SQL session and only knows Arrow; here an answer becomes [`Value`]s once and is remembered, so that
//! a thousand editions for a thousand satker ask each question once.

use super::amount::Amount;
use super::queries::QueryFile;
use super::value::Value;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use chrono::NaiveDate;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What a session says when a query fails.
pub type QueryFailure = Box<dyn std::error::Error + Send + Sync>;

/// A value for a `$name` of a query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// Nothing is known.
    Null,
    /// A text, such as a satker's code. A list of figures is a text of them, with blanks between.
    Text(String),
    /// An exact figure: the unscaled integer and the scale.
    Decimal(i128, u32),
    /// A day.
    Date(NaiveDate),
}

/// Values by the names of their `$name`s.
pub type Parameters = BTreeMap<String, Parameter>;

/// One consistent set of committed snapshots that answers SQL.
pub trait Rows: Send + Sync {
    /// All rows of one read-only query, `parameters` bound to its `$name`s.
    fn rows<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a Parameters,
    ) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>>;
}

/// Why the rows of a section could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The session refused or failed the query.
    #[error("{file} failed: {source}")]
    Query {
        /// The query's file.
        file: String,
        /// What the session said.
        source: QueryFailure,
    },
    /// A column the report needs is not in the answer.
    #[error("{file} gives no column {column}: select it{nearest}")]
    ColumnMissing {
        /// The query's file.
        file: String,
        /// The missing column.
        column: String,
        /// Columns that resemble it, in words.
        nearest: String,
    },
    /// A column has a type that cannot carry what the report prints.
    #[error("{file} gives {column} as {found}, which the report cannot print as {wanted}: cast it in the query")]
    ColumnType {
        /// The query's file.
        file: String,
        /// The column.
        column: String,
        /// The type found.
        found: String,
        /// What the report wants.
        wanted: String,
    },
}

/// The whole answer of one query.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) file: String,
    names: Vec<String>,
    rows: Vec<Vec<Value>>,
    /// Rows by the text of one column, made when first asked for.
    groups: OnceLock<(String, HashMap<String, Vec<usize>>)>,
}

/// One row of an answer.
#[derive(Clone, Copy)]
pub(crate) struct AnswerRow<'a> {
    names: &'a [String],
    values: &'a [Value],
}

/// Some rows of an answer: all, or those of one recipient.
pub(crate) struct Excerpt {
    answer: Arc<Answer>,
    /// `None` for all of them.
    chosen: Option<Vec<usize>>,
}

impl Answer {
    fn read(query: &QueryFile, batches: &[RecordBatch]) -> Result<Self, RowsError> {
        let names = batches.first().map_or_else(Vec::new, |batch| {
            batch.schema().fields().iter().map(|field| field.name().clone()).collect()
        });
        let mut rows = Vec::new();
        for batch in batches {
            let columns: Result<Vec<Vec<Value>>, RowsError> =
                batch.columns().iter().zip(&names).map(|(array, name)| cells(query, name, array)).collect();
            let mut columns: Vec<_> = columns?.into_iter().map(Vec::into_iter).collect();
            let row = |_| columns.iter_mut().filter_map(Iterator::next).collect();
            rows.extend((0..batch.num_rows()).map(row));
        }
        Ok(Self { file: query.file.clone(), names, rows, groups: OnceLock::new() })
    }

    /// The rows whose `column` is `value`.
    fn of(&self, column: &str, value: &str) -> Result<Vec<usize>, RowsError> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let at = self.position(column)?;
        let (by, groups) = self.groups.get_or_init(|| {
            let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
            for (row, values) in self.rows.iter().enumerate().filter(|(_, values)| !values[at].is_null()) {
                groups.entry(values[at].to_string()).or_default().push(row);
            }
            (column.to_owned(), groups)
        });
        if by == column {
            return Ok(groups.get(value).cloned().unwrap_or_default());
        }
        let own = |row: &usize| !self.rows[*row][at].is_null() && self.rows[*row][at].to_string() == value;
        Ok((0..self.rows.len()).filter(own).collect())
    }

    fn position(&self, column: &str) -> Result<usize, RowsError> {
        let found = self.names.iter().position(|name| name == column);
        found.ok_or_else(|| RowsError::ColumnMissing {
            file: self.file.clone(),
            column: column.to_owned(),
            nearest: super::nearest::hint(column, self.names.iter().map(String::as_str)),
        })
    }
}

impl Excerpt {
    /// The rows, in the query's order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = AnswerRow<'_>> {
        let answer = &self.answer;
        let row = move |index: usize| AnswerRow { names: &answer.names, values: &answer.rows[index] };
        let all = match &self.chosen {
            None => (0..answer.rows.len()).collect::<Vec<_>>(),
            Some(chosen) => chosen.clone(),
        };
        all.into_iter().map(row)
    }

    /// Fails unless every one of `columns` is there; an answer without rows has none and is fine.
    pub(crate) fn require<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> Result<(), RowsError> {
        if self.answer.rows.is_empty() {
            return Ok(());
        }
        columns.into_iter().try_for_each(|column| self.answer.position(column).map(|_| ()))
    }

    /// The query's file, for messages.
    pub(crate) fn file(&self) -> &str {
        &self.answer.file
    }
}

impl<'a> AnswerRow<'a> {
    /// The cell of `column`; NULL where there is no such column.
    pub(crate) fn value(self, column: &str) -> &'a Value {
        self.names.iter().position(|name| name == column).map_or(&Value::Null, |at| &self.values[at])
    }

    /// Every column with its value.
    pub(crate) fn cells(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.names.iter().map(String::as_str).zip(self.values)
    }
}

/// A set of snapshots that remembers its answers.
pub struct Session<'a> {
    rows: &'a dyn Rows,
    answers: Mutex<HashMap<Question, Arc<Answer>>>,
}

/// A query's name and the values bound in it.
type Question = (String, Vec<(String, Parameter)>);

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl<'a> Session<'a> {
    /// A session over `rows`, with nothing asked yet.
    #[must_use]
    pub fn new(rows: &'a dyn Rows) -> Self {
        Self { rows, answers: Mutex::default() }
    }

    /// The rows of `query`; with `own`, a column and a value, only those that have this value in it, whatever the query
    /// gave.
    pub(crate) async fn ask(
        &self,
        query: &QueryFile,
        parameters: &Parameters,
        own: Option<(&str, &str)>,
    ) -> Result<Excerpt, RowsError> {
        let wanted = query.parameters();
        let bound: Vec<(String, Parameter)> = parameters
            .iter()
            .filter(|(name, _)| wanted.contains(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let question = (query.name.clone(), bound);
        let known = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&question).cloned();
        let answer = match known {
            Some(answer) => answer,
            None => {
                let parameters: Parameters = question.1.iter().cloned().collect();
                let failed = |source| RowsError::Query { file: query.file.clone(), source };
                let batches = self.rows.rows(&query.sql, &parameters).await.map_err(failed)?;
                let answer = Arc::new(Answer::read(query, &batches)?);
                let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
                answers.insert(question, Arc::clone(&answer));
                answer
            }
        };
        let chosen = own.map(|(column, value)| answer.of(column, value)).transpose()?;
        Ok(Excerpt { answer, chosen })
    }
}

/// The cells of one column. A float is refused: it has already lost what a figure is.
fn cells(query: &QueryFile, name: &str, array: &ArrayRef) -> Result<Vec<Value>, RowsError> {
    let wrong = || RowsError::ColumnType {
        file: query.file.clone(),
        column: name.to_owned(),
        found: array.data_type().to_string(),
        wanted: "an exact figure, a text, a date or a flag".to_owned(),
    };
    let exact = |to: &DataType| {
        // Arrow's cast turns what does not fit into null; a figure must not vanish that way.
        cast(array, to).ok().filter(|cast| cast.null_count() == array.null_count()).ok_or_else(wrong)
    };
    let or_null = |value: Option<Value>| value.unwrap_or(Value::Null);
    Ok(match array.data_type() {
        DataType::Null => vec![Value::Null; array.len()],
        DataType::Boolean => array.as_boolean().iter().map(|cell| or_null(cell.map(Value::Flag))).collect(),
        DataType::Date32 => {
            let date = |day: Option<i32>| day.and_then(Date32Type::to_naive_date_opt).map(Value::Date);
            array.as_primitive::<Date32Type>().iter().map(|cell| or_null(date(cell))).collect()
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let array = exact(&DataType::Utf8)?;
            let text = |cell: Option<&str>| or_null(cell.map(|text| Value::Text(text.trim().to_owned())));
            array.as_string::<i32>().iter().map(text).collect()
        }
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale)
            if *scale >= 0 =>
        {
            amounts(&exact(&DataType::Decimal128(38, *scale))?, u32::from(scale.unsigned_abs()))
        }
        integer if integer.is_integer() => amounts(&exact(&DataType::Decimal128(38, 0))?, 0),
        _ => return Err(wrong()),
    })
}

fn amounts(array: &ArrayRef, scale: u32) -> Vec<Value> {
    let amount = |unscaled| Value::Amount(Amount::new(unscaled, scale));
    array.as_primitive::<Decimal128Type>().iter().map(|cell| cell.map_or(Value::Null, amount)).collect()
}

#[cfg(test)]
mod tests;
