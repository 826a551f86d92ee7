//! The page as an Excel workbook: what the report says on the first sheet, a sheet for each table, sources and
//! definitions on the last.
//!
//! Figures stand in full and unrounded as numbers, text stays text. Excel knows one kind of number, a 64-bit float of 15
//! digits: a figure with more is written as text, and its sheet says so. Nothing from the data ever becomes a formula:
//! every text is written as a string cell.

mod number;
mod table;

use super::AttachError;
use super::tables::tables;
use crate::report::page::Page;
use chrono::{DateTime, Utc};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

/// Characters a cell holds.
const CELL_CHARS: usize = 32_767;
/// Characters of a sheet's name.
const NAME_CHARS: usize = 31;
const INK: Color = Color::RGB(0x12_35_5b);
const ALERT: Color = Color::RGB(0xa6_1b_1b);
const HEADER_FILL: Color = Color::RGB(0xee_f1_f5);
const OVERVIEW: &str = "Ringkasan";
const DEFINITIONS: &str = "Definisi dan sumber";
/// What every table sheet says of its figures.
const FULL_FIGURES: &str =
    "Angka pada lembar ini penuh dan belum dibulatkan: rupiah penuh, persen sebagai angka (71,4 berarti 71,4%).";
const LONG_FIGURES: &str = "Angka yang lebih dari 15 digit ditulis sebagai teks agar tidak ada digit yang hilang.";

/// Makes the workbook. `made` is the date in its properties.
///
/// # Errors
/// [`AttachError::Xlsx`] when the writer refuses a sheet, which no page of a report leads to.
pub(crate) fn xlsx(page: &Page, made: DateTime<Utc>) -> Result<Vec<u8>, AttachError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_timestamp(made.timestamp())?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title(text(&page.title))
            .set_author(text(&page.agency))
            .set_company(text(&page.agency))
            .set_comment(text(&page.footer.made))
            .set_creation_datetime(&created),
    );
    let placed = tables(page);
    let mut names = vec![OVERVIEW.to_owned(), DEFINITIONS.to_owned()];
    let sheets: Vec<String> = placed.iter().map(|placed| sheet_name(placed.heading, &mut names)).collect();
    overview(workbook.add_worksheet(), page, &sheets)?;
    for (placed, name) in placed.iter().zip(&sheets) {
        table::write(workbook.add_worksheet().set_name(name)?, page, placed)?;
    }
    definitions(workbook.add_worksheet(), page)?;
    Ok(workbook.save_to_buffer()?)
}

/// The first sheet: the message, the warnings, the key figures, the changes, the notes.
fn overview(sheet: &mut Worksheet, page: &Page, sheets: &[String]) -> Result<(), XlsxError> {
    sheet.set_name(OVERVIEW)?;
    let mut lines = Lines::on(sheet)?;
    lines.title(&page.title)?;
    lines.plain(&format!("{}, {}", page.agency, page.unit))?;
    lines.gap();
    lines.group("Pesan utama", [page.headline.clone()], Tone::Strong)?;
    lines.group("Posisi", [page.position.clone()], Tone::Plain)?;
    lines.group("Peringatan", page.warnings.iter().cloned(), Tone::Alert)?;
    for tile in &page.tiles {
        let tone = if tile.alert { Tone::Alert } else { Tone::Plain };
        lines.group(&tile.label, [format!("{} ({})", tile.value, tile.detail)], tone)?;
    }
    lines.group("Yang berubah sejak laporan lalu", page.changes.iter().cloned(), Tone::Plain)?;
    lines.group(&page.attention.heading, page.attention.remark.iter().cloned(), Tone::Plain)?;
    lines.group("Catatan mutu data", page.notes.iter().cloned(), Tone::Plain)?;
    lines.group("Lembar berikut", sheets.iter().cloned().chain([DEFINITIONS.to_owned()]), Tone::Plain)
}

