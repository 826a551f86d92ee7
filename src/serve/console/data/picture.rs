//! Lineage and row counts as drawings: places of boxes and points, which the templates write as SVG. Sizes are pixels of the drawing.

use chrono::NaiveDate;

use super::super::units;

/// Boxes of a side of a lineage that are drawn; the list beside the drawing has them all.
const BOXES_MAX: usize = 12;
const BOX_WIDTH: usize = 232;
const BOX_HEIGHT: usize = 30;
const BOX_STEP: usize = 40;
/// From one column of boxes to the next.
const COLUMN_STEP: usize = 304;
/// Longest name that fits a box, in characters.
const NAME_CHARS: usize = 30;

/// A drawing of what a table reads and what reads it.
pub(super) struct Lineage {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) boxes: Vec<Drawn>,
    pub(super) edges: Vec<Edge>,
    /// The same in words.
    pub(super) words: String,
}

/// A box with a name.
pub(super) struct Drawn {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) label: String,
    /// Whether it is the table itself.
    pub(super) is_own: bool,
}

impl Drawn {
    /// Where its name stands.
    pub(super) fn text_y(&self) -> usize {
        self.y + self.height / 2 + 4
    }

    /// The middle of it.
    pub(super) fn text_x(&self) -> usize {
        self.x + self.width / 2
    }
}

/// A line from the right side of a box to the left side of another.
pub(super) struct Edge {
    from: (usize, usize),
    to: (usize, usize),
}

impl Edge {
    /// It as a path: out of the box, over, and into the other.
    pub(super) fn path(&self) -> String {
        let ((x1, y1), (x2, y2)) = (self.from, self.to);
        let middle = (x1 + x2) / 2;
        format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}")
    }
}

/// The lineage of `name`; `None` where it reads nothing and nothing reads it.
pub(super) fn lineage(name: &str, reads: &[String], readers: &[String]) -> Option<Lineage> {
    if reads.is_empty() && readers.is_empty() {
        return None;
    }
    let (left, right) = (shown(reads), shown(readers));
    let rows = left.len().max(right.len()).max(1);
    let height = rows * BOX_STEP;
    let mut columns: Vec<&[String]> = Vec::new();
    let own = [name.to_owned()];
    let own_column = usize::from(!left.is_empty());
    if !left.is_empty() {
        columns.push(&left);
    }
    columns.push(&own);
    if !right.is_empty() {
        columns.push(&right);
    }
    let mut boxes = Vec::new();
    let mut edges = Vec::new();
    let middle = height / 2;
    for (i, column) in columns.iter().enumerate() {
        let (x, top) = (1 + i * COLUMN_STEP, (height - column.len() * BOX_STEP) / 2);
        for (row, label) in column.iter().enumerate() {
            let y = top + row * BOX_STEP + (BOX_STEP - BOX_HEIGHT) / 2;
            let is_own = i == own_column;
            boxes.push(Drawn { x, y, width: BOX_WIDTH, height: BOX_HEIGHT, label: cut(label), is_own });
            let side = y + BOX_HEIGHT / 2;
            if i < own_column {
                edges.push(Edge { from: (x + BOX_WIDTH, side), to: (x + COLUMN_STEP, middle) });
            } else if i > own_column {
                edges.push(Edge { from: (x + BOX_WIDTH - COLUMN_STEP, middle), to: (x, side) });
            }
        }
    }
    let width = (columns.len() - 1) * COLUMN_STEP + BOX_WIDTH + 2;
    Some(Lineage { width, height, boxes, edges, words: words(name, reads, readers) })
}

fn shown(names: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = names.iter().take(BOXES_MAX).cloned().collect();
    if names.len() > BOXES_MAX {
        shown.truncate(BOXES_MAX - 1);
        shown.push(format!("dan {} lagi", names.len() - shown.len()));
    }
    shown
}

