//! How fresh a table is, and how often that changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::warehouse::CommittedFile;

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
    /// How often there is new data, as far as the snapshots tell.
    pub periodicity: Periodicity,
}

/// How often there is new data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Periodicity {
    /// Every day or nearly.
    Daily,
    /// About once a week.
    Weekly,
    /// About once a month.
    Monthly,
    /// About once a year.
    Annual,
    /// Now and then.
    Irregular,
    /// There is one snapshot only.
    Unknown,
}

/// Gaps between snapshots that are looked at, the newest ones: older days are thinned out by retention.
const GAPS: usize = 9;

impl Periodicity {
    /// The word for people and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Annual => "annual",
            Self::Irregular => "irregular",
            Self::Unknown => "unknown",
        }
    }

    /// What the days of the snapshots, in their order, tell: the gap in the middle of the newest ones.
    fn of_days(days: &BTreeSet<NaiveDate>) -> Self {
        let newest: Vec<NaiveDate> = days.iter().rev().take(GAPS + 1).copied().collect();
        let mut gaps: Vec<i64> = newest.windows(2).map(|pair| (pair[0] - pair[1]).num_days()).collect();
        gaps.sort_unstable();
        match gaps.get(gaps.len() / 2) {
            None => Self::Unknown,
            Some(1 | 2) => Self::Daily,
            Some(6..=8) => Self::Weekly,
            Some(28..=31) => Self::Monthly,
            Some(360..=370) => Self::Annual,
            Some(_) => Self::Irregular,
        }
    }
}

/// The state of a table made of the files `shown`, of which `all` are retained.
pub(super) fn state<'a>(
    shown: impl Iterator<Item = &'a CommittedFile>,
    all: impl Iterator<Item = &'a CommittedFile>,
) -> Option<State> {
    let days: BTreeSet<NaiveDate> = all.map(|file| file.snapshot_date).collect();
    let mut state: Option<State> = None;
    for file in shown {
        let so_far = state.get_or_insert(State {
            first: days.first().copied().unwrap_or(file.snapshot_date),
            newest: file.snapshot_date,
            committed_at: file.committed_at,
            rows: 0,
            bytes: 0,
            periodicity: Periodicity::of_days(&days),
        });
        so_far.newest = so_far.newest.max(file.snapshot_date);
        so_far.committed_at = so_far.committed_at.max(file.committed_at);
        so_far.rows += file.rows;
        so_far.bytes += file.bytes;
    }
    state
}

/// A view is as fresh as the stalest dataset below it. Lists are not dated by what they list.
pub(super) fn stalest(below: &BTreeSet<&str>, states: &BTreeMap<String, State>) -> Option<State> {
    let datasets = below.iter().filter(|name| !name.starts_with("ref."));
    let stalest = datasets.filter_map(|name| states.get(*name)).min_by_key(|state| state.newest)?;
    Some(State { rows: 0, bytes: 0, ..stalest.clone() })
}

#[cfg(test)]
mod tests {
    use super::Periodicity;

    #[test]
    fn how_often_is_the_usual_gap() {
        let of = |days: &[&str]| Periodicity::of_days(&days.iter().map(|day| day.parse().unwrap()).collect());
        assert_eq!(of(&[]), Periodicity::Unknown);
        assert_eq!(of(&["2026-10-31"]), Periodicity::Unknown);
        // A Sunday is left out, and what is older is thinned out to month-ends.
        let daily = ["2026-09-30", "2026-10-26", "2026-10-27", "2026-10-28", "2026-10-30", "2026-10-31"];
        assert_eq!(of(&daily), Periodicity::Daily);
        assert_eq!(of(&["2026-10-10", "2026-10-17", "2026-10-24"]), Periodicity::Weekly);
        assert_eq!(of(&["2026-08-31", "2026-09-30", "2026-10-31"]), Periodicity::Monthly);
        assert_eq!(of(&["2024-12-31", "2025-12-31"]), Periodicity::Annual);
        assert_eq!(of(&["2026-08-31", "2026-09-12"]), Periodicity::Irregular);
    }
}
