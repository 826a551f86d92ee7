//! Tables: columns as wide as their content needs, headers repeated on every sheet, rows divided only when a sheet is
//! too short for one.

use super::super::font::{Font, printable};
use super::alerted;
use super::sheet::{ACCENT, ALERT, HEIGHT, Ink, QUIET, RULE, Shape, Sheets, TEXT, WIDTH};
use super::text::{self, Line};
use super::tree::{Node, ROOT, Role};
use crate::report::page::{Bar, Cell, Row, Table};

/// Left and right of a cell's content.
const PADDING: i32 = 3_500;
/// Above and below.
const PADDING_Y: i32 = 3_500;
/// Sizes of the letters, from the best to the one that still can be read; a table with wide figures gets a smaller one
/// before a figure would be divided.
const SIZES: [i32; 5] = [9_500, 9_000, 8_000, 7_000, 6_000];
/// The widest word that no column divides: a quarter of the sheet. Figures are never divided while letters can shrink.
const WORD: i32 = WIDTH / 4;
/// Lines of a column's heading.
const HEADER_LINES: usize = 6;
/// A bar as shown in the mail, 60 x 8 px.
const BAR: (i32, i32) = (750, 5_000);
const BAR_REST: Ink = [0xdf, 0xe6, 0xee];
const BAR_FILL: Ink = [0x1f, 0x5f, 0x99];

/// Places a table below what is there; one without rows is a sentence.
pub(super) fn place(sheets: &mut Sheets, table: &Table) {
    if table.rows.is_empty() {
        return sheets.paragraph("Tidak ada data.");
    }
    let size = *SIZES
        .iter()
        .find(|size| columns(table, **size).iter().map(|column| column.least).sum::<i32>() <= WIDTH)
        .unwrap_or(&SIZES[SIZES.len() - 1]);
    let widths = shared(&columns(table, size));
    let summary = printable(&table.caption);
    let node = sheets.tree.add(ROOT, Role::Table { summary });
    let caption = text::lines(&table.caption, Font::regular(9_500), QUIET, WIDTH);
    let header = header(table, size, &widths);
    // Caption, header and the first row stand together; a first guess at its height is enough.
    let first = table.rows.first().map_or(0, |row| 2 * size * (1 + i32::from(row.detail.is_some())) + 2 * PADDING_Y);
    sheets.need((text::height(&caption) + tall(&header) + first).min(HEIGHT));
    if !table.caption.is_empty() {
        let captioned = sheets.tree.add(node, Role::Caption);
        sheets.lines(Some(captioned), &caption, (sheets.left(), sheets.y()));
        sheets.advance(text::height(&caption));
    }
    let head = sheets.tree.add(node, Role::TableHead);
    let head = sheets.tree.add(head, Role::Row);
    let heads: Vec<Option<Node>> = header.iter().map(|_| Some(sheets.tree.add(head, Role::ColumnHeader))).collect();
    let mut grid = Grid { sheets, widths, header };
    grid.draw_header(&heads);
    let body = grid.sheets.tree.add(node, Role::TableBody);
    for row in &table.rows {
        grid.row(body, row, size);
    }
}

/// How wide a column would like to be, and must be for no figure or word to be divided.
#[derive(Debug, Clone, Copy)]
struct Wish {
    least: i32,
    best: i32,
}

fn columns(table: &Table, size: i32) -> Vec<Wish> {
    let (regular, bold) = (Font::regular(size), Font::bold(size));
    let mut wishes: Vec<Wish> = table.columns.iter().map(|column| wish(bold, &column.label, WORD)).collect();
    let mut widen = |column: usize, wish: Wish| {
        if let Some(known) = wishes.get_mut(column) {
            *known = Wish { least: known.least.max(wish.least), best: known.best.max(wish.best) };
        }
    };
    for row in &table.rows {
        let font = if row.total { bold } else { regular };
        widen(0, wish(font, &row.head, WORD));
        widen(0, wish(Font::regular(small(size)), row.detail.as_deref().unwrap_or_default(), WORD));
        for (index, cell) in row.cells.iter().enumerate() {
            let font = if cell.alert { bold } else { font };
            widen(index + 1, wish(font, &cell.text, if cell.right { WIDTH } else { WORD }));
            if cell.bar.is_some() {
                let bar = BAR.0 * 60 + 2 * PADDING;
                widen(index + 1, Wish { least: bar, best: bar });
            }
        }
    }
    wishes
}

/// What a text needs; a piece wider than `most` may be divided, and no text asks for more than twice that.
fn wish(font: Font, words: &str, most: i32) -> Wish {
    let words = printable(words);
    let (least, best) = (font.widest_piece(&words).min(most), font.width(&words).min(2 * most));
    Wish { least: least + 2 * PADDING, best: best.max(least) + 2 * PADDING }
}

