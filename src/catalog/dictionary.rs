//! The data dictionary: every table and column, what it means, where it comes from, how fresh it is.
//!
//! Nothing here is written by hand. Meanings, classes and endpoints are those of the contracts and of the reference
//! definitions, the words on a view are the comment at the head of its file, and what a view's column means follows from
//! its plan: a column that shows another unchanged means the same, a computed one names what it is made of.

mod dcat;
mod origin;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::lineage::Origin;
use super::shape::{ColumnShape, TableShape};
use super::views::ViewSet;
use crate::contract::Contract;
use crate::reference::Reference;
use crate::warehouse::CommittedFile;
pub use dcat::Publisher;
use origin::Known;

/// Every table and view.
#[derive(Debug, Clone)]
pub struct Dictionary {
    /// By schema and name.
    pub tables: Vec<TableEntry>,
}

/// One table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableEntry {
    /// SQL schema.
    pub schema: String,
    /// SQL table.
    pub table: String,
    /// What kind of table it is.
    pub kind: Kind,
    /// What people call it; a view's purpose.
    pub title: String,
    /// What one row is.
    pub grain: String,
    /// Where the rows come from: endpoint and document, the regulation behind a list, the file of a view.
    pub source: String,
    /// Who answers for a view.
    pub owner: String,
    /// Who may be given it.
    pub access: Access,
    /// The tables a view reads itself, sorted.
    pub reads: Vec<String>,
    /// What is committed of it; a view has the oldest state of what it reads.
    pub state: Option<State>,
    /// Its columns, in order.
    pub columns: Vec<ColumnEntry>,
}

/// What kind of table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The latest snapshot of a dataset.
    Dataset,
    /// All snapshots of a dataset.
    History,
    /// A list of the config, or an imported one.
    Reference,
    /// Computed by a file of `queries/mart`.
    View,
    /// What the ledger knows of runs.
    Ledger,
}

impl Kind {
    /// The word for people and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::History => "history",
            Self::Reference => "reference",
            Self::View => "view",
            Self::Ledger => "ledger",
        }
    }
}

/// Who may be given a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Anybody: the contract classes every column as public.
    Public,
    /// Whoever suppresses small cells first: computed from rows about persons.
    Restricted,
    /// Nobody outside: its rows are about persons, be it under hashed numbers.
    NonPublic,
}

impl Access {
    /// The word for people and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Restricted => "restricted",
            Self::NonPublic => "non-public",
        }
    }
}

/// What is committed of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The first day there is data of.
    pub first: NaiveDate,
    /// The last one.
    pub newest: NaiveDate,
    /// When that was committed.
    pub committed_at: DateTime<Utc>,
    /// Rows of the newest snapshots; 0 for a view.
    pub rows: u64,
    /// Their size in bytes; 0 for a view.
    pub bytes: u64,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnEntry {
    /// Its name.
    pub name: String,
    /// Its type in the words of SQL.
    pub sql_type: String,
    /// What its numbers count: `rupiah`, `%`; empty where nothing says.
    pub unit: &'static str,
    /// Who may see it: `public`, `key` (hashes), `coarse` (years of dates).
    pub class: &'static str,
    /// What it means, or what it is computed from.
    pub meaning: String,
}

/// What a dictionary is made from, beside the shapes of the tables.
#[derive(Debug, Clone, Copy)]
pub struct DictionarySources<'a> {
    /// The contracts of the datasets.
    pub contracts: &'a [Contract],
    /// The reference tables.
    pub reference: &'a Reference,
    /// The views.
    pub views: &'a ViewSet,
    /// The newest snapshots.
    pub latest: &'a [CommittedFile],
    /// All retained snapshots.
    pub all: &'a [CommittedFile],
}

impl TableEntry {
    /// `schema.table`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }
}

impl Dictionary {
    /// The dictionary of the tables that have these shapes.
    #[must_use]
    pub fn new(shapes: &[TableShape], from: &DictionarySources<'_>) -> Self {
        let known = Known::new(from.contracts, from.reference);
        let reads = from.views.reads();
        let mut tables: Vec<TableEntry> = shapes.iter().map(|shape| entry(shape, from, &known, &reads)).collect();
        let states: BTreeMap<String, State> =
            tables.iter().filter_map(|table| Some((table.name(), table.state.clone()?))).collect();
        let personal: BTreeSet<String> =
            tables.iter().filter(|table| table.access == Access::NonPublic).map(TableEntry::name).collect();
        for table in tables.iter_mut().filter(|table| table.kind == Kind::View) {
            let below = below(&table.name(), &reads);
            table.state = stalest(&below, &states);
            if below.iter().any(|name| personal.contains(*name)) {
                table.access = table.access.max(Access::Restricted);
            }
        }
        Self { tables }
    }

    /// The table called `name`, with or without its schema; a bare name is a view first.
    ///
    /// # Errors
    /// The nearest names when there is none.
    pub fn find(&self, name: &str) -> Result<&TableEntry, Vec<String>> {
        let wanted = name.to_lowercase();
        let exact = self.tables.iter().find(|table| table.name() == wanted);
        let bare = || {
            let kinds = [Kind::View, Kind::Dataset, Kind::Reference, Kind::Ledger, Kind::History];
            let of_kind = |kind: &Kind| self.tables.iter().find(|t| t.kind == *kind && t.table == wanted);
            kinds.iter().find_map(of_kind)
        };
        exact.or_else(bare).ok_or_else(|| {
            let names: Vec<String> = self.tables.iter().map(TableEntry::name).collect();
            super::error::nearest(name, &names)
        })
    }
}

