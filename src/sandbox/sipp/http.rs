//! SIPP over HTTP: three questions, filters, pages.

use super::pages::Page;
use super::rows;
use crate::sandbox::control::ControlTotals;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::document::{RowFaults, Spelling};
use crate::sandbox::fault::Fault;
use crate::sandbox::server::{Exchange, Reply, Served, Voice};
use crate::sandbox::world::{People, Person};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const FATAL: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Server Error</title></head>\n<body>Allowed \
                     memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)</body>\n</html>\n";

const VOICE: Voice = Voice {
    year_of_key: |exchange| exchange.year_of_bearer(super::SYSTEM.source),
    wrong_key: || said(StatusCode::UNAUTHORIZED, &json!({ "message": "Unauthenticated." })),
    expired_key: || said(StatusCode::UNAUTHORIZED, &json!({ "message": "Token has expired." })),
    fatal: FATAL,
};

fn said(status: StatusCode, message: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], message.to_string()).into_response()
}

pub(super) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/p3ke", get(|exchange: Exchange| listing(exchange, Dataset::P3ke)))
        .route("/bantuan", get(|exchange: Exchange| listing(exchange, Dataset::Bantuan)))
        .route("/tracking", get(tracking))
}

/// Rows of both listings; `tracking` is asked person by person and has no total.
pub(super) fn totals(served: &Served) -> Vec<(Dataset, ControlTotals)> {
    let (people, today) = (served.world.people(), served.today());
    vec![
        (Dataset::P3ke, ControlTotals::new(people.families(today).len(), &[])),
        (Dataset::Bantuan, ControlTotals::new(people.aid(today).len(), &[])),
    ]
}

/// Number, name and address of every person served, however their number is written there.
pub(super) fn personal_values(served: &Served, values: &mut BTreeSet<String>) {
    let (people, today) = (served.world.people(), served.today());
    let heads = &people.heads()[..people.families(today).len()];
    let recipients = people.aid(today).iter().map(|aid| people.recipient(aid));
    for person in heads.iter().chain(recipients) {
        values.extend(rows::personal_values(person));
    }
}

/// The number of somebody in the register who gets aid; written whole, and nobody else's.
pub(crate) fn some_nik(served: &Served) -> Option<String> {
    let (people, today) = (served.world.people(), served.today());
    let families = people.families(today).len();
    people.aid(today).iter().find_map(|aid| {
        let family = aid.family?;
        let nik = people.heads()[family].nik();
        let beside = family.saturating_sub(1)..(family + 2).min(families);
        let owners = beside.filter(|index| people.family_nik(*index) == nik).count();
        (owners == 1 && people.family_nik(family) == nik && people.aid_nik(aid) == nik).then_some(nik)
    })
}

/// How SIPP writes a document.
fn spelling(exchange: &Exchange, dataset: Dataset) -> Spelling {
    let on = |fault| exchange.served.faults.on(&fault, dataset).then_some("data");
    Spelling {
        escaped_slashes: true,
        comma_in: on(Fault::TrailingComma),
        single_in: on(Fault::SingleObject),
        ..Spelling::default()
    }
}

/// What the query wants to see.
struct Filter<'a> {
    code: Option<&'a str>,
    kecamatan: Option<String>,
    desa: Option<String>,
    nik: Option<&'a str>,
}

impl<'a> Filter<'a> {
    fn of(exchange: &'a Exchange) -> Self {
        let upper = |name| exchange.parameter(name).map(str::to_uppercase);
        Self {
            code: exchange.parameter("kode_kemdagri"),
            kecamatan: upper("kecamatan"),
            desa: upper("desa_kelurahan"),
            nik: exchange.parameter("nik"),
        }
    }

