//! `lumbung report diff`: what changed from one recorded edition to another.

use clap::Args;
use serde_json::{Value, json};

use super::recorded;
use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::output::{OutputFormat, Table, grouped, print, print_json};
use crate::report::PrintedFigure;
use crate::report::record::{Difference, difference};
use crate::warehouse::Warehouse;

/// What changed from one recorded edition to another
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung report diff serapan-anggaran-2026-09-30 serapan-anggaran-2026-10-31\n  \
    lumbung report diff kartu-satker-2026-10-31-431001/1 kartu-satker-2026-10-31-431001/2 --output json\n\n\
    Figures are compared unrounded, by their ids; an id that is new or gone is told."
)]
pub(super) struct DiffArgs {
    /// The older edition; EDITION/NUMBER for one of its records
    a: String,
    /// The newer edition
    b: String,
}

pub(super) fn run(context: &Context, args: &DiffArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let manifest = |name: &str| -> Result<_, Failure> {
        let record = recorded::find(&warehouse, name)?;
        Ok(recorded::read(&warehouse, &record)?.0)
    };
    let (old, new) = (manifest(&args.a)?, manifest(&args.b)?);
    if old.report != new.report {
        return Err(Failure::usage(format!("{} and {} are editions of different reports", args.a, args.b)));
    }
    let found = difference(&old, &new);
    match context.output {
        OutputFormat::Json => as_json(&found),
        OutputFormat::Table => as_tables(&found),
    }
}

fn as_json(found: &Difference) -> Result<(), Failure> {
    let side = |figure: &Option<PrintedFigure>| -> Value {
        figure.as_ref().map_or(Value::Null, |figure| json!({ "value": figure.value, "text": figure.text }))
    };
    for change in &found.figures {
        let unit = change.new.as_ref().or(change.old.as_ref()).map(|figure| &figure.unit);
        print_json(&json!({
            "figure": change.id, "unit": unit, "old": side(&change.old), "new": side(&change.new),
            "difference": change.difference, "words": change.words,
        }))?;
    }
    found
        .sentences
        .iter()
        .try_for_each(|change| print_json(&json!({ "sentence": change.place, "old": change.old, "new": change.new })))
}

fn as_tables(found: &Difference) -> Result<(), Failure> {
    let mut figures = Table::new(&["figure", ">old", ">new", ">difference"]);
    let text = |figure: &Option<PrintedFigure>, none: &str| {
        figure.as_ref().map_or_else(|| none.to_owned(), |figure| figure.text.clone())
    };
    for change in &found.figures {
        figures.row(vec![
            change.id.clone(),
            text(&change.old, "(new)"),
            text(&change.new, "(gone)"),
            change.words.clone().unwrap_or_default(),
        ]);
    }
    let mut sentences = String::new();
    for change in &found.sentences {
        let line = |mark: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("  {mark} {text}\n")).unwrap_or_default()
        };
        sentences.push_str(&format!("{}\n{}{}", change.place, line("-", &change.old), line("+", &change.new)));
    }
    let same = format!("{} figures are the same", grouped(found.same as u64));
    print(&format!(
        "{}{same}\n\n{sentences}",
        if found.figures.is_empty() { String::new() } else { figures.render() }
    ))
}
