//! `/laporan`: every report and every edition of it; read as sent, taken as a file, sent again, compared.
//!
//! | path | what |
//! |---|---|
//! | `/laporan` | the reports |
//! | `/laporan/{report}` | the editions of one, a page at a time |
//! | `/laporan/{report}/banding` | what changed from one to another ([`compare`]) |
//! | `/laporan/{report}/{edition}/{number}` | one of them, its files and deliveries ([`read`]) |
//! | …`/isi`, …`/berkas/{name}` | its page as sent, a file ([`parts`]) |
//! | …`/uji`, …`/ulang` | a proof to oneself, the failed mails again ([`acts`]) |

mod acts;
mod compare;
mod parts;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::ConsoleServer;
use super::frame::{Frame, Section};
use super::page::page;
use super::problem::Problem;
use super::signed::{Right, Signed};
use super::words::day_time;
use crate::id_id;
use crate::warehouse::{DeliveryState, EditionRecord, StateCount, Stretch};

/// Editions on a page of the list.
const PAGE_ROWS: u32 = 50;
/// Furthest page: an address with a larger number is no page.
const PAGES_MAX: u32 = 100_000;

pub(super) fn routes() -> Router<Arc<ConsoleServer>> {
    Router::new()
        .route("/laporan", get(reports))
        .route("/laporan/{report}", get(editions))
        .route("/laporan/{report}/banding", get(compare::compare))
        .route("/laporan/{report}/{edition}/{number}", get(read::read))
        .route("/laporan/{report}/{edition}/{number}/isi", get(parts::content))
        .route("/laporan/{report}/{edition}/{number}/berkas/{name}", get(parts::file))
        .route("/laporan/{report}/{edition}/{number}/uji", post(acts::proof))
        .route("/laporan/{report}/{edition}/{number}/ulang", post(acts::resend))
}

/// A report in the list.
struct ReportRow {
    name: String,
    title: String,
    n: String,
    newest: Option<EditionRow>,
}

/// An edition in a list.
pub(super) struct EditionRow {
    pub(super) href: String,
    pub(super) title: String,
    pub(super) period: String,
    /// Whose edition it is, and which record of it where there are several.
    pub(super) mark: String,
    pub(super) made_at: String,
    /// What became of its mails, in words.
    pub(super) sent: String,
    /// Whether some of them came to a bad end.
    pub(super) is_bad: bool,
}

#[derive(Template)]
#[template(path = "console/reports.html")]
struct ReportsPage {
    frame: Frame,
    reports: Vec<ReportRow>,
}

#[derive(Template)]
#[template(path = "console/editions.html")]
struct EditionsPage {
    frame: Frame,
    title: String,
    n: String,
    editions: Vec<EditionRow>,
    pager: Pager,
}

/// Which page of a list is shown, and the ways to its neighbours.
pub(super) struct Pager {
    pub(super) number: u32,
    pub(super) last: u32,
    pub(super) newer: Option<String>,
    pub(super) older: Option<String>,
}

#[derive(Deserialize)]
struct Wanted {
    halaman: Option<u32>,
}

async fn reports(State(server): State<Arc<ConsoleServer>>, signed: Signed) -> Result<Response, Problem> {
    signed.may(Right::Reports)?;
    let reports = server.blocking(report_rows).await?;
    let frame = Frame::new("Laporan", Section::Reports, &signed);
    Ok(page(&ReportsPage { frame, reports }, StatusCode::OK))
}

async fn editions(
    State(server): State<Arc<ConsoleServer>>,
    signed: Signed,
    Path(report): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    signed.may(Right::Reports)?;
    let number = page_number(wanted)?;
    let found = server
        .blocking(move |server| {
            let shelf = server.parts.warehouse.report_shelves()?;
            let shelf = shelf.into_iter().find(|shelf| shelf.report == report).ok_or(Problem::NotFound)?;
            let pager = Pager::new(&format!("/laporan/{report}"), number, shelf.editions, PAGE_ROWS)?;
            let stretch = Stretch { skip: (number - 1) * PAGE_ROWS, limit: PAGE_ROWS };
            let records = server.parts.warehouse.editions_page(Some(&report), stretch)?;
            let n = id_id::count(i64::try_from(shelf.editions).unwrap_or(i64::MAX));
            Ok((server.title_of(&report), n, rows(server, &records)?, pager))
        })
        .await?;
    let (title, n, editions, pager) = found;
    let frame = Frame::new(title.clone(), Section::Reports, &signed);
    Ok(page(&EditionsPage { frame, title, n, editions, pager }, StatusCode::OK))
}

/// The newest editions of all reports.
pub(super) fn newest_rows(server: &ConsoleServer, limit: u32) -> Result<Vec<EditionRow>, Problem> {
    let records = server.parts.warehouse.editions_page(None, Stretch { skip: 0, limit })?;
    rows(server, &records)
}

