//! `lumbung diff`: what was added, removed and changed between two snapshots of a dataset.

mod rows;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::Context;
use super::aside::Aside;
use super::exit::{Code, Failure};
use super::output::OutputFormat;
use crate::contract::{Contract, Dataset, file_schema};
use crate::quality::{DiffError, DiffRequest, Difference, RowDifference, diff};
use crate::warehouse::{AsOf, CommittedFile, RemovedSnapshot, Warehouse};
use rows::RowWriter;

/// What was added, removed and changed between two snapshots
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    lumbung diff omspan.dipa_belanja --from 2026-09-30 --to 2026-10-31 --tahun 2026\n  \
    lumbung diff sipp.p3ke --from 2026-10-01 --to 2026-10-31 --format csv -o perubahan.csv\n  \
    lumbung diff omspan.realisasi_belanja --from 2026-10-30 --to 2026-10-31 --output json")]
pub(crate) struct DiffArgs {
    /// The dataset: SOURCE.DATASET
    dataset: String,
    /// The older snapshot: the newest one up to this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: NaiveDate,
    /// The newer snapshot: the newest one up to this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: NaiveDate,
    /// The columns that tell one row from another [default: the contract's key; where it has none, --whole]
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,…")]
    key: Vec<String>,
    /// Compare rows whole: nothing is changed then, only added and removed
    #[arg(long, conflicts_with = "key")]
    whole: bool,
    /// Only this fiscal year (repeatable)
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(2000..=2100))]
    tahun: Vec<i32>,
    /// Most rows of each kind [default: 10; csv and ndjson: all]
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// table or json (figures and some rows), csv or ndjson (the rows) [default: table; json with --output json]
    #[arg(long, value_enum)]
    format: Option<DiffFormat>,
    /// Write to a file instead of stdout
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How a difference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// Figures, and the first rows, for people.
    Table,
    /// The same, one JSON value a fiscal year.
    Json,
    /// A line for each value of each row that differs.
    Csv,
    /// A JSON value for each row that differs.
    Ndjson,
}

/// Rows of each kind that are shown beside the figures.
const SHOWN: usize = 10;

/// The two snapshots of one fiscal year (of none, where the source has none).
#[derive(Debug, Default)]
struct YearFiles {
    from: Vec<CommittedFile>,
    to: Vec<CommittedFile>,
}

/// The snapshots of each fiscal year.
type Years = BTreeMap<Option<String>, YearFiles>;

/// What differs in one fiscal year.
struct YearDifference {
    year: Option<String>,
    /// The snapshots that were compared.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    found: Difference,
    /// The first rows, where they are shown beside the figures.
    rows: Vec<RowDifference>,
}

/// What is compared, and how.
#[derive(Debug)]
struct Wanted {
    dataset: String,
    /// Empty: rows are compared whole.
    key: Vec<String>,
    columns: Vec<String>,
    rows: usize,
    stop: Arc<AtomicBool>,
}

/// Ends the comparison when nobody waits for it any more: after Ctrl-C.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(crate) async fn run(context: &Context, args: &DiffArgs) -> Result<(), Failure> {
    if args.from > args.to {
        return Err(Failure::usage(format!("--from {} lies after --to {}", args.from, args.to)));
    }
    let format = args.format.unwrap_or(match context.output {
        OutputFormat::Json => DiffFormat::Json,
        OutputFormat::Table => DiffFormat::Table,
    });
    let contracts = context.folder.contracts()?;
    let (contract, dataset) = find(&contracts, &args.dataset)?;
    let wanted = wanted(dataset, args, format)?;
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let years = years(&warehouse, contract, dataset, args)?;
    if years.is_empty() {
        let reason = format!("{} has no snapshot up to {}", args.dataset, args.to);
        return Err(Failure::new(Code::Data, reason).with_hint("`lumbung runs` shows what was loaded when"));
    }
    let (named, out) = (!args.key.is_empty(), args.out.clone());
    let _stop = StopOnDrop(Arc::clone(&wanted.stop));
    // The engine has threads of its own and must not run on the program's.
    let work = tokio::task::spawn_blocking(move || match out {
        None => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let written = emit(&wanted, years, format, &mut out).and_then(|()| Ok(out.flush()?));
            match written {
                // `lumbung diff … | head` closes the pipe: that is a success.
                Err(DiffError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                written => written.map_err(|error| refused(&error, &wanted, named)),
            }
        }
        Some(path) => {
            let mut file = Aside::create(&path)?;
            emit(&wanted, years, format, &mut file).map_err(|error| refused(&error, &wanted, named))?;
            file.publish()
        }
    });
    work.await.map_err(Failure::internal)?
}

