//! How far a snapshot may be from the one before it until somebody looks: the limits of the gate between stage and commit.

use std::collections::BTreeMap;

/// Limits of one dataset. A loss of rows is judged by [`Dataset::shrink_pct_max`](super::Dataset::shrink_pct_max); these are
/// the others. A limit that is reached is kept, one that is passed holds the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Most that the rows may grow, in percent of those before.
    pub rows_pct: u32,
    /// Most that the share of NULLs of a column may rise, in percentage points; 100 = as much as it likes.
    pub null_points: u32,
    /// Columns whose distinct values are counted.
    pub distinct: Vec<String>,
    /// Most that the number of distinct values of such a column may fall, in percent of those before; 100 = as much as it
    /// likes.
    pub distinct_pct: u32,
    /// Most that the sum of a control column may rise or fall, in percent of the one before.
    pub sums_pct: u32,
    /// Fewer rows than this, before or now, are not judged: a handful says nothing about shares.
    pub rows_min: u64,
    /// Limits of single columns, instead of the dataset's.
    pub columns: BTreeMap<String, ColumnDrift>,
}

/// Limits of one column; `None` = the dataset's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnDrift {
    /// As [`Drift::null_points`].
    pub null_points: Option<u32>,
    /// As [`Drift::distinct_pct`].
    pub distinct_pct: Option<u32>,
    /// As [`Drift::sums_pct`].
    pub sums_pct: Option<u32>,
}

impl Default for Drift {
    /// What no ordinary day comes near: tenfold rows or sums, half of a column gone, a fifth of the keys. A column that is
    /// renamed upstream, amounts in another unit and a list cut short are beyond it.
    fn default() -> Self {
        Self {
            rows_pct: 900,
            null_points: 50,
            distinct: Vec::new(),
            distinct_pct: 20,
            sums_pct: 900,
            rows_min: 100,
            columns: BTreeMap::new(),
        }
    }
}

impl Drift {
    /// The limit on NULLs of `column`.
    #[must_use]
    pub fn null_points_of(&self, column: &str) -> u32 {
        self.of(column).null_points.unwrap_or(self.null_points)
    }

    /// The limit on the distinct values of `column`.
    #[must_use]
    pub fn distinct_pct_of(&self, column: &str) -> u32 {
        self.of(column).distinct_pct.unwrap_or(self.distinct_pct)
    }

    /// The limit on the sum of `column`.
    #[must_use]
    pub fn sums_pct_of(&self, column: &str) -> u32 {
        self.of(column).sums_pct.unwrap_or(self.sums_pct)
    }

    fn of(&self, column: &str) -> ColumnDrift {
        self.columns.get(column).copied().unwrap_or_default()
    }
}
