//! Rows 1 and 2: what a whole answer is. Documents here; most of it was proven for streams before (see the table in
//! `quirks.rs`).

use super::bench::{Bench, Contract, ROADS, Reply, Road, gzip};

const COLUMNS: &str = r#"{ name = "kode", type = "code(3)", required = true, class = "public", meaning = "m" },
  { name = "nama", type = "text", class = "public", meaning = "m" },"#;

/// Two rows.
const ROWS: &str = r#"{"kode":"001","nama":"Bangil"},{"kode":"002","nama":"Beji"}"#;

fn bench(road: Road) -> Bench {
    Bench::new(&Contract::new(road, "", COLUMNS))
}

fn assert_two_rows(bench: &Bench, road: Road) {
    assert_eq!(bench.sql("SELECT kode, nama FROM uji.baris ORDER BY kode"), ["001,Bangil", "002,Beji"], "{road:?}");
}

// Row 1.

#[test]
fn the_word_that_there_is_no_data_is_no_error() {
    for road in ROADS {
        let bench = bench(road);
        for body in [
            r#"{"body":{"value":"Tidak Ada Data"}}"#,
            r#"[[{"colspan":26,"value":"Tidak Ada Data"}]]"#,
            r#"{"body":{"value":"TIDAK ADA DATA"}}"#,
        ] {
            bench.says(body);
            bench.load(&[]).is(0, "empty");
            assert_eq!(bench.asked().len(), 1, "{body}");
        }
        assert_eq!(bench.lab().published(), [""; 0]);
    }
}

#[test]
fn a_cell_that_asks_for_a_filter_is_a_wrong_request() {
    for road in ROADS {
        let bench = bench(road);
        bench.stops(r#"[[{"colspan":26,"value":"Harap isi filter"}]]"#, 65, "did not understand the request");
        assert_eq!(bench.asked().len(), 1, "asking again with the same words is of no use");
        bench.stops(r#"[[{"colspan":26,"value":"???"}]]"#, 69, "an unknown answer");
    }
}

#[test]
fn a_refused_token_is_told_by_status_or_by_text() {
    const TEXT: &str = "Token yang dikirimkan tidak valid (Signature verification failed)";
    for road in ROADS {
        let bench = bench(road);
        for reply in [
            Reply::under(401, TEXT),
            Reply::under(401, ""),
            Reply::under(200, TEXT),
            format!("\"{TEXT}\"").into(),
            Reply::under(403, "no"),
        ] {
            bench.stops(reply, 77, "refused the token");
            assert_eq!(bench.asked().len(), 1, "a refused token asked twice locks accounts");
        }
    }
}

/// PHP prints its error behind, or in the middle of, what it had written already.
#[test]
fn an_error_page_behind_rows_is_not_taken_for_their_end() {
    const ERROR: &str = "<br />\n<b>Fatal error</b>: Allowed memory size exhausted";
    for road in ROADS {
        let bench = bench(road);
        let whole = road.wrap(ROWS);
        let unclosed = whole.strip_suffix(road.wrap("").trim_start_matches(|c| c != ']')).unwrap();
        // A document that nothing closes is one that was cut off, whatever stands at its end.
        let open = if road == Road::Stream { (65, "the answer is broken") } else { (69, "cut off") };
        for (body, (code, says)) in [
            (format!("{whole}\n{ERROR}"), (65, "the answer is broken")),
            (whole.replacen("},{", &format!("}},{ERROR},{{"), 1), (65, "the answer is broken")),
            (format!("{unclosed},\n{ERROR}"), open),
        ] {
            bench.stops(body, code, says);
            assert_eq!(bench.asked().len(), 2, "it is worth asking once more");
        }
    }
}

#[test]
fn an_answer_cut_anywhere_is_never_whole() {
    for road in ROADS {
        let bench = bench(road);
        let whole = road.wrap(ROWS);
        for end in [1, whole.len() / 2, whole.len() - 2, whole.len() - 1] {
            bench.says(&whole[..end]);
            let load = bench.load(&[]);
            assert!(matches!(load.ran.code, 65 | 69), "{road:?}: {}", &whole[..end]);
            assert_eq!(bench.lab().published(), [""; 0], "{road:?}: {}", &whole[..end]);
        }
        let compressed = gzip(&whole);
        bench.stops(compressed[..compressed.len() - 9].to_vec(), 69, "cut off");
    }
}

#[test]
fn an_empty_body_is_no_empty_table() {
    for road in ROADS {
        let bench = bench(road);
        for body in ["", " \r\n", "\u{feff}"] {
            bench.stops(body, 69, "an empty body");
        }
        bench.stops(gzip(""), 69, "an empty body");
    }
}

/// Announced or not, and under a mark: proven one by one elsewhere.
#[test]
fn compression_and_a_mark_may_come_together() {
    for road in ROADS {
        let bench = bench(road);
        bench.lands(gzip(&format!("\u{feff}{}\r\n", road.wrap(ROWS))));
        assert_two_rows(&bench, road);
    }
}

// Row 2.

#[test]
fn one_row_may_stand_there_bare() {
    const ONE: &str = r#"{"kode":"001","nama":"Bangil"}"#;
    for (road, body) in [(Road::Stream, ONE.to_owned()), (Road::Document, format!("{{\"data\":{ONE}}}"))] {
        let bench = bench(road);
        bench.lands(body);
        assert_eq!(bench.sql("SELECT kode FROM uji.baris"), ["001"], "{road:?}");
    }
}

#[test]
fn surplus_commas_are_nothing() {
    for road in ROADS {
        let bench = bench(road);
        let closed = road.wrap(&format!("{ROWS},"));
        bench.lands(closed.replace("\"Beji\"}", "\"Beji\",}"));
        assert_two_rows(&bench, road);
        let ran = bench.load(&[]);
        ran.is(0, "unchanged");
        bench.lands(format!("{},\n", road.wrap(ROWS)));
        assert_two_rows(&bench, road);
    }
}

#[test]
fn rows_that_are_null_are_no_rows() {
    for road in ROADS {
        let bench = bench(road);
        let load = bench.lands(road.wrap(&ROWS.replace("},{", "},null,{")));
        assert_eq!(load.counts(), (2, 0), "{road:?}");
        assert_two_rows(&bench, road);
    }
    let none = bench(Road::Stream);
    none.says("null");
    none.load(&[]).is(0, "empty");
    let none = bench(Road::Document);
    for nothing in ["null", "[]", "{}", "\"\"", "[{}]", "[null]", r#"[{"kode":"","nama":null}]"#] {
        none.says(format!("{{\"data\":{nothing}}}"));
        none.load(&[]).is(0, "empty");
    }
    // Where the place of the rows is missing altogether nobody says that there are none.
    for strange in ["null", "[]", "{}", r#"{"status":"ok"}"#, r#"{"Data_baru":[]}"#] {
        none.stops(strange, 69, "instead of data");
    }
    none.stops(r#"{"status":"ok","data":"gagal"}"#, 65, "expected rows at DATA, found a text");
}