/// The width of each column; together the width of the text. What is left is shared evenly.
fn shared(wishes: &[Wish]) -> Vec<i32> {
    let (least, best) = wishes
        .iter()
        .fold((0_i64, 0_i64), |(least, best), wish| (least + i64::from(wish.least), best + i64::from(wish.best)));
    let whole = i64::from(WIDTH);
    let width = |wish: &Wish| {
        let (low, high) = (i64::from(wish.least), i64::from(wish.best));
        let width = if best <= whole {
            high
        } else if least <= whole {
            low + (high - low) * (whole - least) / (best - least).max(1)
        } else {
            low * whole / least
        };
        i32::try_from(width).unwrap_or(WIDTH)
    };
    let mut widths: Vec<i32> = wishes.iter().map(width).collect();
    let each = (WIDTH - widths.iter().sum::<i32>()) / i32::try_from(widths.len().max(1)).unwrap_or(i32::MAX);
    widths.iter_mut().for_each(|width| *width += each);
    widths
}

/// The size of the second line below a row's head.
fn small(size: i32) -> i32 {
    (size - 1_000).max(6_000)
}

/// Something in a cell, one below the other.
enum Part {
    Words(Line),
    Bar { filled: i32, rest: i32, alert: bool },
}

impl Part {
    fn height(&self) -> i32 {
        match self {
            Self::Words(line) => line.height(),
            Self::Bar { .. } => BAR.1 + 2_000,
        }
    }
}

/// A cell's parts and its side.
struct Content {
    parts: Vec<Part>,
    right: bool,
}

/// The height of a row of cells without its padding.
fn tall(cells: &[Content]) -> i32 {
    let tall = |cell: &Content| cell.parts.iter().map(Part::height).sum::<i32>();
    cells.iter().map(tall).max().unwrap_or(0)
}

fn header(table: &Table, size: i32, widths: &[i32]) -> Vec<Content> {
    let font = Font::bold(size);
    let cell = |(index, width): (usize, &i32)| {
        let column = &table.columns[index];
        let lines = font.wrap_at_most(&printable(&column.label), width - 2 * PADDING, HEADER_LINES);
        let parts = lines.into_iter().map(|text| Part::Words(Line { text, font, ink: ACCENT })).collect();
        Content { parts, right: column.right }
    };
    widths.iter().enumerate().map(cell).collect()
}

fn row_cells(row: &Row, size: i32, widths: &[i32]) -> Vec<Content> {
    let font = if row.total { Font::bold(size) } else { Font::regular(size) };
    let words = |text: &str, font: Font, ink: Ink, width: i32| {
        text::lines(text, font, ink, width - 2 * PADDING).into_iter().map(Part::Words).collect::<Vec<_>>()
    };
    let cell = |(index, width): (usize, &i32)| match index.checked_sub(1) {
        None => {
            let mut parts = words(&row.head, font, TEXT, *width);
            if let Some(detail) = &row.detail {
                parts.extend(words(detail, Font::regular(small(size)), QUIET, *width));
            }
            Content { parts, right: false }
        }
        Some(index) => match row.cells.get(index) {
            Some(cell) => filled(cell, font, *width, words),
            None => Content { parts: Vec::new(), right: false },
        },
    };
    widths.iter().enumerate().map(cell).collect()
}

fn filled(cell: &Cell, font: Font, width: i32, words: impl Fn(&str, Font, Ink, i32) -> Vec<Part>) -> Content {
    let font = if cell.alert { Font::bold(font.size) } else { font };
    let mut parts = words(&cell.text, font, alerted(cell.alert, TEXT), width);
    if let Some(Bar { filled, rest, alert }) = &cell.bar {
        let px = |px: u32| i32::try_from(px).unwrap_or(0) * BAR.0;
        parts.push(Part::Bar { filled: px(*filled), rest: px(*rest), alert: *alert });
    }
    Content { parts, right: cell.right }
}

/// A table being placed.
struct Grid<'a> {
    sheets: &'a mut Sheets,
    widths: Vec<i32>,
    header: Vec<Content>,
}

