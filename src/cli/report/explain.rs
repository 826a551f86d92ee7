//! `lumbung explain`: a figure of a recorded edition, back to its query, its row, its snapshots and the source's own pages.

mod output;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args;

use super::ground::{Ground, below, is_read};
use super::{bound, compose_for, recorded, verify};
use crate::catalog::Below;
use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::report::record::{Grounds, Manifest, MomentRecord, RECIPIENTS, recipients_of};
use crate::report::{Amount, Parameter, PrintedFigure, QueryFile, Session};
use crate::warehouse::{EditionRecord, PinnedFile, RunId, Warehouse};
use witness::{Seen, Witness};

/// Where a figure of a recorded edition comes from: query, row, snapshots, source pages
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung explain serapan-anggaran-2026-10-31 figures.serapan_anggaran_total.serapan\n  \
    lumbung explain serapan-anggaran-2026-10-31 eselon1.05601.serapan --output json\n\n\
    The id of a figure stands in the HTML (data-figure) and in `lumbung report diff`."
)]
pub(crate) struct ExplainArgs {
    /// The edition; EDITION/NUMBER for an earlier record of it
    edition: String,
    /// The figure's id, `section.row.column`
    figure: String,
}

/// Where a figure comes from.
pub(super) struct Explanation {
    edition: String,
    number: u32,
    figure: PrintedFigure,
    /// How it came about, where it is not simply a cell of a row.
    how: Option<String>,
    /// Why it is not the recorded value that comes out today, or cannot come out.
    problems: Vec<String>,
    query: Option<QueryFile>,
    sha256: Option<String>,
    parameters: Vec<(String, String)>,
    /// The row as it comes now from the recorded snapshots: key column first.
    row: Vec<(String, String)>,
    key: Option<(String, String)>,
    /// The figure's own cell.
    now: Option<String>,
    /// The committed columns that the column is computed from.
    made_of: Vec<String>,
    /// The views and data tests below the query, each with its hash.
    views: Vec<(String, String)>,
    files: Vec<PinnedFile>,
    pages: Vec<Page>,
}

/// A page of the source.
struct Page {
    dataset: String,
    run: String,
    window: String,
    page: u32,
    sha256: String,
    rows: u64,
    /// Where the archive has it, relative to the raw pages.
    raw: Option<String>,
}

pub(crate) async fn run(context: &Context, args: &ExplainArgs) -> Result<(), Failure> {
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let record = recorded::find(&warehouse, &args.edition)?;
    let (manifest, grounds) = recorded::read(&warehouse, &record)?;
    let Some(figure) = manifest.figure(&args.figure) else {
        let near = manifest.nearest_figure(&args.figure);
        let message = format!("{}/{} has no figure {}{near}", record.edition, record.number, args.figure);
        return Err(Failure::usage(message).with_hint("the HTML has the ids as data-figure"));
    };
    let explained =
        Explainer { context, warehouse: &warehouse, record: &record, manifest: &manifest, grounds: &grounds };
    output::show(context, &explained.explain(figure).await?)
}

struct Explainer<'a> {
    context: &'a Context,
    warehouse: &'a Warehouse,
    record: &'a EditionRecord,
    manifest: &'a Manifest,
    grounds: &'a Grounds,
}

