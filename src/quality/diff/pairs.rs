//! Which row of the older snapshot is which of the newer: their hashes, sorted and merged.

use polars::prelude::{DataType, IdxSize};

use super::hashed::{self, Hashed};
use super::{DiffError, DiffRequest, Fate, Side, common_type};

/// Row numbers, each list in the order of its files.
pub(super) struct Pairs {
    pub(super) rows_from: u64,
    pub(super) rows_to: u64,
    /// Rows that both have: number in the older, number in the newer.
    pub(super) both: Vec<(IdxSize, IdxSize)>,
    /// Numbers in the newer snapshot.
    pub(super) added: Vec<IdxSize>,
    /// Numbers in the older one.
    pub(super) removed: Vec<IdxSize>,
}

/// One row that is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) fate: Fate,
    pub(super) old: Option<IdxSize>,
    pub(super) new: Option<IdxSize>,
}

impl Pairs {
    pub(super) fn of(from: &Side<'_>, to: &Side<'_>, request: &DiffRequest<'_>) -> Result<Self, DiffError> {
        let whole = request.key.is_empty();
        let columns = if whole { columns(from, to, request.columns) } else { keys(from, to, request.key)? };
        let (old, new) = (hashed::rows(from, &columns)?, hashed::rows(to, &columns)?);
        if !whole {
            unique(&old, from, request.key)?;
            unique(&new, to, request.key)?;
        }
        Ok(Self::merge(&old, &new))
    }

    /// Of rows with the same hash, the first ones of either side are the same; those left over are added or removed.
    fn merge(old: &[Hashed], new: &[Hashed]) -> Self {
        let (mut both, mut added, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        let (mut i, mut j) = (0, 0);
        loop {
            match (old.get(i), new.get(j)) {
                (Some(a), Some(b)) if a.hash == b.hash => {
                    both.push((a.row, b.row));
                    (i, j) = (i + 1, j + 1);
                }
                (Some(a), Some(b)) if a.hash > b.hash => {
                    added.push(b.row);
                    j += 1;
                }
                (Some(a), _) => {
                    removed.push(a.row);
                    i += 1;
                }
                (None, Some(b)) => {
                    added.push(b.row);
                    j += 1;
                }
                (None, None) => break,
            }
        }
        both.sort_unstable();
        added.sort_unstable();
        removed.sort_unstable();
        Self { rows_from: old.len() as u64, rows_to: new.len() as u64, both, added, removed }
    }

    /// The first `n` rows of each fate.
    pub(super) fn first(&self, n: usize, changed: &[bool]) -> Vec<Shown> {
        let added = self.added.iter().take(n).map(|new| Shown { fate: Fate::Added, old: None, new: Some(*new) });
        let removed =
            self.removed.iter().take(n).map(|old| Shown { fate: Fate::Removed, old: Some(*old), new: None });
        let pairs = self.both.iter().zip(changed).filter(|(_, changed)| **changed).take(n);
        let changed = pairs.map(|((old, new), _)| Shown { fate: Fate::Changed, old: Some(*old), new: Some(*new) });
        added.chain(removed).chain(changed).collect()
    }
}

/// All columns that either side has, each in one type for both.
fn columns<'a>(from: &Side<'_>, to: &Side<'_>, names: &'a [String]) -> Vec<(&'a str, DataType)> {
    let there = names.iter().filter(|name| from.data_type(name).is_some() || to.data_type(name).is_some());
    there.map(|name| (name.as_str(), common_type(from, to, name))).collect()
}

/// The key columns; a side with files has them all.
fn keys<'a>(from: &Side<'_>, to: &Side<'_>, key: &'a [String]) -> Result<Vec<(&'a str, DataType)>, DiffError> {
    for side in [to, from].into_iter().filter(|side| !side.files.is_empty()) {
        if let Some(column) = key.iter().find(|column| side.data_type(column).is_none()) {
            return Err(DiffError::NoKey { column: column.clone(), side: side.name });
        }
    }
    Ok(columns(from, to, key))
}

/// Refuses a key that two rows share.
fn unique(rows: &[Hashed], side: &Side<'_>, key: &[String]) -> Result<(), DiffError> {
    let shared = rows.chunk_by(|a, b| a.hash == b.hash).map(<[Hashed]>::len).filter(|n| *n > 1).sum::<usize>();
    match shared {
        0 => Ok(()),
        rows => Err(DiffError::Ambiguous { key: key.join(", "), rows: rows as u64, side: side.name }),
    }
}
