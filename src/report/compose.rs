//! From a definition and a session to an edition: the figures, what they say, the page, its two renderings.
//!
//! Read it top to bottom: figures, freshness, exceptions (sentences above them may count them), headline, sections.

mod changes;
mod chart;
mod desk;
mod exceptions;
mod facts;
mod frame;
mod tables;

use super::ReportError;
use super::attach::{self, Attached, Format};
use super::definition::{Body, ReportDefinition};
use super::edition::{Edition, Picture, Snapshot};
use super::freshness;
use super::inputs::Inputs;
use super::page::{Attention, Chart, Page, Section, Tile};
use super::period::PeriodRule;
use super::recipients::Audience;
use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use desk::Desk;
use facts::Facts;

#[derive(Template)]
#[template(path = "report/report.html")]
struct Html<'a> {
    page: &'a Page,
}

#[derive(Template)]
#[template(path = "report/report.txt", escape = "none")]
struct Text<'a> {
    page: &'a Page,
}

/// Draws a chart; `None` where there is no picture to be had, and the mail shows the table alone.
pub(crate) type Draw<'a> = &'a (dyn Fn(&Chart) -> Option<Vec<u8>> + Sync);

/// Makes the edition of `definition` that `audience` gets, with its chart and its files.
///
/// # Errors
/// [`ReportError`]: a query that fails or answers in another shape, no figures, a template that cannot be rendered.
pub async fn compose(
    definition: &ReportDefinition,
    inputs: &Inputs<'_>,
    audience: &Audience,
) -> Result<Edition, ReportError> {
    compose_with(definition, inputs, audience, &drawn).await
}

/// The chart as a picture; a report without one is better than no report.
fn drawn(chart: &Chart) -> Option<Vec<u8>> {
    attach::chart_png(chart).inspect_err(|error| tracing::warn!(%error, "the table stands alone")).ok()
}

/// What the names of an edition's files begin with: the month alone where there is one edition a month.
fn stem(definition: &ReportDefinition, period: NaiveDate, variant: Option<&str>) -> String {
    let date = match definition.period {
        PeriodRule::Monthly => period.format("%Y-%m"),
        PeriodRule::Daily | PeriodRule::Weekly => period.format("%Y-%m-%d"),
    };
    [definition.name.as_str(), &date.to_string(), variant.unwrap_or_default()].join("-")
}

/// The kinds of files that the mail of `edition` does not carry, made at `now`: for whoever looks at it before it is sent.
///
/// # Errors
/// [`ReportError`] when one of them cannot be made.
pub(crate) fn other_files(
    edition: &Edition,
    definition: &ReportDefinition,
    now: DateTime<Utc>,
) -> Result<Vec<Attached>, ReportError> {
    let others: Vec<Format> =
        Format::ALL.into_iter().filter(|format| !definition.attachments.contains(format)).collect();
    let png = edition.picture.as_ref().map(|picture| picture.png.as_slice());
    let stem = stem(definition, edition.period, edition.variant.as_deref());
    Ok(attach::files(&edition.page, png, &others, &stem, now)?)
}

/// As [`compose`], with a chart as `draw` draws it.
///
/// # Errors
/// As [`compose`].
pub(crate) async fn compose_with(
    definition: &ReportDefinition,
    inputs: &Inputs<'_>,
    audience: &Audience,
    draw: Draw<'_>,
) -> Result<Edition, ReportError> {
    let desk = Desk::new(definition, inputs, audience);
    let mut facts = facts::read(&desk, inputs.current).await?;
    if !facts.any {
        return Err(ReportError::NoFigures {
            report: definition.name.clone(),
            period: inputs.period,
            variant: audience.variant(definition),
        });
    }
    let before = match inputs.previous {
        Some(previous) => Some(facts::read(&desk, previous).await?).filter(|facts| facts.any),
        None => None,
    };
    let newest = facts.data_date(definition).unwrap_or(inputs.period);
    let mut reasons = freshness::reasons(&definition.freshness, inputs.sources, inputs.day);
    reasons.splice(0..0, freshness::old_data(&definition.freshness, newest, inputs.day));
    facts.flag("basi", !reasons.is_empty());
    let parts = Parts::write(&desk, &mut facts, before.as_ref()).await?;
    let (page, subject, headline_lines) = frame::page(&desk, &facts, parts, &reasons);
    edition(&desk, page, (subject, headline_lines), (newest, !reasons.is_empty()), draw)
}

fn edition(
    desk: &Desk<'_>,
    mut page: Page,
    (subject, headline_lines): (String, Vec<String>),
    (per_tanggal, stale): (NaiveDate, bool),
    draw: Draw<'_>,
) -> Result<Edition, ReportError> {
    let picture = page.chart.as_mut().and_then(|chart| {
        let png = draw(chart)?;
        chart.drawn = true;
        Some(Picture { content_id: chart.content_id.clone(), png })
    });
    let (figures, marks) = desk.printed();
    page.marks = marks;
    let (definition, inputs) = (desk.definition, desk.inputs);
    let variant = desk.audience.variant(definition);
    let png = picture.as_ref().map(|picture| picture.png.as_slice());
    let stem = stem(definition, inputs.period, variant.as_deref());
    let files = attach::files(&page, png, &definition.attachments, &stem, inputs.now)?;
    Ok(Edition {
        name: definition.name.clone(),
        title: definition.title.clone(),
        period: inputs.period,
        variant,
        per_tanggal,
        stale,
        subject,
        html: Html { page: &page }.render()?,
        text: Text { page: &page }.render()?,
        headline_lines,
        definition_version: definition.version,
        snapshots: inputs.sources.iter().map(Snapshot::of).collect(),
        figures,
        picture,
        files,
        page,
    })
}

/// The sections, written.
#[derive(Default)]
pub(super) struct Parts {
    tiles: Vec<Tile>,
    changes: Vec<String>,
    attention: Option<Attention>,
    sections: Vec<Section>,
    chart: Option<Chart>,
    notes: Vec<String>,
}

impl Parts {
    async fn write(desk: &Desk<'_>, facts: &mut Facts, before: Option<&Facts>) -> Result<Self, ReportError> {
        let mut parts = Self::default();
        let readable: Vec<&Body> = desk
            .definition
            .sections
            .iter()
            .filter(|section| desk.audience.may_read(&section.roles))
            .map(|section| &section.body)
            .collect();
        // What is found is counted whether or not this reader sees the list.
        for section in &desk.definition.sections {
            if let Body::Exceptions(exceptions) = &section.body {
                let attention = exceptions::write(desk, facts, exceptions).await?;
                parts.attention = desk.audience.may_read(&section.roles).then_some(attention);
            }
        }
        for body in readable {
            match body {
                Body::Exceptions(_) => {}
                Body::Tiles(tiles) => parts.tiles = frame::tiles(desk, facts, tiles),
                Body::Changes(changes) => parts.changes = changes::write(desk, facts, before, changes).await?,
                Body::Table(table) => parts.sections.extend(tables::section(desk, facts, table).await?),
                Body::Chart(chart) => parts.chart = chart::write(desk, facts, chart).await?,
                Body::Notes(notes) => parts.notes.extend(frame::notes(desk, facts, notes).await?),
            }
        }
        Ok(parts)
    }
}