impl Explainer<'_> {
    async fn explain(&self, figure: &PrintedFigure) -> Result<Explanation, Failure> {
        let mut explanation = Explanation {
            edition: self.record.edition.clone(),
            number: self.record.number,
            figure: figure.clone(),
            how: None,
            problems: Vec::new(),
            query: None,
            sha256: None,
            parameters: Vec::new(),
            row: Vec::new(),
            key: None,
            now: None,
            made_of: Vec::new(),
            views: Vec::new(),
            files: Vec::new(),
            pages: Vec::new(),
        };
        if figure.query.is_empty() {
            let section = figure.id.split('.').next().unwrap_or_default();
            explanation.how = Some(match section {
                "definition" => {
                    format!("{} stands in the definition, {}", figure.column, self.grounds.definition.name)
                }
                _ => "the report counts it itself".to_owned(),
            });
            return Ok(explanation);
        }
        let (moment, before) = self.moment(figure);
        explanation.problems.extend(verify::files(self.warehouse, moment)?);
        let ground = Arc::new(Ground::recorded(self.warehouse, self.grounds)?);
        let Some(query) = ground.query(&figure.query) else {
            explanation.problems.push(format!("the recorded definition has no query {}", figure.query));
            return Ok(explanation);
        };
        let below = below(&ground.views, std::slice::from_ref(&query))?;
        self.stands_on(&mut explanation, moment, &below);
        if explanation.problems.is_empty() {
            self.ask_again(&mut explanation, &ground, (&query, before)).await?;
        }
        explanation.sha256 = self.grounds.queries.get(&query.name).cloned();
        explanation.query = Some(query);
        self.pages(&mut explanation)?;
        Ok(explanation)
    }

    /// The snapshots that the figure comes from: those of the edition, or of the previous one.
    fn moment(&self, figure: &PrintedFigure) -> (&MomentRecord, bool) {
        let is_old = figure.id.starts_with("lalu.") || figure.id.ends_with(".lama");
        match &self.grounds.previous {
            Some(previous) if is_old => (previous, true),
            _ => (&self.grounds.current, false),
        }
    }

    /// The views and files below the query.
    fn stands_on(&self, explanation: &mut Explanation, moment: &MomentRecord, below: &Below) {
        let hash = |name: &String| Some((name.clone(), self.grounds.views.get(name)?.clone()));
        explanation.views = below.sql.keys().filter_map(hash).collect();
        let is_read = |file: &&PinnedFile| is_read(&below.tables, &file.dataset, file.latest);
        explanation.files = moment.read().filter(is_read).cloned().collect();
    }

    /// Composes the edition again and listens to what is asked and answered.
    async fn ask_again(
        &self,
        explanation: &mut Explanation,
        ground: &Arc<Ground>,
        (query, before): (&QueryFile, bool),
    ) -> Result<(), Failure> {
        let (current, previous) = ground.snapshots(self.context, self.warehouse)?;
        let (current, previous) = (Witness::new(current), previous.map(Witness::new));
        let sessions = (Session::new(&current), previous.as_ref().map(|witness| Session::new(witness)));
        let recipients = self.warehouse.edition_part(self.record, RECIPIENTS).ok();
        let recipients = recipients.and_then(|bytes| recipients_of(&bytes)).unwrap_or_default();
        let inputs = ground.inputs(&sessions.0, sessions.1.as_ref());
        let composed = compose_for(ground, &inputs, self.manifest.audience(recipients)).await?;
        let id = &explanation.figure.id;
        match composed.edition.figures.iter().find(|figure| figure.id == *id) {
            Some(same) if same.value == explanation.figure.value => {}
            Some(other) => explanation.problems.push(format!("today it comes out as {}", other.value)),
            None => explanation.problems.push("today it does not come out any more".to_owned()),
        }
        let witness = if before { previous.as_ref().unwrap_or(&current) } else { &current };
        let Some(seen) = witness.seen(&query.sql) else { return Ok(()) };
        explanation.parameters = seen.parameters.iter().map(|(name, value)| (name.clone(), word(value))).collect();
        let column = explanation.figure.column.clone();
        let share = ground.definition.share_of(&query.name, &column);
        let burst = ground.definition.burst.as_ref();
        let own =
            burst.and_then(|burst| Some((burst.key.as_str(), self.manifest.parameters.get(&burst.key)?.as_str())));
        row(explanation, ground, (&seen, own), share);
        let columns = share.map_or_else(|| vec![column.as_str()], |(part, whole)| vec![part, whole]);
        let mut made_of = BTreeSet::new();
        for column in columns {
            made_of.extend(witness.catalog().made_of(&query.sql, &bound(&seen.parameters), column).await?);
        }
        explanation.made_of = made_of.into_iter().collect();
        Ok(())
    }

    /// The pages that the files were decoded from; only those of datasets that the column is computed from, where that is known.
    fn pages(&self, explanation: &mut Explanation) -> Result<(), Failure> {
        let tables: BTreeSet<&str> =
            explanation.made_of.iter().filter_map(|column| column.rsplit_once('.')).map(|(table, _)| table).collect();
        let matters = |file: &&PinnedFile| {
            let history = format!("history.{}", file.dataset.replacen('.', "_", 1));
            tables.is_empty() || tables.contains(file.dataset.as_str()) || tables.contains(history.as_str())
        };
        let mut done: BTreeSet<RunId> = BTreeSet::new();
        for file in explanation.files.iter().filter(matters) {
            let (run, partition) = (file.run.parse()?, file.partition.parse()?);
            for run in self.warehouse.carried_runs(&run, &partition)? {
                if !done.insert(run.clone()) {
                    continue;
                }
                let Some(detail) = self.warehouse.run(&run)? else { continue };
                let last = detail.pages.iter().map(|page| page.attempt).max();
                let own = detail.pages.into_iter().filter(|page| Some(page.attempt) == last);
                explanation.pages.extend(own.map(|recorded| Page {
                    dataset: file.dataset.clone(),
                    run: run.to_string(),
                    window: recorded.page.window,
                    page: recorded.page.page,
                    sha256: recorded.page.sha256,
                    rows: recorded.page.rows,
                    raw: recorded.page.raw.map(|raw| raw.file),
                }));
            }
        }
        Ok(())
    }
}

