//! Paging, from TOML.

use super::identifier;
use crate::config::document::Section;
use crate::contract::{Column, ColumnType, Paging};

/// Most rows a page may be asked for.
const PAGE_ROWS_MAX: i64 = 10_000_000;

const KNOWN: &str = "known: whole, row_range, page_number, daily, files";

/// `paging = { kind = … }`.
pub(super) fn paging(section: &Section<'_, '_>, columns: &[Column]) -> Option<Paging> {
    let Some(paging) = section.section("paging") else {
        section.problem("paging", "`paging` is missing", "paging = { kind = \"whole\" }");
        return None;
    };
    let kind = paging.required_text("kind", KNOWN);
    let parsed = match kind.as_str() {
        "whole" => Some(Paging::Whole),
        "row_range" => row_range(&paging, columns),
        "page_number" => Some(page_number(&paging)),
        "daily" => Some(daily(&paging, columns)),
        "files" => Some(Paging::Files { done: paging.flag("done").unwrap_or(true) }),
        "" => None,
        other => {
            paging.problem("kind", format!("unknown kind of paging \"{other}\""), KNOWN);
            None
        }
    };
    paging.finish();
    parsed
}

fn restarts(paging: &Section<'_, '_>) -> u32 {
    u32::try_from(paging.integer("restarts", 0..=20).unwrap_or(3)).expect("at most 20")
}

fn row_range(paging: &Section<'_, '_>, columns: &[Column]) -> Option<Paging> {
    let column = |key: &'static str, name: &str| {
        let index = columns.iter().position(|column| column.name == name);
        if index.is_none() {
            paging.problem(key, format!("`paging.{key}` names the unknown column \"{name}\""), "");
        }
        index
    };
    let number = paging.required_text("row_number", "the column that numbers the rows");
    let row_number = column("row_number", &number);
    if row_number.is_some_and(|i| columns[i].ty != ColumnType::Integer) {
        paging.problem("row_number", format!("the column \"{number}\" is no integer"), "type = \"integer\"");
    }
    let parsed = Paging::RowRange {
        page_rows: paging.integer("page_rows", 0..=PAGE_ROWS_MAX).unwrap_or(50_000).unsigned_abs(),
        row_number: row_number.unwrap_or_default(),
        constant: paging.texts("constant").iter().filter_map(|name| column("constant", name)).collect(),
        restarts: restarts(paging),
    };
    row_number.map(|_| parsed)
}

fn page_number(paging: &Section<'_, '_>) -> Paging {
    Paging::PageNumber {
        first: paging.integer("first", 0..=1).unwrap_or(1).unsigned_abs(),
        page_rows: paging.integer("page_rows", 1..=PAGE_ROWS_MAX).unwrap_or(500).unsigned_abs(),
        total: paging.parsed("total"),
        restarts: restarts(paging),
    }
}

fn daily(paging: &Section<'_, '_>, columns: &[Column]) -> Paging {
    let partition = identifier(paging, "partition");
    if columns.iter().any(|column| column.name == partition) {
        let message = format!("the partition \"{partition}\" is also a column");
        paging.problem("partition", message, "a path key and a file column may not share a name");
    }
    let back_fill_days = paging.integer("back_fill_days", 0..=366).unwrap_or(7);
    Paging::Daily { partition, back_fill_days: u32::try_from(back_fill_days).expect("at most 366") }
}
