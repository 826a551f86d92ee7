//! `lumbung diff`: what was added, removed and changed between two snapshots of a dataset.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Context;
use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print};
use crate::contract::{Contract, Dataset};
use crate::quality::diff::{Cell, ColumnDifference, Example};
use crate::quality::{DiffError, DiffRequest, Difference, diff};
use crate::warehouse::{AsOf, CommittedFile, Warehouse};

/// What was added, removed and changed between two snapshots
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    lumbung diff sipp.p3ke --from 2026-10-01 --to 2026-10-31 --key id_keluarga_p3ke\n  \
    lumbung diff omspan.dipa_belanja --from 2026-09-30 --to 2026-10-31 --tahun 2026 \\\n    \
    --key kdsatker,program,kegiatan,output,akun --output json")]
pub(crate) struct DiffArgs {
    /// The dataset: SOURCE.DATASET
    dataset: String,
    /// The older snapshot: the newest one up to this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: NaiveDate,
    /// The newer snapshot: the newest one up to this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: NaiveDate,
    /// The columns that tell one row from another [default: the contract's key, where it has one]
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,…")]
    key: Vec<String>,
    /// Only this fiscal year (repeatable)
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(2000..=2100))]
    tahun: Vec<i32>,
    /// Most rows shown of each kind
    #[arg(long, value_name = "N", default_value_t = 10)]
    examples: usize,
    /// table, json or csv (csv: every value that differs in the rows shown) [default: table; json with --output json]
    #[arg(long, value_enum)]
    format: Option<DiffFormat>,
}

/// How a difference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    Table,
    Json,
    Csv,
}

/// The two snapshots of one fiscal year (of none, where the source has none).
#[derive(Debug, Default)]
struct YearFiles {
    from: Vec<CommittedFile>,
    to: Vec<CommittedFile>,
}

/// What differs in one fiscal year.
struct YearDifference {
    year: Option<String>,
    /// The snapshots that were compared.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    found: Difference,
}