/// The column and value that tell a recipient's own rows.
type Own<'a> = Option<(&'a str, &'a str)>;

/// A bound value in words.
fn word(value: &Parameter) -> String {
    match value {
        Parameter::Null => "NULL".to_owned(),
        Parameter::Text(text) => text.clone(),
        Parameter::Decimal(unscaled, scale) => Amount::new(*unscaled, *scale).to_string(),
        Parameter::Date(date) => date.to_string(),
    }
}

/// The row of the figure, or how it came about where no single row holds it.
fn row(explanation: &mut Explanation, ground: &Ground, (seen, own): (&Seen, Own<'_>), share: Option<(&str, &str)>) {
    let figure = &explanation.figure;
    let rows: Vec<BTreeMap<String, String>> = seen.rows(own);
    let key = ground.definition.key_column(&figure.query);
    let found = match key {
        Some(key) => rows.iter().find(|row| row.get(key).is_some_and(|cell| cell.trim() == figure.row)),
        None => rows.first(),
    };
    if let Some((part, whole)) = share {
        explanation.how = Some(format!("the report computes it: {part} as a share of {whole}, in percent"));
    } else if figure.id.ends_with(".selisih") {
        explanation.how = Some("the report computes it: the present figure less the previous one".to_owned());
    }
    match found {
        Some(found) => {
            // What the report computes stands in no cell, even where one has its name.
            let is_cell = explanation.how.is_none();
            explanation.now = found.get(&figure.column).filter(|_| is_cell).cloned();
            explanation.key = key.map(|key| (key.to_owned(), figure.row.clone()));
            let names = seen.columns();
            explanation.row =
                names.into_iter().filter_map(|name| found.get(&name).cloned().map(|cell| (name, cell))).collect();
        }
        None if figure.row == "jumlah" || figure.row == "lainnya" => {
            let which = if figure.row == "jumlah" { "all" } else { "those beyond the table's limit" };
            let sum = format!("a sum of the query's {} rows ({which})", rows.len());
            explanation.how = Some(
                explanation
                    .how
                    .take()
                    .map_or_else(|| format!("the report computes it: {sum}"), |how| format!("{how}; {sum}")),
            );
        }
        None => explanation.problems.push(format!("today the query gives no row {}", figure.row)),
    }
}
