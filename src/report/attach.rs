//! What goes with a report: its chart as a picture, its tables as a workbook, as CSV and as PDF. All of it is made from
//! the [`Page`] that the mail is laid out from, so that no attachment can say something else than the mail.
//!
//! | part | module |
//! |---|---|
//! | the bundled font and its widths | `font` |
//! | the picture of the chart | `chart` |
//! | Excel workbook | `xlsx` |
//! | CSV | `csv` |
//! | PDF | `pdf` |
//!
//! The same page and the same instant give the same bytes: no clock, no random number, no font of the machine.

mod chart;
mod csv;
mod font;
mod pdf;
#[cfg(test)]
mod sample;
mod tables;
mod xlsx;

pub(crate) use self::csv::csv;
pub(crate) use chart::chart_png;
pub(crate) use pdf::pdf;
pub(crate) use xlsx::xlsx;

use super::page::Page;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Width of the chart as the HTML shows it, px; the file has twice as many for sharp screens.
pub const CHART_WIDTH: u32 = 600;
/// Height of the chart as the HTML shows it, px.
pub const CHART_HEIGHT: u32 = 300;

/// Why an attachment could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The drawing could not be rasterised.
    #[error("the chart could not be drawn: {0}")]
    Chart(String),
    /// The workbook was refused by its writer.
    #[error("the workbook could not be written: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The document was refused by its writer or by the rules of PDF/UA-1.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
}

/// A kind of file that can be attached, as a definition names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An Excel workbook: one sheet a table, real numbers.
    Xlsx,
    /// All tables in one list, for programs.
    Csv,
    /// The whole report, tagged, A4.
    Pdf,
}

impl Format {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Xlsx, Self::Csv, Self::Pdf];

    /// The end of the file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Pdf => "pdf",
        }
    }

    /// The media type a mail gives it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Pdf => "application/pdf",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == text)
            .ok_or_else(|| "\"xlsx\", \"csv\" or \"pdf\"".to_owned())
    }
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Short and ASCII, e.g. `serapan-2026-10.xlsx`.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Arc<[u8]>,
}

/// Makes the files in `formats` from a page. `chart` is the PNG of its chart, for the PDF. `stem` begins the files' names:
/// what is not an ASCII letter or digit becomes a hyphen. `made` is written into the files as their date.
///
/// # Errors
/// [`AttachError`] when one of them cannot be made.
pub(crate) fn files(
    page: &Page,
    chart: Option<&[u8]>,
    formats: &[Format],
    stem: &str,
    made: DateTime<Utc>,
) -> Result<Vec<Attached>, AttachError> {
    let stem = ascii(stem);
    let file = |format: &Format| {
        let bytes = match format {
            Format::Xlsx => xlsx(page, made)?,
            Format::Csv => csv(page),
            Format::Pdf => pdf(page, chart, made)?,
        };
        let name = format!("{stem}.{}", format.extension());
        Ok(Attached { name, media_type: format.media_type(), bytes: bytes.into() })
    };
    formats.iter().map(file).collect()
}

/// A name that no mail program has to encode.
fn ascii(stem: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = stem.chars().map(plain).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let name = words.join("-");
    if name.is_empty() { "laporan".to_owned() } else { name }
}

#[cfg(test)]
mod tests;
