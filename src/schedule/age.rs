//! How old what is loaded may be before somebody has to know, and how old it is: pure functions of the configuration, the ledger and
//! the time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::config::WatchSettings;
use crate::warehouse::{CommittedFile, Freshness, RunRecord, RunStatus};

/// How old one dataset may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeLimit {
    /// So long ago a load may have found it good.
    pub age: TimeDelta,
    /// Who says so: a report, or a key of `lumbung.toml`.
    pub from: String,
}

/// What a report demands of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeRule<'a> {
    /// The report.
    pub report: &'a str,
    /// The dataset, `source.dataset`.
    pub dataset: &'a str,
    /// Days that its snapshot may lie before the report's.
    pub days: i64,
}

/// The limits of a deployment, by dataset. One that no schedule loads and no report stands on has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgeLimits(BTreeMap<String, AgeLimit>);

impl AgeLimits {
    /// The limits of `rules`, of what schedules load (`loaded`) and of `lumbung.toml`, whose own go first.
    #[must_use]
    pub fn new(rules: &[AgeRule<'_>], loaded: &BTreeSet<String>, settings: &WatchSettings) -> Self {
        let mut limits = BTreeMap::new();
        for dataset in loaded {
            let from = "watch.age_hours".to_owned();
            limits.insert(dataset.clone(), AgeLimit { age: hours(settings.age_hours), from });
        }
        let mut strictest: BTreeMap<&str, &AgeRule<'_>> = BTreeMap::new();
        for rule in rules {
            let kept = strictest.entry(rule.dataset).or_insert(rule);
            if rule.days < kept.days {
                *kept = rule;
            }
        }
        for (dataset, rule) in strictest {
            // Reports count dates: what was loaded early on one day is N days old until the end of the N-th day after it.
            let age = TimeDelta::try_days(rule.days.saturating_add(1)).unwrap_or(TimeDelta::MAX);
            limits.insert(dataset.to_owned(), AgeLimit { age, from: format!("report {}", rule.report) });
        }
        for (dataset, own) in &settings.datasets {
            let limit = AgeLimit { age: hours(*own), from: "watch.datasets".to_owned() };
            match own {
                0 => drop(limits.remove(dataset)),
                _ => drop(limits.insert(dataset.clone(), limit)),
            }
        }
        Self(limits)
    }

    /// The limit of `source.dataset`.
    #[must_use]
    pub fn of(&self, dataset: &str) -> Option<&AgeLimit> {
        self.0.get(dataset)
    }

    /// Every limit, by dataset.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AgeLimit)> {
        self.0.iter().map(|(dataset, limit)| (dataset.as_str(), limit))
    }
}

fn hours(n: u64) -> TimeDelta {
    i64::try_from(n).ok().and_then(TimeDelta::try_hours).unwrap_or(TimeDelta::MAX)
}

/// How one dataset stands, a fiscal year where its loads are asked for one.
#[derive(Debug, Clone, Copy)]
pub struct DatasetAge<'a> {
    /// What the ledger says.
    pub fresh: &'a Freshness,
    /// Rows that are shown.
    pub rows: u64,
    /// The day of the newest data.
    pub newest: Option<NaiveDate>,
    /// How long ago a load found it good.
    pub age: Option<TimeDelta>,
    /// How long ago that may be; `None` where nobody minds, and for a fiscal year that is not loaded any more: only the line of
    /// a dataset that was loaded last is judged.
    pub limit: Option<&'a AgeLimit>,
    /// Whether it is that line.
    pub is_current: bool,
}

impl DatasetAge<'_> {
    /// Whether it is older than it may be.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.limit.is_some_and(|limit| self.age.is_none_or(|age| age > limit.age))
    }

    /// One word for people and scripts.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.fresh.committed {
            None if self.fresh.attempt.status == RunStatus::Empty => "empty",
            None => "never loaded",
            Some(_) if self.fresh.stale || self.is_late() => "stale",
            Some(_) => "fresh",
        }
    }

    /// The last run that was held or failed.
    #[must_use]
    pub fn last_error(&self) -> Option<&RunRecord> {
        self.fresh.refused.as_ref()
    }

    /// What somebody has to know of it, in one line without the name; `None` where all is well. Lines that are not loaded any more
    /// are left alone.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        if !self.is_current {
            return None;
        }
        let mut said = Vec::new();
        if self.fresh.stale {
            let why = self.last_error().and_then(|run| run.reason.as_deref()).unwrap_or("no reason given");
            let word = self.last_error().map_or("failed", |run| run.status.word());
            said.push(format!("its last load {word}: {why}"));
        }
        match (self.limit, self.age) {
            (Some(limit), Some(age)) if age > limit.age => {
                let (hours, from) = (limit.age.num_hours(), &limit.from);
                said.push(format!("{} hours old; its limit is {hours} ({from})", age.num_hours()));
            }
            (Some(limit), None) => said.push(format!("no load was ever good; its limit is set by {}", limit.from)),
            _ => {}
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

/// How every dataset stands at `now`, in the order of `freshness`.
#[must_use]
pub fn ages<'a>(
    freshness: &'a [Freshness],
    files: &[CommittedFile],
    limits: &'a AgeLimits,
    now: DateTime<Utc>,
) -> Vec<DatasetAge<'a>> {
    let age = |fresh: &'a Freshness| {
        let year = fresh.tahun_anggaran.map(|year| year.to_string());
        let own = files
            .iter()
            .filter(|file| file.dataset == fresh.dataset)
            .filter(|file| year.is_none() || file.partition.get("tahun_anggaran") == year.as_deref());
        let others = freshness.iter().filter(|other| other.dataset == fresh.dataset);
        let last = others.map(|other| other.attempt.started_at).max();
        let is_current = last.is_none_or(|last| fresh.attempt.started_at >= last);
        DatasetAge {
            fresh,
            rows: own.clone().map(|file| file.rows).sum(),
            newest: own.map(|file| file.snapshot_date).max(),
            age: fresh.good_at.map(|at| now - at),
            limit: limits.of(&fresh.dataset.to_string()).filter(|_| is_current),
            is_current,
        }
    };
    freshness.iter().map(age).collect()
}