/// Compares the snapshots of each year and writes what differs.
fn emit(wanted: &Wanted, years: Years, format: DiffFormat, out: &mut dyn Write) -> Result<(), DiffError> {
    let mut rows = match format {
        DiffFormat::Csv => RowWriter::csv(&wanted.key, out)?,
        DiffFormat::Ndjson => RowWriter::ndjson(&wanted.key, out),
        DiffFormat::Table | DiffFormat::Json => {
            return summaries(wanted, years, format == DiffFormat::Json, out);
        }
    };
    for (year, files) in years {
        compare(&files, wanted, &mut |row| rows.write(year.as_deref(), &row))?;
    }
    Ok(rows.flush()?)
}

/// The figures of each year, and its first rows.
fn summaries(wanted: &Wanted, years: Years, json: bool, out: &mut dyn Write) -> Result<(), DiffError> {
    for (i, (year, files)) in years.into_iter().enumerate() {
        let newest = |files: &[CommittedFile]| files.iter().map(|file| file.snapshot_date).max();
        let (from, to) = (newest(&files.from), newest(&files.to));
        let mut rows = Vec::new();
        let mut keep = |row| {
            rows.push(row);
            Ok(())
        };
        let found = compare(&files, wanted, &mut keep)?;
        let difference = YearDifference { year, from, to, found, rows };
        if json {
            writeln!(out, "{}", summary::as_json(&difference, wanted))?;
        } else {
            let gap = if i > 0 { "\n" } else { "" };
            write!(out, "{gap}{}", summary::as_text(&difference, wanted))?;
        }
    }
    Ok(())
}

fn find<'a>(contracts: &'a [Contract], name: &str) -> Result<(&'a Contract, &'a Dataset), Failure> {
    let all = || contracts.iter().flat_map(|contract| contract.datasets.iter().map(move |d| (contract, d)));
    let full = |(contract, dataset): &(&Contract, &Dataset)| format!("{}.{}", contract.source, dataset.name);
    all().find(|pair| full(pair) == name).ok_or_else(|| {
        let near = |known: &String| strsim::levenshtein(name, known) <= 2.max(name.len() / 4);
        let names: Vec<String> = all().map(|pair| full(&pair)).filter(near).take(3).collect();
        let hint = match names.is_empty() {
            true => "`lumbung status` lists the datasets".to_owned(),
            false => format!("did you mean {}?", names.join(" or ")),
        };
        Failure::usage(format!("no dataset is called {name}; {hint}"))
    })
}

/// What is compared by what. Where a row stood in its answer is no part of it, unless it is asked for.
fn wanted(dataset: &Dataset, args: &DiffArgs, format: DiffFormat) -> Result<Wanted, Failure> {
    let stored: Vec<String> = file_schema(dataset).fields().iter().map(|field| field.name().clone()).collect();
    if let Some(unknown) = args.key.iter().find(|name| !stored.contains(name)) {
        return Err(Failure::usage(format!("unknown column {unknown}; the columns are {}", stored.join(", "))));
    }
    let key = match (args.whole, args.key.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => dataset.row_key(),
        (false, false) => args.key.clone(),
    };
    let of_answer = dataset.answer_columns();
    let is_compared = |name: &String| !of_answer.contains(&name.as_str()) || key.contains(name);
    let rows = args.rows.unwrap_or(match format {
        DiffFormat::Table | DiffFormat::Json => SHOWN,
        DiffFormat::Csv | DiffFormat::Ndjson => usize::MAX,
    });
    let columns = stored.into_iter().filter(is_compared).collect();
    Ok(Wanted { dataset: args.dataset.clone(), key, columns, rows, stop: Arc::default() })
}

