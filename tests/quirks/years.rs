//! Rows 10, 11 and 12: what changes from one year, and one snapshot, to the next.

use super::bench::{Bench, Contract, ROADS, Reply, Road};
use crate::harness::Ran;

const SATKER: &str = r#"{ name = "kdsatker", type = "code(6)", required = true, class = "public", meaning = "m" },
  { name = "nama", type = "text", class = "public", meaning = "m" },
  { name = "tanggal", type = "date", format = "YYYY-MM-DD", class = "public", meaning = "m" },"#;

// Row 10.

#[test]
fn rows_of_another_year_stop_the_load_on_both_roads() {
    for road in ROADS {
        let contract = Contract::new(road, "fiscal_year_column = \"tanggal\"", SATKER).yearly();
        let bench = Bench::new(&contract);
        bench.says(road.wrap(r#"{"kdsatker":"056011","tanggal":"2025-06-30"}"#));
        let load = bench.load(&["--tahun", "2026"]);
        load.fails(65, "failed", "the answer is of another fiscal year (tanggal 2025-06-30)");
        assert!(load.said["error"].as_str().unwrap().contains("LUMBUNG_UJI_TOKEN_2026"), "{}", load.said);
        assert_eq!(bench.lab().published(), [""; 0]);
        bench.load(&["--tahun", "2025"]).is(0, "committed");
    }
}

#[test]
fn two_years_with_the_same_answer_are_held_on_both_roads() {
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, "", SATKER).yearly());
        bench.says(road.wrap(r#"{"kdsatker":"056011","nama":"Kantah"}"#));
        let load = bench.load(&["--tahun", "2025", "--tahun", "2026"]);
        load.fails(65, "held", "the answer is that of fiscal year 2025, byte for byte");
        assert_eq!(bench.lab().published(), [""; 0]);
    }
}

/// A key that ends between two pages: nothing of the first is published.
#[test]
fn a_key_that_expires_between_pages_publishes_nothing() {
    let columns = r#"{ name = "rownum", type = "integer", required = true, class = "public", meaning = "m" },"#;
    let paging = r#"kind = "row_range", page_rows = 1, row_number = "rownum""#;
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, "", columns).paged("baris/{from}/{to}", paging));
        bench.answers(move |_, n| match n {
            1 => road.wrap("{\"rownum\":1}").into(),
            _ => Reply::under(401, "Token yang dikirimkan tidak valid (Expired token)"),
        });
        bench.load(&[]).fails(77, "failed", "refused the token");
        assert_eq!(bench.asked().len(), 2);
        assert_eq!(bench.lab().published(), [""; 0]);
    }
}

// Row 11.

/// Each year keeps the name and the satkers it had.
#[test]
fn a_satker_renamed_or_merged_keeps_each_year_as_it_was() {
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, "shrink_pct_max = 20", SATKER).yearly());
        let load = |year: &str, rows: &str| {
            bench.says(road.wrap(rows));
            bench.load(&["--tahun", year]).is(0, "committed");
        };
        load("2025", r#"{"kdsatker":"056011","nama":"Kantah Lama"},{"kdsatker":"056012","nama":"Kantah Digabung"}"#);
        // Half of the satkers: not fewer than the same year had before, so nothing shrank.
        load("2026", r#"{"kdsatker":"056011","nama":"Kantah Baru"}"#);
        assert_eq!(
            bench.sql("SELECT tahun_anggaran, kdsatker, nama FROM uji.baris ORDER BY 1, 2"),
            ["2025,056011,Kantah Lama", "2025,056012,Kantah Digabung", "2026,056011,Kantah Baru"],
            "{road:?}"
        );
    }
}