fn entry(
    shape: &TableShape,
    from: &DictionarySources<'_>,
    known: &Known,
    reads: &BTreeMap<String, Vec<String>>,
) -> TableEntry {
    let mut entry = TableEntry {
        schema: shape.schema.clone(),
        table: shape.table.clone(),
        kind: Kind::Ledger,
        title: String::new(),
        grain: String::new(),
        source: "the ledger".to_owned(),
        owner: String::new(),
        access: Access::Public,
        reads: reads.get(&shape.name()).cloned().unwrap_or_default(),
        state: None,
        columns: shape.columns.iter().map(|column| column_entry(shape, column, known)).collect(),
    };
    if shape.is_view {
        entry.kind = Kind::View;
        if entry.columns.iter().any(|column| column.class != "public") {
            entry.access = Access::NonPublic;
        }
        if let Some(view) = from.views.views().find(|view| view.name == shape.table) {
            let comment = view.comment();
            entry.title = labelled(&comment, "Purpose");
            entry.grain = labelled(&comment, "Grain");
            // What follows the owner's name is about the formula.
            let owner = labelled(&comment, "Owner");
            entry.owner = owner.split_once(". ").map_or(owner.trim_end_matches('.'), |(name, _)| name).to_owned();
            entry.source = view.file.clone();
        }
        return entry;
    }
    if let Some(place) = known.place(&shape.schema, &shape.table) {
        entry.kind = place.kind;
        entry.title = place.title.clone();
        entry.grain = place.grain.clone();
        entry.source = place.source.clone();
        entry.access = if place.personal { Access::NonPublic } else { Access::Public };
        let of_table = |file: &&CommittedFile| {
            file.dataset.source() == place.dataset.0 && file.dataset.dataset() == place.dataset.1
        };
        let shown = if place.kind == Kind::History { from.all } else { from.latest };
        entry.state = state(shown.iter().filter(of_table), from.all.iter().filter(of_table));
    }
    entry
}

fn column_entry(shape: &TableShape, column: &ColumnShape, known: &Known) -> ColumnEntry {
    let own = Origin { schema: shape.schema.clone(), table: shape.table.clone(), column: column.name.clone() };
    let unchanged: Vec<_> = match shape.is_view {
        true => column.shows.iter().filter_map(|origin| known.column(origin)).collect(),
        false => known.column(&own).into_iter().collect(),
    };
    let strictest = unchanged.iter().map(|known| known.class).find(|class| *class != "public");
    let meanings: BTreeSet<&str> = unchanged.iter().map(|known| known.meaning.as_str()).collect();
    let meaning = match meanings.len() {
        0 => computed_from(column),
        _ => meanings.into_iter().collect::<Vec<_>>().join("; "),
    };
    ColumnEntry {
        name: column.name.clone(),
        sql_type: column.sql_type(),
        unit: known.unit(column, &unchanged),
        class: strictest.unwrap_or("public"),
        meaning,
    }
}

/// `from omspan.dipa_belanja.amount, …`
fn computed_from(column: &ColumnShape) -> String {
    let names: Vec<String> =
        column.made_of.iter().map(|o| format!("{}.{}.{}", o.schema, o.table, o.column)).collect();
    if names.is_empty() { String::new() } else { format!("computed from {}", names.join(", ")) }
}

/// The sentence after `label:` in the comment at the head of a view, its further lines included.
fn labelled(comment: &str, label: &str) -> String {
    let mut found: Vec<&str> = Vec::new();
    for line in comment.lines() {
        if let Some(rest) = line.strip_prefix(label).and_then(|rest| rest.strip_prefix(':')) {
            found.push(rest.trim());
            // A sentence that ends on its line is all there is to say.
            if rest.trim_end().ends_with('.') {
                break;
            }
        } else if !found.is_empty() {
            if line.trim().is_empty() || line.split_once(':').is_some_and(|(word, _)| !word.contains(' ')) {
                break;
            }
            found.push(line.trim());
            if line.trim_end().ends_with('.') {
                break;
            }
        }
    }
    found.join(" ")
}

fn state<'a>(
    shown: impl Iterator<Item = &'a CommittedFile>,
    all: impl Iterator<Item = &'a CommittedFile>,
) -> Option<State> {
    let first = all.map(|file| file.snapshot_date).min();
    let mut state: Option<State> = None;
    for file in shown {
        let so_far = state.get_or_insert(State {
            first: first.unwrap_or(file.snapshot_date),
            newest: file.snapshot_date,
            committed_at: file.committed_at,
            rows: 0,
            bytes: 0,
        });
        so_far.newest = so_far.newest.max(file.snapshot_date);
        so_far.committed_at = so_far.committed_at.max(file.committed_at);
        so_far.rows += file.rows;
        so_far.bytes += file.bytes;
    }
    state
}

/// Everything that `view` reads, itself or through other views.
fn below<'a>(view: &str, reads: &'a BTreeMap<String, Vec<String>>) -> BTreeSet<&'a str> {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&'a str> = reads.get(view).into_iter().flatten().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if below.insert(name) {
            open.extend(reads.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    below
}

/// A view is as fresh as the stalest dataset below it. Lists are not dated by what they list.
fn stalest(below: &BTreeSet<&str>, states: &BTreeMap<String, State>) -> Option<State> {
    let datasets = below.iter().filter(|name| !name.starts_with("ref."));
    let stalest = datasets.filter_map(|name| states.get(*name)).min_by_key(|state| state.newest)?;
    Some(State { rows: 0, bytes: 0, ..stalest.clone() })
}

#[cfg(test)]
mod tests;
