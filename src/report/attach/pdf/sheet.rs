//! Sheets of paper that fill from top to bottom. All lengths are thousandths of a point.

use super::super::font::Font;
use super::text::{self, Line};
use super::tree::{Node, ROOT, Role, Tree};

/// A4.
pub(super) const PAPER: (i32, i32) = (595_276, 841_890);
const MARGIN: i32 = 45_000;
/// Below stands the page's number.
const BOTTOM: i32 = PAPER.1 - 62_000;
/// The width of the text.
pub(super) const WIDTH: i32 = PAPER.0 - 2 * MARGIN;
/// The height of an empty sheet.
pub(super) const HEIGHT: i32 = BOTTOM - MARGIN;
/// Where the page's number stands.
pub(super) const FOOT: i32 = PAPER.1 - 36_000;

/// Red, green, blue.
pub(super) type Ink = [u8; 3];
pub(super) const TEXT: Ink = [0x1a, 0x1a, 0x1a];
pub(super) const QUIET: Ink = [0x4a, 0x4a, 0x4a];
pub(super) const ACCENT: Ink = [0x12, 0x35, 0x5b];
pub(super) const ALERT: Ink = [0xa6, 0x1b, 0x1b];
pub(super) const WHITE: Ink = [0xff, 0xff, 0xff];
pub(super) const TINT: Ink = [0xee, 0xf1, 0xf5];
pub(super) const ALERT_TINT: Ink = [0xfb, 0xea, 0xea];
pub(super) const RULE: Ink = [0xc9, 0xd3, 0xde];

/// Something on a sheet.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// `at` is the start of the baseline.
    Words {
        at: (i32, i32),
        text: String,
        font: Font,
        ink: Ink,
    },
    Box {
        at: (i32, i32),
        size: (i32, i32),
        ink: Ink,
    },
    Picture {
        at: (i32, i32),
        size: (i32, i32),
    },
    /// Holds the place of a cell without content, which a table must not lack.
    Nothing,
}

/// A shape and the node it belongs to; decoration belongs to none.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) node: Option<Node>,
    pub(super) shape: Shape,
}

/// A heading for the reader's table of contents.
#[derive(Debug)]
pub(super) struct Bookmark {
    pub(super) title: String,
    pub(super) sheet: usize,
    pub(super) y: i32,
}

/// All sheets so far; the last is the one being filled.
pub(super) struct Sheets {
    pub(super) sheets: Vec<Vec<Piece>>,
    pub(super) tree: Tree,
    pub(super) bookmarks: Vec<Bookmark>,
    y: i32,
}

impl Sheets {
    pub(super) fn new() -> Self {
        Self { sheets: vec![Vec::new()], tree: Tree::new(), bookmarks: Vec::new(), y: MARGIN }
    }

    /// Where the next line begins.
    pub(super) fn y(&self) -> i32 {
        self.y
    }

    pub(super) fn left(&self) -> i32 {
        MARGIN
    }

    /// The number of the sheet being filled, from 0.
    pub(super) fn number(&self) -> usize {
        self.sheets.len() - 1
    }

    /// What is left of this sheet.
    pub(super) fn room(&self) -> i32 {
        BOTTOM - self.y
    }

    pub(super) fn advance(&mut self, height: i32) {
        self.y += height;
    }

    /// White space, but none at the top of a sheet.
    pub(super) fn gap(&mut self, height: i32) {
        if self.y > MARGIN {
            self.y += height;
        }
    }

    pub(super) fn turn(&mut self) {
        self.sheets.push(Vec::new());
        self.y = MARGIN;
    }

    /// Begins a new sheet when `height` does not fit on this one; gives whether it did.
    pub(super) fn need(&mut self, height: i32) -> bool {
        let turns = height > self.room() && self.y > MARGIN;
        if turns {
            self.turn();
        }
        turns
    }

    pub(super) fn put(&mut self, node: Option<Node>, shape: Shape) {
        let sheet = self.sheets.last_mut().expect("there is always a sheet");
        sheet.push(Piece { node, shape });
    }

    /// Lines one below the other from a corner that the caller chose.
    pub(super) fn lines(&mut self, node: Option<Node>, lines: &[Line], (left, top): (i32, i32)) {
        let mut y = top;
        for line in lines {
            self.put(node, line.at((left, y)));
            y += line.height();
        }
    }

    /// Lines that may be divided between sheets.
    fn flow(&mut self, node: Node, lines: &[Line], left: i32) {
        for line in lines {
            self.need(line.height());
            self.put(Some(node), line.at((left, self.y)));
            self.y += line.height();
        }
    }

