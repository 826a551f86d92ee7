//! A result as an Excel workbook.
//!
//! Excel knows one kind of number, a 64-bit float that shows 15 digits. A whole number or decimal of up to 15
//! significant digits survives that exactly and becomes a number cell; a longer one becomes text, so that no digit is
//! lost. Text columns (codes!) are always text cells, dates are date cells, instants are ISO 8601 text in UTC.

use std::io::Write;

use arrow::array::{Array, BooleanArray, Date32Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::Datelike;
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};

use super::super::error::CatalogError;
use super::super::session::QueryResult;
use super::{Format, failed, for_each};

/// Rows of a sheet, the header included.
const SHEET_ROWS: u64 = 1_048_576;
/// Characters of a cell.
const CELL_CHARS: usize = 32_767;
/// Digits a number cell keeps.
const DIGITS: usize = 15;

/// Writes the workbook: bold header, frozen, with filters; columns as wide as their cells.
pub(super) async fn write(result: QueryResult, out: &mut (dyn Write + Send)) -> Result<u64, CatalogError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let schema = std::sync::Arc::clone(&result.schema);
    let styles = header(sheet, &schema).map_err(refused)?;
    let mut next = 1_u32;
    let rows = for_each(result, |batch| {
        if u64::from(next) + batch.num_rows() as u64 > SHEET_ROWS {
            let most = SHEET_ROWS - 1;
            return Err(Format::Xlsx.fail(format_args!("a sheet holds {most} rows; use csv or parquet")));
        }
        for (column, style) in styles.iter().enumerate() {
            put_column(sheet, batch, (next, column), style)?;
        }
        next += u32::try_from(batch.num_rows()).map_err(|e| Format::Xlsx.fail(e))?;
        Ok(())
    })
    .await?;
    finish(sheet, next, styles.len()).map_err(refused)?;
    let bytes = workbook.save_to_buffer().map_err(refused)?;
    out.write_all(&bytes).map_err(CatalogError::Write)?;
    Ok(rows)
}

/// Writes the header and gives the number format of each column.
fn header(sheet: &mut Worksheet, schema: &SchemaRef) -> Result<Vec<CellFormat>, XlsxError> {
    let bold = CellFormat::new().set_bold();
    let mut styles = Vec::new();
    for (column, field) in (0..).zip(schema.fields()) {
        sheet.write_string_with_format(0, column, field.name(), &bold)?;
        styles.push(style(field.data_type()));
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(styles)
}

fn finish(sheet: &mut Worksheet, next: u32, columns: usize) -> Result<(), XlsxError> {
    if let Some(last) = columns.checked_sub(1) {
        let last = u16::try_from(last).map_err(|_| XlsxError::RowColumnLimitError)?;
        sheet.autofilter(0, 0, next - 1, last)?;
    }
    sheet.autofit();
    Ok(())
}

fn style(data_type: &DataType) -> CellFormat {
    match data_type {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) if *scale > 0 => {
            CellFormat::new().set_num_format(format!("#,##0.{}", "0".repeat(scale.unsigned_abs().into())))
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => CellFormat::new().set_num_format("#,##0"),
        DataType::Date32 => CellFormat::new().set_num_format("yyyy-mm-dd"),
        // Whole numbers are years, months and counts: 2026, not 2,026.
        _ => CellFormat::new(),
    }
}

/// Writes one column of a batch; `at` is its first cell (row, column).
fn put_column(
    sheet: &mut Worksheet,
    batch: &RecordBatch,
    at: (u32, usize),
    style: &CellFormat,
) -> Result<(), CatalogError> {
    let array = batch.column(at.1).as_ref();
    let column = u16::try_from(at.1).map_err(|_| refused(XlsxError::RowColumnLimitError))?;
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options).map_err(|e| failed(Format::Xlsx, e))?;
    for (row, i) in (at.0..).zip(0..array.len()) {
        if array.is_null(i) {
            continue;
        }
        let text = formatter.value(i).try_to_string().map_err(|e| failed(Format::Xlsx, e))?;
        if text.chars().count() > CELL_CHARS {
            let name = batch.schema_ref().field(at.1).name().clone();
            return Err(Format::Xlsx.fail(format_args!("a value of {name} is longer than {CELL_CHARS} characters")));
        }
        put_cell(sheet, (row, column), (array, i), (&text, style)).map_err(refused)?;
    }
    Ok(())
}

/// Writes one cell: `value` is the array and the index in it, `shown` its text and format.
fn put_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (array, i): (&dyn Array, usize),
    (text, style): (&str, &CellFormat),
) -> Result<(), XlsxError> {
    if let Some(flags) = array.as_any().downcast_ref::<BooleanArray>() {
        sheet.write_boolean(row, column, flags.value(i))?;
    } else if let Some(date) = excel_date(array, i) {
        sheet.write_datetime_with_format(row, column, &date, style)?;
    } else if let Some(number) = excel_number(array.data_type(), text) {
        sheet.write_number_with_format(row, column, number, style)?;
    } else {
        sheet.write_string(row, column, text)?;
    }
    Ok(())
}

/// The date, unless Excel's calendar (1900 to 9999) lacks it.
fn excel_date(array: &dyn Array, i: usize) -> Option<ExcelDateTime> {
    let date = array.as_any().downcast_ref::<Date32Array>()?.value_as_date(i)?;
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    // Excel believes in 29 February 1900, so its day numbers are sound only from March on.
    let year = u16::try_from(date.year()).ok().filter(|year| (1901..=9999).contains(year))?;
    ExcelDateTime::from_ymd(year, month, day).ok()
}

/// The number, where a float of 15 digits is the same number. This is the file format's own type: nothing is computed
/// with it.
fn excel_number(data_type: &DataType, text: &str) -> Option<f64> {
    if !data_type.is_numeric() {
        return None;
    }
    if !data_type.is_floating() {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.trim_matches('0').len() > DIGITS {
            return None;
        }
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn refused(error: XlsxError) -> CatalogError {
    match error {
        XlsxError::IoError(source) => CatalogError::Write(source),
        other => Format::Xlsx.fail(other),
    }
}
