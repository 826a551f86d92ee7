//! `lumbung reference`: which reference tables there are, and importing official lists into them.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::{Context, marts};
use crate::reference::import::{self, ImportError, ImportReport, ImportRequest, ImportStatus};
use crate::reference::{REF, Reference, ReferenceTable, TableDefinition};
use crate::warehouse::{AsOf, CommittedFile, ErrorKind, Warehouse};

/// Reference tables: which there are, and importing official lists
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lumbung reference list\n  lumbung reference import wilayah wilayah.csv --dry-run\n  \
    lumbung reference import kbli kbli_2020.csv\n  lumbung sql \"SELECT * FROM ref.wilayah WHERE level = 'provinsi'\""
)]
pub(crate) struct ReferenceArgs {
    #[command(subcommand)]
    command: ReferenceCommand,
}

#[derive(Debug, Subcommand)]
enum ReferenceCommand {
    /// Every table: its rows, where they come from, since when
    #[command(after_help = "Examples:\n  lumbung reference list\n  lumbung reference list --output json")]
    List,
    /// Check a CSV file and make it the table's content
    Import(ImportArgs),
}

/// Check a CSV file and make it the table's content
#[derive(Debug, Args)]
#[command(after_help = "The file is UTF-8 with a header line; config/reference/NAME.toml says which columns it may \
    have and under which names.\nA file with problems changes nothing: the first 20 are listed and all counted.\n\n\
    Examples:\n  lumbung reference import wilayah wilayah.csv --dry-run\n  lumbung reference import wilayah wilayah.csv\n  \
    lumbung reference import satker satker_2025.csv --date 2025-01-01 --output json")]
struct ImportArgs {
    /// The table, e.g. wilayah
    #[arg(value_name = "NAME")]
    name: String,
    /// The CSV file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The day from which the list holds [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// Only check the file
    #[arg(long)]
    dry_run: bool,
    /// Publish even when the list is much shorter than before
    #[arg(long)]
    accept_shrink: bool,
    /// Leave the materialised marts as they are
    #[arg(long)]
    no_marts: bool,
}

pub(crate) async fn run(context: &Context, args: &ReferenceArgs) -> Result<(), Failure> {
    match &args.command {
        ReferenceCommand::List => list(context),
        ReferenceCommand::Import(args) => import(context, args).await,
    }
}

async fn import(context: &Context, args: &ImportArgs) -> Result<(), Failure> {
    let today = context.clock.today(context.config.deployment.timezone);
    let date = args.date.unwrap_or(today);
    if date > today {
        return Err(Failure::usage(format!("--date {date} lies in the future (today is {today})")));
    }
    // Another table's broken rows are no reason not to import this one.
    let (reference, problems) = Reference::load_what_is_good(&context.folder);
    let name = args.name.strip_prefix("ref.").unwrap_or(&args.name);
    let Some(table) = reference.table(name) else {
        if !problems.0.is_empty() {
            return Err(problems.into());
        }
        let known = reference.names().join(", ");
        return Err(Failure::usage(format!("unknown reference table {name}; known: {known}")));
    };
    // The whole program is one async task; reading, checking and recounting would hold up its interrupt.
    match tokio::task::block_in_place(|| attempt(context, args, &table.definition, date)) {
        Ok(report) => {
            print_report(context, &report)?;
            if report.status == ImportStatus::Committed && !args.no_marts {
                let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
                marts::after_commit(context, &warehouse).await;
            }
            Ok(())
        }
        Err(failed) => {
            if context.output == OutputFormat::Json {
                print_json(&failed.as_json(name))?;
            }
            Err(failed.into())
        }
    }
}

