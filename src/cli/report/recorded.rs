//! Recording editions when they are sent, and finding them again.

use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::report::record::{Grounds, Manifest, Part, json, manifest, parts, recipients_part, sha256, why};
use crate::warehouse::{EditionFilter, EditionRecord, NewEdition, Warehouse};

use super::Composed;

/// Records `composed`, all or none, as they are about to be sent: exact bytes of every part, and what they stand on. One that is
/// recorded already with the same bytes stays as it is. Rendering records nothing.
///
/// The warehouse was opened to write.
pub(crate) fn record(
    context: &Context,
    warehouse: &Warehouse,
    composed: &[Composed],
) -> Result<Vec<EditionRecord>, Failure> {
    let Some(first) = composed.first() else { return Ok(Vec::new()) };
    let (grounds, mut objects) = first.ground.write_down(warehouse)?;
    let written = json(&grounds);
    let hash = sha256(&written);
    objects.push(written);
    let mut all: Vec<(Manifest, Vec<Part>)> = Vec::with_capacity(composed.len());
    for one in composed {
        let mut parts = parts(&one.edition, &one.messages);
        parts.push(recipients_part(&one.audience.recipients));
        let whose = (&one.edition, &one.audience);
        all.push((manifest(whose, &one.ground.definition, &one.messages, (&parts, &hash)), parts));
    }
    let mut editions = Vec::with_capacity(all.len());
    for (manifest, parts) in &all {
        let earlier = newest(warehouse, &manifest.edition)?;
        let earlier = earlier.map(|record| read(warehouse, &record)).transpose()?;
        editions.push(NewEdition {
            edition: manifest.edition.clone(),
            report: manifest.report.clone(),
            variant: manifest.variant.clone(),
            period: manifest.period,
            day: grounds.day,
            made_at: grounds.now,
            program: manifest.program.clone(),
            definition_version: manifest.definition_version,
            manifest: json(manifest),
            parts: parts.iter().map(|part| (part.name.clone(), part.bytes.as_slice())).collect(),
            reason: earlier.map(|(old, before)| why((&old, &before), (manifest, &grounds))),
        });
    }
    let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
    Ok(warehouse.record_editions(&editions, &objects, context.clock.now())?)
}

fn newest(warehouse: &Warehouse, edition: &str) -> Result<Option<EditionRecord>, Failure> {
    let filter = EditionFilter { edition: Some(edition), limit: Some(1), ..EditionFilter::default() };
    Ok(warehouse.editions(&filter)?.pop())
}

/// The record called `name`: `<edition>` for its newest, `<edition>/<number>` for one of them.
pub(super) fn find(warehouse: &Warehouse, name: &str) -> Result<EditionRecord, Failure> {
    let (edition, number) = match name.split_once('/') {
        Some((edition, number)) => (edition, Some(number)),
        None => (name, None),
    };
    let filter = EditionFilter { edition: Some(edition), ..EditionFilter::default() };
    let records = warehouse.editions(&filter)?;
    let mut found =
        records.into_iter().filter(|record| number.is_none_or(|wanted| record.number.to_string() == wanted));
    found.next().ok_or_else(|| {
        Failure::usage(format!("no edition {name} is recorded")).with_hint("lumbung report editions lists them")
    })
}

/// The manifest and the grounds of a record.
pub(super) fn read(warehouse: &Warehouse, record: &EditionRecord) -> Result<(Manifest, Grounds), Failure> {
    let unreadable = |what: &str| {
        let edition = format!("{} of {}/{}", what, record.edition, record.number);
        move |error: String| Failure::new(Code::Data, format!("cannot read {edition}: {error}"))
    };
    let manifest = Manifest::read(&warehouse.edition_manifest(record)?).map_err(unreadable("the manifest"))?;
    let grounds = Grounds::read(&warehouse.edition_object(&manifest.grounds)?).map_err(unreadable("the grounds"))?;
    Ok((manifest, grounds))
}
