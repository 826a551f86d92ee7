//! `lumbung sql`: read-only SQL over the snapshots and views.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::aside::Aside;
use super::exit::{Code, Failure};
use super::output::{OutputFormat, print};
use super::{Context, session, shell};
use crate::catalog::{self, Catalog, Format, QueryResult};
use crate::warehouse::{AsOf, Warehouse};

/// Run read-only SQL over the snapshots and views
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung sql \"SELECT * FROM mart.serapan_eselon1\"\n  \
    lumbung sql -f query.sql --format csv -o result.csv\n  \
    lumbung sql \"SELECT count(*) FROM omspan.realisasi_belanja\" --as-of 2026-10-31\n  \
    lumbung sql \"SHOW TABLES\"\n  \
    lumbung sql        (a shell, on a terminal)")]
pub(crate) struct SqlArgs {
    /// The query [default: a shell on a terminal, else standard input]
    query: Option<String>,
    /// Read the query from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "query")]
    file: Option<PathBuf>,
    /// table, csv, json, ndjson, parquet, xlsx or markdown [default: table; json with --output json]
    #[arg(long)]
    format: Option<String>,
    /// Write the result to a file instead of stdout
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// The snapshots as they were on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// Have the heavy parts computed by this cluster, e.g. df://localhost:50050 (docs/cluster.md)
    #[arg(long, value_name = "URL")]
    cluster: Option<String>,
    /// Shell: remember nothing of what is typed
    #[arg(long)]
    no_history: bool,
}

impl SqlArgs {
    /// Whether somebody sits at a terminal and named no query. The shell sees to Ctrl-C itself.
    pub(crate) fn opens_a_shell(&self) -> bool {
        let at_a_terminal = || std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        self.query.is_none() && self.file.is_none() && at_a_terminal()
    }
}

/// Longest query read from a file or standard input, in bytes.
const QUERY_BYTES_MAX: u64 = 1 << 20;

pub(crate) async fn run(context: &Context, args: &SqlArgs) -> Result<(), Failure> {
    let format: Format = match &args.format {
        Some(name) => name.parse()?,
        None if context.output == OutputFormat::Json => Format::Json,
        None => Format::Table,
    };
    if format.is_binary() && args.out.is_none() && std::io::stdout().is_terminal() {
        return Err(Failure::usage(format!("{format} is not for a terminal: name a file with -o")));
    }
    let context = &Context { cluster: args.cluster.clone(), ..context.clone() };
    let as_of = args.as_of.map_or(AsOf::Latest, AsOf::Date);
    if args.opens_a_shell() {
        let start = shell::Start { as_of, format, out: args.out.clone(), history: !args.no_history };
        return shell::run(context, start).await;
    }
    let query = query(args)?;
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let catalog = session::open(context, &warehouse, as_of)?;
    match &args.out {
        None => to_stdout(&catalog, &query, format).await,
        Some(path) => to_file(&catalog, &query, format, path).await,
    }
}

fn query(args: &SqlArgs) -> Result<String, Failure> {
    let read = |source: &mut dyn Read, name: &str| {
        let mut text = String::new();
        source
            .take(QUERY_BYTES_MAX + 1)
            .read_to_string(&mut text)
            .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
        if text.len() as u64 > QUERY_BYTES_MAX {
            return Err(Failure::usage(format!("{name} is longer than {QUERY_BYTES_MAX} bytes")));
        }
        Ok(text)
    };
    let text = match (&args.query, &args.file) {
        (Some(query), _) => query.clone(),
        (None, Some(path)) => {
            let name = path.display().to_string();
            let mut file = std::fs::File::open(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
            read(&mut file, &name)?
        }
        (None, None) if std::io::stdin().is_terminal() => {
            return Err(Failure::usage("no query").with_hint("lumbung sql \"SELECT 1\", or -f FILE, or by a pipe"));
        }
        (None, None) => read(&mut std::io::stdin(), "standard input")?,
    };
    if text.trim().is_empty() { Err(Failure::usage("the query is empty")) } else { Ok(text) }
}

/// The result as it comes; a pipe that closes (`| head`) ends it without complaint.
async fn to_stdout(catalog: &Catalog, query: &str, format: Format) -> Result<(), Failure> {
    let result = catalog.query_read_only(query).await?;
    let mut buffer = Vec::new();
    catalog::format::write(result, format, &mut buffer).await?;
    match String::from_utf8(buffer) {
        Ok(text) => print(&text),
        Err(bytes) => {
            let mut out = std::io::stdout().lock();
            out.write_all(bytes.as_bytes())
                .and_then(|()| out.flush())
                .map_err(|error| Failure::new(Code::CannotWrite, format!("cannot write to stdout: {error}")))
        }
    }
}

/// The result in a file that appears when it is whole.
async fn to_file(catalog: &Catalog, query: &str, format: Format, path: &Path) -> Result<(), Failure> {
    let result = catalog.query_read_only(query).await?;
    write_file(result, format, path).await.map(drop)
}

/// Writes `result` to `path`, which appears when it is whole, and returns the number of rows.
pub(super) async fn write_file(result: QueryResult, format: Format, path: &Path) -> Result<u64, Failure> {
    let mut file = Aside::create(path)?;
    let rows = catalog::format::write(result, format, &mut file).await?;
    file.publish().map(|()| rows)
}