/// The provinces of 2022 are regions like any other; a list without them says which codes have no parent.
#[test]
fn the_new_provinces_of_papua_are_regions() {
    let bench = Bench::new(&Contract::new(Road::Stream, "", SATKER));
    let file = bench.lab().path().join("wilayah.csv");
    let import = |text: &str| -> Ran {
        std::fs::write(&file, text).unwrap();
        bench.lab().run(&["reference", "import", "wilayah", file.to_str().unwrap()])
    };
    let whole = include_str!("../fixtures/quirks/11_wilayah_papua.csv");
    let old: String = whole.lines().filter(|line| !line.starts_with("96,")).map(|line| format!("{line}\n")).collect();
    let refused = import(&old);
    assert_eq!(refused.code, 65, "{}{}", refused.stdout, refused.stderr);
    let taken = import(whole);
    assert_eq!(taken.code, 0, "{}", taken.stderr);
    let ran = bench.lab().ok(&[
        "sql",
        "--format",
        "csv",
        "SELECT string_agg(kode, ' ' ORDER BY kode) FROM ref.wilayah WHERE level = 'provinsi'",
    ]);
    assert_eq!(ran.stdout.lines().nth(1), Some("91 92 93 94 95 96"));
}

/// A firm's old and new number join; so do a person's NPWP and NIK.
#[test]
fn an_npwp_of_fifteen_and_one_of_sixteen_digits_join() {
    let columns = r#"{ name = "no", type = "integer", class = "public", meaning = "m" },
        { name = "npwp", type = "text", class = "key", form = "npwp", meaning = "m" },
        { name = "npwp_keadaan", from = "npwp", type = "key_state", form = "npwp", class = "public", meaning = "m" },
        { name = "nik", type = "text", class = "key", form = "nik", meaning = "m" },"#;
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, "personal = true", columns));
        bench.lands(road.wrap(
            r#"{"no":1,"npwp":"01.234.567.8-901.000"},{"no":2,"npwp":"0012345678901000"},{"no":3,"npwp":12345678901000},
            {"no":4,"npwp":"3514140101900001","nik":"3514140101900001"},{"no":5,"npwp":"1234567890"}"#,
        ));
        let states = bench.sql("SELECT no, npwp_keadaan, npwp IS NULL FROM uji.baris ORDER BY no");
        // 14 digits: a zero too many was lost for anyone to say which.
        assert_eq!(
            states,
            ["1,utuh,false", "2,utuh,false", "3,rusak,true", "4,utuh,false", "5,rusak,true"],
            "{road:?}"
        );
        assert_eq!(bench.sql("SELECT count(DISTINCT npwp) FROM uji.baris WHERE no <= 2"), ["1"], "{road:?}");
        assert_eq!(bench.sql("SELECT npwp = nik FROM uji.baris WHERE no = 4"), ["true"], "{road:?}");
    }
}

// Row 12.

#[test]
fn a_snapshot_that_shrinks_beyond_the_limit_is_held() {
    let rows = |n: u32| (0..n).map(|i| format!(r#"{{"kdsatker":"{i:06}"}}"#)).collect::<Vec<_>>().join(",");
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, "shrink_pct_max = 20", SATKER));
        bench.lands(road.wrap(&rows(10)));
        // A fifth less is within the limit.
        bench.lands(road.wrap(&rows(8)));
        let count = || bench.sql("SELECT count(*) FROM uji.baris");
        for (n, says) in [
            (6, "6 rows where the last snapshot had 8, a loss of more than 20 % (shrink_pct_max)"),
            (0, "the source has no rows where it had 8"),
        ] {
            bench.says(road.wrap(&rows(n)));
            let load = bench.load(&[]);
            load.fails(65, "held", says);
            assert!(load.said["error"].as_str().unwrap().ends_with("--accept-shrink publishes it"), "{}", load.said);
            assert_eq!(count(), ["8"], "{road:?}");
            let status = bench.run(&["--output", "json", "status"]);
            assert!(status.stdout.contains("\"state\":\"stale\""), "{}", status.stdout);
        }
        bench.says(road.wrap(&rows(6)));
        bench.load(&["--accept-shrink"]).is(0, "committed");
        assert_eq!(count(), ["6"], "{road:?}");
    }
}
