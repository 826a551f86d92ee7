//! The data dictionary: every table and column, what it means, where it comes from, how fresh it is.
//!
//! Nothing here is written by hand. Meanings, classes and endpoints are those of the contracts and of the reference
//! definitions, the words on a view are the comment at the head of its file, and what a view's column means follows from
//! its plan: a column that shows another unchanged means the same, a computed one names what it is made of.

mod dcat;
mod meaning;
mod origin;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use super::lineage::Origin;
use super::shape::{ColumnShape, TableShape};
use super::views::{MART, ViewSet};
use crate::contract::Contract;
use crate::reference::Reference;
use crate::warehouse::CommittedFile;
pub use dcat::Publisher;
use meaning::Meanings;
use origin::Known;
pub use state::{Periodicity, State};

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
    /// What it means; empty where nobody says.
    pub meaning: String,
    /// A view's column: the columns its values come from, as `schema.table.column` of what the view itself names. Empty
    /// where the plan does not say for sure, as for constants and counts.
    pub from: Vec<String>,
    /// Whether it shows those values as they are.
    pub unchanged: bool,
}

impl ColumnEntry {
    /// What it means, else what it is computed from.
    #[must_use]
    pub fn words(&self) -> String {
        match self.meaning.is_empty() && !self.from.is_empty() {
            true => format!("computed from {}", self.from.join(", ")),
            false => self.meaning.clone(),
        }
    }
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
        let meanings = Meanings::new(shapes, from.views, &known);
        let entry = |shape| entry(shape, from, (&known, &meanings), &reads);
        let mut tables: Vec<TableEntry> = shapes.iter().map(entry).collect();
        let states: BTreeMap<String, State> =
            tables.iter().filter_map(|table| Some((table.name(), table.state.clone()?))).collect();
        let personal: BTreeSet<String> =
            tables.iter().filter(|table| table.access == Access::NonPublic).map(TableEntry::name).collect();
        for table in tables.iter_mut().filter(|table| table.kind == Kind::View) {
            let below = below(&table.name(), &reads);
            table.state = state::stalest(&below, &states);
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
            let near = super::error::nearest(name, &names);
            if !near.is_empty() || name.contains('.') {
                return near;
            }
            let bare: Vec<String> = self.tables.iter().map(|table| table.table.clone()).collect();
            let near = super::error::nearest(name, &bare);
            near.iter().filter_map(|bare| self.find(bare).ok()).map(TableEntry::name).collect()
        })
    }
}

fn entry(
    shape: &TableShape,
    from: &DictionarySources<'_>,
    (known, meanings): (&Known, &Meanings<'_>),
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
        columns: shape.columns.iter().map(|column| column_entry(shape, column, known, meanings)).collect(),
    };
    if shape.is_view && shape.schema == MART {
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
        entry.state = state::state(shown.iter().filter(of_table), from.all.iter().filter(of_table));
    }
    entry
}

fn column_entry(shape: &TableShape, column: &ColumnShape, known: &Known, meanings: &Meanings<'_>) -> ColumnEntry {
    let own = Origin { schema: shape.schema.clone(), table: shape.table.clone(), column: column.name.clone() };
    let unchanged: Vec<_> = match shape.is_view {
        true => column.shows.iter().filter_map(|origin| known.column(origin)).collect(),
        false => known.column(&own).into_iter().collect(),
    };
    let strictest = unchanged.iter().map(|known| known.class).find(|class| *class != "public");
    ColumnEntry {
        name: column.name.clone(),
        sql_type: column.sql_type(),
        unit: known.unit(column, &unchanged),
        class: strictest.unwrap_or("public"),
        meaning: meanings.of(&own).unwrap_or_default(),
        from: column.direct.iter().map(|o| format!("{}.{}.{}", o.schema, o.table, o.column)).collect(),
        unchanged: !column.shows.is_empty(),
    }
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

#[cfg(test)]
mod tests;
