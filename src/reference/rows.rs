//! CSV bytes to one record batch, with every problem of the file at once.
//!
//! The file has a header line and is UTF-8 (a byte order mark is fine), separated by commas, semicolons or tabs. Texts
//! are trimmed and runs of blanks and line breaks become one blank; an empty value is NULL. A value is never repeated in
//! a problem: whoever picks the wrong file may have picked one with personal data.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, RecordBatch, StringBuilder,
};
use arrow::datatypes::DataType;

use super::definition::{ReferenceColumn, TableDefinition};
use super::findings::Findings;
pub use super::findings::RefusedFile;
use super::{check, header, quoting};
use crate::contract::{ColumnType, DateFormat};
use crate::decode::{date, value};

/// What one file may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most rows.
    pub rows: usize,
    /// The name of that limit, for the message.
    pub rows_name: &'static str,
    /// Most problems told; all are counted.
    pub problems: usize,
}

/// A file that was read.
#[derive(Debug)]
pub struct ReadFile {
    /// Its rows, in the file's order.
    pub batch: RecordBatch,
    /// Codes whose parent is missing, where the table only tells them.
    pub orphans: u64,
}

/// The values of a file by the table's columns, before they have types.
pub(super) struct Cells {
    /// The line each row begins in.
    pub(super) lines: Vec<usize>,
    /// One vector a column, one value a row; `None` = NULL.
    pub(super) columns: Vec<Vec<Option<String>>>,
}

/// Reads `bytes` as rows of `definition`; `file` is how the user knows them.
///
/// # Errors
/// Every problem of the file, the first of them told.
pub fn read(
    definition: &TableDefinition,
    file: &str,
    bytes: &[u8],
    limits: &Limits,
) -> Result<ReadFile, RefusedFile> {
    let mut findings = Findings::new(file, limits.problems);
    let Some(text) = text(bytes, &mut findings) else { return Err(findings.into_refused()) };
    let delimiter = delimiter(text);
    quoting::check(text, delimiter, &mut findings);
    if !findings.is_empty() {
        // Where a quote is open, nobody can say what is a row.
        return Err(findings.into_refused());
    }
    let Some(mut cells) = cells(definition, text, delimiter, (limits, &mut findings)) else {
        return Err(findings.into_refused());
    };
    check::make(definition, &mut cells, &mut findings);
    let arrays: Vec<ArrayRef> = definition
        .columns
        .iter()
        .zip(&cells.columns)
        .map(|(c, values)| array(c, values, &cells.lines, &mut findings))
        .collect();
    check::keys(definition, &cells, &mut findings);
    check::periods(definition, &cells, &mut findings);
    let orphans = check::parents(definition, &cells, &mut findings);
    if !findings.is_empty() {
        return Err(findings.into_refused());
    }
    let batch = RecordBatch::try_new(definition.schema(), arrays).expect("the arrays are made by the schema's types");
    Ok(ReadFile { batch, orphans })
}

fn text<'b>(bytes: &'b [u8], findings: &mut Findings) -> Option<&'b str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            findings.add(line, "is not UTF-8", "save it as \"CSV UTF-8\"");
            None
        }
    }
}

/// What separates the values: the most frequent of comma, semicolon and tab in the header line.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default().as_bytes();
    let count = |delimiter: u8| header.iter().filter(|&&byte| byte == delimiter).count();
    // The last of equals wins, so the comma stands last.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// The values by column; `None` where the header does not fit.
fn cells(
    definition: &TableDefinition,
    text: &str,
    delimiter: u8,
    (limits, findings): (&Limits, &mut Findings),
) -> Option<Cells> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) if !header.is_empty() => header.clone(),
        Ok(_) | Err(_) => {
            findings.add(1, "has no header line", "the first line names the columns");
            return None;
        }
    };
    let map = header::map(definition, &header, findings);
    if !findings.is_empty() {
        return None;
    }
    let mut cells = Cells { lines: Vec::new(), columns: vec![Vec::new(); definition.columns.len()] };
    for record in reader.records() {
        let Ok(record) = record else {
            findings.add(0, "cannot be read as CSV", "");
            return None;
        };
        let line = record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
        if cells.lines.len() == limits.rows {
            let message = format!("has more than {} rows ({})", limits.rows, limits.rows_name);
            findings.add(line, message, "a larger list is imported: lumbung reference import NAME FILE");
            return Some(cells);
        }
        if record.len() != header.len() {
            let message = format!("{} values for {} columns", record.len(), header.len());
            findings.add(line, message, "quote values that hold the separator");
            continue;
        }
        take(definition, &map, &record, (line, &mut cells, findings));
    }
    Some(cells)
}

