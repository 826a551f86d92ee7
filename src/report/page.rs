//! The page of a report: figures already turned into words, in the order of the layout. Templates only place them, so the
//! HTML and the text part cannot disagree.

use super::amount::Amount;
use std::collections::BTreeMap;

/// One report, ready to be laid out.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The document's title.
    pub(crate) title: String,
    /// Hidden line that mail programs show beside the subject; 40 to 130 characters.
    pub(crate) preheader: String,
    pub(crate) agency: String,
    pub(crate) unit: String,
    pub(crate) logo: Option<LogoRef>,
    /// The message as a sentence: value, target, gap.
    pub(crate) headline: String,
    /// The data date and when the source was asked.
    pub(crate) position: String,
    /// Why the figures are old or incomplete; empty when they are not.
    pub(crate) warnings: Vec<String>,
    pub(crate) tiles: Vec<Tile>,
    pub(crate) changes: Vec<String>,
    pub(crate) attention: Attention,
    pub(crate) sections: Vec<Section>,
    /// At most one in a mail; its figures also stand in its `table`.
    pub(crate) chart: Option<Chart>,
    /// "Catatan mutu data": never empty.
    pub(crate) notes: Vec<String>,
    pub(crate) footer: Footer,
    /// Where figures stand in the texts above: by the text itself.
    pub(crate) marks: BTreeMap<String, Vec<Mark>>,
}

/// A figure within a text: bytes `start..end`, and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) id: String,
}

/// The picture in the band, carried as its own part of the mail.
#[derive(Debug, Clone)]
pub(crate) struct LogoRef {
    pub(crate) content_id: String,
    pub(crate) alt: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// One large figure with its denominator and threshold.
#[derive(Debug, Clone)]
pub(crate) struct Tile {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) detail: String,
    pub(crate) alert: bool,
}

/// "Perlu perhatian": a table, or the word that there is nothing.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(crate) heading: String,
    pub(crate) table: Option<Table>,
    /// What was left out or, without a table, that nothing was found.
    pub(crate) remark: Option<String>,
}

/// A heading with its table.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) table: Table,
}

/// A data table: a row header, then cells in the order of `columns`.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// What it shows, with the unit.
    pub(crate) caption: String,
    /// The first is the row header's.
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
}

/// A column's heading; figures stand right, words left.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) label: String,
    pub(crate) right: bool,
}

/// One row of a table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) head: String,
    /// A second, smaller line below the head: code and owner.
    pub(crate) detail: Option<String>,
    pub(crate) cells: Vec<Cell>,
    /// A total stands last, in bold.
    pub(crate) total: bool,
}

/// One cell of a table.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) right: bool,
    /// Printed in the alert colour; the text says it too.
    pub(crate) alert: bool,
    pub(crate) bar: Option<Bar>,
    /// The figure behind the text, for a reader that computes; words have none.
    pub(crate) figure: Option<Figure>,
    /// The figure's id within the edition: `section.row.column`.
    pub(crate) id: Option<String>,
}

/// A figure as it stands in the mart, unrounded, and how it is printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) amount: Amount,
    pub(crate) unit: Unit,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Whole or split rupiah.
    Rupiah,
    /// Percent: 71.4 is 71,4%.
    Percent,
    /// Percentage points.
    Points,
    /// Things, people, families.
    Count,
    /// A value of its own scale, such as IKPA, with so many decimals.
    Value(u32),
}

/// A line chart: one point a label, the actual line dark, others lighter, the target outlined.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// The trend as a sentence.
    pub(crate) title: String,
    /// Unit, period, area.
    pub(crate) subtitle: String,
    /// What it shows, for whoever does not see it: first, last and target.
    pub(crate) alt: String,
    /// Content-ID of the picture within the mail.
    pub(crate) content_id: String,
    pub(crate) unit: Unit,
    /// The horizontal axis: months, in order.
    pub(crate) labels: Vec<String>,
    pub(crate) lines: Vec<Line>,
    /// The same figures in words.
    pub(crate) table: Table,
    /// The picture is carried with the mail; without one only the table stands there.
    pub(crate) drawn: bool,
    /// The section's heading.
    pub(crate) heading: String,
}

/// One line of a chart.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) kind: LineKind,
    /// One a label; `None` where there is none (yet).
    pub(crate) points: Vec<Option<Amount>>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// What happened: solid and dark.
    Actual,
    /// The year before: light.
    Previous,
    /// What was planned: dashed.
    Target,
}

