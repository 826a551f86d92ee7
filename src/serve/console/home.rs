//! `/`: the headline figures, how fresh the data is, and what was sent last.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::ConsoleServer;
use super::desk::Figures;
use super::editions::{EditionRow, newest_rows};
use super::figures::Computed;
use super::frame::{Frame, Section};
use super::lights::{self, Light, LightRow};
use super::page::page;
use super::problem::Problem;
use super::signed::{Right, Signed};
use super::words::day_time;

/// Editions on the first page.
const EDITIONS_SHOWN: u32 = 8;

#[derive(Template)]
#[template(path = "console/home.html")]
struct HomePage<'a> {
    frame: Frame,
    figures: Option<&'a Figures>,
    made_at: String,
    /// Whether newer figures are on their way.
    is_waiting: bool,
    tally: Vec<Tally>,
    /// Datasets that somebody should look at.
    lights: Vec<LightRow>,
    /// Those that are as they should be: many, and folded away.
    fresh: Vec<LightRow>,
    /// Datasets that nobody loads or waits for: named, and not in the way of the others.
    unused: Vec<LightRow>,
    editions: Vec<EditionRow>,
}

/// How many datasets have a light.
struct Tally {
    light: Light,
    n: usize,
}

pub(super) fn routes() -> Router<Arc<ConsoleServer>> {
    Router::new().route("/", get(home))
}

async fn home(State(server): State<Arc<ConsoleServer>>, signed: Signed) -> Result<Response, Problem> {
    signed.may(Right::Reports)?;
    let now = server.now();
    let (computed, is_waiting) = server.figures().await?;
    let shown = move |server: &ConsoleServer| Ok((lights::rows(server, now)?, newest_rows(server, EDITIONS_SHOWN)?));
    let (lights, editions) = server.blocking(shown).await?;
    let figures = match &computed {
        Computed::Figures(figures) => Some(&**figures),
        Computed::Nothing | Computed::Failed => None,
    };
    let made_at = figures.map(|figures| day_time(figures.made_at, now, server.parts.zone)).unwrap_or_default();
    let tally = tally(&lights);
    let (unused, used): (Vec<_>, Vec<_>) = lights.into_iter().partition(|row| row.light == Light::Unused);
    let (fresh, lights) = used.into_iter().partition(|row| row.light == Light::Good);
    let frame = Frame::new("Beranda", Section::Home, &signed);
    let template = HomePage { frame, figures, made_at, is_waiting, tally, lights, fresh, unused, editions };
    Ok(page(&template, StatusCode::OK))
}

fn tally(rows: &[LightRow]) -> Vec<Tally> {
    let mut counts: BTreeMap<Light, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.light).or_default() += 1;
    }
    counts.into_iter().map(|(light, n)| Tally { light, n }).collect()
}