pub(crate) async fn run(context: &Context, args: &DiffArgs) -> Result<(), Failure> {
    if args.from > args.to {
        return Err(Failure::usage(format!("--from {} lies after --to {}", args.from, args.to)));
    }
    let contracts = context.folder.contracts()?;
    let (contract, dataset) = find(&contracts, &args.dataset)?;
    let columns: Vec<String> =
        dataset.columns.iter().filter(|column| column.is_stored()).map(|column| column.name.clone()).collect();
    let key = key(dataset, &args.key, &columns)?;
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let years = years(&warehouse, contract, dataset, args)?;
    if years.is_empty() {
        let reason = format!("{} has no snapshot up to {}", args.dataset, args.to);
        return Err(Failure::new(Code::Data, reason).with_hint("`lumbung runs` shows what was loaded when"));
    }
    let mut differences = Vec::new();
    for (year, files) in years {
        let newest = |files: &[CommittedFile]| files.iter().map(|file| file.snapshot_date).max();
        let (from, to) = (newest(&files.from), newest(&files.to));
        let (key, columns, examples) = (key.clone(), columns.clone(), args.examples);
        // The engine has threads of its own and must not run on the program's.
        let work = tokio::task::spawn_blocking(move || compare(&files, &key, &columns, examples));
        let found = work.await.map_err(Failure::internal)?.map_err(|error| refused(&error, &args.dataset))?;
        differences.push(YearDifference { year, from, to, found });
    }
    let format = args.format.unwrap_or(match context.output {
        OutputFormat::Json => DiffFormat::Json,
        OutputFormat::Table => DiffFormat::Table,
    });
    print(&match format {
        DiffFormat::Table => differences.iter().map(|d| as_text(d, args, &key)).collect::<Vec<_>>().join("\n"),
        DiffFormat::Json => differences.iter().map(|d| format!("{}\n", as_json(d, args, &key))).collect(),
        DiffFormat::Csv => as_csv(&differences, &key)?,
    })
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

/// The key columns: named, or the contract's.
fn key(dataset: &Dataset, named: &[String], columns: &[String]) -> Result<Vec<String>, Failure> {
    if let Some(unknown) = named.iter().find(|name| !columns.contains(name)) {
        return Err(Failure::usage(format!("unknown column {unknown}; the columns are {}", columns.join(", "))));
    }
    let of_contract = || dataset.receive.as_ref().map(|receive| receive.key.clone()).unwrap_or_default();
    let key = if named.is_empty() { of_contract() } else { named.to_vec() };
    match key.is_empty() {
        true => {
            let reason =
                format!("the contract of {} names no key; the columns are {}", dataset.name, columns.join(", "));
            Err(Failure::usage(reason).with_hint("say with --key a,b which columns tell one row from another"))
        }
        false => Ok(key),
    }
}

fn years(
    warehouse: &Warehouse,
    contract: &Contract,
    dataset: &Dataset,
    args: &DiffArgs,
) -> Result<BTreeMap<Option<String>, YearFiles>, Failure> {
    let own = |file: &CommittedFile| {
        let year = file.partition.get("tahun_anggaran").and_then(|year| year.parse().ok());
        let wanted = args.tahun.is_empty() || year.is_some_and(|year| args.tahun.contains(&year));
        file.dataset.source() == contract.source && file.dataset.dataset() == dataset.name && wanted
    };
    let mut years: BTreeMap<Option<String>, YearFiles> = BTreeMap::new();
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
fn compare(files: &YearFiles, key: &[String], columns: &[String], examples: usize) -> Result<Difference, DiffError> {
    let paths = |files: &[CommittedFile]| files.iter().map(|file| file.path.clone()).collect::<BTreeSet<PathBuf>>();
    let (from, to) = (paths(&files.from), paths(&files.to));
    let only =
        |own: &BTreeSet<PathBuf>, other: &BTreeSet<PathBuf>| own.difference(other).cloned().collect::<Vec<_>>();
    let (own_from, own_to) = (only(&from, &to), only(&to, &from));
    let request = DiffRequest { from: &own_from, to: &own_to, key, columns, examples };
    let mut found = if own_from.is_empty() && own_to.is_empty() { Difference::default() } else { diff(&request)? };
    let rows: u64 = files.from.iter().filter(|file| to.contains(&file.path)).map(|file| file.rows).sum();
    found.rows_from += rows;
    found.rows_to += rows;
    Ok(found)
}

fn refused(error: &DiffError, dataset: &str) -> Failure {
    let code = match error {
        DiffError::NoKey { .. } | DiffError::Ambiguous { .. } => Code::Usage,
        DiffError::Read(_) | DiffError::TooManyRows => Code::Data,
    };
    Failure::new(code, format!("{dataset}: {error}"))
}

fn day(date: Option<NaiveDate>) -> String {
    date.map_or_else(|| "nothing".to_owned(), |date| date.to_string())
}

fn as_text(difference: &YearDifference, args: &DiffArgs, key: &[String]) -> String {
    let YearDifference { year, from, to, found } = difference;
    let year = year.as_ref().map(|year| format!(" {year}")).unwrap_or_default();
    let mut text = format!(
        "{}{year}: {} ({} rows) to {} ({} rows), by {}\n",
        args.dataset,
        day(*from),
        grouped(found.rows_from),
        day(*to),
        grouped(found.rows_to),
        key.join(", ")
    );
    let counts = [("added", found.added), ("removed", found.removed), ("changed", found.changed)];
    counts.iter().for_each(|(what, n)| text.push_str(&format!("{what:8} {:>12}\n", grouped(*n))));
    let moved: Vec<&ColumnDifference> = found.columns.iter().filter(|column| is_moved(column)).collect();
    if !moved.is_empty() {
        let mut table =
            Table::new(&["column", ">rows changed", ">sum added", ">sum removed", ">sum changed", ">net"]);
        for column in moved {
            let money = column.money.map(|m| [m.added, m.removed, m.changed, m.net()].map(|sum| sum.to_string()));
            let mut cells = vec![column.column.clone(), grouped(column.changed)];
            cells.extend(money.unwrap_or_default());
            table.row(cells);
        }
        text.push_str(&format!("\n{}", table.render()));
    }
    for example in &found.examples {
        text.push_str(&format!("\n{} {}\n", example.fate.word(), named(key, example)));
        example.cells.iter().for_each(|cell| text.push_str(&format!("  {}\n", cell_text(example, cell))));
    }
    text
}

/// Whether a column is worth a line.
fn is_moved(column: &ColumnDifference) -> bool {
    let sums = column.money.map(|money| [money.added, money.removed, money.changed]);
    column.changed > 0 || sums.is_some_and(|sums| sums.iter().any(|sum| sum.unscaled != 0))
}

/// `kdsatker=012345, akun=521111`
fn named(key: &[String], example: &Example) -> String {
    let pairs = key.iter().zip(&example.key).map(|(name, value)| format!("{name}={}", shown(value.as_deref())));
    pairs.collect::<Vec<_>>().join(", ")
}

fn cell_text(example: &Example, cell: &Cell) -> String {
    use crate::quality::diff::Fate;
    let (old, new) = (shown(cell.old.as_deref()), shown(cell.new.as_deref()));
    match example.fate {
        Fate::Added => format!("{}: {new}", cell.column),
        Fate::Removed => format!("{}: {old}", cell.column),
        Fate::Changed => format!("{}: {old} -> {new}", cell.column),
    }
}

/// A value on one line of a terminal.
fn shown(value: Option<&str>) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    value.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

fn as_json(difference: &YearDifference, args: &DiffArgs, key: &[String]) -> Value {
    let YearDifference { year, from, to, found } = difference;
    let columns = found.columns.iter().filter(|column| is_moved(column)).map(|column| {
        let money = column.money.map(|money| {
            json!({
                "added": money.added.to_string(), "removed": money.removed.to_string(),
                "changed": money.changed.to_string(), "net": money.net().to_string(),
            })
        });
        json!({ "column": column.column, "changed": column.changed, "sums": money })
    });
    let examples = found.examples.iter().map(|example| {
        let key: serde_json::Map<String, Value> =
            key.iter().cloned().zip(example.key.iter().map(|value| json!(value))).collect();
        let cells = example.cells.iter().map(|c| json!({ "column": c.column, "old": c.old, "new": c.new }));
        json!({ "what": example.fate.word(), "key": key, "values": cells.collect::<Vec<_>>() })
    });
    json!({
        "dataset": args.dataset,
        "tahun_anggaran": year.as_ref().and_then(|year| year.parse::<i32>().ok()),
        "from": from.map(|date| date.to_string()),
        "to": to.map(|date| date.to_string()),
        "key": key,
        "rows_from": found.rows_from,
        "rows_to": found.rows_to,
        "added": found.added,
        "removed": found.removed,
        "changed": found.changed,
        "columns": columns.collect::<Vec<_>>(),
        "examples": examples.collect::<Vec<_>>(),
    })
}

/// A line for each value that differs in the rows shown.
fn as_csv(differences: &[YearDifference], key: &[String]) -> Result<String, Failure> {
    let mut header = vec!["tahun_anggaran".to_owned(), "what".to_owned()];
    header.extend(key.iter().cloned());
    header.extend(["column", "old", "new"].map(str::to_owned));
    let mut rows = vec![header];
    for difference in differences {
        for example in &difference.found.examples {
            for cell in &example.cells {
                let mut row = vec![difference.year.clone().unwrap_or_default(), example.fate.word().to_owned()];
                row.extend(example.key.iter().map(|value| value.clone().unwrap_or_default()));
                let values = [Some(cell.column.clone()), cell.old.clone(), cell.new.clone()];
                row.extend(values.map(Option::unwrap_or_default));
                rows.push(row);
            }
        }
    }
    super::catalog::as_csv(&rows)
}
