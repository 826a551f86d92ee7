//! `lumbung catalog`: the data dictionary, the lineage of views, and the export for Satu Data.
//!
//! | file | what |
//! |---|---|
//! | `text` | tables and columns for people: the list, one table |
//! | `data` | the same as JSON and CSV |
//! | `pages` | the same as Markdown, one page or a folder of them |
//! | `lineage` | which view reads what |
//! | `contracts` | the sources: what is asked, answered, pushed and sent |

mod contracts;
mod data;
mod lineage;
mod pages;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::aside::{Aside, cannot_write};
use super::exit::Failure;
use super::output::{OutputFormat, print};
use super::{Context, session};
use crate::catalog::dictionary::Publisher;
use crate::catalog::{Catalog, Dictionary, DictionarySources, TableEntry, TableShape, ViewSet};
use crate::contract::{Class, Contract};
use crate::reference::Reference;
use crate::warehouse::{AsOf, CommittedFile, Warehouse};
pub(super) use text::{describe, list};

/// The data dictionary: tables, columns, what they mean and how fresh they are
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung catalog\n  lumbung catalog mart.serapan_satker\n  \
    lumbung catalog mart.serapan_satker --lineage=columns\n  \
    lumbung catalog --format markdown -o kamus-data\n  \
    lumbung catalog --format dcat -o catalog.jsonld\n  \
    lumbung catalog padi --format contracts")]
pub(crate) struct CatalogArgs {
    /// A table or view; without its schema, a view first. With --format contracts: a source
    name: Option<String>,
    /// Which view reads which table; =columns: which column comes from which
    #[arg(long, value_enum, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "tables")]
    lineage: Option<Lineage>,
    /// table, json, csv, markdown, dcat (DCAT-AP as JSON-LD), or contracts: the methods, fields and codes of the sources, as
    /// Markdown [default: table; json with --output json]
    #[arg(long, value_enum)]
    format: Option<DictionaryFormat>,
    /// Write to a file instead of stdout; Markdown to a folder, one page a table, unless PATH ends in .md
    #[arg(short = 'o', long = "out", value_name = "PATH")]
    out: Option<PathBuf>,
}

/// How closely lineage is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lineage {
    Tables,
    Columns,
}

/// How the dictionary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DictionaryFormat {
    Table,
    Json,
    Csv,
    Markdown,
    Dcat,
    Contracts,
}

pub(crate) async fn run(context: &Context, args: &CatalogArgs) -> Result<(), Failure> {
    let format = args.format.unwrap_or(match context.output {
        OutputFormat::Json => DictionaryFormat::Json,
        OutputFormat::Table => DictionaryFormat::Table,
    });
    if format == DictionaryFormat::Contracts && args.lineage.is_none() {
        return write(args.out.as_deref(), &reference(context, args.name.as_deref())?);
    }
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let catalog = session::open(context, &warehouse, AsOf::Latest)?;
    let (_, mut all) = Facts::gather(context, &warehouse)?.dictionary(&catalog).await?;
    let one = args.name.as_deref().map(|name| find(&all, name).map(TableEntry::name)).transpose()?;
    if let Some(name) = &one {
        all.tables.retain(|table| table.name() == *name);
    }
    let folder = args.out.as_deref().filter(|path| path.extension().is_none());
    match folder.filter(|_| format == DictionaryFormat::Markdown && args.lineage.is_none()) {
        Some(folder) => to_folder(folder, &pages::pages(&all)),
        None => {
            let text = match args.lineage {
                Some(what) => lineage::render(&all, what, format)?,
                None => render(context, &all, (format, one.is_some()))?,
            };
            write(args.out.as_deref(), &text)
        }
    }
}

/// The contract reference, of one source or of all.
fn reference(context: &Context, source: Option<&str>) -> Result<String, Failure> {
    let mut contracts = context.folder.contracts()?;
    if let Some(source) = source {
        let known: Vec<String> = contracts.iter().map(|contract| contract.source.clone()).collect();
        contracts.retain(|contract| contract.source == source);
        if contracts.is_empty() {
            return Err(Failure::usage(format!("no source is called {source}; known: {}", known.join(", "))));
        }
    }
    Ok(contracts::reference(&contracts))
}

fn render(context: &Context, all: &Dictionary, (format, one): (DictionaryFormat, bool)) -> Result<String, Failure> {
    Ok(match format {
        DictionaryFormat::Table if one => all.tables.iter().map(describe).collect(),
        DictionaryFormat::Table => list(all, None),
        DictionaryFormat::Json => data::json(all, one),
        DictionaryFormat::Csv => data::csv(all)?,
        DictionaryFormat::Markdown => pages::page(&all.tables),
        // Asked for without a warehouse, above.
        DictionaryFormat::Contracts => reference(context, None)?,
        DictionaryFormat::Dcat => data::pretty(&all.dcat(&publisher(context))),
    })
}

fn write(out: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = out else { return print(text) };
    let mut file = Aside::create(path)?;
    file.write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
    file.publish()
}

/// Writes pages below `folder`, which is made where it is not there.
fn to_folder(folder: &Path, pages: &[(PathBuf, String)]) -> Result<(), Failure> {
    for (name, text) in pages {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| cannot_write(parent, &error))?;
        write(Some(&path), text)?;
    }
    Ok(())
}

/// What a dictionary is made from beside the tables themselves: read once, it belongs to one state of the warehouse.
pub(super) struct Facts {
    contracts: Vec<Contract>,
    reference: Reference,
    views: ViewSet,
    latest: Vec<CommittedFile>,
    all: Vec<CommittedFile>,
}

impl Facts {
    pub(super) fn gather(context: &Context, warehouse: &Warehouse) -> Result<Self, Failure> {
        Ok(Self {
            contracts: context.folder.contracts()?,
            reference: Reference::load(&context.folder)?,
            views: session::views(context)?,
            latest: warehouse.committed_files(AsOf::Latest)?,
            all: warehouse.committed_files(AsOf::All)?,
        })
    }

    /// The shapes of every table of `catalog`, and what is known of them.
    pub(super) async fn dictionary(&self, catalog: &Catalog) -> Result<(Vec<TableShape>, Dictionary), Failure> {
        let shapes = catalog.shapes().await?;
        let Self { contracts, reference, views, latest, all } = self;
        let dictionary = Dictionary::new(&shapes, &DictionarySources { contracts, reference, views, latest, all });
        Ok((shapes, dictionary))
    }

    /// The columns of the contracts that may not be shown as they are, stored or not.
    pub(super) fn personal_columns(&self) -> impl Iterator<Item = &str> {
        let columns =
            self.contracts.iter().flat_map(|contract| &contract.datasets).flat_map(|dataset| &dataset.columns);
        columns.filter(|column| column.class != Class::Public).map(|column| column.name.as_str())
    }
}

/// The table called `name`, or the names that resemble it.
pub(super) fn find<'a>(dictionary: &'a Dictionary, name: &str) -> Result<&'a TableEntry, Failure> {
    dictionary.find(name).map_err(|near| {
        let hint = match near.is_empty() {
            true => "`lumbung catalog` lists them all".to_owned(),
            false => format!("did you mean {}?", near.join(" or ")),
        };
        Failure::usage(format!("no table is called {name}; {hint}"))
    })
}

fn publisher(context: &Context) -> Publisher {
    let deployment = &context.config.deployment;
    Publisher {
        agency: deployment.agency.clone(),
        unit: deployment.unit.clone(),
        contact: deployment.contact.clone(),
        data_url: deployment.data_url.clone(),
    }
}