fn years(warehouse: &Warehouse, contract: &Contract, dataset: &Dataset, args: &DiffArgs) -> Result<Years, Failure> {
    let own = |file: &CommittedFile| {
        let year = file.partition.get("tahun_anggaran").and_then(|year| year.parse().ok());
        let wanted = args.tahun.is_empty() || year.is_some_and(|year| args.tahun.contains(&year));
        file.dataset.source() == contract.source && file.dataset.dataset() == dataset.name && wanted
    };
    for day in [args.from, args.to] {
        let mut removed = warehouse.removed_snapshots(day)?.into_iter();
        let is_meant =
            |year: &str| args.tahun.is_empty() || args.tahun.iter().any(|wanted| wanted.to_string() == year);
        let own = |gone: &RemovedSnapshot| {
            let year = gone.latest.split_once('=').map_or("", |(_, year)| year);
            gone.dataset.source() == contract.source && gone.dataset.dataset() == dataset.name && is_meant(year)
        };
        if let Some(gone) = removed.find(own) {
            return Err(Failure::new(Code::Data, gone)
                .with_hint("`lumbung sql \"SELECT * FROM ops.snapshots\"` lists what is kept"));
        }
    }
    let mut years = Years::new();
    let year_of = |file: &CommittedFile| file.partition.get("tahun_anggaran").map(str::to_owned);
    for file in warehouse.committed_files(AsOf::Date(args.from))?.into_iter().filter(own) {
        years.entry(year_of(&file)).or_default().from.push(file);
    }
    for file in warehouse.committed_files(AsOf::Date(args.to))?.into_iter().filter(own) {
        years.entry(year_of(&file)).or_default().to.push(file);
    }
    Ok(years)
}

/// Files that both snapshots consist of (data that accumulates, or a day without a newer snapshot) are the same rows.
fn compare(
    files: &YearFiles,
    wanted: &Wanted,
    each: &mut dyn FnMut(RowDifference) -> std::io::Result<()>,
) -> Result<Difference, DiffError> {
    let paths = |files: &[CommittedFile]| files.iter().map(|file| file.path.clone()).collect::<BTreeSet<PathBuf>>();
    let (from, to) = (paths(&files.from), paths(&files.to));
    let only =
        |own: &BTreeSet<PathBuf>, other: &BTreeSet<PathBuf>| own.difference(other).cloned().collect::<Vec<_>>();
    let (own_from, own_to) = (only(&from, &to), only(&to, &from));
    let Wanted { key, columns, rows, stop, .. } = wanted;
    let request = DiffRequest { from: &own_from, to: &own_to, key, columns, rows: *rows, stop };
    let nothing_differs = own_from.is_empty() && own_to.is_empty();
    let mut found = if nothing_differs { Difference::default() } else { diff(&request, each)? };
    let rows: u64 = files.from.iter().filter(|file| to.contains(&file.path)).map(|file| file.rows).sum();
    found.rows_from += rows;
    found.rows_to += rows;
    Ok(found)
}

/// A key that does not hold is the caller's mistake where the caller named it, else the contract's or the data's.
fn refused(error: &DiffError, wanted: &Wanted, named: bool) -> Failure {
    let code = match error {
        DiffError::NoKey { .. } | DiffError::Ambiguous { .. } if named => Code::Usage,
        DiffError::Write(_) => Code::CannotWrite,
        DiffError::Stopped => Code::Interrupted,
        DiffError::NoKey { .. } | DiffError::Ambiguous { .. } | DiffError::Read(_) | DiffError::TooManyRows => {
            Code::Data
        }
    };
    let ambiguous = matches!(error, DiffError::Ambiguous { .. });
    let failure = Failure::new(code, format!("{}: {error}", wanted.dataset));
    match ambiguous {
        true => failure.with_hint("--key a,b names further columns; --whole compares rows as they are"),
        false => failure,
    }
}
