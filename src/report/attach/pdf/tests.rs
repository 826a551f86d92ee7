//! The document: its words by pdftotext, its structure by qpdf, its sheets by what stands where.

use super::pdf;
use super::sheet::{FOOT, PAPER, Shape, Sheets};
use super::tree::{ROOT, Role};
use crate::report::attach::chart_png;
use crate::report::attach::sample::{amount, awkward, budget, made, page};
use crate::report::page::{Cell, Column, Page, Row, Table, Unit};
use std::process::Command;

fn document(page: &Page) -> Vec<u8> {
    let chart = page.chart.as_ref().map(|chart| chart_png(chart).unwrap());
    pdf(page, chart.as_deref(), made()).unwrap()
}

/// What a program of the machine says of the document; `None` where it is missing.
fn asked(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("serapan.pdf");
    std::fs::write(&path, bytes).unwrap();
    let mut command = Command::new(program);
    for argument in arguments {
        match *argument {
            "FILE" => command.arg(&path),
            argument => command.arg(argument),
        };
    }
    let Ok(run) = command.output() else {
        println!("skipped: needs {program}");
        return None;
    };
    assert!(run.status.success(), "{program}: {}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8_lossy(&run.stdout).into_owned())
}

#[test]
fn every_word_of_the_page_is_there() {
    let page = page();
    let Some(text) = asked("pdftotext", &["-layout", "FILE", "-"], &document(&page)) else { return };
    let words: Vec<&str> = text.split_whitespace().collect();
    let flat = words.join(" ");
    let cells = page.sections.iter().flat_map(|section| &section.table.rows).flat_map(|row| &row.cells);
    for expected in
        [&page.headline, &page.agency, &page.position, &page.warnings[0], &page.notes[1], &page.changes[0]]
            .into_iter()
            .chain(cells.map(|cell| &cell.text))
    {
        let expected = expected.replace('\u{a0}', " ");
        assert!(flat.contains(&expected), "{expected:?} is not in {flat}");
    }
    assert!(flat.contains("Halaman 1 dari 2"), "{flat}");
}

#[test]
fn the_structure_is_complete() {
    let bytes = document(&page());
    let Some(json) = asked("qpdf", &["--json", "FILE"], &bytes) else { return };
    for expected in ["\"/Marked\": true", "\"/Lang\": \"u:id\"", "/StructTreeRoot", "\"/DisplayDocTitle\": true"] {
        assert!(json.contains(expected), "{expected} is missing");
    }
    let count = |role: &str| json.matches(&format!("\"/S\": \"/{role}\"")).count();
    assert_eq!((count("H1"), count("Table"), count("Figure")), (1, 3, 1));
    // 3 headers of 3, 5 and 4 columns; 2, 4 and 12 rows with a header each.
    assert_eq!(count("TH"), 12 + 18);
    assert_eq!(count("TD"), 2 * 2 + 4 * 4 + 12 * 3);
    assert!(json.contains("Grafik garis serapan"), "the picture has its words");
    assert!(json.contains("pdfuaid") || String::from_utf8_lossy(&bytes).contains("pdfuaid"), "PDF/UA-1 is claimed");
}

#[test]
fn three_hundred_rows_take_many_sheets_and_nothing_is_lost() {
    let page = awkward();
    let bytes = document(&page);
    let Some(text) = asked("pdftotext", &["-layout", "FILE", "-"], &bytes) else { return };
    for index in (0..299).step_by(23) {
        assert!(text.contains(&format!("{index:06}")), "row {index} is missing");
    }
    let sheets = text.matches("Halaman ").count();
    assert!(sheets > 10, "{sheets} sheets");
    assert!(text.matches("Keterangan").count() >= sheets - 2, "the header is repeated");
    assert_eq!(text.matches("kata").count(), 1_500, "a row taller than a sheet is divided");
}

/// Fails when a shape leaves the sheet or words leave the width of the text.
fn assert_inside(sheets: &Sheets) {
    for (number, pieces) in sheets.sheets.iter().enumerate() {
        for piece in pieces {
            let ([left, top], [right, bottom], what) = match &piece.shape {
                Shape::Words { at, text, font, .. } => {
                    let right = at.0 + font.width(text.trim_end());
                    ([at.0, at.1 - font.size], [right, at.1], text.as_str())
                }
                Shape::Box { at, size, .. } | Shape::Picture { at, size } => {
                    ([at.0, at.1], [at.0 + size.0, at.1 + size.1], "a box")
                }
                Shape::Nothing => continue,
            };
            let inside = left >= 40_000 && right <= PAPER.0 - 40_000 && top >= 40_000 && bottom <= FOOT - 14_000;
            assert!(inside, "sheet {number}: {what:?} at {left} {top} {right} {bottom}");
        }
    }
}

#[test]
fn no_word_leaves_its_cell() {
    let huge = Cell::figure("Rp100.000.000.000.000.000.000,00").of(amount("100000000000000000000"), Unit::Rupiah);
    let wide = |text: &str| Cell {
        text: text.to_owned(),
        right: true,
        alert: true,
        bar: None,
        figure: huge.figure,
        id: None,
    };
    let many = Table {
        caption: "Enam kolom yang semuanya lebar.".to_owned(),
        columns: Column::list(&["Satuan kerja", "Pagu", "Realisasi", "Sisa", "Blokir", "Tahun lalu"], &[]),
        rows: vec![Row::new("Kantor dengan nama", (0..5).map(|_| wide(&huge.text)).collect())],
    };
    let more = Table {
        caption: "k".repeat(500),
        columns: (0..24).map(|index| Column { label: format!("Kolom {index}"), right: true }).collect(),
        rows: vec![Row::total("Jumlah", (0..23).map(|_| wide("1.234.567,8")).collect())],
    };
    for table in [budget(), many, more, awkward().sections.remove(0).table] {
        let mut sheets = Sheets::new();
        super::table::place(&mut sheets, &table);
        assert_inside(&sheets);
        assert_columns_apart(&sheets);
    }
}

/// Fails when two words that stand on one line lie on each other.
fn assert_columns_apart(sheets: &Sheets) {
    for pieces in &sheets.sheets {
        let mut spans: Vec<(i32, i32, i32, &str)> = Vec::new();
        for piece in pieces {
            if let Shape::Words { at, text, font, .. } = &piece.shape {
                spans.push((at.1, at.0, at.0 + font.width(text.trim_end()), text));
            }
        }
        spans.sort_unstable();
        for pair in spans.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            assert!(pair[0].2 <= pair[1].1, "{:?} lies on {:?}", pair[0].3, pair[1].3);
        }
    }
}

#[test]
fn figures_are_not_divided() {
    let mut sheets = Sheets::new();
    super::table::place(&mut sheets, &awkward().sections.remove(0).table);
    let words: Vec<&str> = sheets
        .sheets
        .iter()
        .flatten()
        .filter_map(|piece| match &piece.shape {
            Shape::Words { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(words.iter().filter(|text| **text == "99.999.999.999.999.999.999,99").count(), 150);
}

#[test]
fn cells_without_words_keep_their_place() {
    let table = Table {
        caption: String::new(),
        columns: Column::list(&["A", "B"], &[]),
        rows: vec![Row::new("", vec![Cell::words("")]), Row::new("x", Vec::new())],
    };
    let mut sheets = Sheets::new();
    super::table::place(&mut sheets, &table);
    let table = sheets.tree.children(ROOT)[0];
    let body = *sheets.tree.children(table).last().unwrap();
    assert_eq!(*sheets.tree.role(body), Role::TableBody);
    for row in sheets.tree.children(body) {
        for cell in sheets.tree.children(*row) {
            let held = sheets.sheets[0].iter().filter(|piece| piece.node == Some(*cell)).count();
            assert_eq!(held, 1, "{:?}", sheets.tree.role(*cell));
        }
    }
}
