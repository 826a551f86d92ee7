//! `/data/{table}`: one table. Its columns, where they come from, how fresh and how big it is, how it is read.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::ConsoleServer;
use super::super::frame::{Frame, Section};
use super::super::page::page;
use super::super::problem::Problem;
use super::super::shelf::Stock;
use super::super::signed::{Right, Signed};
use super::super::units;
use super::picture::{Counts, Lineage, counts, lineage};
use super::reading::{Way, ways};
use super::{access_label, class_label, kind_label};
use crate::catalog::TableEntry;
use crate::catalog::dictionary::{Kind, Periodicity};

/// Columns of a table that are shown; the rest is told to be in `lumbung catalog`.
const COLUMNS_MAX: usize = 250;
/// Longest meaning that is shown, in characters.
const MEANING_CHARS: usize = 400;
/// Tables on either side of a lineage that are listed.
const LISTED_MAX: usize = 100;

/// A column.
struct Column {
    name: String,
    sql_type: String,
    unit: &'static str,
    class: &'static str,
    is_public: bool,
    meaning: String,
    from: String,
}

/// A fact on the table: label and words.
type Fact = (&'static str, String);

#[derive(Template)]
#[template(path = "console/data-table.html")]
struct TablePage {
    frame: Frame,
    name: String,
    title: String,
    kind: &'static str,
    access: &'static str,
    access_class: &'static str,
    facts: Vec<Fact>,
    columns: Vec<Column>,
    /// Columns that are not shown.
    n_more: usize,
    lineage: Option<Lineage>,
    reads: Vec<String>,
    readers: Vec<String>,
    counts: Option<Counts>,
    ways: Vec<Way>,
    /// A query to begin with, for the address of the editor.
    query: String,
}

pub(super) async fn show(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    signed.may(Right::Data)?;
    let stock = server.stock().await?;
    let table = stock.table(&name).ok_or(Problem::NotFound)?;
    let view = server.parts.views.views().find(|view| table.kind == Kind::View && view.name == table.table);
    let not_in_files = table.kind == Kind::View && view.is_none_or(|view| view.not_in_files().is_some());
    let readers = stock.readers(&name);
    let (access, access_class) = access_label(table.access);
    let template = TablePage {
        frame: Frame::new(name.clone(), Section::Data, &signed),
        title: table.title.clone(),
        kind: kind_label(table.kind),
        access,
        access_class,
        facts: facts(&server, table),
        columns: table.columns.iter().take(COLUMNS_MAX).map(column).collect(),
        n_more: table.columns.len().saturating_sub(COLUMNS_MAX),
        lineage: lineage(&name, &table.reads, &readers),
        reads: listed(&table.reads),
        readers: listed(&readers),
        counts: row_counts(&stock, table),
        ways: ways(table, not_in_files),
        query: super::super::place::encoded(&format!("SELECT *\nFROM {name}\nLIMIT 100")),
        name,
    };
    Ok(page(&template, StatusCode::OK))
}

fn listed(names: &[String]) -> Vec<String> {
    names.iter().take(LISTED_MAX).cloned().collect()
}

fn column(column: &crate::catalog::dictionary::ColumnEntry) -> Column {
    let (meaning, from) = match column.meaning.is_empty() {
        true => (String::new(), column.from.join(", ")),
        false => (column.meaning.clone(), String::new()),
    };
    Column {
        name: column.name.clone(),
        sql_type: column.sql_type.clone(),
        unit: column.unit,
        class: class_label(column.class),
        is_public: column.class == "public",
        meaning: shortened(meaning),
        from: shortened(from),
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MEANING_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What there is to say of the table, where somebody says it.
fn facts(server: &ConsoleServer, table: &TableEntry) -> Vec<Fact> {
    let mut facts = vec![
        ("Satu baris adalah", table.grain.clone()),
        ("Asal", table.source.clone()),
        ("Penanggung jawab", table.owner.clone()),
    ];
    match &table.state {
        Some(state) => {
            facts.push(("Data per", units::day(state.newest)));
            facts.push(("Disimpan pada", units::moment(state.committed_at, server.parts.zone)));
            if state.rows > 0 {
                facts.push(("Baris", units::grouped(state.rows)));
                facts.push(("Ukuran berkas", units::bytes(state.bytes)));
            }
            facts.push(("Data pertama", units::day(state.first)));
            facts.push(("Diperbarui", periodicity(state.periodicity).to_owned()));
        }
        None if matches!(table.kind, Kind::Dataset | Kind::History) => {
            facts.push(("Data per", "belum ada snapshot".to_owned()));
        }
        None => {}
    }
    facts.retain(|(_, words)| !words.is_empty());
    facts
}

fn periodicity(periodicity: Periodicity) -> &'static str {
    match periodicity {
        Periodicity::Daily => "setiap hari",
        Periodicity::Weekly => "setiap minggu",
        Periodicity::Monthly => "setiap bulan",
        Periodicity::Annual => "setiap tahun",
        Periodicity::Irregular => "tidak teratur",
        Periodicity::Unknown => "belum diketahui (baru satu snapshot)",
    }
}

/// The chart of a dataset, also on the page of its history; views have no snapshots of their own.
fn row_counts(stock: &Stock, table: &TableEntry) -> Option<Counts> {
    let dataset = match table.kind {
        Kind::Dataset => table.name(),
        Kind::History => table.table.replacen('_', ".", 1),
        Kind::Reference => table.name(),
        Kind::View | Kind::Ledger => return None,
    };
    counts(stock.counts.get(&dataset)?)
}
