//! What stands around the sections: headline, subject, preheader, tiles, notes and the footer.

use super::Parts;
use super::desk::{Desk, row_scope};
use super::facts::Facts;
use crate::report::ReportError;
use crate::report::definition::{NoteDefinition, TileDefinition};
use crate::report::freshness;
use crate::report::id_id;
use crate::report::inputs::SourceNote;
use crate::report::page::{Attention, Footer, LogoRef, Page, Tile};

/// Subjects longer than this are cut by phones and by the house rule.
const SUBJECT_MAX: usize = 60;
/// A shorter preheader lets a mail program fill the line with whatever comes next, a longer one is cut.
const PREHEADER: std::ops::RangeInclusive<usize> = 40..=130;
/// Three fit beside each other.
const TILES_MAX: usize = 3;
/// What a stale edition says above everything.
const STALE: &str = "DATA BELUM DIPERBARUI";

/// The page, the subject, and lines for a terminal.
pub(super) fn page(desk: &Desk<'_>, facts: &Facts, parts: Parts, reasons: &[String]) -> (Page, String, Vec<String>) {
    let (definition, inputs) = (desk.definition, desk.inputs);
    let words = definition.headline.text.words(&facts.scope).unwrap_or_default();
    let headline = if words.text.is_empty() { definition.title.clone() } else { desk.say(words) };
    let mut lines = vec![headline.clone()];
    lines
        .extend(definition.headline.lines.iter().filter_map(|line| line.words(&facts.scope)).map(|words| words.text));
    if !reasons.is_empty() {
        lines.push(STALE.to_owned());
    }
    let mut notes = freshness::notes(definition, inputs.sources, reasons);
    notes.extend(parts.notes);
    let date = facts.data_date(definition).unwrap_or(inputs.period);
    let page = Page {
        title: format!("{} per {}", definition.title, id_id::date_long(date)),
        preheader: preheader(desk, facts),
        agency: inputs.deployment.agency.clone(),
        unit: definition.unit.clone(),
        logo: logo(desk),
        headline,
        position: position(desk, facts),
        warnings: reasons.to_vec(),
        tiles: parts.tiles,
        changes: parts.changes,
        attention: parts.attention.unwrap_or(Attention { heading: String::new(), table: None, remark: None }),
        sections: parts.sections,
        chart: parts.chart,
        notes,
        footer: footer(desk),
        marks: std::collections::BTreeMap::new(),
    };
    (page, subject(desk, facts), lines)
}

fn subject(desk: &Desk<'_>, facts: &Facts) -> String {
    let plain = |text: &str| text.replace('\u{a0}', " ");
    let fits = |text: &str| text.chars().count() <= SUBJECT_MAX;
    match desk.definition.headline.subject.fitting(&facts.scope, fits) {
        Some(words) => plain(&words.text),
        None => plain(&desk.definition.title).chars().take(SUBJECT_MAX).collect(),
    }
}

/// The first variant of the right length; where there is none, the first one, made longer by the title or cut at a word.
fn preheader(desk: &Desk<'_>, facts: &Facts) -> String {
    let choice = &desk.definition.headline.preheader;
    if let Some(words) = choice.fitting(&facts.scope, |text| PREHEADER.contains(&text.chars().count())) {
        return desk.say(words);
    }
    let mut text = choice.words(&facts.scope).unwrap_or_default().text;
    if text.chars().count() < *PREHEADER.start() {
        text = format!("{text} {}, {}.", desk.definition.title, desk.definition.unit).trim().to_owned();
    }
    let mut cut = String::new();
    for word in text.split(' ') {
        if cut.chars().count() + word.chars().count() >= *PREHEADER.end() {
            break;
        }
        cut.push_str(word);
        cut.push(' ');
    }
    cut.trim_end().to_owned()
}

fn logo(desk: &Desk<'_>) -> Option<LogoRef> {
    let deployment = desk.inputs.deployment;
    deployment.logo.as_ref().map(|logo| LogoRef {
        content_id: deployment.logo_content_id(),
        alt: logo.alt.clone(),
        width: logo.width,
        height: logo.height,
    })
}

/// The report's own words on the data date, and when the oldest of its sources was asked.
fn position(desk: &Desk<'_>, facts: &Facts) -> String {
    let definition = desk.definition;
    let words = desk.say(definition.headline.position.words(&facts.scope).unwrap_or_default());
    let oldest = freshness::used(definition, desk.inputs.sources).map(|source| source.extracted_at).min();
    match oldest {
        Some(at) => format!("{words} ditarik {}.", id_id::instant(at, definition.timezone)),
        None => format!("{words}; waktu penarikan data tidak tercatat."),
    }
}

fn footer(desk: &Desk<'_>) -> Footer {
    let (definition, inputs) = (desk.definition, desk.inputs);
    let zone = definition.timezone;
    let source = |source: &SourceNote| {
        format!(
            "{} ({}): snapshot {}, ditarik {}, {} baris, run {}",
            source.title,
            source.dataset,
            id_id::date_long(source.snapshot_date),
            id_id::instant(source.extracted_at, zone),
            freshness::unsigned(source.rows),
            source.run
        )
    };
    let deployment = inputs.deployment;
    Footer {
        sources: freshness::used(definition, inputs.sources).map(source).collect(),
        made: format!(
            "Edisi {}. Disusun otomatis oleh lumbung pada {}, definisi {} versi {}.",
            id_id::date_long(inputs.period),
            id_id::instant(inputs.now, zone),
            definition.name,
            definition.version
        ),
        contact_unit: deployment.contact_unit.clone(),
        contact_address: deployment.contact_address.to_string(),
        subscription: deployment.subscription_link(&definition.name),
    }
}

/// The first three tiles that can be filled.
pub(super) fn tiles(desk: &Desk<'_>, facts: &Facts, tiles: &[TileDefinition]) -> Vec<Tile> {
    let scope = &facts.scope;
    let filled = tiles.iter().filter_map(|tile| {
        if tile.condition.as_ref().is_some_and(|condition| !condition.holds(scope)) {
            return None;
        }
        let (label, value) = (tile.label.words(scope)?, tile.value.words(scope)?);
        let detail = tile.detail.words(scope)?;
        Some((label, value, detail, tile.alert.as_ref().is_some_and(|alert| alert.holds(scope))))
    });
    let tile = |(label, value, detail, alert)| Tile {
        label: desk.say(label),
        value: desk.say(value),
        detail: desk.say(detail),
        alert,
    };
    filled.take(TILES_MAX).map(tile).collect()
}

/// The report's own lines of "Catatan mutu data".
pub(super) async fn notes(
    desk: &Desk<'_>,
    facts: &Facts,
    notes: &[NoteDefinition],
) -> Result<Vec<String>, ReportError> {
    let mut lines = Vec::new();
    for note in notes {
        if note.condition.as_ref().is_some_and(|condition| !condition.holds(&facts.scope)) {
            continue;
        }
        let Some((source, most)) = &note.rows else {
            lines.extend(note.text.words(&facts.scope).map(|words| desk.say(words)));
            continue;
        };
        let answer = desk.ask(desk.inputs.current, &source.query, &facts.parameters).await?;
        answer.require(source.kinds.keys().map(String::as_str))?;
        for row in answer.rows().take(*most) {
            let scope = row_scope(&facts.scope, source, "catatan", row)?;
            lines.extend(note.text.words(&scope).map(|words| desk.say(words)));
        }
    }
    Ok(lines)
}