/// A bar of 60 px below a figure, zero-based.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) filled: u32,
    pub(crate) rest: u32,
    pub(crate) alert: bool,
}

/// The end of the page.
#[derive(Debug, Clone)]
pub(crate) struct Footer {
    /// One line a source: what, when, how many rows, which run.
    pub(crate) sources: Vec<String>,
    /// Composition time and version of the definition.
    pub(crate) made: String,
    pub(crate) contact_unit: String,
    pub(crate) contact_address: String,
    /// A `mailto:` that asks to change the subscription.
    pub(crate) subscription: String,
}

/// The width of a full bar, px.
const BAR_WIDTH: u32 = 60;

impl Page {
    /// `text` as HTML, each figure in an element of its own that names its id.
    pub(crate) fn marked(&self, text: &str) -> String {
        let mut html = String::with_capacity(text.len() * 2);
        let mut done = 0;
        for mark in self.marks.get(text).into_iter().flatten() {
            push_escaped(&mut html, &text[done..mark.start]);
            html.push_str("<span data-figure=\"");
            push_escaped(&mut html, &mark.id);
            html.push_str("\">");
            push_escaped(&mut html, &text[mark.start..mark.end]);
            html.push_str("</span>");
            done = mark.end;
        }
        push_escaped(&mut html, &text[done..]);
        html
    }
}

/// As askama escapes a text.
fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&#38;"),
            '<' => html.push_str("&#60;"),
            '>' => html.push_str("&#62;"),
            '"' => html.push_str("&#34;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
}

impl Bar {
    /// A bar for a share in tenths of a percent, e.g. 714 for 71,4%; below zero it is empty, above the whole full.
    pub(crate) fn of_permille(permille: i128, alert: bool) -> Self {
        let clamped = u32::try_from(permille.clamp(0, 1000)).expect("0 to 1000 fits");
        let filled = (clamped * BAR_WIDTH + 500) / 1000;
        Self { filled, rest: BAR_WIDTH - filled, alert }
    }
}

impl Cell {
    /// A figure: to the right.
    pub(crate) fn figure(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: true, alert: false, bar: None, figure: None, id: None }
    }

    /// Words: to the left.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: false, alert: false, bar: None, figure: None, id: None }
    }

    /// The same, in the alert colour when `alert`.
    pub(crate) fn alerted(self, alert: bool) -> Self {
        Self { alert, ..self }
    }

    /// The same, with the figure that the text prints.
    pub(crate) fn of(self, amount: Amount, unit: Unit) -> Self {
        Self { figure: Some(Figure { amount, unit }), ..self }
    }

    /// The same, to be found under `id`.
    pub(crate) fn called(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// The same, with a bar below.
    pub(crate) fn with_bar(self, bar: Bar) -> Self {
        Self { bar: Some(bar), ..self }
    }
}

impl Column {
    /// Headings: the first column and those named in `words` stand left, the others right.
    pub(crate) fn list(labels: &[&str], words: &[&str]) -> Vec<Self> {
        let column = |(index, label): (usize, &&str)| Self {
            label: (*label).to_owned(),
            right: index > 0 && !words.contains(label),
        };
        labels.iter().enumerate().map(column).collect()
    }
}

impl Row {
    /// A row with nothing below its head.
    pub(crate) fn new(head: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self { head: head.into(), detail: None, cells, total: false }
    }

    /// The last row: the sum.
    pub(crate) fn total(head: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self { total: true, ..Self::new(head, cells) }
    }

    /// Cells with the labels of their columns, for the text part.
    pub(crate) fn labelled<'a>(&'a self, columns: &'a [Column]) -> impl Iterator<Item = (&'a str, &'a str)> {
        columns
            .iter()
            .skip(1)
            .map(|column| column.label.as_str())
            .zip(self.cells.iter().map(|cell| cell.text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::Bar;

    #[test]
    fn a_bar_always_has_sixty_pixels() {
        for (permille, filled) in [(-5, 0), (0, 0), (714, 43), (1000, 60), (1034, 60)] {
            let bar = Bar::of_permille(permille, false);
            assert_eq!((bar.filled, bar.filled + bar.rest), (filled, 60), "{permille}");
        }
    }
}
