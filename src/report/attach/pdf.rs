//! The page as a tagged PDF (PDF/UA-1), A4 portrait: the same words in the same order as the mail.
//!
//! First everything is placed on sheets in whole thousandths of a point (`sheet`, `text`, `table`), each piece with its
//! place in the structure (`tree`); then the sheets are written (`draw`), when the number of pages is known.

mod draw;
mod sheet;
mod table;
mod text;
mod tree;

use super::{AttachError, CHART_HEIGHT, CHART_WIDTH};
use crate::report::page::{Page, Tile};
use chrono::{DateTime, Utc};
use sheet::{ALERT, Shape, Sheets, WIDTH};
use tree::{ROOT, Role};

/// Makes the document. `chart` is the PNG of the page's chart, with its alternative text from the page; `made` is the
/// date in the document's properties.
///
/// # Errors
/// [`AttachError::Pdf`] when the picture is no PNG or the document breaks a rule of PDF/UA-1.
pub(crate) fn pdf(page: &Page, chart: Option<&[u8]>, made: DateTime<Utc>) -> Result<Vec<u8>, AttachError> {
    let mut sheets = Sheets::new();
    head(&mut sheets, page);
    tiles(&mut sheets, &page.tiles);
    if !page.changes.is_empty() {
        sheets.heading("Yang berubah sejak laporan lalu");
        sheets.list(&page.changes);
    }
    if !page.attention.heading.is_empty() {
        sheets.heading(&page.attention.heading);
    }
    if let Some(found) = &page.attention.table {
        table::place(&mut sheets, found);
    }
    if let Some(remark) = &page.attention.remark {
        sheets.paragraph(remark);
    }
    for section in &page.sections {
        sheets.heading(&section.heading);
        table::place(&mut sheets, &section.table);
    }
    if let Some(drawn) = &page.chart {
        sheets.heading_above(&drawn.heading, if chart.is_some() { FIGURE_HEIGHT } else { 0 });
        if chart.is_some() {
            figure(&mut sheets, &drawn.alt);
        }
        table::place(&mut sheets, &drawn.table);
    }
    sheets.heading("Catatan mutu data");
    sheets.list(&page.notes);
    sheets.heading("Sumber");
    sheets.list(&page.footer.sources);
    sheets.paragraph(&page.footer.made);
    sheets.paragraph(&format!("Pertanyaan: {}, {}.", page.footer.contact_unit, page.footer.contact_address));
    draw::write(&sheets, page, chart, made)
}

/// The band, the message, the position and why the figures are old.
fn head(sheets: &mut Sheets, page: &Page) {
    sheets.band(&page.agency, &page.unit);
    sheets.title(&page.headline);
    sheets.small(&page.position);
    if !page.warnings.is_empty() {
        sheets.warning("DATA BELUM DIPERBARUI", &page.warnings);
    }
}

/// The key figures, three beside each other, each a paragraph of its own.
fn tiles(sheets: &mut Sheets, tiles: &[Tile]) {
    const GAP: i32 = 10_000;
    const PADDING: i32 = 9_000;
    const BESIDE: usize = 3;
    let width = (WIDTH - GAP * (BESIDE as i32 - 1)) / BESIDE as i32;
    for beside in tiles.chunks(BESIDE) {
        let boxes: Vec<Vec<text::Line>> = beside.iter().map(|tile| text::tile(tile, width - 2 * PADDING)).collect();
        let height = boxes.iter().map(|lines| text::height(lines)).max().unwrap_or(0) + 2 * PADDING;
        sheets.gap(10_000);
        sheets.need(height);
        let (top, mut left) = (sheets.y(), sheets.left());
        for lines in boxes {
            let node = sheets.tree.add(ROOT, Role::Paragraph);
            sheets.put(None, Shape::Box { at: (left, top), size: (width, height), ink: sheet::TINT });
            sheets.lines(Some(node), &lines, (left + PADDING, top + PADDING));
            left += width + GAP;
        }
        sheets.advance(height);
    }
}

/// The picture is as wide as the text.
const FIGURE_HEIGHT: i32 = WIDTH / CHART_WIDTH as i32 * CHART_HEIGHT as i32;

fn figure(sheets: &mut Sheets, alt: &str) {
    sheets.need(FIGURE_HEIGHT);
    let (at, size) = ((sheets.left(), sheets.y()), (WIDTH, FIGURE_HEIGHT));
    let bounds = (sheets.number(), at, size);
    let node = sheets.tree.add(ROOT, Role::Figure { alt: alt.to_owned(), bounds });
    sheets.put(Some(node), Shape::Picture { at, size });
    sheets.advance(FIGURE_HEIGHT);
}

/// The colour of a figure that needs attention, else the one given.
fn alerted(alert: bool, otherwise: sheet::Ink) -> sheet::Ink {
    if alert { ALERT } else { otherwise }
}

#[cfg(test)]
mod tests;
