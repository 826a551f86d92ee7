//! How fresh each dataset is, as a light with a word and a shape: nobody has to tell colours apart.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::ConsoleServer;
use super::problem::Problem;
use super::words::{age_words, day_time};
use crate::contract::Contract;
use crate::id_id;
use crate::schedule::{DatasetAge, Plan, ages, next};
use crate::warehouse::{AsOf, Warehouse};

/// How a dataset stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Light {
    /// Its last load was held or failed.
    Failed,
    /// It is older than it may be.
    Late,
    /// Nothing of it was ever loaded, though somebody waits for it.
    Missing,
    /// It is as it should be.
    Good,
    /// Nothing of it was ever loaded, and nobody waits for it.
    Unused,
}

impl Light {
    /// Its style.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Failed => "bad",
            Self::Late | Self::Missing => "warn",
            Self::Good => "good",
            Self::Unused => "off",
        }
    }

    /// Its shape.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Failed => "■",
            Self::Late => "▲",
            Self::Missing => "△",
            Self::Good => "●",
            Self::Unused => "○",
        }
    }

    /// Its word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Failed => "Gagal muat",
            Self::Late => "Terlambat",
            Self::Missing => "Belum ada",
            Self::Good => "Segar",
            Self::Unused => "Tidak dimuat",
        }
    }
}

/// One dataset on the first page.
pub(super) struct LightRow {
    pub(super) light: Light,
    pub(super) title: String,
    pub(super) dataset: String,
    /// The day of its newest data.
    pub(super) newest: String,
    /// How long ago a load found it good, and how long that may be.
    pub(super) age: String,
    pub(super) limit: String,
    pub(super) rows: String,
    /// When it is loaded next.
    pub(super) next: String,
}

/// All datasets, those that want somebody first.
pub(super) fn rows(server: &ConsoleServer, now: DateTime<Utc>) -> Result<Vec<LightRow>, Problem> {
    let parts = &server.parts;
    let nexts = next_loads(parts.plan.as_ref(), now);
    let asked = asked(&parts.warehouse, server, now)?;
    let names: BTreeMap<&str, &LightRow> = asked.iter().map(|row| (row.dataset.as_str(), row)).collect();
    let never = parts.contracts.iter().flat_map(|contract| never_asked(contract, &names, server));
    let never: Vec<LightRow> = never.collect();
    let mut rows: Vec<LightRow> = asked.into_iter().chain(never).collect();
    for row in &mut rows {
        row.next = nexts.get(row.dataset.as_str()).map(|at| day_time(*at, now, parts.zone)).unwrap_or_default();
    }
    rows.sort_by(|a, b| (a.light, &a.dataset).cmp(&(b.light, &b.dataset)));
    Ok(rows)
}

fn asked(warehouse: &Warehouse, server: &ConsoleServer, now: DateTime<Utc>) -> Result<Vec<LightRow>, Problem> {
    let freshness = warehouse.freshness()?;
    let files = warehouse.committed_files(AsOf::Latest)?;
    let ages = ages(&freshness, &files, &server.parts.limits, now);
    let current = ages.iter().filter(|age| age.is_current);
    Ok(current.map(|age| row_of(age, server)).collect())
}

fn row_of(age: &DatasetAge<'_>, server: &ConsoleServer) -> LightRow {
    let dataset = age.fresh.dataset.to_string();
    let light = match &age.fresh.committed {
        _ if age.fresh.stale => Light::Failed,
        None if age.limit.is_some() => Light::Missing,
        Some(_) if age.is_late() => Light::Late,
        None => Light::Unused,
        Some(_) => Light::Good,
    };
    LightRow {
        light,
        title: title_of(&server.parts.contracts, &dataset),
        newest: age.newest.map(id_id::date_medium).unwrap_or_default(),
        age: age.age.map(age_words).unwrap_or_default(),
        limit: limit_words(age.limit.map(|limit| limit.age)),
        rows: id_id::count(i64::try_from(age.rows).unwrap_or(i64::MAX)),
        next: String::new(),
        dataset,
    }
}

fn never_asked(contract: &Contract, asked: &BTreeMap<&str, &LightRow>, server: &ConsoleServer) -> Vec<LightRow> {
    let name = |dataset: &str| format!("{}.{dataset}", contract.source);
    let missing = contract.datasets.iter().filter(|dataset| !asked.contains_key(name(&dataset.name).as_str()));
    missing
        .map(|dataset| {
            let limit = server.parts.limits.of(&name(&dataset.name)).map(|limit| limit.age);
            LightRow {
                light: if limit.is_some() { Light::Missing } else { Light::Unused },
                title: dataset.title.clone(),
                dataset: name(&dataset.name),
                newest: String::new(),
                age: String::new(),
                limit: limit_words(limit),
                rows: String::new(),
                next: String::new(),
            }
        })
        .collect()
}

fn limit_words(limit: Option<TimeDelta>) -> String {
    limit.filter(|limit| *limit < TimeDelta::days(10_000)).map(age_words).unwrap_or_default()
}

fn title_of(contracts: &[Contract], name: &str) -> String {
    let own = |contract: &Contract| {
        let dataset = name.strip_prefix(contract.source.as_str())?.strip_prefix('.')?;
        Some(contract.dataset(dataset)?.title.clone())
    };
    contracts.iter().find_map(own).unwrap_or_else(|| name.to_owned())
}

/// When each dataset is loaded next.
fn next_loads(plan: Option<&Plan>, now: DateTime<Utc>) -> BTreeMap<&str, DateTime<Utc>> {
    let mut nexts: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    let Some(plan) = plan else { return nexts };
    for job in plan.jobs.iter().filter(|job| !job.loads.is_empty()) {
        let Some(at) = next(job, &plan.calendar, now) else { continue };
        for dataset in &job.loads {
            let kept = nexts.entry(dataset).or_insert(at);
            *kept = at.min(*kept);
        }
    }
    nexts
}