    /// The rows it lets through, by index. `village` and `nik` tell a row's.
    fn indices(
        &self,
        count: usize,
        village: impl Fn(usize) -> (&'static str, &'static str, &'static str),
        nik: impl Fn(usize) -> String,
    ) -> Vec<usize> {
        let passes = |index: &usize| {
            let (code, kecamatan, desa) = village(*index);
            self.code.is_none_or(|wanted| wanted == code)
                && self.kecamatan.as_deref().is_none_or(|wanted| wanted == kecamatan)
                && self.desa.as_deref().is_none_or(|wanted| wanted == desa)
                && self.nik.is_none_or(|wanted| wanted == nik(*index))
        };
        (0..count).filter(passes).collect()
    }
}

/// The rows of a listing that a filter lets through.
fn filtered(people: &People, today: NaiveDate, dataset: Dataset, filter: &Filter<'_>) -> Vec<usize> {
    let place = |person: &Person| {
        let village = person.village();
        (village.code, village.kecamatan, village.name)
    };
    if dataset == Dataset::P3ke {
        let village = |index: usize| place(&people.heads()[index]);
        return filter.indices(people.families(today).len(), village, |index| people.family_nik(index));
    }
    let aid = people.aid(today);
    filter.indices(aid.len(), |index| place(people.recipient(&aid[index])), |index| people.aid_nik(&aid[index]))
}

async fn listing(exchange: Exchange, dataset: Dataset) -> Response {
    let compose = |_year: i32| {
        let (people, today) = (exchange.served.world.people(), exchange.served.today());
        let mut rows = filtered(people, today, dataset, &Filter::of(&exchange));
        let faults = &exchange.served.faults;
        if faults.on(&Fault::Empty, dataset) {
            rows.clear();
        } else if faults.on(&Fault::Shrink, dataset) {
            rows.truncate(rows.len().div_ceil(10));
        }
        let page = Page::asked(&exchange.parameters);
        let moving = page.size > 1 && !rows.is_empty() && faults.once(&Fault::MovingTotal, dataset, "total");
        let mut span = page.span(rows.len());
        if span.len() > 1 && span.end < rows.len() && faults.on(&Fault::ShortPageMid, dataset) {
            span.end -= (span.len() / 10).max(1);
        }
        if page.number > 1 && !span.is_empty() && faults.on(&Fault::PageOverlap, dataset) {
            span.start -= 1;
        }
        let required = if dataset == Dataset::P3ke { "resiko_stunting" } else { "kode_kemdagri" };
        let optional = if dataset == Dataset::P3ke { "pekerjaan" } else { "strategi" };
        let spoil = RowFaults::new(faults, dataset, optional, required);
        let (families, aid) = (people.families(today), people.aid(today));
        let write = |index: &usize| {
            let mut row = match dataset {
                Dataset::P3ke => rows::family(people, *index, &families[*index]),
                _ => rows::aid(people, &aid[*index]),
            };
            spoil.apply(*index, &mut row);
            row
        };
        let written = rows[span].iter().map(write).collect();
        let document = page.document(dataset.name(), rows.len() - usize::from(moving), written);
        Reply::whole(spelling(&exchange, dataset).write(&document))
    };
    exchange.answer(dataset, &VOICE, compose).await
}

async fn tracking(exchange: Exchange) -> Response {
    let compose = |_year: i32| {
        let Some(nik) = exchange.parameter("nik") else {
            let message = "The nik field is required.";
            let refusal = json!({ "message": message, "errors": { "nik": [message] } });
            return Reply::Plain(said(StatusCode::UNPROCESSABLE_ENTITY, &refusal));
        };
        let empty = exchange.served.faults.on(&Fault::Empty, Dataset::Tracking);
        let (people, today) = (exchange.served.world.people(), exchange.served.today());
        let families = people.families(today);
        let found = (0..families.len()).find(|index| !empty && people.family_nik(*index) == nik);
        let profile = found.map(|index| rows::family(people, index, &families[index]));
        let given = people.aid(today).iter().filter(|aid| !empty && people.aid_nik(aid) == nik);
        let given: Vec<Value> = given.map(rows::given).collect();
        let document = json!({ "data": { "profile": profile, "bantuan": given } });
        let single = exchange.served.faults.on(&Fault::SingleObject, Dataset::Tracking).then_some("bantuan");
        let comma = exchange.served.faults.on(&Fault::TrailingComma, Dataset::Tracking).then_some("bantuan");
        let spelling = Spelling { single_in: single, comma_in: comma, ..spelling(&exchange, Dataset::Tracking) };
        Reply::whole(spelling.write(&document))
    };
    exchange.answer(Dataset::Tracking, &VOICE, compose).await
}
