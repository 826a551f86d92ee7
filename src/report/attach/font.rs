//! The bundled font: Liberation Sans, which has the widths of Arial, so that charts and PDF look like the mail.
//!
//! It is measured with integers in whatever unit a size is given in: tenths of a pixel for the chart, thousandths of a
//! point for the PDF. Nothing looks for fonts on the machine, so the same words give the same lines everywhere.

use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};
use std::sync::LazyLock;

/// The family's name, as an SVG asks for it.
pub(super) const FAMILY: &str = "Liberation Sans";

static REGULAR: &[u8] = include_bytes!("../../../templates/report/font/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../../templates/report/font/LiberationSans-Bold.ttf");

/// What stands for a character the font lacks: an empty square, so that a reader sees that something is missing.
const MISSING: char = '\u{25a1}';
/// What a cut text ends with.
const ELLIPSIS: char = '\u{2026}';
/// Design units of an em in both files.
const EM: i64 = 2048;

/// Regular or bold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// One weight in one size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Font {
    pub(super) weight: Weight,
    pub(super) size: i32,
}

/// A glyph: its number in the file and how far it moves on, in design units ([`EM`] to the em).
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    pub(super) id: u32,
    pub(super) advance: i32,
}

struct Face {
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
}

static FACES: LazyLock<[Face; 2]> = LazyLock::new(|| [REGULAR, BOLD].map(Face::of));

impl Face {
    fn of(bytes: &'static [u8]) -> Self {
        let font = FontRef::new(bytes).expect("the bundled file is a font");
        Self { charmap: font.charmap(), metrics: font.glyph_metrics(Size::unscaled(), LocationRef::default()) }
    }
}

impl Weight {
    /// The whole font file.
    pub(super) fn file(self) -> &'static [u8] {
        match self {
            Self::Regular => REGULAR,
            Self::Bold => BOLD,
        }
    }

    /// The glyph of a character; of the missing sign where there is none.
    pub(super) fn glyph(self, c: char) -> Glyph {
        let face = &FACES[usize::from(self == Self::Bold)];
        let id = face.charmap.map(c).or_else(|| face.charmap.map(MISSING)).unwrap_or_default();
        // A TrueType file keeps whole design units.
        let advance = face.metrics.advance_width(id).unwrap_or_default() as i32;
        Glyph { id: id.to_u32(), advance }
    }

    fn has(self, c: char) -> bool {
        FACES[usize::from(self == Self::Bold)].charmap.map(c).is_some()
    }
}

impl Font {
    pub(super) const fn regular(size: i32) -> Self {
        Self { weight: Weight::Regular, size }
    }

    pub(super) const fn bold(size: i32) -> Self {
        Self { weight: Weight::Bold, size }
    }

    /// How wide `text` is, in the size's unit.
    pub(super) fn width(self, text: &str) -> i32 {
        let units: i64 = text.chars().map(|c| i64::from(self.weight.glyph(c).advance)).sum();
        i32::try_from(units * i64::from(self.size) / EM).unwrap_or(i32::MAX)
    }

    /// `text` in lines no wider than `width`. Lines break after a space, a hyphen or a slash, and within a word only
    /// where the word alone is too wide. A line keeps the space it broke at. Never empty.
    pub(super) fn wrap(self, text: &str, width: i32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for piece in pieces(text) {
            let (words, space) = line.split_at(line.trim_end().len());
            if self.width(words) + self.width(space) + self.width(piece.trim_end()) <= width {
                line.push_str(piece);
                continue;
            }
            end_line(&mut lines, &mut line);
            let mut rest = piece;
            while self.width(rest.trim_end()) > width {
                let (head, tail) = rest.split_at(self.longest(rest, width));
                lines.push(head.to_owned());
                rest = tail;
            }
            line = rest.to_owned();
        }
        end_line(&mut lines, &mut line);
        if lines.is_empty() {
            lines.push(String::new());
        }
        lines
    }

    /// `text` in at most `most` lines; what does not fit is cut and ends with an ellipsis.
    pub(super) fn wrap_at_most(self, text: &str, width: i32, most: usize) -> Vec<String> {
        let mut lines = self.wrap(text, width);
        if lines.len() > most {
            let rest: String = lines.drain(most.saturating_sub(1)..).collect();
            lines.push(self.fit(&format!("{rest}{ELLIPSIS}"), width));
        }
        lines
    }

