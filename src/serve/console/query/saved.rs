//! Queries that people keep: their own, and those that others share. They stand in the ledger, so one that may hold a value of a
//! person is not kept.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::checked::Checked;
use super::super::page::see;
use super::super::place::encoded;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::units;
use super::{Asked, SQL_FORM_BYTES, editor_page, plain_lines};
use crate::catalog::tokens::is_personal;
use crate::warehouse::{AuditAct, AuditOutcome, Kept, SAVED_BYTES_MAX, SAVED_MAX, SAVED_NAME_MAX, SavedQuery};

/// Kept queries of a page.
const PAGE_SAVED: usize = 30;

/// A query in the list.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) is_own: bool,
    pub(super) shared: bool,
    pub(super) saved_at: String,
    pub(super) place: String,
}

/// The query that stands in the editor.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) is_own: bool,
    pub(super) shared: bool,
    pub(super) place: String,
}

impl Opened {
    pub(super) fn of(query: SavedQuery, reader: &str) -> Self {
        let place = place(&query.owner, &query.name);
        Self { is_own: query.owner == reader, name: query.name, owner: query.owner, shared: query.shared, place }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Keep {
    nama: String,
    sql: String,
    #[serde(default)]
    bagi: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Remove {
    nama: String,
}

/// What the page says was just done.
pub(super) fn word(news: &str) -> Option<&'static str> {
    match news {
        "disimpan" => Some("Kueri disimpan."),
        "dihapus" => Some("Kueri dihapus."),
        _ => None,
    }
}

/// Where a query is opened.
fn place(owner: &str, name: &str) -> String {
    format!("/sql/simpanan/{}/{}", encoded(owner), encoded(name))
}

/// The queries that `reader` may see, and where there are more of them.
pub(super) async fn listed(
    server: &Arc<ConsoleServer>,
    reader: &str,
    after: &str,
) -> Result<(Vec<Listed>, Option<String>), Problem> {
    let (reader, after, zone) = (reader.to_owned(), after.to_owned(), server.parts.zone);
    server
        .blocking(move |server| {
            let limit = u32::try_from(PAGE_SAVED + 1).expect("a small number");
            let queries = server.parts.warehouse.saved_queries(&reader, after.split_once('/'), limit);
            let mut queries = queries.map_err(|error| Problem::internal(&error))?;
            let more = queries.len() > PAGE_SAVED;
            queries.truncate(PAGE_SAVED);
            let last = queries.last().filter(|_| more);
            let next = last.map(|last| format!("/sql?sesudah={}", encoded(&format!("{}/{}", last.owner, last.name))));
            let one = |query: SavedQuery| Listed {
                is_own: query.owner == reader,
                place: place(&query.owner, &query.name),
                saved_at: units::moment(query.saved_at, zone),
                name: query.name,
                owner: query.owner,
                shared: query.shared,
            };
            Ok((queries.into_iter().map(one).collect(), next))
        })
        .await
}

/// Opens a kept query in the editor; it is not run.
pub(super) async fn open(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path((owner, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    signed.may(Right::Query)?;
    let reader = signed.name.clone();
    let found = server.blocking(move |server| {
        let found = server.parts.warehouse.saved_query(&reader, (&owner, &name));
        found.map_err(|error| Problem::internal(&error))?.ok_or(Problem::NotFound)
    });
    let found = found.await?;
    editor_page(&server, &signed, asked, Some(found)).await
}

/// Keeps a query.
pub(super) async fn save(
    State(server): State<Arc<ConsoleServer>>,
    Checked { signed, form }: Checked<Keep, SQL_FORM_BYTES>,
) -> Result<Response, Problem> {
    signed.may(Right::Query)?;
    let Keep { nama, sql, bagi } = form;
    let sql = plain_lines(&sql);
    let name = nama.trim().to_owned();
    if !SavedQuery::is_name(&name) {
        let words =
            format!("Nama kueri terdiri atas huruf kecil a-z, angka, dan tanda -, paling panjang {SAVED_NAME_MAX}.");
        return Err(Problem::Unreadable(words));
    }
    if sql.trim().is_empty() {
        return Err(Problem::Unreadable("Tulis dahulu SQL yang akan disimpan.".to_owned()));
    }
    if sql.len() > SAVED_BYTES_MAX {
        return Err(Problem::TooLong);
    }
    if is_personal(&sql, &server.stock().await?.personal) {
        let words = "Kueri ini mungkin memuat data seseorang (nomor panjang, atau nilai di samping kolom pribadi), \
                     sehingga tidak disimpan.";
        return Err(Problem::Conflict(words.to_owned()));
    }
    let place = place(&signed.name, &name);
    let target = format!("{}/{name}", signed.name);
    server.note(Some(&signed.name), AuditAct::SaveQuery, Some(&target), AuditOutcome::Done).await?;
    let query = SavedQuery { owner: signed.name.clone(), name, sql, shared: bagi == "ya", saved_at: server.now() };
    let kept = server
        .blocking(move |server| server.parts.ledger.save_query(&query).map_err(|error| Problem::internal(&error)));
    match kept.await? {
        Kept::Saved => Ok(see(&format!("{place}?kabar=disimpan"))),
        Kept::Full => {
            server.note(Some(&signed.name), AuditAct::SaveQuery, Some(&target), AuditOutcome::Failed).await?;
            let words = format!("Sudah ada {SAVED_MAX} kueri Anda. Hapus dahulu yang tidak dipakai.");
            Err(Problem::Conflict(words))
        }
    }
}

/// Throws one of the user's own queries away.
pub(super) async fn remove(
    State(server): State<Arc<ConsoleServer>>,
    Checked { signed, form: Remove { nama } }: Checked<Remove>,
) -> Result<Response, Problem> {
    signed.may(Right::Query)?;
    if !SavedQuery::is_name(&nama) {
        return Err(Problem::NotFound);
    }
    let target = format!("{}/{nama}", signed.name);
    let (owner, name) = (signed.name.clone(), nama.clone());
    let kept = server.blocking(move |server| {
        server.parts.warehouse.saved_query(&owner, (&owner, &name)).map_err(|error| Problem::internal(&error))
    });
    if kept.await?.is_none() {
        server.note(Some(&signed.name), AuditAct::RemoveQuery, Some(&target), AuditOutcome::Failed).await?;
        return Err(Problem::NotFound);
    }
    server.note(Some(&signed.name), AuditAct::RemoveQuery, Some(&target), AuditOutcome::Done).await?;
    let owner = signed.name.clone();
    server
        .blocking(move |server| {
            server.parts.ledger.remove_query(&owner, &nama).map_err(|error| Problem::internal(&error))
        })
        .await?;
    Ok(see("/sql?kabar=dihapus"))
}
