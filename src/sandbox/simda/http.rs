//! SIMDA over HTTP: three questions, an envelope that says `failed` under status 200.

use super::trees::{self, Budget};
use crate::sandbox::control::ControlTotals;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::document::{RowFaults, Spelling, with};
use crate::sandbox::fault::Fault;
use crate::sandbox::server::{Exchange, Reply, Served, Voice, json as json_answer};
use crate::sandbox::world::{AGENCIES, Agency, Item, Plan};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::Datelike;
use serde_json::{Value, json};
use std::sync::Arc;

const FATAL: &str = "<br />\n<b>Fatal error</b>:  Allowed memory size of 134217728 bytes exhausted (tried to allocate \
                     20480 bytes) in <b>/var/www/simda/system/database/DB_result.php</b> on line <b>162</b><br />\n";
/// Every answer's time of day; its date is today's.
const CLOCK: &str = "08:12:12";

const VOICE: Voice = Voice {
    year_of_key: |exchange| exchange.year_of_bearer(super::SYSTEM.source),
    wrong_key: || refused("Kunci akses tidak dikenal"),
    expired_key: || refused("Kunci akses sudah kedaluwarsa"),
    fatal: FATAL,
};

fn refused(message: &str) -> Response {
    let body = json!({ "code": 401, "status": "failed", "message": message, "data": [] });
    (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

pub(super) fn routes() -> Router<Arc<Served>> {
    Router::new().route("/instansi", get(agencies)).route("/renstra", get(renstra)).route("/rka", get(rka))
}

/// Rows of every table, and the sum of `jumlah`, over last year's plans and today's.
pub(super) fn totals(served: &Served) -> Vec<(Dataset, ControlTotals)> {
    let plans = years(served).map(|year| served.world.plans(year));
    let plans: Vec<&Plan> = plans.iter().flat_map(|plans| plans.iter()).collect();
    let programs = || plans.iter().flat_map(|plan| &plan.programs);
    let kegiatan = || programs().flat_map(|program| &program.kegiatan);
    let items = || plans.iter().flat_map(|plan| plan.items());
    let amount: i128 = items().map(Item::amount).map(i128::from).sum();
    let count = |dataset, rows| (dataset, ControlTotals::new(rows, &[]));
    vec![
        count(Dataset::Instansi, AGENCIES.len()),
        count(Dataset::Renstra, plans.iter().map(|plan| plan.aims.len()).sum()),
        (Dataset::Rka, ControlTotals::new(items().count(), &[("jumlah", amount)])),
        count(Dataset::RkaIndikatorProgram, programs().map(|program| program.indicators.len()).sum()),
        count(Dataset::RkaIndikatorKegiatan, kegiatan().map(|kegiatan| kegiatan.indicators.len()).sum()),
    ]
}

/// The fiscal years that have plans: last year's and today's.
fn years(served: &Served) -> [i32; 2] {
    let year = served.today().year();
    [year - 1, year]
}

/// The envelope around `data`.
fn envelope(exchange: &Exchange, request: &str, said: (&str, &str), data: Value) -> Value {
    let envelope = json!({
        "code": 200,
        "status": said.0,
        "message": said.1,
        "request": request,
        "datetime": format!("{} {CLOCK}", exchange.served.today()),
    });
    with(envelope, "data", data)
}

/// A good answer about `dataset`.
fn good(exchange: &Exchange, dataset: Dataset, request: &str, data: Value) -> Reply {
    let on = |fault| exchange.served.faults.on(&fault, dataset);
    let spelling = Spelling {
        comma_in: (dataset != Dataset::Rka && on(Fault::TrailingComma)).then_some("data"),
        comma_after: (dataset == Dataset::Rka && on(Fault::TrailingComma)).then_some("jumlah"),
        bracketed: on(Fault::RekKelompokBare).then_some("dataRekKelompok"),
        single_in: on(Fault::SingleObject).then_some("data"),
        ..Spelling::default()
    };
    Reply::whole(spelling.write(&envelope(exchange, request, ("success", "OKE"), data)))
}

fn failed(exchange: &Exchange, request: &str, message: &str) -> Reply {
    let body = envelope(exchange, request, ("failed", message), json!([]));
    Reply::Plain(json_answer(body.to_string()))
}

async fn agencies(exchange: Exchange) -> Response {
    let dataset = Dataset::Instansi;
    let compose = |_year: i32| {
        let faults = &exchange.served.faults;
        let spoil = RowFaults::new(faults, dataset, "jenis", "idInstansi");
        let count = match (faults.on(&Fault::Empty, dataset), faults.on(&Fault::Shrink, dataset)) {
            (true, _) => 0,
            (_, true) => AGENCIES.len().div_ceil(10),
            _ => AGENCIES.len(),
        };
        let mut rows: Vec<Value> = AGENCIES[..count].iter().map(trees::agency).collect();
        for (index, row) in rows.iter_mut().enumerate() {
            spoil.apply(index, row);
        }
        good(&exchange, dataset, "instansi", rows.into())
    };
    exchange.answer(dataset, &VOICE, compose).await
}

/// The plan that a question's parameters name, as its year and its place among the agencies; or what is wrong.
fn asked(exchange: &Exchange) -> Result<(i32, usize), &'static str> {
    let number = |name: &str| exchange.parameter(name).and_then(|text| text.parse::<i32>().ok());
    let year = number("tahun").ok_or("Parameter tahun tidak valid")?;
    let office = number("idKantor").ok_or("Parameter idKantor tidak valid")?;
    let id = number("idInstansi").ok_or("Parameter idInstansi tidak valid")?;
    if !years(&exchange.served).contains(&year) {
        return Err("Data tahun yang diminta tidak tersedia");
    }
    let is_it = |agency: &Agency| (agency.office, agency.id) == (office as u32, id as u32);
    AGENCIES.iter().position(is_it).map(|index| (year, index)).ok_or("Data instansi tidak ditemukan")
}

async fn renstra(exchange: Exchange) -> Response {
    let dataset = Dataset::Renstra;
    let compose = |_year: i32| {
        let (year, index) = match asked(&exchange) {
            Ok(asked) => asked,
            Err(message) => return failed(&exchange, "renstra", message),
        };
        let faults = &exchange.served.faults;
        let plans = exchange.served.world.plans(year);
        let aims = &plans[index].aims;
        let count = match (faults.on(&Fault::Empty, dataset), faults.on(&Fault::Shrink, dataset)) {
            (true, _) => 0,
            (_, true) => aims.len().div_ceil(10),
            _ => aims.len(),
        };
        let spoil = RowFaults::new(faults, dataset, "namaSasaran", "idSasaran");
        good(&exchange, dataset, "renstra", trees::aims(&aims[..count], spoil))
    };
    exchange.answer(dataset, &VOICE, compose).await
}

async fn rka(exchange: Exchange) -> Response {
    const REQUEST: &str = "renjaakhir_rka";
    let dataset = Dataset::Rka;
    let compose = |_year: i32| {
        let (year, index) = match asked(&exchange) {
            Ok(asked) => asked,
            Err(message) => return failed(&exchange, REQUEST, message),
        };
        let faults = &exchange.served.faults;
        let on = |fault| faults.on(&fault, dataset);
        if on(Fault::Empty) {
            return good(&exchange, dataset, REQUEST, json!([]));
        }
        let plans = exchange.served.world.plans(year);
        let plan = &plans[index];
        let mut budget = Budget {
            spoil: RowFaults::new(faults, dataset, "satuan3", "jumlah"),
            kelompok_array: on(Fault::RekKelompokArray),
            wrong_amount: on(Fault::RkaJumlahWrong),
            most: if on(Fault::Shrink) { plan.items().count().div_ceil(10) } else { usize::MAX },
            written: 0,
        };
        good(&exchange, dataset, REQUEST, budget.plan(plan))
    };
    exchange.answer(dataset, &VOICE, compose).await
}
