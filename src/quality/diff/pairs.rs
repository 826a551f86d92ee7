//! Which row of the older snapshot is which of the newer: the key columns alone, joined.

use polars::prelude::{
    DataFrame, DataType, Engine, IdxSize, JoinCoalesce, JoinType, LazyFrame, PolarsError, col, len, lit,
};

use super::{DiffError, Fate, Side};

/// Column with the row's number in the older snapshot.
const OLD: &str = "row in the older snapshot";
/// Column with the row's number in the newer one.
const NEW: &str = "row in the newer snapshot";

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
pub(super) struct Shown {
    pub(super) fate: Fate,
    pub(super) old: Option<IdxSize>,
    pub(super) new: Option<IdxSize>,
}

impl Pairs {
    pub(super) fn of(from: &Side, to: &Side, key: &[String]) -> Result<Self, DiffError> {
        let keys = keys(from, to, key)?;
        unique(from, &keys, key)?;
        unique(to, &keys, key)?;
        let on: Vec<_> = key.iter().map(|name| col(name.as_str())).collect();
        let joined = from
            .select(&keys)?
            .with_row_index(OLD, None)
            .join_builder()
            .with(to.select(&keys)?.with_row_index(NEW, None))
            .how(JoinType::Full)
            .on(on)
            .join_nulls(true)
            .coalesce(JoinCoalesce::KeepColumns)
            .finish()
            .select([col(OLD), col(NEW)]);
        Self::sorted(&collect(joined)?)
    }

    fn sorted(joined: &DataFrame) -> Result<Self, DiffError> {
        let (old, new) = (joined.column(OLD)?.as_materialized_series(), joined.column(NEW)?.as_materialized_series());
        let (mut both, mut added, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        for pair in old.idx()?.iter().zip(new.idx()?.iter()) {
            match pair {
                (Some(old), Some(new)) => both.push((old, new)),
                (Some(old), None) => removed.push(old),
                (None, Some(new)) => added.push(new),
                (None, None) => {}
            }
        }
        both.sort_unstable();
        added.sort_unstable();
        removed.sort_unstable();
        let (rows_from, rows_to) = (both.len() + removed.len(), both.len() + added.len());
        Ok(Self { rows_from: rows_from as u64, rows_to: rows_to as u64, both, added, removed })
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

/// The key columns with one type for both sides: the newer one's.
fn keys<'a>(from: &Side, to: &Side, key: &'a [String]) -> Result<Vec<(&'a str, DataType)>, DiffError> {
    key.iter()
        .map(|column| {
            let missing = |side: &Side| DiffError::NoKey { column: column.clone(), side: side.name };
            let ty = to.data_type(column);
            // A snapshot without files has no types, and no rows to compare.
            let ty = if to.files.is_empty() { from.data_type(column) } else { ty };
            let ty = ty.ok_or_else(|| missing(to))?.clone();
            match from.data_type(column) {
                None if !from.files.is_empty() => Err(missing(from)),
                _ => Ok((column.as_str(), ty)),
            }
        })
        .collect()
}

/// Refuses a key that two rows share.
fn unique(side: &Side, keys: &[(&str, DataType)], key: &[String]) -> Result<(), DiffError> {
    let by: Vec<_> = keys.iter().map(|(name, _)| col(*name)).collect();
    let groups = side.select(keys)?.group_by(by).agg([len().alias(OLD)]);
    let shared = groups.filter(col(OLD).gt(lit(1))).select([col(OLD).sum()]);
    let rows = collect(shared)?.column(OLD)?.get(0)?.extract::<u64>().unwrap_or(0);
    match rows {
        0 => Ok(()),
        rows => Err(DiffError::Ambiguous { key: key.join(", "), rows, side: side.name }),
    }
}

pub(super) fn collect(frame: LazyFrame) -> Result<DataFrame, PolarsError> {
    Ok(frame.collect_with_engine(Engine::Streaming)?.unwrap_single())
}