/// The last sheet: where the figures come from, what they mean, whom to ask.
fn definitions(sheet: &mut Worksheet, page: &Page) -> Result<(), XlsxError> {
    sheet.set_name(DEFINITIONS)?;
    let mut lines = Lines::on(sheet)?;
    lines.title(DEFINITIONS)?;
    lines.gap();
    lines.group("Sumber", page.footer.sources.iter().cloned(), Tone::Plain)?;
    for placed in tables(page) {
        lines.group(placed.heading, [placed.table.caption.clone()], Tone::Plain)?;
    }
    lines.group("Angka", [FULL_FIGURES.to_owned(), LONG_FIGURES.to_owned()], Tone::Plain)?;
    lines.group("Catatan mutu data", page.notes.iter().cloned(), Tone::Plain)?;
    lines.group("Penyusunan", [page.footer.made.clone()], Tone::Plain)?;
    let contact = format!("{}, {}", page.footer.contact_unit, page.footer.contact_address);
    lines.group("Pertanyaan", [contact], Tone::Plain)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Strong,
    Alert,
}

/// A sheet of words: what a line is about on the left, the words on the right.
struct Lines<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
}

impl<'a> Lines<'a> {
    fn on(sheet: &'a mut Worksheet) -> Result<Self, XlsxError> {
        sheet.set_column_width(0, 32)?.set_column_width(1, 110)?;
        // A4, one page wide.
        sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0).set_screen_gridlines(false);
        Ok(Self { sheet, row: 0 })
    }

    fn title(&mut self, words: &str) -> Result<(), XlsxError> {
        let format = Format::new().set_bold().set_font_size(14).set_font_color(INK);
        self.sheet.write_string_with_format(self.row, 0, text(words), &format)?;
        self.row += 1;
        Ok(())
    }

    fn plain(&mut self, words: &str) -> Result<(), XlsxError> {
        self.sheet.write_string(self.row, 0, text(words))?;
        self.row += 1;
        Ok(())
    }

    fn gap(&mut self) {
        self.row += 1;
    }

    /// Lines of one kind, named beside the first; nothing without lines.
    fn group(&mut self, name: &str, lines: impl IntoIterator<Item = String>, tone: Tone) -> Result<(), XlsxError> {
        let left = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top).set_font_color(INK);
        let right = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let right = match tone {
            Tone::Plain => right,
            Tone::Strong => right.set_bold(),
            Tone::Alert => right.set_bold().set_font_color(ALERT),
        };
        for (index, line) in lines.into_iter().enumerate() {
            if index == 0 {
                self.sheet.write_string_with_format(self.row, 0, text(name), &left)?;
            }
            self.sheet.write_string_with_format(self.row, 1, text(&line), &right)?;
            self.row += 1;
        }
        Ok(())
    }
}

/// A table's header cell.
fn header_format(right: bool) -> Format {
    let align = if right { FormatAlign::Right } else { FormatAlign::Left };
    Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(align)
        .set_align(FormatAlign::Bottom)
        .set_font_color(INK)
        .set_background_color(HEADER_FILL)
        .set_border_bottom(FormatBorder::Medium)
        .set_border_bottom_color(INK)
}

/// What a cell can hold: longer text is cut, with an ellipsis.
fn text(words: &str) -> String {
    // Excel counts UTF-16 units.
    if words.encode_utf16().count() <= CELL_CHARS {
        return words.to_owned();
    }
    let mut left = CELL_CHARS - 1;
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    words.chars().take_while(fits).chain(['…']).collect()
}

/// A name that Excel takes, is not in `taken` yet, and is added there.
fn sheet_name(heading: &str, taken: &mut Vec<String>) -> String {
    let plain = |c: char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') && !c.is_control();
    let cleaned: String = heading.chars().map(|c| if plain(c) { c } else { ' ' }).collect();
    let cleaned = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
    let cleaned = cleaned.trim_matches(['\'', ' ']);
    let base = if cleaned.is_empty() { "Tabel" } else { cleaned };
    let mut count = 1;
    loop {
        let end = if count == 1 { String::new() } else { format!(" ({count})") };
        let name = format!("{}{end}", cut(base, NAME_CHARS - end.len()));
        if !taken.iter().any(|other| other.to_lowercase() == name.to_lowercase()) {
            taken.push(name.clone());
            return name;
        }
        count += 1;
    }
}

/// At most `most` UTF-16 units, whole words where that leaves enough.
fn cut(name: &str, most: usize) -> String {
    if name.encode_utf16().count() <= most {
        return name.to_owned();
    }
    let mut left = most;
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    let head: String = name.chars().take_while(fits).collect();
    let whole = head.rsplit_once(' ').map(|(whole, _)| whole).filter(|whole| whole.chars().count() > most / 2);
    whole.unwrap_or(&head).trim_end_matches([' ', '\'']).to_owned()
}

#[cfg(test)]
mod tests;
