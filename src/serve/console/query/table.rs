//! An answer as text: exact values as SQL prints them, so many rows, so many characters. What was cut says so.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::StreamExt;

use crate::catalog::CatalogError;
use crate::catalog::port::PortColumn;
use crate::serve::postgres::{Opened, Told, told};

/// Most rows of an answer that are kept to be shown.
pub(super) const ROWS_MAX: usize = 1_000;
/// Most columns that are shown.
const COLUMNS_MAX: usize = 100;
/// Longest value that is shown, in characters.
const CELL_CHARS: usize = 200;
/// The same where there are many columns.
const CELL_CHARS_WIDE: usize = 60;
/// From how many columns on there are many.
const WIDE: usize = 30;
/// Most text of an answer, in bytes.
const TEXT_BYTES_MAX: usize = 2 << 20;

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// Its type in PostgreSQL's words.
    pub(super) sql_type: String,
    /// Whether its values are figures, which stand right.
    pub(super) is_number: bool,
}

/// A value; `None` is NULL.
pub(super) type Cell = Option<String>;

/// An answer as it is shown.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Whether there were more rows.
    pub(super) rows_cut: bool,
    /// Columns that are not shown.
    pub(super) columns_cut: usize,
    /// Whether a value was shortened.
    pub(super) cells_cut: bool,
}

/// Reads as many rows as are shown.
pub(super) async fn read(opened: Opened) -> Result<Answer, Told> {
    // The place at the gate and the state of the warehouse are held until the last row is read.
    let mut opened = opened;
    let shown: Vec<Column> = opened
        .columns
        .iter()
        .zip(opened.result.schema.fields())
        .take(COLUMNS_MAX)
        .map(|(c, f)| column(c, f.data_type()))
        .collect();
    let columns_cut = opened.columns.len() - shown.len();
    let mut answer = Answer { columns: shown, columns_cut, ..Answer::default() };
    let mut bytes = 0;
    while let Some(batch) = opened.result.batches.next().await {
        let batch = batch.map_err(|error| told(&error))?;
        if batch.num_rows() > 0 && !answer.take(&batch, &mut bytes).map_err(|error| told(&error))? {
            break;
        }
    }
    Ok(answer)
}

fn column(column: &PortColumn, data_type: &DataType) -> Column {
    let sql_type = match data_type {
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            format!("{}({precision},{scale})", column.info.name)
        }
        _ => column.info.name.to_owned(),
    };
    Column { name: column.name.clone(), sql_type, is_number: data_type.is_numeric() }
}

impl Answer {
    /// Takes rows of a batch; false when no more are taken.
    fn take(&mut self, batch: &RecordBatch, bytes: &mut usize) -> Result<bool, CatalogError> {
        let options = FormatOptions::default();
        let internal = |error: arrow::error::ArrowError| CatalogError::Internal(error.to_string());
        let arrays = &batch.columns()[..self.columns.len().min(batch.num_columns())];
        let texts: Vec<ArrayFormatter<'_>> = arrays
            .iter()
            .map(|array| ArrayFormatter::try_new(array.as_ref(), &options))
            .collect::<Result<_, _>>()
            .map_err(internal)?;
        let most = if self.columns.len() > WIDE { CELL_CHARS_WIDE } else { CELL_CHARS };
        for row in 0..batch.num_rows() {
            if self.rows.len() >= ROWS_MAX || *bytes > TEXT_BYTES_MAX {
                self.rows_cut = true;
                return Ok(false);
            }
            let mut cells = Vec::with_capacity(texts.len());
            for (array, text) in arrays.iter().zip(&texts) {
                if array.is_null(row) {
                    cells.push(None);
                    continue;
                }
                let (cell, cut) = shortened(text.value(row).try_to_string().map_err(internal)?, most);
                self.cells_cut |= cut;
                *bytes += cell.len();
                cells.push(Some(cell));
            }
            self.rows.push(cells);
        }
        Ok(true)
    }
}

fn shortened(text: String, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (format!("{}…", &text[..end]), true),
        None => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, CELL_CHARS, Column, ROWS_MAX};
    use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
    use std::sync::Arc;

    fn answer(columns: usize) -> Answer {
        let column = |i| Column { name: format!("c{i}"), sql_type: "text".to_owned(), is_number: false };
        Answer { columns: (0..columns).map(column).collect(), ..Answer::default() }
    }

    #[test]
    fn values_are_exact_and_null_is_none() {
        let money = Decimal128Array::from(vec![Some(-123_456_789_012_345_601_i128), None]);
        let money: ArrayRef = Arc::new(money.with_precision_and_scale(20, 2).unwrap());
        let codes: ArrayRef = Arc::new(StringArray::from(vec!["007", "<b>"]));
        let batch = RecordBatch::try_from_iter([("a", money), ("b", codes)]).unwrap();
        let mut answer = answer(2);
        assert!(answer.take(&batch, &mut 0).unwrap());
        let cell = |text: &str| Some(text.to_owned());
        assert_eq!(answer.rows, [vec![cell("-1234567890123456.01"), cell("007")], vec![None, cell("<b>")]]);
    }

    #[test]
    fn what_is_cut_says_so() {
        let numbers: ArrayRef = Arc::new((0..ROWS_MAX as i64 + 1).collect::<Int64Array>());
        let batch = RecordBatch::try_from_iter([("a", numbers)]).unwrap();
        let mut many = answer(1);
        assert!(!many.take(&batch, &mut 0).unwrap());
        assert!(many.rows.len() == ROWS_MAX && many.rows_cut && !many.cells_cut);
        let long: ArrayRef = Arc::new(StringArray::from(vec!["é".repeat(CELL_CHARS + 1)]));
        let mut wide = answer(1);
        assert!(wide.take(&RecordBatch::try_from_iter([("a", long)]).unwrap(), &mut 0).unwrap());
        assert!(wide.cells_cut && wide.rows[0][0].as_ref().unwrap().chars().count() == CELL_CHARS + 1);
    }
}
