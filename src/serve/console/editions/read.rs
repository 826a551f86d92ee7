//! One edition: what it is, its page as it was sent, its files, who got it, and what may be done with it.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::frame::{Frame, Section};
use super::super::page::page;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::super::words::{day_time, size_words};
use super::{EditionPath, Pager, href, is_bad, mark_of, sent_words, state_word};
use crate::id_id;
use crate::warehouse::{DeliveryKind, DeliveryRecord, DeliveryState, EditionRecord, Stretch};

/// Deliveries on a page.
const DELIVERY_ROWS: u32 = 100;
/// Editions that one may be compared with.
const BESIDE_MAX: u32 = 30;

#[derive(Template)]
#[template(path = "console/edition.html")]
struct EditionPage {
    frame: Frame,
    view: EditionView,
    pager: Pager,
    news: Option<String>,
    may_resend: bool,
    has_address: bool,
}

/// An edition as the page shows it.
struct EditionView {
    path: String,
    list: String,
    key: String,
    title: String,
    period: String,
    mark: String,
    subject: String,
    per_tanggal: String,
    is_stale: bool,
    made_at: String,
    reason: Option<String>,
    files: Vec<FileLink>,
    has_mail: bool,
    sent: String,
    n_failed: u64,
    deliveries: Vec<DeliveryRow>,
    beside: Vec<Beside>,
}

struct FileLink {
    name: String,
    kind: String,
    size: String,
}

struct DeliveryRow {
    recipient: String,
    state: &'static str,
    is_bad: bool,
    is_proof: bool,
    at: String,
    reply: String,
}

struct Beside {
    key: String,
    label: String,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    halaman: Option<u32>,
    kabar: Option<String>,
    n: Option<u32>,
}

pub(super) async fn read(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    path: Result<Path<EditionPath>, PathRejection>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    signed.may(Right::Reports)?;
    let Path(path) = path.map_err(|_| Problem::NotFound)?;
    let Query(wanted) = wanted.map_err(|_| Problem::NotFound)?;
    let news = news(&wanted);
    let is_operator = signed.has(Right::Operate);
    let has_address = server.users.find(&signed.name)?.is_some_and(|account| account.mail.is_some());
    let number = wanted.halaman.unwrap_or(1);
    let (view, pager) = server.blocking(move |server| view(server, &path, number, is_operator)).await?;
    let may_resend = is_operator && view.n_failed > 0;
    let frame = Frame::new(format!("{} {}", view.title, view.period), Section::Reports, &signed);
    Ok(page(&EditionPage { frame, view, pager, news, may_resend, has_address }, StatusCode::OK))
}

/// What was just done, in words; of a closed set, so that an address can say nothing else.
fn news(wanted: &Wanted) -> Option<String> {
    match wanted.kabar.as_deref()? {
        "uji" => Some("Uji kirim sudah masuk antrean; periksa kotak surat Anda.".to_owned()),
        "ulang" => Some(format!("{} surat masuk antrean untuk dikirim ulang.", wanted.n.unwrap_or_default())),
        _ => None,
    }
}

fn view(
    server: &ConsoleServer,
    path: &EditionPath,
    number: u32,
    is_operator: bool,
) -> Result<(EditionView, Pager), Problem> {
    let record = server.record(path)?;
    let open = server.parts.desk.open(&record)?;
    let warehouse = &server.parts.warehouse;
    let counts = warehouse.delivery_counts(&[&record.edition])?.pop().unwrap_or_default();
    let total = warehouse.delivery_total(&record.edition)?;
    if number == 0 {
        return Err(Problem::NotFound);
    }
    let pager = Pager::new(&href(&record), number, total, DELIVERY_ROWS)?;
    let stretch = Stretch { skip: (number - 1) * DELIVERY_ROWS, limit: DELIVERY_ROWS };
    let deliveries = warehouse.deliveries_of(&record.edition, stretch)?;
    let beside = warehouse.editions_beside(&record, BESIDE_MAX)?;
    let resendable = |state| matches!(state, DeliveryState::Refused | DeliveryState::GivenUp);
    let file = |file: super::super::desk::EditionFile| FileLink {
        kind: file.name.rsplit_once('.').map_or_else(String::new, |(_, kind)| kind.to_uppercase()),
        size: size_words(file.bytes),
        name: file.name,
    };
    let now = server.now();
    let view = EditionView {
        path: href(&record),
        list: format!("/laporan/{}", record.report),
        key: key(&record),
        title: open.title,
        period: id_id::date_long(record.period),
        mark: mark_of(&record),
        subject: open.subject,
        per_tanggal: id_id::date_long(open.per_tanggal),
        is_stale: open.stale,
        made_at: id_id::instant(record.made_at, server.parts.zone),
        reason: record.reason.clone(),
        files: open.files.into_iter().map(file).collect(),
        has_mail: open.has_mail,
        sent: sent_words(&counts),
        n_failed: counts.iter().filter(|count| resendable(count.state)).map(|count| count.n).sum(),
        deliveries: deliveries.iter().map(|record| delivery(record, now, server.parts.zone, is_operator)).collect(),
        beside: beside.iter().map(|record| Beside { key: key(record), label: label(record) }).collect(),
    };
    Ok((view, pager))
}

/// What an edition is called in an address that compares.
fn key(record: &EditionRecord) -> String {
    format!("{}/{}", record.edition, record.number)
}

fn label(record: &EditionRecord) -> String {
    format!("{} {}", id_id::date_long(record.period), mark_of(record)).trim_end().to_owned()
}

fn delivery(
    record: &DeliveryRecord,
    now: chrono::DateTime<chrono::Utc>,
    zone: chrono_tz::Tz,
    is_operator: bool,
) -> DeliveryRow {
    let at = record.finished_at.or(record.sent_at).unwrap_or(record.created_at);
    DeliveryRow {
        recipient: record.recipient.masked(),
        state: state_word(record.state),
        is_bad: is_bad(record.state),
        is_proof: record.kind == DeliveryKind::Proof,
        at: day_time(at, now, zone),
        // What a server said is for whoever can do something about it; addresses in it are masked in the ledger.
        reply: record.reply.clone().filter(|_| is_operator).unwrap_or_default(),
    }
}