fn cut(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

fn words(name: &str, reads: &[String], readers: &[String]) -> String {
    let list = |names: &[String]| if names.is_empty() { "tidak ada".to_owned() } else { names.join(", ") };
    format!("{name} membaca dari: {}. Dibaca oleh: {}.", list(reads), list(readers))
}

const CHART_WIDTH: u64 = 720;
const CHART_HEIGHT: u64 = 180;
const CHART_LEFT: u64 = 8;
const CHART_TOP: u64 = 26;
const CHART_BOTTOM: u64 = 150;

/// Row counts over time.
pub(super) struct Counts {
    pub(super) width: u64,
    pub(super) height: u64,
    /// The points of the line: `x,y x,y`.
    pub(super) line: String,
    /// The places of its points.
    pub(super) points: Vec<(u64, u64)>,
    pub(super) top: u64,
    pub(super) bottom: u64,
    pub(super) left: u64,
    pub(super) right: u64,
    pub(super) most: String,
    pub(super) first: String,
    pub(super) last: String,
    /// The same in words.
    pub(super) words: String,
    /// The same as a table, the newest first.
    pub(super) rows: Vec<(String, String)>,
}

/// The chart of `counts`, oldest first; `None` where there are fewer than two days. The foot of it is 0, so that a small change looks
/// small.
pub(super) fn counts(counts: &[(NaiveDate, u64)]) -> Option<Counts> {
    let ((first, _), (last, newest)) = (counts.first()?, counts.last()?);
    let span = u64::try_from((*last - *first).num_days()).ok().filter(|days| *days > 0)?;
    let (most, least) = (counts.iter().map(|(_, rows)| *rows).max()?, counts.iter().map(|(_, rows)| *rows).min()?);
    let right = CHART_WIDTH - CHART_LEFT;
    let place = |(day, rows): &(NaiveDate, u64)| {
        let days = u64::try_from((*day - *first).num_days()).unwrap_or(0);
        let x = CHART_LEFT + (right - CHART_LEFT) * days / span;
        let height = u128::from(CHART_BOTTOM - CHART_TOP) * u128::from(*rows) / u128::from(most.max(1));
        (x, CHART_BOTTOM - u64::try_from(height).unwrap_or(0))
    };
    let points: Vec<(u64, u64)> = counts.iter().map(place).collect();
    let line = points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
    let (first, last) = (units::day(*first), units::day(*last));
    Some(Counts {
        width: CHART_WIDTH,
        height: CHART_HEIGHT,
        line,
        points,
        top: CHART_TOP,
        bottom: CHART_BOTTOM,
        left: CHART_LEFT,
        right,
        words: format!(
            "{} snapshot dari {first} sampai {last}: paling sedikit {} baris, paling banyak {}, terakhir {}.",
            counts.len(),
            units::grouped(least),
            units::grouped(most),
            units::grouped(*newest)
        ),
        most: units::grouped(most),
        first,
        last,
        rows: counts.iter().rev().map(|(day, rows)| (units::day(*day), units::grouped(*rows))).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::{BOXES_MAX, counts, lineage};
    use chrono::NaiveDate;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("omspan.t{i}")).collect()
    }

    #[test]
    fn a_lineage_is_bounded_and_lies_within_its_frame() {
        assert!(lineage("mart.a", &[], &[]).is_none());
        for (left, right) in [(0, 1), (1, 0), (3, 40), (100, 100)] {
            let drawn = lineage("mart.a", &names(left), &names(right)).unwrap();
            assert!(drawn.boxes.len() <= 2 * BOXES_MAX + 1);
            assert_eq!(drawn.edges.len(), drawn.boxes.len() - 1);
            assert!(drawn.boxes.iter().all(|b| b.x + b.width < drawn.width && b.y + b.height <= drawn.height));
            assert_eq!(drawn.boxes.iter().filter(|b| b.is_own).count(), 1);
        }
        let many = lineage("mart.a", &names(30), &[]).unwrap();
        assert_eq!(many.boxes.iter().filter(|b| b.label == "dan 19 lagi").count(), 1);
        assert!(many.words.contains("omspan.t29"), "{}", many.words);
    }

    #[test]
    fn a_chart_of_counts_stands_on_nought() {
        let day = |n| NaiveDate::from_ymd_opt(2026, 11, n).unwrap();
        assert!(counts(&[]).is_none() && counts(&[(day(1), 5)]).is_none());
        let drawn = counts(&[(day(1), 0), (day(2), 50), (day(3), 100)]).unwrap();
        assert_eq!(drawn.line, "8,150 360,88 712,26");
        assert_eq!(drawn.rows[0], ("3 Nov 2026".to_owned(), "100".to_owned()));
        let flat = counts(&[(day(1), 0), (day(2), 0)]).unwrap();
        assert_eq!(flat.line, "8,150 712,150");
        assert!(counts(&[(day(1), u64::MAX), (day(2), 1)]).is_some());
    }
}
