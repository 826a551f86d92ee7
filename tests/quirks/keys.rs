//! Rows 3 and 6: under which key a value stands, or at which position.

use super::bench::{Bench, Contract, ROADS};

// Row 3.

const COLUMNS: &str = r#"{ name = "ik_data_kontrak", type = "decimal(5,2)", class = "public", meaning = "m" },
  { name = "tanggal_invoice", type = "date", format = "YYYY-MM-DD", aliases = ["tannggal_invoice"], class = "public", meaning = "m" },
  { name = "no", type = "integer", required = true, class = "public", meaning = "m" },"#;

/// The fixture has a row for each spelling.
#[test]
fn keys_are_compared_without_case_and_with_blanks_as_underscores() {
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, "quarantine_pct_max = 100", COLUMNS));
        let load = bench.lands(road.wrap(include_str!("../fixtures/quirks/03_keys.json.part")));
        let landed = bench.sql("SELECT no, ik_data_kontrak, tanggal_invoice, extra FROM uji.baris ORDER BY no");
        assert_eq!(
            landed,
            [
                "1,38.00,2026-01-31,",
                "2,38.00,2026-01-31,",
                "3,38.00,2026-01-31,",
                // Two spellings of one key that agree.
                "4,38.00,2026-01-31,",
                // Keys that are missing.
                "5,,,",
                // Keys that nobody knows.
                r#"6,38.00,,"{""BARU"":{""a"":[1,""}""]},""Lain-lain"":null}""#,
            ],
            "{road:?}"
        );
        assert_eq!(bench.refused(&load), ["7 -: two values under one key", "8 no: the key is missing"], "{road:?}");
        assert!(load.ran.stderr.contains("unknown keys kept in extra: BARU, Lain-lain"), "{}", load.ran.stderr);
    }
}

#[test]
fn an_unknown_key_holds_a_personal_dataset() {
    let personal = r#"{ name = "nama", type = "text", class = "drop", meaning = "m" },
        { name = "desil", type = "integer", class = "public", meaning = "m" },"#;
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, "personal = true", personal));
        bench.says(road.wrap(r#"{"nama":"Siti","desil":1,"nomor_hp":"0812"}"#));
        let load = bench.load(&[]);
        load.fails(65, "held", "columns that the contract does not class (nomor_hp)");
        assert!(!format!("{}{}", load.ran.stdout, load.ran.stderr).contains("0812"));
        assert_eq!(bench.lab().published(), [""; 0]);
    }
}

// Row 6. Rows by position stream; there are none inside documents.

const POSITIONAL: &str = r#"envelope = "spanint"
rows = "header_positional"
fold_surplus_into = "nama"
quarantine_pct_max = 100
"#;

const CSV: &str = "rows = \"csv\"\nenvelope = \"plain\"\nquarantine_pct_max = 100\n";

const PAYMENTS: &str = r#"{ name = "ntpn", type = "code(4)", required = true, class = "public", meaning = "m" },
  { name = "nama", type = "text", class = "public", meaning = "m" },
  { name = "rupiah", type = "money", class = "public", meaning = "m" },"#;

const READ: &str = "SELECT ntpn, nama, rupiah FROM uji.baris ORDER BY ntpn";

#[test]
fn rows_by_position_need_the_width_of_their_header() {
    let bench = Bench::new(&Contract::shaped(POSITIONAL, "", PAYMENTS));
    let load = bench.lands(include_str!("../fixtures/quirks/06_positional.json"));
    assert_eq!(
        bench.sql(READ),
        [
            "A001,Melisa,3825000.00",
            // A list says itself where a name ends.
            r#"A002,"Melisa, S.H.",1.00"#,
            // In a text the surplus commas can only be the name's.
            r#"A003,"Dr. Melisa, S.H., M.Kn.",-2.00"#,
            r#"A004,"Melisa, S.H.",4.00"#,
        ]
    );
    assert_eq!(
        bench.refused(&load),
        ["5 -: 2 values under a header of 3 names", "6 -: 4 values under a header of 3 names"]
    );
}

#[test]
fn a_header_in_another_order_is_followed() {
    let bench = Bench::new(&Contract::shaped(POSITIONAL, "", PAYMENTS));
    bench.lands(r#"{"Header":"RUPIAH,Nama,ntpn","data":[["5","Melisa","A001"]]}"#);
    assert_eq!(bench.sql(READ), ["A001,Melisa,5.00"]);
    let headless = Bench::new(&Contract::shaped(POSITIONAL, "", PAYMENTS));
    headless.stops(r#"{"data":[["5","Melisa","A001"]]}"#, 65, "header");
}

#[test]
fn lines_of_a_csv_need_the_width_of_their_header_too() {
    let bench = Bench::new(&Contract::shaped(CSV, "", PAYMENTS));
    let load = bench.lands(include_str!("../fixtures/quirks/06_lines.csv"));
    assert_eq!(bench.sql(READ), ["A001,Melisa,3825000.00", r#"A002,"Melisa, S.H.",1.00"#]);
    let refused = bench.refused(&load);
    assert_eq!(refused.len(), 2, "{refused:?}");
}