fn attempt(
    context: &Context,
    args: &ImportArgs,
    definition: &TableDefinition,
    date: NaiveDate,
) -> Result<ImportReport, ImportError> {
    if args.dry_run {
        return import::check_file(definition, &args.file);
    }
    let at = context.clock.now();
    let warehouse = Warehouse::open(&context.warehouse, at)?;
    let request = ImportRequest { file: &args.file, date, accept_shrink: args.accept_shrink, at };
    import::import(&warehouse, definition, &request)
}

impl ImportError {
    /// The JSON line of an import that failed: what a failed snapshot prints.
    fn as_json(&self, name: &str) -> Value {
        let (status, run, rows) = match self {
            Self::Shrunk { run, rows, .. } => ("held", Some(run.to_string()), *rows),
            _ => ("failed", None, 0),
        };
        json!({ "source": REF, "dataset": name, "run": run, "status": status, "rows": rows, "error": self.to_string() })
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::File { .. } => Self::usage(error),
            ImportError::TooLarge { .. } | ImportError::Refused(_) | ImportError::Shrunk { .. } => {
                Self::new(Code::Data, error)
            }
            ImportError::Warehouse(error) => error.into(),
        }
    }
}

fn print_report(context: &Context, report: &ImportReport) -> Result<(), Failure> {
    let run = report.run.as_ref().map(ToString::to_string);
    if context.output == OutputFormat::Json {
        let millis = u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX);
        return print_json(&json!({
            "source": report.dataset.source(),
            "dataset": report.dataset.dataset(),
            "run": run,
            "status": report.status.word(),
            "rows": report.rows,
            "quarantined": 0,
            "pages": 1,
            "bytes": report.bytes,
            "control": {},
            "seconds": millis as f64 / 1_000.0,
            "path": report.path.as_ref().map(|path| path.display().to_string()),
            "orphans": report.orphans,
        }));
    }
    let mut table = Table::new(&["table", "status", ">rows", ">without parent", "run"]);
    table.row(vec![
        report.dataset.to_string(),
        report.status.word().to_owned(),
        grouped(report.rows),
        grouped(report.orphans),
        run.unwrap_or_default(),
    ]);
    print(&table.render())
}

/// What counts of a table now.
struct Told<'a> {
    table: &'a ReferenceTable,
    import: Option<&'a CommittedFile>,
}

impl Told<'_> {
    fn rows(&self) -> u64 {
        self.import.map_or(self.table.batch.num_rows() as u64, |file| file.rows)
    }

    fn origin(&self) -> &'static str {
        if self.import.is_some() { "import" } else { self.table.origin.word() }
    }

    fn date(&self) -> Option<String> {
        self.import.map(|file| file.snapshot_date.to_string())
    }

    fn run(&self) -> Option<String> {
        self.import.map(|file| file.run.to_string())
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let reference = Reference::load(&context.folder)?;
    let files = match Warehouse::open_for_reading(&context.warehouse) {
        Ok(warehouse) => warehouse.committed_files(AsOf::Latest)?,
        // Without a warehouse nothing was imported.
        Err(error) if error.kind() == ErrorKind::NoWarehouse => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut shown = Table::new(&["table", ">rows", "from", "since", "run", "lists"]);
    for table in &reference.tables {
        let definition = &table.definition;
        let own = |file: &&CommittedFile| file.dataset.source() == REF && file.dataset.dataset() == definition.name;
        let told = Told { table, import: files.iter().find(own) };
        let name = format!("{REF}.{}", definition.name);
        if context.output == OutputFormat::Json {
            print_json(&json!({
                "table": name, "title": definition.title, "rows": told.rows(), "from": told.origin(),
                "date": told.date(), "run": told.run(), "source": definition.source, "licence": definition.licence,
            }))?;
        } else {
            let (date, run) = (told.date().unwrap_or_default(), told.run().unwrap_or_default());
            let rows = grouped(told.rows());
            shown.row(vec![name, rows, told.origin().to_owned(), date, run, definition.title.clone()]);
        }
    }
    if context.output == OutputFormat::Table { print(&shown.render()) } else { Ok(()) }
}