    /// The band at the top of the first sheet: who reports.
    pub(super) fn band(&mut self, agency: &str, unit: &str) {
        const PADDING: i32 = 12_000;
        let mut lines = text::lines(agency, Font::bold(11_000), WHITE, WIDTH - 2 * PADDING);
        lines.extend(text::lines(unit, Font::regular(10_000), WHITE, WIDTH - 2 * PADDING));
        let height = text::height(&lines) + 2 * PADDING;
        let at = (MARGIN, self.y);
        self.put(None, Shape::Box { at, size: (WIDTH, height), ink: ACCENT });
        let node = self.tree.add(ROOT, Role::Paragraph);
        self.lines(Some(node), &lines, (MARGIN + PADDING, self.y + PADDING));
        self.y += height + 16_000;
    }

    /// The message: the only heading of the first level.
    pub(super) fn title(&mut self, words: &str) {
        self.headed(1, words, Font::bold(17_000), 0);
        self.y += 3_000;
    }

    /// A heading; what follows begins on the same sheet.
    pub(super) fn heading(&mut self, words: &str) {
        self.heading_above(words, 0);
    }

    /// A heading on the sheet that also has room for `follows`.
    pub(super) fn heading_above(&mut self, words: &str, follows: i32) {
        self.gap(18_000);
        self.headed(2, words, Font::bold(13_000), follows.max(60_000));
        self.y += 4_000;
    }

    fn headed(&mut self, level: u16, words: &str, font: Font, follows: i32) {
        let lines = text::lines(words, font, ACCENT, WIDTH);
        self.need(text::height(&lines) + follows);
        let title = words.to_owned();
        self.bookmarks.push(Bookmark { title: title.clone(), sheet: self.number(), y: self.y });
        let node = self.tree.add(ROOT, Role::Heading { level, title });
        self.flow(node, &lines, MARGIN);
    }

    pub(super) fn paragraph(&mut self, words: &str) {
        self.gap(3_000);
        let node = self.tree.add(ROOT, Role::Paragraph);
        self.flow(node, &text::lines(words, Font::regular(10_000), TEXT, WIDTH), MARGIN);
    }

    /// A paragraph in smaller, quieter letters.
    pub(super) fn small(&mut self, words: &str) {
        let node = self.tree.add(ROOT, Role::Paragraph);
        self.flow(node, &text::lines(words, Font::regular(9_500), QUIET, WIDTH), MARGIN);
    }

    /// A box that nobody overlooks.
    pub(super) fn warning(&mut self, title: &str, reasons: &[String]) {
        const PADDING: i32 = 10_000;
        const EDGE: i32 = 4_000;
        let width = WIDTH - 2 * PADDING - EDGE;
        let paragraphs = std::iter::once(text::lines(title, Font::bold(10_000), ALERT, width))
            .chain(reasons.iter().map(|reason| text::lines(reason, Font::regular(10_000), TEXT, width)));
        self.gap(10_000);
        self.need(60_000);
        self.tinted(PADDING, (ALERT_TINT, ALERT, EDGE));
        for lines in paragraphs {
            let node = self.tree.add(ROOT, Role::Paragraph);
            for line in &lines {
                self.need(line.height());
                let y = self.y;
                self.tinted(line.height(), (ALERT_TINT, ALERT, EDGE));
                self.put(Some(node), line.at((MARGIN + EDGE + PADDING, y)));
            }
        }
        self.tinted(PADDING, (ALERT_TINT, ALERT, EDGE));
    }

    /// A strip of background as wide as the text, with an edge in another colour.
    fn tinted(&mut self, height: i32, (ink, edge, width): (Ink, Ink, i32)) {
        let at = (MARGIN, self.y);
        self.put(None, Shape::Box { at, size: (WIDTH, height), ink });
        self.put(None, Shape::Box { at, size: (width, height), ink: edge });
        self.y += height;
    }

    /// Lines with a bullet each.
    pub(super) fn list(&mut self, items: &[String]) {
        const INDENT: i32 = 14_000;
        let font = Font::regular(10_000);
        let list = self.tree.add(ROOT, Role::List);
        for words in items {
            self.gap(2_000);
            let lines = text::lines(words, font, TEXT, WIDTH - INDENT);
            let item = self.tree.add(list, Role::Item);
            let (label, body) = (self.tree.add(item, Role::Label), self.tree.add(item, Role::Body));
            self.need(lines.first().map_or(0, Line::height));
            let bullet = text::lines("•", font, ACCENT, INDENT);
            self.lines(Some(label), &bullet, (MARGIN + 3_000, self.y));
            self.flow(body, &lines, MARGIN + INDENT);
        }
    }
}
