//! A sheet with one table: heading, caption and warnings above a frozen header, figures as numbers, the total in bold.

use super::super::tables::{Placed, mark};
use super::number::{exact, number_format};
use super::{ALERT, FULL_FIGURES, INK, LONG_FIGURES, header_format, text};
use crate::report::id_id;
use crate::report::page::{Cell, Page, Row, Unit};
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

/// The narrowest and the widest column, in characters.
const WIDTHS: std::ops::RangeInclusive<usize> = 10..=60;
/// What the column of the rows' second line is called.
const DETAIL: &str = "Rincian";

/// Writes the table to an empty sheet.
pub(super) fn write(sheet: &mut Worksheet, page: &Page, placed: &Placed<'_>) -> Result<(), XlsxError> {
    let detailed = placed.table.rows.iter().any(|row| row.detail.is_some());
    let header = above(sheet, page, placed)?;
    let columns = header_cells(sheet, placed, header, detailed)?;
    let mut row = header;
    for content in &placed.table.rows {
        row += 1;
        write_row(sheet, row, content, detailed)?;
    }
    let totals = placed.table.rows.iter().rev().take_while(|row| row.total).count();
    let last = row - u32::try_from(totals).unwrap_or(0);
    // The total stays where it is when a reader sorts or filters.
    if last > header {
        sheet.autofilter(header, 0, last, columns - 1)?;
    }
    sheet.set_freeze_panes(header + 1, 1)?;
    sheet.set_repeat_rows(header, header)?;
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
    Ok(())
}

/// The lines above the table; gives the header's row.
fn above(sheet: &mut Worksheet, page: &Page, placed: &Placed<'_>) -> Result<u32, XlsxError> {
    let title = Format::new().set_bold().set_font_size(14).set_font_color(INK);
    sheet.write_string_with_format(0, 0, text(placed.heading), &title)?;
    let alert = Format::new().set_bold().set_font_color(ALERT);
    let mut lines = vec![(placed.table.caption.as_str(), None), (page.position.as_str(), None)];
    lines.extend(page.warnings.iter().map(|warning| (warning.as_str(), Some(&alert))));
    let figures = || placed.table.rows.iter().flat_map(|row| &row.cells).filter_map(|cell| cell.figure);
    if figures().next().is_some() {
        lines.push((FULL_FIGURES, None));
    }
    if figures().any(|figure| exact(figure.amount).is_none()) {
        lines.push((LONG_FIGURES, None));
    }
    let mut row = 1;
    for (line, format) in lines.into_iter().filter(|(line, _)| !line.is_empty()) {
        match format {
            Some(format) => sheet.write_string_with_format(row, 0, text(line), format)?,
            None => sheet.write_string(row, 0, text(line))?,
        };
        row += 1;
    }
    Ok(row + 1)
}

/// Writes the header and sets the widths; gives the number of columns.
fn header_cells(sheet: &mut Worksheet, placed: &Placed<'_>, at: u32, detailed: bool) -> Result<u16, XlsxError> {
    let table = placed.table;
    let head = table.columns.first().map_or("", |column| column.label.as_str());
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let mut columns = vec![(head.to_owned(), false, widest(&mut table.rows.iter().map(|row| chars(&row.head))))];
    if detailed {
        let details = &mut table.rows.iter().filter_map(|row| row.detail.as_deref()).map(chars);
        columns.push((DETAIL.to_owned(), false, widest(details)));
    }
    for (index, column) in table.columns.iter().skip(1).enumerate() {
        let cells = &mut table.rows.iter().filter_map(|row| row.cells.get(index)).map(cell_chars);
        columns.push((placed.label(index), column.right, widest(cells)));
    }
    let count = u16::try_from(columns.len()).map_err(|_| XlsxError::RowColumnLimitError)?;
    for (column, (label, right, width)) in (0..count).zip(columns) {
        sheet.write_string_with_format(at, column, text(&label), &header_format(right))?;
        // A heading may take two lines; room for the filter's button beside it.
        let width = width.max(chars(&label) / 2 + 4).clamp(*WIDTHS.start(), *WIDTHS.end());
        sheet.set_column_width(column, u32::try_from(width + 2).unwrap_or(u32::MAX))?;
    }
    Ok(count)
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// How wide a cell's content is as Excel shows it.
fn cell_chars(cell: &Cell) -> usize {
    let Some(figure) = cell.figure else { return chars(&cell.text) };
    let decimals = match figure.unit {
        Unit::Rupiah => 2,
        Unit::Percent | Unit::Points => 1,
        Unit::Count => 0,
        Unit::Value(places) => places,
    };
    chars(&id_id::decimal(figure.amount, decimals)) + 2
}

fn write_row(sheet: &mut Worksheet, row: u32, content: &Row, detailed: bool) -> Result<(), XlsxError> {
    let words = base(content).set_text_wrap();
    sheet.write_string_with_format(row, 0, text(&content.head), &words)?;
    if detailed {
        sheet.write_string_with_format(row, 1, text(content.detail.as_deref().unwrap_or_default()), &words)?;
    }
    for (column, cell) in (1 + u16::from(detailed)..).zip(&content.cells) {
        write_cell(sheet, (row, column), cell, base(content))?;
    }
    Ok(())
}

/// A number where there is a figure that Excel holds, else text.
fn write_cell(sheet: &mut Worksheet, at: (u32, u16), cell: &Cell, format: Format) -> Result<(), XlsxError> {
    let format = if cell.alert { format.set_font_color(ALERT) } else { format };
    let Some(figure) = cell.figure else {
        let side = if cell.right { FormatAlign::Right } else { FormatAlign::Left };
        sheet.write_string_with_format(at.0, at.1, text(&cell.text), &format.set_align(side).set_text_wrap())?;
        return Ok(());
    };
    match exact(figure.amount) {
        Some(number) => {
            let format = format.set_num_format(marked(number_format(figure), mark(cell)));
            sheet.write_number_with_format(at.0, at.1, number, &format)?;
        }
        None => {
            let decimals = if figure.amount == figure.amount.rounded(0) { 0 } else { 2 };
            let long = match figure.unit {
                Unit::Rupiah | Unit::Count if figure.amount == figure.amount.rounded(decimals) => {
                    id_id::decimal(figure.amount, decimals)
                }
                _ => figure.amount.to_string().replace('.', ",").replace('-', "−"),
            };
            let format = format.set_align(FormatAlign::Right);
            sheet.write_string_with_format(at.0, at.1, long, &format)?;
        }
    }
    Ok(())
}

/// A number format that also prints the sign which stands before the figure in the mail.
fn marked(format: String, mark: Option<char>) -> String {
    let Some(mark) = mark else { return format };
    if format.contains(';') {
        let parts: Vec<String> = format.split(';').map(|part| format!("\"{mark} \"{part}")).collect();
        return parts.join(";");
    }
    format!("\"{mark} \"{format};\"{mark} \"-{format}")
}

fn base(row: &Row) -> Format {
    let format = Format::new().set_align(FormatAlign::Top);
    if row.total { format.set_bold().set_border_top(FormatBorder::Thin).set_border_top_color(INK) } else { format }
}
