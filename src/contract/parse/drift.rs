//! `drift = { … }` of a dataset: limits on how far a snapshot may be from the one before.

use std::collections::BTreeMap;

use crate::config::document::Section;
use crate::contract::{Column, ColumnDrift, ColumnType, Drift, Transport};

/// The greatest limit in percent: as good as none.
const PCT_MAX: i64 = 1_000_000;

/// The limits of a dataset, with the defaults where it says nothing. `columns` are its own; what is pushed is not judged.
pub(super) fn drift(
    section: &Section<'_, '_>,
    (columns, control, accumulates): (&[Column], &[usize], bool),
    transport: Transport,
) -> Drift {
    let default = Drift::default();
    let Some(drift) = section.section("drift") else { return default };
    if transport == Transport::Inbox {
        let hint = "it was looked at and acknowledged when it came in";
        section.problem("drift", "what is pushed is not compared with what came before", hint);
    }
    let read = Drift {
        rows_pct: number(&drift, "rows_pct", 1..=PCT_MAX).unwrap_or(default.rows_pct),
        null_points: number(&drift, "null_points", 1..=100).unwrap_or(default.null_points),
        distinct: distinct(&drift, columns),
        distinct_pct: number(&drift, "distinct_pct", 1..=100).unwrap_or(default.distinct_pct),
        sums_pct: number(&drift, "sums_pct", 1..=PCT_MAX).unwrap_or(default.sums_pct),
        rows_min: drift.integer("rows_min", 1..=PCT_MAX).map_or(default.rows_min, i64::unsigned_abs),
        columns: single(&drift, columns, control),
    };
    if accumulates {
        let of_a_state = ["rows_pct", "distinct", "distinct_pct", "sums_pct"];
        for key in of_a_state.into_iter().filter(|key| drift.has(key)) {
            drift.problem(
                key,
                "days of events are not one another's successors",
                "only null_points is judged of them",
            );
        }
    }
    drift.finish();
    read
}

fn number(section: &Section<'_, '_>, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<u32> {
    section.integer(key, range).map(|n| u32::try_from(n).expect("the range lies within"))
}

fn distinct(section: &Section<'_, '_>, columns: &[Column]) -> Vec<String> {
    let names = section.texts("distinct");
    for name in &names {
        check(section, ("distinct", name), columns);
    }
    names
}

/// Whether files have the column; else it is a problem of `key`.
fn check<'a>(section: &Section<'_, '_>, (key, name): (&str, &str), columns: &'a [Column]) -> Option<&'a Column> {
    let found = columns.iter().find(|column| column.name == name && column.is_stored());
    if found.is_none() {
        let hint = "the columns that are stored, by the names in `columns`";
        section.problem(key, format!("`{key}` names \"{name}\", which no file has"), hint);
    }
    found
}

/// `columns = [{ name = "blokir", sums_pct = 1_000_000 }]`.
fn single(section: &Section<'_, '_>, columns: &[Column], control: &[usize]) -> BTreeMap<String, ColumnDrift> {
    let mut limits = BTreeMap::new();
    for one in section.sections("columns") {
        let name = one.required_text("name", "the column the limits are for");
        let limit = ColumnDrift {
            null_points: number(&one, "null_points", 1..=100),
            distinct_pct: number(&one, "distinct_pct", 1..=100),
            sums_pct: number(&one, "sums_pct", 1..=PCT_MAX),
        };
        let column = if name.is_empty() { None } else { check(&one, ("name", &name), columns) };
        if let Some(column) = column {
            let is_control = control.iter().any(|&i| columns[i].name == column.name);
            if limit.sums_pct.is_some() && !is_control {
                let hint = match column.ty {
                    ColumnType::Money => "add it to `control`",
                    _ => "sums are those of money columns",
                };
                one.problem("sums_pct", format!("\"{name}\" is no control column, it has no sum"), hint);
            }
            if limit.null_points.is_some() && column.required {
                one.problem("null_points", format!("\"{name}\" is required and never NULL"), "");
            }
        }
        one.finish();
        limits.insert(name, limit);
    }
    limits
}

#[cfg(test)]
mod tests {
    use crate::contract::{ColumnDrift, Drift, parse};

    const OMSPAN: &str = include_str!("../../../config/sources/omspan.toml");

    /// The limits of fund availability, the last dataset of the shipped contract, when it says these.
    fn with(limits: &str) -> Result<Drift, String> {
        let last = OMSPAN.find("name = \"ketersediaan_dana\"").unwrap();
        let own = last + OMSPAN[last..].find("\n[dataset.drift]").unwrap();
        let text = format!("{}\n[dataset.drift]\n{limits}\n", &OMSPAN[..own]);
        let contract = parse("omspan.toml", &text).map_err(|problems| problems.to_string())?;
        Ok(contract.dataset("ketersediaan_dana").unwrap().drift.clone())
    }

    #[test]
    fn limits_are_read_and_what_is_not_said_is_the_default() {
        assert_eq!(with("").unwrap(), Drift::default());
        let drift = with(
            "rows_pct = 40\nnull_points = 10\ndistinct = [\"satker\", \"akun\"]\ndistinct_pct = 5\nsums_pct = 30\nrows_min = 7\n\
             columns = [{ name = \"blokir\", sums_pct = 1_000_000 }, { name = \"kontrak\", null_points = 100 }]",
        )
        .unwrap();
        assert_eq!((drift.rows_pct, drift.null_points, drift.distinct_pct), (40, 10, 5));
        assert_eq!((drift.sums_pct, drift.rows_min), (30, 7));
        assert_eq!(drift.distinct, ["satker", "akun"]);
        assert_eq!(drift.columns["blokir"], ColumnDrift { sums_pct: Some(1_000_000), ..ColumnDrift::default() });
        assert_eq!((drift.sums_pct_of("blokir"), drift.sums_pct_of("kontrak")), (1_000_000, 30));
        assert_eq!((drift.null_points_of("kontrak"), drift.null_points_of("blokir")), (100, 10));
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_line() {
        let problems = with(
            "rows_pct = 0\nnull_points = 101\ndistinct = [\"satkre\"]\nrows_mni = 5\n\
             columns = [{ name = \"satker\", sums_pct = 5 }, { name = \"nowhere\" }, { name = \"satker\", null_points = 5 }]",
        )
        .unwrap_err();
        for expected in [
            "drift.rows_pct` is out of range (hint: 1 to 1000000)",
            "drift.null_points` is out of range (hint: 1 to 100)",
            "`distinct` names \"satkre\", which no file has",
            "rows_mni` (hint: did you mean `rows_min`?)",
            "\"satker\" is no control column, it has no sum (hint: sums are those of money columns)",
            "`name` names \"nowhere\", which no file has",
            "\"satker\" is required and never NULL",
        ] {
            assert!(problems.contains(expected), "no {expected:?} in\n{problems}");
        }
        assert!(problems.lines().all(|line| line.starts_with("omspan.toml:")), "{problems}");
    }

    #[test]
    fn of_events_only_the_nulls_are_judged() {
        let text = OMSPAN.replace("control = [\"rupiah\"]", "control = [\"rupiah\"]\ndrift = { sums_pct = 5 }");
        let problems = parse("omspan.toml", &text).unwrap_err().to_string();
        assert!(problems.contains("days of events are not one another's successors"), "{problems}");
    }
}
