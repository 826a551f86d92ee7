//! `/data`: the catalog. Which tables there are, what their columns mean, where they come from, how fresh they are, how they are read.
//!
//! | file | what |
//! |---|---|
//! | [`search`] | tables that a search finds, page by page |
//! | [`table`] | one table |
//! | [`picture`] | lineage and row counts as drawings |
//! | [`profile`] | what stands in each column, computed when asked for |
//! | [`reading`] | how a table is read from elsewhere |

mod picture;
mod profile;
mod reading;
mod search;
mod table;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::ConsoleServer;
use super::frame::{Frame, Section};
use super::page::page;
use super::problem::Problem;
use super::signed::{Right, Signed};
use crate::catalog::dictionary::{Access, Kind};
use search::{Found, Search};

/// Tables of a page of the list.
const PAGE_TABLES: usize = 40;

/// What the list is asked for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    jenis: String,
    #[serde(default)]
    sesudah: String,
}

/// A kind of table, to choose from.
struct Choice {
    word: &'static str,
    label: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "console/data.html")]
struct DataPage {
    frame: Frame,
    q: String,
    choices: Vec<Choice>,
    found: Vec<Found>,
    n_found: usize,
    n_all: usize,
    /// The address of the next page.
    next: Option<String>,
    /// The address of the first page, where this is another.
    first: Option<String>,
}

pub(super) fn routes() -> Router<Arc<ConsoleServer>> {
    Router::new()
        .route("/data", get(list))
        .route("/data/{name}", get(table::show))
        .route("/data/{name}/profil", get(profile::show))
}

async fn list(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    signed.may(Right::Data)?;
    let stock = server.stock().await?;
    let search = Search::new(&asked.q, kind_of(&asked.jenis));
    let all = search.run(&stock.dictionary);
    let n_found = all.len();
    let after = all.iter().position(|found| found.name == asked.sesudah).map_or(0, |at| at + 1);
    let mut found: Vec<Found> = all.into_iter().skip(after).take(PAGE_TABLES + 1).collect();
    let more = found.len() > PAGE_TABLES;
    found.truncate(PAGE_TABLES);
    let next = found.last().filter(|_| more).map(|last| search.address(Some(&last.name)));
    let choices =
        KINDS.map(|(kind, word, label)| Choice { word, label, is_chosen: kind_of(&asked.jenis) == Some(kind) });
    let template = DataPage {
        frame: Frame::new("Data", Section::Data, &signed),
        q: search.text().to_owned(),
        choices: choices.into(),
        found,
        n_found,
        n_all: stock.dictionary.tables.len(),
        next,
        first: (after > 0).then(|| search.address(None)),
    };
    Ok(page(&template, StatusCode::OK))
}

/// Kinds of tables, in the order in which people look for them: the word in addresses, and the label.
const KINDS: [(Kind, &str, &str); 5] = [
    (Kind::View, "tampilan", "Tampilan"),
    (Kind::Dataset, "dataset", "Dataset"),
    (Kind::Reference, "referensi", "Referensi"),
    (Kind::History, "riwayat", "Riwayat"),
    (Kind::Ledger, "catatan", "Catatan"),
];

fn kind_of(word: &str) -> Option<Kind> {
    KINDS.into_iter().find(|(_, known, _)| *known == word).map(|(kind, ..)| kind)
}

fn kind_label(kind: Kind) -> &'static str {
    KINDS.into_iter().find(|(known, ..)| *known == kind).map_or("", |(_, _, label)| label)
}

/// The word for people, and the class that colours it.
fn access_label(access: Access) -> (&'static str, &'static str) {
    match access {
        Access::Public => ("Publik", "good"),
        Access::Restricted => ("Terbatas", "warn"),
        Access::NonPublic => ("Data pribadi", "bad"),
    }
}

/// What a class of columns is called.
fn class_label(class: &str) -> &'static str {
    match class {
        "key" => "Disamarkan (hash)",
        "coarse" => "Dibulatkan",
        _ => "Publik",
    }
}
