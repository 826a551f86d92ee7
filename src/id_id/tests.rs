//! Golden vectors of ICU 78 / CLDR 48, with the deviations that the module makes on purpose, and a subset of them that
//! needs no file.

use super::{
    compact, date_full, date_long, date_medium, decimal, instant, list, month, month_year, percent, points, rupiah,
    rupiah_prose, signed_points, time,
};
use crate::amount::Amount;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Asia::Jakarta;
use serde_json::Value;

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn decimals_group_by_points_and_split_by_a_comma() {
    for (input, decimals, expected) in [
        ("1234567.89", 2, "1.234.567,89"),
        ("0.005", 2, "0,01"),
        ("999", 0, "999"),
        ("-1000", 0, "−1.000"),
        ("71.45", 1, "71,5"),
        ("-0.04", 1, "0,0"),
        ("0.05", 1, "0,1"),
        ("3621300000000000", 0, "3.621.300.000.000.000"),
    ] {
        assert_eq!(decimal(amount(input), decimals), expected);
    }
    assert_eq!(percent(amount("71.449")), "71,4%");
    assert_eq!(percent(amount("-0.04")), "0,0%");
    assert_eq!(rupiah(amount("-46500000000"), 0), "−Rp46.500.000.000");
}

#[test]
fn prose_names_the_step_after_a_no_break_space() {
    for (input, expected) in [
        ("46500000000", "Rp46,5\u{a0}miliar"),
        ("50000000000", "Rp50,0\u{a0}miliar"),
        ("1070000000000", "Rp1,07\u{a0}triliun"),
        ("3621300000000000", "Rp3.621,30\u{a0}triliun"),
        ("999949999999", "Rp999,9\u{a0}miliar"),
        ("999950000000", "Rp999,95\u{a0}miliar"),
        ("999999999999", "Rp1,00\u{a0}triliun"),
        ("999950000", "Rp1,0\u{a0}miliar"),
        ("999949999", "Rp999,9\u{a0}juta"),
        ("999499", "Rp999.499"),
        ("0", "Rp0"),
        ("-1234567", "−Rp1,2\u{a0}juta"),
    ] {
        assert_eq!(rupiah_prose(amount(input)), expected, "{input}");
    }
}

#[test]
fn differences_are_points_with_a_true_sign() {
    assert_eq!(signed_points(amount("6.1")), "+6,1\u{a0}poin");
    assert_eq!(signed_points(amount("-4.6")), "−4,6\u{a0}poin");
    assert_eq!(signed_points(amount("-0.04")), "0,0\u{a0}poin");
    assert_eq!(points(amount("-4.6")), "4,6\u{a0}poin");
}

#[test]
fn dates_and_times_are_indonesian() {
    assert_eq!(date_full(date("2026-01-01")), "Kamis, 1 Januari 2026");
    assert_eq!(date_long(date("2026-05-11")), "11 Mei 2026");
    assert_eq!(date_medium(date("2026-08-17")), "17 Agu 2026");
    assert_eq!(month_year(date("2026-12-31")), "Desember 2026");
    assert_eq!((month(1), month(12), month(0), month(13)), (Some("Januari"), Some("Desember"), None, None));
    let at: DateTime<Utc> = "2026-10-31T23:00:00Z".parse().unwrap();
    assert_eq!(time(at, Jakarta), "06.00\u{a0}WIB");
    assert_eq!(time(at, chrono_tz::Asia::Jayapura), "08.00\u{a0}WIT");
    assert_eq!(instant(at, Jakarta), "1 November 2026 pukul 06.00\u{a0}WIB");
    assert_eq!(list::<&str>(&[]), "");
    assert_eq!(list(&["a", "b"]), "a dan b");
    assert_eq!(list(&["a", "b", "c"]), "a, b, dan c");
}

/// The folder of shared test material, when the machine has one.
#[expect(
    clippy::disallowed_methods,
    reason = "a test looks for optional material; nothing of the product reads this"
)]
fn shared() -> Option<std::path::PathBuf> {
    std::env::var_os("LUMBUNG_SHARED").map(std::path::PathBuf::from)
}

