//! `lumbung report editions` and `show`: what was recorded, and the exact bytes of any part.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::recorded;
use crate::cli::Context;
use crate::cli::aside::{Aside, cannot_write};
use crate::cli::exit::{Code, Failure};
use crate::cli::output::{OutputFormat, Table, grouped, print, print_bytes, print_json};
use crate::report::record::{Grounds, Manifest, PartRecord, RECIPIENTS};
use crate::warehouse::{EditionFilter, EditionRecord, Warehouse};

/// The editions that were recorded when they were sent
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung report editions\n  lumbung report editions kartu-satker --limit 500 --output json"
)]
pub(super) struct EditionsArgs {
    /// Only of this report
    report: Option<String>,
    /// At most so many, newest first
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// One recorded edition: what it is, or the bytes of one part
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung report show serapan-anggaran-2026-10-31\n  \
    lumbung report show serapan-anggaran-2026-10-31 --part html -o edition.html\n  \
    lumbung report show serapan-anggaran-2026-10-31/1 --part 1.eml")]
pub(super) struct ShowArgs {
    /// The edition; EDITION/NUMBER for an earlier record of it
    edition: String,
    /// The part whose bytes are wanted: html, txt, eml, png, …, or a name of the list
    #[arg(long)]
    part: Option<String>,
    /// Write the part to a file instead of stdout
    #[arg(short = 'o', long = "out", value_name = "FILE", requires = "part")]
    out: Option<PathBuf>,
}

pub(super) fn editions(context: &Context, args: &EditionsArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let report = args.report.as_deref();
    let records =
        warehouse.editions(&EditionFilter { report, limit: Some(args.limit), ..EditionFilter::default() })?;
    if context.output == OutputFormat::Json {
        return records.iter().try_for_each(|record| print_json(&as_json(record)));
    }
    let mut table =
        Table::new(&["edition", ">number", "period", "snapshots of", "made at", ">parts", ">bytes", "reason"]);
    for record in records {
        table.row(vec![
            record.edition,
            record.number.to_string(),
            record.period.to_string(),
            record.day.to_string(),
            record.made_at.to_rfc3339(),
            grouped(record.parts),
            grouped(record.bytes),
            record.reason.unwrap_or_default(),
        ]);
    }
    print(&table.render())
}

fn as_json(record: &EditionRecord) -> Value {
    json!({
        "edition": record.edition, "number": record.number, "report": record.report, "variant": record.variant,
        "period": record.period.to_string(), "day": record.day.to_string(), "made_at": record.made_at.to_rfc3339(),
        "recorded_at": record.recorded_at.to_rfc3339(), "program": record.program,
        "definition_version": record.definition_version, "parts": record.parts, "bytes": record.bytes,
        "manifest_sha256": record.manifest_sha256, "reason": record.reason,
    })
}

pub(super) fn show(context: &Context, args: &ShowArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let record = recorded::find(&warehouse, &args.edition)?;
    let (manifest, grounds) = recorded::read(&warehouse, &record)?;
    let Some(wanted) = &args.part else { return describe(context, &record, &manifest, &grounds) };
    let part = part(&manifest, wanted)?;
    let bytes = warehouse.edition_part(&record, &part.name)?;
    if !part.holds(&bytes) {
        let name = format!("{} of {}/{}", part.name, record.edition, record.number);
        return Err(Failure::new(Code::Data, format!("{name} was changed after it was recorded"))
            .with_hint("take it from a backup, or from the delivery of the same message"));
    }
    let Some(path) = &args.out else { return print_bytes(&bytes) };
    let mut file = Aside::create(path)?;
    std::io::Write::write_all(&mut file, &bytes).map_err(|error| cannot_write(path, &error))?;
    file.publish()
}

/// The part called `wanted`, or the only one of that kind.
fn part<'a>(manifest: &'a Manifest, wanted: &str) -> Result<&'a PartRecord, Failure> {
    let shown: Vec<&PartRecord> = manifest.parts.iter().filter(|part| part.name != RECIPIENTS).collect();
    if let Some(exact) = shown.iter().copied().find(|part| part.name == wanted) {
        return Ok(exact);
    }
    let of_kind: Vec<&PartRecord> = shown.iter().filter(|part| part.kind() == wanted).copied().collect();
    let names = |parts: &[&PartRecord]| parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(", ");
    match of_kind.as_slice() {
        [only] => Ok(*only),
        [] => Err(Failure::usage(format!("it has no part {wanted}; it has {}", names(&shown)))),
        [first, .., last] => {
            let message = format!("it has {} parts {wanted}: {} to {}", of_kind.len(), first.name, last.name);
            Err(Failure::usage(message).with_hint("name one of them"))
        }
    }
}

fn describe(
    context: &Context,
    record: &EditionRecord,
    manifest: &Manifest,
    grounds: &Grounds,
) -> Result<(), Failure> {
    let parts: Vec<&PartRecord> = manifest.parts.iter().filter(|part| part.name != RECIPIENTS).collect();
    if context.output == OutputFormat::Json {
        let mut value = as_json(record);
        value["subject"] = json!(manifest.subject);
        value["stale"] = json!(manifest.stale);
        value["figures"] = json!(manifest.figures.len());
        value["messages"] = json!(manifest.messages);
        value["parts"] = json!(parts);
        value["previous"] = json!(grounds.previous.as_ref().and_then(|previous| previous.edition.as_ref()));
        value["snapshots"] = json!(grounds.current.read().collect::<Vec<_>>());
        return print_json(&value);
    }
    let mut files = Table::new(&["part", ">bytes", "sha256"]);
    for part in parts {
        files.row(vec![part.name.clone(), grouped(part.bytes), part.sha256.clone()]);
    }
    let mut snapshots = Table::new(&["dataset", "partition", "run", ">rows", "sha256"]);
    for file in grounds.current.read() {
        let sha256 = file.sha256.as_deref().unwrap_or_default();
        snapshots.row(vec![
            file.dataset.clone(),
            file.partition.clone(),
            file.run.clone(),
            grouped(file.rows),
            sha256.chars().take(12).collect(),
        ]);
    }
    let previous = match &grounds.previous {
        None => "nothing".to_owned(),
        Some(previous) => match (&previous.edition, previous.day) {
            (Some(edition), _) => format!("the edition {edition}"),
            (None, Some(day)) => format!("the snapshots of {day}"),
            (None, None) => "older snapshots".to_owned(),
        },
    };
    let reason = record.reason.as_ref().map(|reason| format!("reason        {reason}\n")).unwrap_or_default();
    print(&format!(
        "{}/{}\nsubject       {}\nsnapshots of  {}\nmade at       {}\nby            lumbung {}, definition version {}\n\
         compared with {previous}\nfigures       {}\nmessages      {}\n{reason}\n{}\n{}",
        record.edition,
        record.number,
        manifest.subject,
        record.day,
        record.made_at.to_rfc3339(),
        record.program,
        record.definition_version,
        manifest.figures.len(),
        manifest.messages.len(),
        files.render(),
        snapshots.render()
    ))
}
