//! A report's definition: what `config/reports/<name>.toml` says, typed and checked.
//!
//! Every problem of a file is found in one reading and given with its line, key and what to write instead. A report is made
//! of queries, the kinds of their columns, sentences and conditions; a new one out of the existing section kinds needs no
//! Rust (docs/reports.md).

mod names;
mod parts;
mod read;
mod sections;

use super::attach::Format;
use super::condition::Condition;
use super::freshness::FreshnessRule;
use super::page::{LineKind, Unit};
use super::period::PeriodRule;
use super::queries::{QueryFile, QuerySet};
use super::rows::Parameters;
use super::sentence::Choice;
use super::value::Kind;
use crate::config::{DayRule, Problems};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The definition of one report, ready to use.
#[derive(Debug, Clone)]
pub struct ReportDefinition {
    /// The report's key, e.g. `serapan-anggaran`.
    pub name: String,
    /// What leadership calls it.
    pub title: String,
    /// The unit that answers for it.
    pub unit: String,
    /// Raised when a figure's meaning changes.
    pub version: u32,
    /// Its place in lists; the same place goes by name.
    pub order: i64,
    /// The zone of every printed time.
    pub timezone: Tz,
    /// Six cron fields, from seconds to day of week, in `timezone`.
    pub cron: String,
    /// On which of its days.
    pub days: DayRule,
    /// Which date an edition stands for.
    pub period: PeriodRule,
    /// The files that go with each mail, in their order.
    pub attachments: Vec<Format>,
    /// Where its recipients come from; at least one.
    pub recipients: Vec<RecipientSource>,
    /// Set where each recipient gets an edition of its own.
    pub burst: Option<Burst>,
    /// How old its data may be.
    pub freshness: FreshnessRule,
    /// Thresholds and targets, bound to `$name` in every query.
    pub(crate) parameters: Parameters,
    /// The figure that decides the unit of money in tables.
    pub(crate) money: Option<String>,
    /// One-row queries whose columns every sentence may name, in order.
    pub(crate) figures: Vec<FigureBlock>,
    pub(crate) headline: Headline,
    pub(crate) sections: Vec<SectionDefinition>,
}

/// One entry of `[[recipients]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecipientSource {
    /// An office named in the definition.
    Office(Recipient),
    /// A CSV file of the config folder, with a header: name, address, roles, and a column a parameter.
    Csv(String),
    /// A query with the same columns.
    Query(Arc<QueryFile>),
}

/// Who gets an edition: an office and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The office's form of address, e.g. `Yth. Sekretaris Jenderal`.
    pub name: String,
    /// The mail address.
    pub address: lettre::Address,
    /// The roles it has: sections that name others are left out.
    pub roles: Vec<String>,
    /// What its editions are about, e.g. `satker`.
    pub parameters: BTreeMap<String, String>,
}

/// Each recipient has its own rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burst {
    /// The recipient's parameter, and the column that every query of the report gives: rows with another value never reach
    /// the edition.
    pub key: String,
    /// Further parameters that queries and sentences may name.
    pub parameters: Vec<String>,
}

/// A query of one row, and what its columns are.
#[derive(Debug, Clone)]
pub(crate) struct FigureBlock {
    pub(crate) query: Arc<QueryFile>,
    pub(crate) columns: Vec<(String, Kind)>,
}

/// What stands above all sections.
#[derive(Debug, Clone)]
pub(crate) struct Headline {
    pub(crate) text: Choice,
    pub(crate) subject: Choice,
    pub(crate) preheader: Choice,
    pub(crate) position: Choice,
    /// Lines for a terminal, after the headline itself.
    pub(crate) lines: Vec<Choice>,
    /// The figure with the date of the newest data in it.
    pub(crate) data_date: Option<String>,
}

/// A section and who may read it.
#[derive(Debug, Clone)]
pub(crate) struct SectionDefinition {
    /// Shown to recipients with one of these roles; to all where there are none.
    pub(crate) roles: Vec<String>,
    pub(crate) body: Body,
}

/// The kinds of sections.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Tiles(Vec<TileDefinition>),
    Changes(ChangesDefinition),
    Exceptions(ExceptionsDefinition),
    Table(TableDefinition),
    Chart(Box<ChartDefinition>),
    Notes(Vec<NoteDefinition>),
}

/// One large figure.
#[derive(Debug, Clone)]
pub(crate) struct TileDefinition {
    pub(crate) condition: Option<Condition>,
    pub(crate) label: Choice,
    pub(crate) value: Choice,
    pub(crate) detail: Choice,
    pub(crate) alert: Option<Condition>,
}

/// What is compared with the previous edition.
#[derive(Debug, Clone)]
pub(crate) struct ChangesDefinition {
    pub(crate) limit: usize,
    /// A figure that both editions must share, such as the fiscal year, and what is said where they do not.
    pub(crate) same: Option<(String, Choice)>,
    pub(crate) unchanged: Choice,
    pub(crate) entries: Vec<ChangeDefinition>,
}

/// One thing compared.
#[derive(Debug, Clone)]
pub(crate) struct ChangeDefinition {
    pub(crate) label: Choice,
    pub(crate) text: Choice,
    pub(crate) what: Compared,
}

/// A figure, or a column of the rows of a query.
#[derive(Debug, Clone)]
pub(crate) enum Compared {
    Figure(String),
    Rows { query: Arc<QueryFile>, key: String, column: String, unit: Unit },
}

