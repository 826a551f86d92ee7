//! Rows 4, 5, 8, 9 and 11: what one value becomes. The cases are the fixtures `tests/fixtures/quirks/*.txt`, a line each;
//! every one goes through the program on both roads.

use super::bench::{Bench, Contract, ROADS, Road};

/// One line of a fixture.
struct Case<'a> {
    column: &'a str,
    /// JSON, as the source writes it.
    value: &'a str,
    /// What lands; empty for NULL; behind `!` the reason for which the row is refused.
    becomes: &'a str,
}

fn cases(fixture: &str) -> Vec<Case<'_>> {
    let lines = fixture.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let case = |line| {
        let parts: Vec<&str> = str::split(line, '|').map(str::trim).collect();
        let &[column, value, becomes] = &parts[..] else { panic!("not column | value | what becomes of it: {line}") };
        Case { column, value, becomes }
    };
    lines.map(case).collect()
}

/// Loads a row for each case of `fixture` and compares what became of its value.
fn prove(fixture: &str, columns: &[(&str, &str)]) {
    let cases = cases(fixture);
    for (name, _) in columns {
        assert!(cases.iter().any(|case| case.column == *name), "no case of {name}");
    }
    for road in ROADS {
        prove_on(road, &cases, columns);
    }
}

fn prove_on(road: Road, cases: &[Case<'_>], columns: &[(&str, &str)]) {
    let mut lines =
        "{ name = \"no\", type = \"integer\", required = true, class = \"public\", meaning = \"case\" },\n"
            .to_owned();
    for (name, reading) in columns {
        lines += &format!("{{ name = \"{name}\", {reading}, class = \"public\", meaning = \"m\" }},\n");
    }
    let bench = Bench::new(&Contract::new(road, "quarantine_pct_max = 100", &lines));
    let row = |(i, case): (usize, &Case<'_>)| format!(r#"{{"no":"{i}","{}":{}}}"#, case.column, case.value);
    let rows: Vec<String> = (1..).zip(cases).map(row).collect();
    let load = bench.lands(road.wrap(&rows.join(",\n")));

    let texts: Vec<String> = columns.iter().map(|(name, _)| format!("CAST({name} AS VARCHAR) AS {name}")).collect();
    let landed = bench.rows(&format!("SELECT no, {} FROM uji.baris ORDER BY no", texts.join(", ")));
    let refused = bench.refused(&load);
    for (i, case) in (1_u64..).zip(cases) {
        let Case { column, value, becomes } = case;
        let found = landed.iter().find(|row| row["no"] == i).map(|row| row[*column].as_str().unwrap_or_default());
        let why = format!("{column} of {value} on {road:?}");
        match becomes.strip_prefix('!') {
            None => assert_eq!(found, Some(*becomes), "{why}: {refused:?}"),
            Some(reason) => {
                assert_eq!(found, None, "{why}");
                assert!(refused.contains(&format!("{i} {column}: {reason}")), "{why}: {refused:?}");
            }
        }
    }
    let n_refused = cases.iter().filter(|case| case.becomes.starts_with('!')).count();
    assert_eq!(load.counts(), ((cases.len() - n_refused) as u64, n_refused as u64));
}

/// Row 4.
#[test]
fn numbers_come_as_texts_with_marks_and_words() {
    prove(
        include_str!("../fixtures/quirks/04_numbers.txt"),
        &[
            ("rupiah", "type = \"money\""),
            ("bulat", "type = \"integer\""),
            ("nilai", "type = \"decimal(5,2)\", min = 0, max = 100"),
            ("hari", "type = \"integer\", extract = \"integer\""),
            ("hari_longgar", "type = \"integer\", extract = \"integer\", lenient = true"),
            ("kdsatker", "type = \"code(6)\""),
            ("kbli", "type = \"code(5)\", pad_zeros = true"),
        ],
    );
}

/// Row 5.
#[test]
fn dates_come_in_the_forms_that_the_contract_names_and_no_other() {
    prove(
        include_str!("../fixtures/quirks/05_dates.txt"),
        &[
            ("tanggal", "type = \"date\", format = \"DD-MON-YY\""),
            ("tgl_garis_miring", "type = \"date\", format = \"DD/MM/YYYY\""),
            ("tgl_buku", "type = \"date\", format = \"YYYY-MM-DD\""),
            ("tanggal_insert", "type = \"text\""),
            ("tanggal_insert_date", "type = \"date\", format = \"YYYY-MM-DD*\""),
            ("longgar", "type = \"date\", format = \"YYYY-MM-DD\", lenient = true"),
            ("campur", "type = \"date\", format = \"DD-MON-YY|DD/MM/YYYY|YYYY-MM-DD\""),
        ],
    );
}

/// Rows 8 and 9.
#[test]
fn amounts_may_be_negative_and_scores_may_not_exceed_their_bounds() {
    prove(
        include_str!("../fixtures/quirks/08_09_amounts_and_scores.txt"),
        &[
            ("amount", "type = \"money\""),
            ("ik_dispensasi_spm", "type = \"decimal(5,2)\", min = 0, max = 100"),
            ("bbt_ind_up", "type = \"decimal(5,2)\", min = 0, max = 100"),
        ],
    );
}

/// Row 11.
#[test]
fn codes_are_texts_whatever_a_year_writes_into_them() {
    prove(
        include_str!("../fixtures/quirks/11_codes.txt"),
        &[
            ("program", "type = \"code(7)\""),
            ("output", "type = \"code(3)\""),
            ("lokasi", "type = \"code(4)\""),
            ("wilayah", "type = \"code(2..10)\""),
            ("kbli", "type = \"code(5)\", pad_zeros = true, lenient = true"),
        ],
    );
}

/// Row 8: rows that are equal in every column are postings like any other.
#[test]
fn real_duplicates_are_kept_and_counted() {
    for road in ROADS {
        let columns = r#"{ name = "akun", type = "code(6)", class = "public", meaning = "m" },
            { name = "amount", type = "money", class = "public", meaning = "m" },"#;
        let bench = Bench::new(&Contract::new(road, "control = [\"amount\"]", columns));
        let row = r#"{"akun":"524113","amount":"-750000"}"#;
        let load = bench.lands(road.wrap(&[row, row, r#"{"akun":"524113","amount":"0"}"#, row].join(",")));
        assert_eq!(load.said["control"]["amount"], "-2250000.00", "{road:?}");
        let sums = "SELECT amount, count(*) FROM uji.baris GROUP BY amount ORDER BY amount";
        assert_eq!(bench.sql(sums), ["-750000.00,3", "0.00,1"], "{road:?}");
    }
}