/// The vector's number as an exact amount: JSON's shortest text is the number that was meant.
fn input(value: &Value) -> Amount {
    amount(&value.to_string())
}

/// CLDR's text turned into ours: no space after `Rp`, a true minus, no negative zero.
fn ours(cldr: &str) -> String {
    let text = cldr.replace("Rp\u{a0}", "Rp").replace('-', "−");
    let zero = text.chars().all(|c| !c.is_ascii_digit() || c == '0');
    if zero { text.replace('−', "") } else { text }
}

/// As [`ours`], and for compact figures: a no-break space before the word, four digits grouped, never a short word.
fn ours_compact(cldr: &str) -> String {
    let mut text = ours(cldr).replace(' ', "\u{a0}");
    for (short, word) in [("rb", "ribu"), ("jt", "juta"), ("M", "miliar"), ("T", "triliun")] {
        text = text.replace(&format!("\u{a0}{short}"), &format!("\u{a0}{word}"));
    }
    text = text.replace("ribuibu", "ribu");
    match text.find(|c: char| !c.is_ascii_digit()) {
        Some(4) => format!("{}.{}", &text[..1], &text[1..]),
        _ => text,
    }
}

/// CLDR's first compact form drops a zero decimal; ours keeps every decimal, so that a column lines up.
fn without_zero_decimal(text: &str) -> String {
    match text.split_once(",0") {
        Some((whole, rest)) if !rest.starts_with(|c: char| c.is_ascii_digit()) => format!("{whole}{rest}"),
        _ => text.to_owned(),
    }
}

#[test]
fn all_golden_vectors_hold_with_the_documented_deviations() {
    let Some(folder) = shared() else {
        println!("skipped: needs LUMBUNG_SHARED");
        return;
    };
    let text = std::fs::read_to_string(folder.join("tools/id_id_vectors.json")).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    let mut check = |name: &str, format: &dyn Fn(&Value) -> String, expect: &dyn Fn(&str) -> String| {
        for pair in vectors[name].as_array().unwrap() {
            let expected = expect(pair[1].as_str().unwrap());
            assert_eq!(format(&pair[0]), expected, "{name} of {}", pair[0]);
            checked += 1;
        }
    };
    // "decimal" prints as many decimals as the number has.
    check("decimal", &|v| decimal(input(v), v.to_string().split_once('.').map_or(0, |(_, f)| f.len() as u32)), &ours);
    check("decimal1", &|v| decimal(input(v), 1), &ours);
    check("decimal2", &|v| decimal(input(v), 2), &ours);
    // The vectors hold a ratio, the module takes percent: two decimal places.
    check("percent1", &|v| percent(amount(&v.to_string()).percent_of(Amount::whole(1), 8).unwrap()), &ours);
    check("rupiah0", &|v| rupiah(input(v), 0), &ours);
    check("rupiah2", &|v| rupiah(input(v), 2), &ours);
    check("compact_long1", &|v| without_zero_decimal(&compact(input(v), 1)), &ours_compact);
    check("compact_long2", &|v| compact(input(v), 2), &ours_compact);
    check("compact_short1", &|v| without_zero_decimal(&compact(input(v), 1)), &ours_compact);
    let at = |v: &Value| v.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let day = |v: &Value| at(v).with_timezone(&Jakarta).date_naive();
    check("date_full", &|v| date_full(day(v)), &|cldr| cldr.replace(", 0", ", "));
    check("date_long", &|v| date_long(day(v)), &str::to_owned);
    check("date_medium", &|v| date_medium(day(v)), &str::to_owned);
    check("month_year", &|v| month_year(day(v)), &str::to_owned);
    check("time_short", &|v| time(at(v), Jakarta), &|cldr| format!("{cldr}\u{a0}WIB"));
    let items = |v: &Value| v.as_array().unwrap().iter().map(|i| i.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    check("list", &|v| list(&items(v)), &str::to_owned);
    assert_eq!(checked, 529);
}