/// "Perlu perhatian".
#[derive(Debug, Clone)]
pub(crate) struct ExceptionsDefinition {
    pub(crate) heading: String,
    pub(crate) caption: Choice,
    /// Headings of the three columns: what, finding, value.
    pub(crate) columns: [String; 3],
    pub(crate) limit: usize,
    pub(crate) quota: usize,
    pub(crate) checks: Vec<CheckDefinition>,
}

/// One kind of finding: a query that gives only what is wrong, worst first.
#[derive(Debug, Clone)]
pub(crate) struct CheckDefinition {
    pub(crate) id: String,
    /// What is said to have been looked for.
    pub(crate) checked: String,
    /// Whether its data is there: a check that could not be made is not claimed.
    pub(crate) condition: Option<Condition>,
    pub(crate) rows: RowSource,
    pub(crate) text: Choice,
    pub(crate) value: Choice,
}

/// A query of many rows and how a row is called.
#[derive(Debug, Clone)]
pub(crate) struct RowSource {
    pub(crate) query: Arc<QueryFile>,
    /// The column that tells rows apart, also from edition to edition.
    pub(crate) key: String,
    pub(crate) name: Choice,
    /// A smaller second line.
    pub(crate) detail: Choice,
    /// The kinds of its columns; what is not among them is text.
    pub(crate) kinds: BTreeMap<String, Kind>,
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct TableDefinition {
    pub(crate) id: String,
    pub(crate) heading: Choice,
    pub(crate) caption: Choice,
    /// The heading of the row headers.
    pub(crate) head: String,
    pub(crate) rows: RowSource,
    pub(crate) columns: Vec<ColumnDefinition>,
    pub(crate) limit: usize,
    /// What the rows beyond the limit are called together; without it they are left out and counted.
    pub(crate) rest: Option<Choice>,
    /// What the sum is called.
    pub(crate) total: Option<String>,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: String,
    pub(crate) label: Choice,
    pub(crate) kind: Kind,
    /// A share of two other columns, computed once a row, the rest and the total.
    pub(crate) share: Option<(String, String)>,
    pub(crate) bar: bool,
    /// Printed with a plus where it is above zero.
    pub(crate) signed: bool,
    pub(crate) alert: Option<Condition>,
    /// Printed before a figure that alerts, so that colour is never alone.
    pub(crate) mark: String,
    /// Whether the total adds it up.
    pub(crate) sum: bool,
}

/// A line chart with its table.
#[derive(Debug, Clone)]
pub(crate) struct ChartDefinition {
    pub(crate) table: TableDefinition,
    pub(crate) title: Choice,
    pub(crate) subtitle: Choice,
    /// The column of the horizontal axis.
    pub(crate) axis: String,
    pub(crate) unit: Unit,
    pub(crate) lines: Vec<LineDefinition>,
}

/// One line of a chart.
#[derive(Debug, Clone)]
pub(crate) struct LineDefinition {
    pub(crate) column: String,
    pub(crate) label: Choice,
    pub(crate) kind: LineKind,
}

/// A line of "Catatan mutu data", or one for each row of a query.
#[derive(Debug, Clone)]
pub(crate) struct NoteDefinition {
    pub(crate) condition: Option<Condition>,
    pub(crate) rows: Option<(RowSource, usize)>,
    pub(crate) text: Choice,
}

impl ReportDefinition {
    /// Reads a definition. `file` names it in problems; `queries` are those it may use.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn load(toml_text: &str, file: &str, queries: &QuerySet) -> Result<Self, Problems> {
        read::definition(toml_text, file, queries)
    }

    /// Every query the report asks, each once, with the columns it must give.
    pub(crate) fn queries(&self) -> Vec<(Arc<QueryFile>, Vec<String>)> {
        let mut all: BTreeMap<String, (Arc<QueryFile>, Vec<String>)> = BTreeMap::new();
        let mut add = |query: &Arc<QueryFile>, columns: Vec<String>| {
            let entry = all.entry(query.name.clone()).or_insert_with(|| (Arc::clone(query), Vec::new()));
            entry.1.extend(columns);
        };
        for block in &self.figures {
            add(&block.query, block.columns.iter().map(|(name, _)| name.clone()).collect());
        }
        for section in &self.sections {
            section.body.queries(&mut add);
        }
        if let Some(burst) = &self.burst {
            all.values_mut().for_each(|(_, columns)| columns.push(burst.key.clone()));
        }
        for source in &self.recipients {
            if let RecipientSource::Query(query) = source {
                let own = self.burst.iter().map(|burst| burst.key.clone());
                let columns = ["name", "address"].map(str::to_owned).into_iter().chain(own).collect();
                all.insert(query.name.clone(), (Arc::clone(query), columns));
            }
        }
        all.into_values().collect()
    }
}

impl Body {
    fn queries(&self, add: &mut impl FnMut(&Arc<QueryFile>, Vec<String>)) {
        let mut rows = |rows: &RowSource| add(&rows.query, rows.columns());
        match self {
            Self::Tiles(_) => {}
            Self::Changes(changes) => {
                for entry in &changes.entries {
                    if let Compared::Rows { query, key, column, .. } = &entry.what {
                        add(query, vec![key.clone(), column.clone()]);
                    }
                }
            }
            Self::Exceptions(exceptions) => exceptions.checks.iter().for_each(|check| rows(&check.rows)),
            Self::Table(table) => rows(&table.rows),
            Self::Chart(chart) => rows(&chart.table.rows),
            Self::Notes(notes) => {
                notes.iter().filter_map(|note| note.rows.as_ref()).for_each(|(source, _)| rows(source));
            }
        }
    }
}

impl RowSource {
    fn columns(&self) -> Vec<String> {
        self.kinds.keys().cloned().chain([self.key.clone()]).collect()
    }
}

#[cfg(test)]
mod tests;