impl Grid<'_> {
    /// The header; on a later sheet it is decoration, because the structure has it once.
    fn draw_header(&mut self, nodes: &[Option<Node>]) {
        let header = std::mem::take(&mut self.header);
        let height = tall(&header) + 2 * PADDING_Y;
        let ends: Vec<std::ops::Range<usize>> = header.iter().map(|cell| 0..cell.parts.len()).collect();
        // Headings stand on the line that ends the header.
        let offsets: Vec<i32> = header.iter().map(|cell| tall(&header) - tall(std::slice::from_ref(cell))).collect();
        self.draw_cells(&header, &ends, nodes, &offsets);
        let at = (self.sheets.left(), self.sheets.y() + height - 1_200);
        self.sheets.put(None, Shape::Box { at, size: (WIDTH, 1_200), ink: ACCENT });
        self.sheets.advance(height);
        self.header = header;
    }

    fn turn(&mut self) {
        self.sheets.turn();
        self.draw_header(&vec![None; self.widths.len()]);
    }

    fn row(&mut self, body: Node, row: &Row, size: i32) {
        let cells = row_cells(row, size, &self.widths);
        let node = self.sheets.tree.add(body, Role::Row);
        let role = |index: usize| if index == 0 { Role::RowHeader } else { Role::Data };
        let nodes: Vec<Option<Node>> =
            (0..cells.len()).map(|index| Some(self.sheets.tree.add(node, role(index)))).collect();
        let height = tall(&cells) + 2 * PADDING_Y;
        let fresh = HEIGHT - tall(&self.header) - 2 * PADDING_Y;
        if height > self.sheets.room() && height <= fresh {
            self.turn();
        }
        if row.total {
            let at = (self.sheets.left(), self.sheets.y());
            self.sheets.put(None, Shape::Box { at, size: (WIDTH, 800), ink: ACCENT });
        }
        self.pour(&cells, &nodes);
        let at = (self.sheets.left(), self.sheets.y() - 500);
        self.sheets.put(None, Shape::Box { at, size: (WIDTH, 500), ink: RULE });
    }

    /// Places as many parts of each cell as fit, turns the sheet, and goes on until nothing is left.
    fn pour(&mut self, cells: &[Content], nodes: &[Option<Node>]) {
        let mut from = vec![0; cells.len()];
        let mut turned = false;
        loop {
            let room = self.sheets.room() - 2 * PADDING_Y;
            let ends: Vec<std::ops::Range<usize>> =
                cells.iter().zip(&from).map(|(cell, from)| *from..fitting(cell, *from, room, turned)).collect();
            let height = cells
                .iter()
                .zip(&ends)
                .map(|(cell, range)| cell.parts[range.clone()].iter().map(Part::height).sum::<i32>())
                .max()
                .unwrap_or(0);
            self.draw_cells(cells, &ends, nodes, &vec![0; cells.len()]);
            if height > 0 || cells.iter().all(|cell| cell.parts.is_empty()) {
                self.sheets.advance(height + 2 * PADDING_Y);
            }
            from = ends.iter().map(|range| range.end).collect();
            if cells.iter().zip(&from).all(|(cell, from)| *from == cell.parts.len()) {
                return;
            }
            self.turn();
            turned = true;
        }
    }

    /// Draws the given parts of each cell at the top of the row.
    fn draw_cells(
        &mut self,
        cells: &[Content],
        parts: &[std::ops::Range<usize>],
        nodes: &[Option<Node>],
        offsets: &[i32],
    ) {
        let (mut left, top) = (self.sheets.left(), self.sheets.y() + PADDING_Y);
        for (index, cell) in cells.iter().enumerate() {
            let (width, node) = (self.widths[index], nodes[index]);
            let mut y = top + offsets[index];
            if cell.parts.is_empty() && node.is_some() {
                self.sheets.put(node, Shape::Nothing);
            }
            for part in &cell.parts[parts[index].clone()] {
                self.draw_part(part, node, (left, y, width), cell.right);
                y += part.height();
            }
            left += width;
        }
    }

    fn draw_part(&mut self, part: &Part, node: Option<Node>, (left, y, width): (i32, i32, i32), right: bool) {
        let side = |content: i32| if right { left + width - PADDING - content } else { left + PADDING };
        match part {
            Part::Words(line) => self.sheets.put(node, line.at((side(line.width()), y))),
            Part::Bar { filled, rest, alert } => {
                let (x, y) = (side(filled + rest), y + 2_000);
                let ink = if *alert { ALERT } else { BAR_FILL };
                let parts = [(x, *filled, ink), (x + filled, *rest, BAR_REST)];
                for (x, width, ink) in parts.into_iter().filter(|(_, width, _)| *width > 0) {
                    self.sheets.put(None, Shape::Box { at: (x, y), size: (width, BAR.1), ink });
                }
            }
        }
    }
}

/// Up to which part a cell fits into `room`; at least one when the sheet is fresh, so that the work ends.
fn fitting(cell: &Content, from: usize, room: i32, fresh: bool) -> usize {
    let (mut end, mut left) = (from, room);
    while let Some(part) = cell.parts.get(end) {
        left -= part.height();
        if left < 0 && !(fresh && end == from) {
            break;
        }
        end += 1;
    }
    end
}
