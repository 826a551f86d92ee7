//! What columns mean: the words of contracts, reference definitions and view files, carried on through views.
//!
//! A view's column means what the head of its file says (`Columns:`). Where that is silent, one that shows another column
//! unchanged means the same, and so does one that is computed from a column of its own name: the sum of `pagu` is still
//! the pagu. Then comes the list of words that mean the same in every view (`queries/words.toml`). What nobody says stays
//! without a meaning.

use std::collections::{BTreeMap, BTreeSet};

use super::origin::Known;
use crate::catalog::lineage::Origin;
use crate::catalog::shape::{ColumnShape, TableShape};
use crate::catalog::views::{MART, ViewFile, ViewSet};

/// Everything that is said of columns.
pub(super) struct Meanings<'a> {
    known: &'a Known,
    columns: BTreeMap<Origin, &'a ColumnShape>,
    /// By view and column.
    words: BTreeMap<(String, String), String>,
    /// By column, for all views.
    common: BTreeMap<String, String>,
}

/// `columns.<name> = "<meaning>"`
const COMMON: &str = include_str!("../../../queries/words.toml");

/// The words that mean the same in every view.
pub(super) fn common() -> BTreeMap<String, String> {
    #[derive(serde::Deserialize)]
    struct Words {
        columns: BTreeMap<String, String>,
    }
    toml::from_str::<Words>(COMMON).expect("a test reads it").columns
}

impl<'a> Meanings<'a> {
    pub(super) fn new(shapes: &'a [TableShape], views: &ViewSet, known: &'a Known) -> Self {
        let of_shape = |shape: &'a TableShape| {
            let origin = |column: &ColumnShape| Origin {
                schema: shape.schema.clone(),
                table: shape.table.clone(),
                column: column.name.clone(),
            };
            shape.columns.iter().map(move |column| (origin(column), column))
        };
        let columns =
            shapes.iter().filter(|shape| shape.is_view && shape.schema == MART).flat_map(of_shape).collect();
        let of_view = |view: &ViewFile| {
            let name = view.name.clone();
            explained(&view.comment()).into_iter().map(move |(column, words)| ((name.clone(), column), words))
        };
        Self { known, columns, words: views.views().flat_map(of_view).collect(), common: common() }
    }

    /// What a column of a table or view means.
    pub(super) fn of(&self, origin: &Origin) -> Option<String> {
        let Some(column) = self.columns.get(origin) else {
            return self.known.column(origin).map(|known| known.meaning.clone());
        };
        if let Some(words) = self.words.get(&(origin.table.clone(), origin.column.clone())) {
            return Some(words.clone());
        }
        let carries_on = |from: &&Origin| !column.shows.is_empty() || from.column == origin.column;
        // Views cannot read each other in a circle, so this ends.
        let carried = column.direct.iter().filter(carries_on).filter_map(|from| self.of(from));
        let carried: BTreeSet<String> = carried.filter(|words| !words.is_empty()).collect();
        if carried.is_empty() {
            return self.common.get(&origin.column).cloned();
        }
        Some(carried.into_iter().collect::<Vec<_>>().join("; "))
    }
}

/// The lines `name: meaning` after `Columns:` in the comment at the head of a view; a line that begins otherwise belongs to
/// the one before it, one that begins with another label ends them.
pub(super) fn explained(comment: &str) -> Vec<(String, String)> {
    let lines = comment.lines().skip_while(|line| *line != "Columns:").skip(1);
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines {
        let label = line.split_once(':').filter(|(name, _)| !name.contains(' '));
        match label {
            Some((name, _)) if name.starts_with(char::is_uppercase) => break,
            Some((name, words)) => found.push((name.to_owned(), words.trim().to_owned())),
            None => {
                if let Some((_, words)) = found.last_mut() {
                    words.push(' ');
                    words.push_str(line.trim());
                }
            }
        }
    }
    found
}
