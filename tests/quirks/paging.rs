//! Row 7, and the part of row 8 that belongs to pages: what a source does between one page and the next. The sources here
//! have five rows, and two stand on a page.

use super::bench::{Bench, Contract, ROADS, Reply, Road};

const COLUMNS: &str = r#"{ name = "rownum", type = "integer", required = true, class = "public", meaning = "m" },
  { name = "maxdate", type = "date", format = "DD-MON-YY", class = "public", meaning = "m" },"#;

/// Rows `first` to `last` of the source, as of `day`.
fn rows_as_of(day: &str, first: u64, last: u64) -> String {
    let row = |n: u64| format!(r#"{{"ROWNUM":"{n}","MAXDATE":"{day}"}}"#);
    (first..=last).map(row).collect::<Vec<_>>().join(",")
}

fn rows(first: u64, last: u64) -> String {
    rows_as_of("01-OKT-26", first, last)
}

/// Asked for `baris/{from}/{to}`; the row numbers must be whole.
fn ranges(road: Road) -> Bench {
    let paging = r#"kind = "row_range", page_rows = 2, row_number = "rownum", constant = ["maxdate"], restarts = 1"#;
    Bench::new(&Contract::new(road, "", COLUMNS).paged("baris/{from}/{to}", paging))
}

/// Asked for `baris?page={page}`, with or without an announced total.
fn numbered(total: &str) -> Bench {
    let paging = format!("kind = \"page_number\", page_rows = 2, restarts = 1{total}");
    let more = "query = { page = \"{page}\", size = \"{size}\" }";
    Bench::new(&Contract::new(Road::Document, more, COLUMNS).paged("baris", &paging))
}

const TOTAL: &str = ", total = \"total\"";

/// The number at the end of a path.
fn last_number(path: &str) -> u64 {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

/// The page that a query asks for.
fn page_of(asked: &str) -> u64 {
    asked.split_once("page=").unwrap().1.split('&').next().unwrap().parse().unwrap()
}

/// Every row is there once.
fn assert_whole(bench: &Bench, n: u64) {
    let found = bench.sql("SELECT count(*), count(DISTINCT rownum), max(rownum) FROM uji.baris");
    assert_eq!(found, [format!("{n},{n},{n}")]);
}

/// The load begins again once, and then gives up with 65 and `says`.
fn never_fits(bench: &Bench, says: &str) {
    let load = bench.load(&[]);
    load.fails(65, "failed", says);
    assert!(load.ran.stderr.contains("the source changed while it was read"), "{}", load.ran.stderr);
    assert_eq!(bench.lab().published(), [""; 0]);
}

// Ranges of rows.

#[test]
fn pages_that_overlap_repeat_a_row_number() {
    for road in ROADS {
        let bench = ranges(road);
        // Every page but the first begins one row early.
        bench.answers(move |path, _| {
            let to = last_number(path);
            road.wrap(&rows(to.saturating_sub(2).max(1), to.min(5))).into()
        });
        never_fits(&bench, "rownum 2 comes twice");
        // First to last page of the first try end with the second page, and so does the second try.
        assert_eq!(bench.asked(), ["/baris/1/2", "/baris/3/4", "/baris/1/2", "/baris/3/4"], "{road:?}");
    }
}

#[test]
fn pages_that_lack_a_row_leave_a_gap() {
    for road in ROADS {
        let bench = ranges(road);
        bench.answers(move |path, _| match last_number(path) {
            2 => road.wrap(&rows(1, 1)).into(),
            4 => road.wrap(&rows(3, 4)).into(),
            _ => road.wrap("").into(),
        });
        never_fits(&bench, "1 of 4 row numbers (rownum) are missing");
    }
}

#[test]
fn a_gap_that_was_a_moment_s_is_read_again() {
    for road in ROADS {
        let bench = ranges(road);
        bench.answers(move |path, n| match last_number(path) {
            2 if n == 1 => road.wrap(&rows(1, 1)).into(),
            to => road.wrap(&if to > 5 { String::new() } else { rows(to - 1, to) }).into(),
        });
        let load = bench.load(&[]);
        load.is(0, "committed");
        assert!(load.ran.stderr.contains("the source changed while it was read"), "{}", load.ran.stderr);
        assert_whole(&bench, 4);
    }
}

#[test]
fn a_last_page_that_is_full_is_followed_by_one_more_question() {
    for road in ROADS {
        for beyond in [road.wrap(""), r#"{"body":{"value":"Tidak Ada Data"}}"#.to_owned()] {
            let bench = ranges(road);
            bench.answers(move |path, _| match last_number(path) {
                to @ (2 | 4) => road.wrap(&rows(to - 1, to)).into(),
                _ => beyond.clone().into(),
            });
            bench.load(&[]).is(0, "committed");
            assert_eq!(bench.asked(), ["/baris/1/2", "/baris/3/4", "/baris/5/6"], "{road:?}");
            assert_whole(&bench, 4);
        }
    }
}

/// A page beyond the end that brings the last rows again is an overlap.
#[test]
fn a_range_beyond_the_end_that_repeats_itself_is_noticed() {
    for road in ROADS {
        let bench = ranges(road);
        bench.answers(move |path, _| {
            let to = last_number(path).min(4);
            road.wrap(&rows(to - 1, to)).into()
        });
        never_fits(&bench, "rownum 3 comes twice");
    }
}

/// Row 8.
#[test]
fn a_data_date_that_moves_between_pages_begins_again() {
    for road in ROADS {
        let bench = ranges(road);
        let page = move |day: &str, to: u64| match to {
            2 | 4 => road.wrap(&rows_as_of(day, to - 1, to)).into(),
            _ => Reply::from(road.wrap("")),
        };
        bench.answers(move |path, n| page(if n == 1 { "30-SEP-26" } else { "01-OKT-26" }, last_number(path)));
        let load = bench.load(&[]);
        load.is(0, "committed");
        assert!(load.ran.stderr.contains("maxdate moved from 2026-09-30 to 2026-10-01"), "{}", load.ran.stderr);
        assert_eq!(bench.sql("SELECT DISTINCT maxdate FROM uji.baris"), ["2026-10-01"], "{road:?}");

        let restless = ranges(road);
        restless.answers(move |path, n| page(["30-SEP-26", "01-OKT-26"][n % 2], last_number(path)));
        never_fits(&restless, "maxdate moved from");
    }
}

// Numbered pages.

#[test]
fn an_announced_total_ends_the_pages() {
    for n in [4, 5] {
        let bench = numbered(TOTAL);
        bench.answers(move |asked, _| {
            let to = (2 * page_of(asked)).min(n);
            Road::Document.page(&rows(2 * page_of(asked) - 1, to), n).into()
        });
        bench.load(&[]).is(0, "committed");
        assert_eq!(bench.asked().len() as u64, n.div_ceil(2), "nothing beyond the end is asked for");
        assert_whole(&bench, n);
    }
}

#[test]
fn an_announced_total_that_moves_or_is_not_met_begins_again() {
    let page = |asked: &str, total: u64| {
        Reply::from(Road::Document.page(&rows(2 * page_of(asked) - 1, 2 * page_of(asked)), total))
    };
    let moves = numbered(TOTAL);
    moves.answers(move |asked, n| page(asked, if n == 1 { 3 } else { 4 }));
    let load = moves.load(&[]);
    load.is(0, "committed");
    assert!(load.ran.stderr.contains("the total moved from 3 to 4"), "{}", load.ran.stderr);
    assert_whole(&moves, 4);

    let overlaps = numbered(TOTAL);
    overlaps.answers(|asked, _| Road::Document.page(&rows(page_of(asked), page_of(asked) + 1), 5).into());
    never_fits(&overlaps, "5 rows are announced, but 6 came");
    let ends = numbered(TOTAL);
    ends.answers(|asked, _| {
        Road::Document.page(&if page_of(asked) == 1 { rows(1, 2) } else { String::new() }, 5).into()
    });
    never_fits(&ends, "5 rows are announced, but the pages end after 2");
    let silent = numbered(TOTAL);
    silent.answers(|_, _| Road::Document.wrap(&rows(1, 2)).into());
    never_fits(&silent, "an answer announces no total");
}

#[test]
fn without_a_total_an_empty_page_ends_the_pages() {
    for n in [3, 4] {
        let bench = numbered("");
        bench.answers(move |asked, _| {
            let to = (2 * page_of(asked)).min(n);
            Road::Document.wrap(&rows(2 * page_of(asked) - 1, to)).into()
        });
        bench.load(&[]).is(0, "committed");
        assert_eq!(bench.asked().len(), 3, "a short page may be a cap of the service");
        assert_whole(&bench, n);
    }
}

/// Services that answer a page beyond the end with the last one would be asked for ever.
#[test]
fn a_page_beyond_the_end_that_is_the_last_one_again_is_noticed() {
    let bench = numbered("");
    bench.answers(|asked, n| {
        if n > 20 {
            return Reply::under(410, "asked for ever");
        }
        let page = page_of(asked).min(2);
        Road::Document.wrap(&rows(2 * page - 1, 2 * page)).into()
    });
    never_fits(&bench, "page 3 is page 2 again, byte for byte");
}