    /// `text` in one line of at most `width`, cut with an ellipsis where it is longer.
    pub(super) fn fit(self, text: &str, width: i32) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let dots = self.width(&ELLIPSIS.to_string());
        let cut = self.longest(text, width - dots);
        format!("{}{ELLIPSIS}", text[..cut].trim_end())
    }

    /// The width of the widest piece of `text` that does not break.
    pub(super) fn widest_piece(self, text: &str) -> i32 {
        pieces(text).map(|piece| self.width(piece.trim_end())).max().unwrap_or(0)
    }

    /// How many bytes of `text` fit: at least one character, so that whoever cuts gets on.
    fn longest(self, text: &str, width: i32) -> usize {
        let (mut units, most) = (0, i64::from(width) * EM / i64::from(self.size.max(1)));
        for (at, c) in text.char_indices() {
            units += i64::from(self.weight.glyph(c).advance);
            if units > most && at > 0 {
                return at;
            }
        }
        text.len()
    }
}

/// Ends a line; a space alone goes to the line before, if there is one.
fn end_line(lines: &mut Vec<String>, line: &mut String) {
    let line = std::mem::take(line);
    if !line.trim_end().is_empty() {
        lines.push(line);
    } else if let Some(before) = lines.last_mut() {
        before.push_str(&line);
    }
}

/// The pieces of a text between which a line may break.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '-', '/', '–'])
}

/// `text` as the bundled font can print it in one direction: white space becomes a space, what is invisible goes, and
/// what the font lacks (emoji, scripts from right to left) becomes an empty square: one for a joined sequence.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut joined = false;
    for c in text.chars() {
        match c {
            '\u{200d}' => {
                joined = true;
                continue;
            }
            // Soft hyphens, zero width characters, direction marks, variation selectors, skin tones.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                continue;
            }
            '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' => continue,
            '\u{2011}' => out.push('-'),
            '\u{a0}' | '\u{202f}' | '\u{2007}' => out.push('\u{a0}'),
            c if c.is_whitespace() => out.push(' '),
            c if c.is_control() => {}
            c if is_known(c) => out.push(c),
            _ if joined => {}
            _ => out.push(MISSING),
        }
        joined = false;
    }
    out
}

fn is_known(c: char) -> bool {
    let rightward = matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}');
    !rightward && Weight::Regular.has(c) && Weight::Bold.has(c)
}

#[cfg(test)]
mod tests {
    use super::{Font, Weight, printable};

    #[test]
    fn widths_are_those_of_arial() {
        // Arial's digits are 1139 units wide, its capital W 1933.
        assert_eq!(Weight::Regular.glyph('8').advance, 1139);
        assert_eq!(Font::regular(2048).width("W8"), 1933 + 1139);
        let digits: Vec<i32> = ('0'..='9').map(|digit| Weight::Bold.glyph(digit).advance).collect();
        assert!(
            digits.windows(2).all(|pair| pair[0] == pair[1]),
            "figures of one width stand in columns: {digits:?}"
        );
    }

    #[test]
    fn no_line_is_too_wide_and_no_letter_is_lost() {
        let font = Font::regular(9_000);
        let long = "Direktorat Jenderal Pengelolaan Pembiayaan/Risiko-".to_owned() + &"w".repeat(200) + " akhir";
        for width in [5_000, 30_000, 120_000] {
            let lines = font.wrap(&long, width);
            assert_eq!(lines.concat(), long);
            for line in &lines {
                assert!(
                    font.width(line.trim_end()) <= width || line.trim_end().chars().count() == 1,
                    "{line:?} at {width}"
                );
            }
        }
        assert_eq!((font.wrap("", 10_000), font.wrap("  ", 10)), (vec![String::new()], vec![String::new()]));
        assert_eq!(font.wrap("ww ww", 12_000), ["w", "w ", "w", "w"]);
    }

    #[test]
    fn what_is_cut_says_so() {
        let font = Font::bold(160);
        let lines = font.wrap_at_most(&"kata ".repeat(100), 2_000, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && font.width(&lines[1]) <= 2_000, "{lines:?}");
        assert_eq!(font.fit("pendek", 2_000), "pendek");
    }

    #[test]
    fn what_the_font_lacks_is_seen() {
        assert_eq!(printable("naik 🎉\tdan 👩\u{200d}👩\u{200d}👧 ok\u{0}"), "naik □ dan □ ok");
        assert_eq!(printable("−Rp1,5\u{a0}miliar ▼ é – \u{2011}"), "−Rp1,5\u{a0}miliar ▼ é – -");
        assert_eq!(printable("سلام"), "□□□□");
    }
}
