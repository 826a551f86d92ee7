//! Which tables a search finds: all its words have to stand in the table's name, title or grain, or in one of its columns' names or
//! meanings. Tables that carry a word in their own name come first.

use super::super::place::encoded;
use super::super::units;
use super::{KINDS, access_label, kind_label};
use crate::catalog::dictionary::Kind;
use crate::catalog::{Dictionary, TableEntry};

/// Longest search, in characters.
const QUERY_CHARS_MAX: usize = 100;
/// Columns that are shown of a table found by its columns.
const COLUMNS_SHOWN: usize = 3;
/// Longest meaning that is shown of them, in characters.
const MEANING_CHARS: usize = 120;

/// What is looked for.
pub(super) struct Search {
    text: String,
    words: Vec<String>,
    kind: Option<Kind>,
}

/// A table that was found.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) access: &'static str,
    pub(super) access_class: &'static str,
    pub(super) newest: String,
    pub(super) rows: String,
    pub(super) n_columns: usize,
    /// Columns by which it was found: name and meaning.
    pub(super) columns: Vec<(String, String)>,
    /// How well it fits; the least first.
    rank: (u8, usize),
}

impl Search {
    /// A search for `text`, among tables of `kind` or all.
    pub(super) fn new(text: &str, kind: Option<Kind>) -> Self {
        let text: String = text.trim().chars().filter(|c| !c.is_control()).take(QUERY_CHARS_MAX).collect();
        Self { words: text.to_lowercase().split_whitespace().map(str::to_owned).collect(), text, kind }
    }

    /// What is looked for, as it was typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The address of this search, from the table after `after` on.
    pub(super) fn address(&self, after: Option<&str>) -> String {
        let kind = KINDS.into_iter().find(|(kind, ..)| Some(*kind) == self.kind).map_or("", |(_, word, _)| word);
        let after = after.map(|name| format!("&sesudah={}", encoded(name))).unwrap_or_default();
        format!("/data?q={}&jenis={kind}{after}", encoded(&self.text))
    }

    /// What it finds, the best first.
    pub(super) fn run(&self, dictionary: &Dictionary) -> Vec<Found> {
        let of_kind = |table: &&TableEntry| self.kind.is_none_or(|kind| table.kind == kind);
        let mut found: Vec<Found> =
            dictionary.tables.iter().filter(of_kind).filter_map(|table| self.fits(table)).collect();
        found.sort_by(|a, b| (a.rank, &a.name).cmp(&(b.rank, &b.name)));
        found
    }

    fn fits(&self, table: &TableEntry) -> Option<Found> {
        let name = table.name();
        let has = |text: &str| {
            let text = text.to_lowercase();
            self.words.iter().all(|word| text.contains(word.as_str()))
        };
        let of_kind = KINDS.iter().position(|(kind, ..)| *kind == table.kind).unwrap_or(KINDS.len());
        let own = format!("{name} {} {} {}", table.title, table.grain, table.source);
        let mut columns = Vec::new();
        let rank = if has(&name) {
            0
        } else if has(&own) {
            1
        } else {
            let hits =
                table.columns.iter().filter(|column| has(&format!("{name} {} {}", column.name, column.words())));
            columns.extend(hits.take(COLUMNS_SHOWN).map(|column| (column.name.clone(), shortened(&column.words()))));
            if columns.is_empty() {
                return None;
            }
            2
        };
        let (access, access_class) = access_label(table.access);
        let state = table.state.as_ref();
        Some(Found {
            title: table.title.clone(),
            kind: kind_label(table.kind),
            access,
            access_class,
            newest: state.map(|state| units::day(state.newest)).unwrap_or_default(),
            rows: state.filter(|state| state.rows > 0).map(|state| units::grouped(state.rows)).unwrap_or_default(),
            n_columns: table.columns.len(),
            columns,
            rank: (rank, of_kind),
            name,
        })
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MEANING_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
