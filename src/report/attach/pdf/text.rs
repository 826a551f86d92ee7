//! Words as lines of a given width.

use super::super::font::{Font, printable};
use super::alerted;
use super::sheet::{ACCENT, Ink, Shape, TEXT};
use crate::report::page::Tile;

/// A line that is ready to be placed.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Ends with a space where the text goes on, so that a reader who hears it hears two words.
    pub(super) text: String,
    pub(super) font: Font,
    pub(super) ink: Ink,
}

impl Line {
    /// From this line to the next.
    pub(super) fn height(&self) -> i32 {
        self.font.size * 13 / 10
    }

    pub(super) fn width(&self) -> i32 {
        self.font.width(self.text.trim_end())
    }

    /// The line with its upper left corner at a place.
    pub(super) fn at(&self, (left, top): (i32, i32)) -> Shape {
        // The letters stand in the middle of the line's height.
        let baseline = top + self.font.size * 102 / 100;
        Shape::Words { at: (left, baseline), text: self.text.clone(), font: self.font, ink: self.ink }
    }
}

/// Words in lines no wider than `width`.
pub(super) fn lines(words: &str, font: Font, ink: Ink, width: i32) -> Vec<Line> {
    let line = |text: String| Line { text, font, ink };
    font.wrap(&printable(words), width).into_iter().map(line).collect()
}

/// How tall lines are together.
pub(super) fn height(lines: &[Line]) -> i32 {
    lines.iter().map(Line::height).sum()
}

/// The lines of a key figure: its name, the figure as large as fits, what it is measured against.
pub(super) fn tile(tile: &Tile, width: i32) -> Vec<Line> {
    const MOST: usize = 5;
    let small = Font::regular(9_000);
    let value = printable(&tile.value);
    let size = [20_000, 17_000, 14_000, 11_000].into_iter().find(|size| Font::bold(*size).width(&value) <= width);
    let large = Font::bold(size.unwrap_or(9_000));
    let part = |words: &str, font: Font, ink: Ink| {
        // Cut where it is far too long: a box cannot be divided between sheets.
        let lines = font.wrap_at_most(&printable(words), width, MOST);
        lines.into_iter().map(move |text| Line { text, font, ink })
    };
    let mut lines: Vec<Line> = part(&tile.label, small, TEXT).collect();
    lines.extend(part(&tile.value, large, alerted(tile.alert, ACCENT)));
    lines.extend(part(&tile.detail, small, TEXT));
    // Three parts of one paragraph: a space between them.
    for line in &mut lines {
        if !line.text.ends_with(' ') {
            line.text.push(' ');
        }
    }
    lines
}