/// Adds one row.
fn take(
    definition: &TableDefinition,
    map: &[Option<usize>],
    record: &csv::StringRecord,
    (line, cells, findings): (usize, &mut Cells, &mut Findings),
) {
    let row = cells.lines.len();
    cells.lines.push(line);
    cells.columns.iter_mut().for_each(|values| values.push(None));
    for (value, target) in record.iter().zip(map) {
        let Some(i) = *target else { continue };
        let column = &definition.columns[i];
        let Some(value) = plain(value, &column.remove) else { continue };
        let cell = &mut cells.columns[i][row];
        match cell {
            Some(earlier) if *earlier != value => {
                let message = format!("two columns of the file carry {} and differ", column.name);
                findings.add(line, message, "leave one of them out");
            }
            _ => *cell = Some(value),
        }
    }
}

/// A value without surrounding blanks, line breaks and what the column removes; `None` when nothing is left.
fn plain(value: &str, remove: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    for word in value.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.retain(|c| !remove.contains(c));
    if text.is_empty() { None } else { Some(text) }
}

/// The values of one column in its type. A value that does not fit is noted and stands as NULL.
fn array(column: &ReferenceColumn, values: &[Option<String>], lines: &[usize], findings: &mut Findings) -> ArrayRef {
    let mut typed = Typed::of(column);
    for (value, &line) in values.iter().zip(lines) {
        let Some(value) = value else {
            // What is made from a code was judged with the code.
            if column.required && column.make.is_none() {
                findings.add(line, format!("{} is empty", column.name), "every row needs one");
            }
            typed.push_null();
            continue;
        };
        if !column.one_of.is_empty() && !column.one_of.contains(value) {
            let hint = format!("one of {}", column.one_of.join(", "));
            findings.add(line, format!("{} has a value that is not allowed", column.name), &hint);
            typed.push_null();
        } else if let Err(reason) = typed.push(value) {
            findings.add(line, format!("{} is {reason}", column.name), &wanted(column));
            typed.push_null();
        }
    }
    typed.finish()
}

/// What a column takes, as a hint.
fn wanted(column: &ReferenceColumn) -> String {
    match &column.ty {
        ColumnType::Code { min, max } if min == max => format!("{min} characters; quote codes with leading zeros"),
        ColumnType::Code { min, max } => format!("{min} to {max} characters; quote codes with leading zeros"),
        ColumnType::Integer => "digits only".to_owned(),
        ColumnType::Decimal { scale, .. } => format!("a number with a point and at most {scale} decimals"),
        ColumnType::Date(_) => "YYYY-MM-DD".to_owned(),
        ColumnType::Boolean => "ya or tidak".to_owned(),
        _ => String::new(),
    }
}

/// The builder of one column.
enum Typed {
    Text { lengths: Option<(usize, usize)>, builder: StringBuilder },
    Integer(Int64Builder),
    Decimal { precision: u8, scale: u8, builder: Decimal128Builder },
    Date(Date32Builder),
    Boolean(BooleanBuilder),
}

impl Typed {
    fn of(column: &ReferenceColumn) -> Self {
        match &column.ty {
            ColumnType::Integer => Self::Integer(Int64Builder::new()),
            ColumnType::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnType::Date(_) => Self::Date(Date32Builder::new()),
            ColumnType::Decimal { precision, scale } => {
                let ty = DataType::Decimal128(*precision, i8::try_from(*scale).expect("a scale is at most 38"));
                let builder = Decimal128Builder::new().with_data_type(ty);
                Self::Decimal { precision: *precision, scale: *scale, builder }
            }
            ColumnType::Code { min, max } => {
                Self::Text { lengths: Some((*min, *max)), builder: StringBuilder::new() }
            }
            _ => Self::Text { lengths: None, builder: StringBuilder::new() },
        }
    }

    fn push(&mut self, text: &str) -> Result<(), &'static str> {
        let bytes = text.as_bytes();
        match self {
            Self::Text { lengths, builder } => {
                let chars = text.chars().count();
                if lengths.is_some_and(|(min, max)| !(min..=max).contains(&chars)) {
                    return Err("a code of another length");
                }
                builder.append_value(text);
            }
            Self::Integer(builder) => builder.append_value(value::integer(bytes, true)?),
            Self::Decimal { precision, scale, builder } => {
                let unscaled = value::decimal(bytes, *scale, true)?;
                if unscaled.unsigned_abs() >= 10_u128.pow(u32::from(*precision)) {
                    return Err("a number of too many digits");
                }
                builder.append_value(unscaled);
            }
            Self::Date(builder) => builder.append_value(date::date(bytes, &[DateFormat::Iso])?),
            Self::Boolean(builder) => builder.append_value(value::boolean(bytes)?),
        }
        Ok(())
    }

    fn push_null(&mut self) {
        match self {
            Self::Text { builder, .. } => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Decimal { builder, .. } => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text { mut builder, .. } => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
            Self::Decimal { mut builder, .. } => Arc::new(builder.finish()),
            Self::Date(mut builder) => Arc::new(builder.finish()),
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
        }
    }
}