/// The page that was asked for; the first is 1.
fn page_number(wanted: Result<Query<Wanted>, QueryRejection>) -> Result<u32, Problem> {
    match wanted.map(|Query(wanted)| wanted.halaman.unwrap_or(1)) {
        Ok(number @ 1..=PAGES_MAX) => Ok(number),
        _ => Err(Problem::NotFound),
    }
}

impl Pager {
    /// The page `number` of a list of `n` below `path`.
    fn new(path: &str, number: u32, n: u64, page_rows: u32) -> Result<Self, Problem> {
        let last = u32::try_from(n.div_ceil(u64::from(page_rows)).max(1)).unwrap_or(u32::MAX);
        if number > last {
            return Err(Problem::NotFound);
        }
        let to = |number: u32| format!("{path}?halaman={number}");
        Ok(Self {
            number,
            last,
            newer: (number > 1).then(|| to(number - 1)),
            older: (number < last).then(|| to(number + 1)),
        })
    }
}

impl ConsoleServer {
    /// What leadership calls a report; its key where this deployment does not know it any more.
    fn title_of(&self, report: &str) -> String {
        let cards = self.parts.desk.reports();
        cards.iter().find(|card| card.name == report).map_or_else(|| report.to_owned(), |card| card.title.clone())
    }

    /// The record that a path names.
    fn record(&self, path: &EditionPath) -> Result<EditionRecord, Problem> {
        let found = self.parts.warehouse.edition_record(&path.edition, path.number)?;
        found.filter(|record| record.report == path.report).ok_or(Problem::NotFound)
    }
}

/// What the path of an edition names.
#[derive(Debug, Clone, Deserialize)]
struct EditionPath {
    report: String,
    edition: String,
    number: u32,
}

/// Where an edition is read.
fn href(record: &EditionRecord) -> String {
    format!("/laporan/{}/{}/{}", record.report, record.edition, record.number)
}

fn report_rows(server: &ConsoleServer) -> Result<Vec<ReportRow>, Problem> {
    let shelves = server.parts.warehouse.report_shelves()?;
    let mut by_name: BTreeMap<String, u64> =
        shelves.into_iter().map(|shelf| (shelf.report, shelf.editions)).collect();
    let known = server.parts.desk.reports();
    let mut names: Vec<String> = known.iter().map(|card| card.name.clone()).collect();
    names.extend(by_name.keys().filter(|name| !known.iter().any(|card| card.name == **name)).cloned());
    let mut reports = Vec::with_capacity(names.len());
    for name in names {
        let newest = Stretch { skip: 0, limit: 1 };
        let newest = server.parts.warehouse.editions_page(Some(&name), newest)?;
        let n = by_name.remove(&name).unwrap_or_default();
        reports.push(ReportRow {
            title: server.title_of(&name),
            n: id_id::count(i64::try_from(n).unwrap_or(i64::MAX)),
            newest: rows(server, &newest)?.pop(),
            name,
        });
    }
    Ok(reports)
}

fn rows(server: &ConsoleServer, records: &[EditionRecord]) -> Result<Vec<EditionRow>, Problem> {
    let names: Vec<&str> = records.iter().map(|record| record.edition.as_str()).collect();
    let counts = server.parts.warehouse.delivery_counts(&names)?;
    let now = server.now();
    let row = |(record, counts): (&EditionRecord, Vec<StateCount>)| EditionRow {
        href: href(record),
        title: server.title_of(&record.report),
        period: id_id::date_long(record.period),
        mark: mark_of(record),
        made_at: day_time(record.made_at, now, server.parts.zone),
        is_bad: counts.iter().any(|count| is_bad(count.state)),
        sent: sent_words(&counts),
    };
    Ok(records.iter().zip(counts).map(row).collect())
}

/// What tells an edition apart from others of its report and date.
fn mark_of(record: &EditionRecord) -> String {
    let variant = record.variant.clone().unwrap_or_default();
    match record.number {
        1 => variant,
        number => format!("{variant} rekaman {number}").trim_start().to_owned(),
    }
}

fn is_bad(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Refused | DeliveryState::GivenUp | DeliveryState::Ambiguous)
}

/// `12 diterima, 1 ditolak`.
fn sent_words(counts: &[StateCount]) -> String {
    let one = |count: &StateCount| {
        format!("{} {}", id_id::count(i64::try_from(count.n).unwrap_or(i64::MAX)), state_word(count.state))
    };
    let words: Vec<String> = counts.iter().map(one).collect();
    if words.is_empty() { "belum dikirim".to_owned() } else { words.join(", ") }
}

/// How a delivery stands, in a word.
fn state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "menunggu",
        DeliveryState::Sending => "sedang dikirim",
        DeliveryState::Accepted => "diterima",
        DeliveryState::Refused => "ditolak",
        DeliveryState::Retry => "dicoba lagi",
        DeliveryState::Ambiguous => "belum pasti",
        DeliveryState::GivenUp => "dihentikan",
    }
}
