//! What may go: every kind of thing by its rule, each with its reason.

use super::keep::{KeepRule, keep};
use super::{Deletion, DeletionKind, Retention, references};
use crate::config::KeepSettings;
use crate::warehouse::disk;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::ledger::{ArchivedRun, EndedDelivery, StoredFile};
use crate::warehouse::record::{CommitMode, RunStatus};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The setting of the longest age of personal data.
const PERSONAL: &str = "personal_max_days";

/// Everything that may go, in the order in which it goes.
pub(super) fn plan(house: &House, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
    let mut all = snapshots(house, retention)?;
    let files = all.iter().filter_map(|gone| Some((gone.run.clone()?, gone.partition.clone()?))).collect();
    all.extend(raw_pages(house, retention, &files)?);
    all.extend(quarantine(house, retention)?);
    all.extend(references::editions(house, retention)?);
    all.extend(mails(house, retention)?);
    all.extend(rows(house, retention)?);
    Ok(all)
}

impl Retention<'_> {
    fn keep_of(&self, dataset: &DatasetId) -> KeepSettings {
        self.settings.of(dataset.source(), dataset.dataset())
    }

    /// Whether rows hold personal data: the contract says so, or they were hashed.
    pub(super) fn is_personal(&self, dataset: &DatasetId, hashed: bool) -> bool {
        hashed || self.personal.contains(dataset)
    }

    /// The rule for personal data that says that `date` is too long ago.
    pub(super) fn too_old_for_personal(&self, date: NaiveDate) -> Option<(String, String)> {
        let days = self.settings.personal_max_days;
        let rule = || (format!("{PERSONAL} {days}"), format!("personal data older than {days} days"));
        self.is_over(date, days).then(rule)
    }

    /// Whether `days` have passed since `date`; 0 days never do.
    pub(super) fn is_over(&self, date: NaiveDate, days: u32) -> bool {
        days > 0 && (self.today - date).num_days() >= i64::from(days)
    }

    /// The instant that lies `days` back; `None` for 0.
    pub(super) fn before(&self, days: u32) -> Option<DateTime<Utc>> {
        (days > 0).then(|| self.now - TimeDelta::days(i64::from(days)))
    }
}

/// What stands in one folder of `latest`, or would: the snapshots of one dataset and fiscal year.
type Place<'a> = (&'a DatasetId, &'a str);

fn snapshots(house: &House, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
    let files = house.ledger().stored_files()?;
    let mut places: BTreeMap<Place<'_>, BTreeSet<NaiveDate>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.mode == CommitMode::Snapshot) {
        places.entry((&file.dataset, file.latest.as_str())).or_default().insert(file.date);
    }
    let verdicts: BTreeMap<Place<'_>, _> = places
        .iter()
        .map(|(place, dates)| (*place, keep(dates, &KeepRule::from(&retention.keep_of(place.0)), retention.today)))
        .collect();
    let mut gone = Vec::new();
    for file in &files {
        let newest = places.get(&(&file.dataset, file.latest.as_str())).and_then(BTreeSet::last) == Some(&file.date);
        let why = personal(retention, file, newest).or_else(|| match file.mode {
            CommitMode::Accumulate => by_day(retention, file),
            CommitMode::Snapshot => {
                let verdict = verdicts.get(&(&file.dataset, file.latest.as_str()))?.get(&file.date)?;
                let rule = KeepRule::from(&retention.keep_of(&file.dataset));
                (!verdict.is_kept())
                    .then(|| (rule.to_string(), "no longer daily, and no month-end or year-end to keep".to_owned()))
            }
        });
        if let Some((rule, reason)) = why {
            gone.push(snapshot(house, file, (rule, reason))?);
        }
    }
    Ok(gone)
}

/// The age of personal data goes before every other rule; where it takes the newest snapshot, nothing is left to show.
fn personal(retention: &Retention<'_>, file: &StoredFile, newest: bool) -> Option<(String, String)> {
    if !retention.is_personal(&file.dataset, file.hashed) {
        return None;
    }
    let (rule, reason) = retention.too_old_for_personal(file.date)?;
    let emptied = newest && file.mode == CommitMode::Snapshot;
    Some((rule, if emptied { format!("{reason}; it is the newest: the dataset shows empty") } else { reason }))
}

/// The file of a day is the only copy of its rows.
fn by_day(retention: &Retention<'_>, file: &StoredFile) -> Option<(String, String)> {
    let days = retention.keep_of(&file.dataset).events_days;
    let over = retention.is_over(file.date, days);
    over.then(|| (format!("events_days {days}"), format!("rows of a day more than {days} days ago")))
}

fn snapshot(house: &House, file: &StoredFile, (rule, reason): (String, String)) -> Result<Deletion, WarehouseError> {
    // What editions keep of personal data goes with it.
    let kept = match &file.sha256 {
        Some(sha256) if !rule.starts_with(PERSONAL) => disk::exists(&house.layout.edition_file(sha256))?,
        _ => false,
    };
    Ok(Deletion {
        kind: DeletionKind::Snapshot,
        name: format!("{}/{}", file.dataset, file.partition),
        path: relative(house, &house.layout.file(&file.dataset, &file.partition, &file.run)),
        dataset: Some(file.dataset.clone()),
        partition: Some(file.partition.clone()),
        run: Some(file.run.clone()),
        bytes: file.bytes,
        frees: if kept { 0 } else { file.bytes },
        rows: file.rows,
        rule,
        reason: if kept { format!("{reason}; recorded editions keep it") } else { reason },
        before: None,
    })
}

/// The answers of runs that nothing is left of, and those beyond their own age.
fn raw_pages(
    house: &House,
    retention: &Retention<'_>,
    going: &BTreeSet<(RunId, String)>,
) -> Result<Vec<Deletion>, WarehouseError> {
    let runs = house.ledger().archived_runs()?;
    let mut gone = Vec::new();
    for run in runs {
        let day = run.started_at.date_naive();
        let personal = run.sealed || retention.is_personal(&run.dataset, false);
        let days = retention.keep_of(&run.dataset).raw_days;
        let why = match personal.then(|| retention.too_old_for_personal(day)).flatten() {
            Some(why) => Some(why),
            None if retention.is_over(day, days) => {
                Some((format!("raw_days {days}"), format!("answers older than {days} days")))
            }
            None => left_over(house, &run, going)?,
        };
        if let Some((rule, reason)) = why {
            gone.push(archived(house, &run, (rule, reason))?);
        }
    }
    Ok(gone)
}

/// A published run whose files are all gone, or go now.
fn left_over(
    house: &House,
    run: &ArchivedRun,
    going: &BTreeSet<(RunId, String)>,
) -> Result<Option<(String, String)>, WarehouseError> {
    if run.status != RunStatus::Committed {
        return Ok(None);
    }
    let left = house.ledger().heirs(&run.run)?;
    let nothing = left.iter().all(|file| going.contains(file));
    Ok(nothing.then(|| ("raw pages follow their snapshots".to_owned(), "nothing made of them is left".to_owned())))
}

fn archived(house: &House, run: &ArchivedRun, (rule, reason): (String, String)) -> Result<Deletion, WarehouseError> {
    let shared = house.ledger().raw_files_shared(&run.run)?;
    let own = house.ledger().raw_files(&run.run)?;
    let root = house.layout.all_raw();
    let sizes = own.iter().filter(|file| !shared.contains(*file)).map(|file| disk::size(&root.join(file)));
    let bytes = sizes.sum::<Result<u64, WarehouseError>>()?;
    Ok(Deletion {
        kind: DeletionKind::RawPages,
        name: run.run.to_string(),
        path: relative(house, &house.layout.raw(&run.dataset, &run.run)),
        dataset: Some(run.dataset.clone()),
        partition: None,
        run: Some(run.run.clone()),
        bytes,
        frees: bytes,
        rows: run.pages,
        rule,
        reason,
        before: None,
    })
}

/// The originals of refused rows: one file a run, named by it.
fn quarantine(house: &House, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
    let root = house.layout.all_quarantine();
    let mut gone = Vec::new();
    for folder in disk::names_if_any(&root)? {
        let Ok(dataset) = folder.parse::<DatasetId>() else { continue };
        let days = retention.keep_of(&dataset).quarantine_days;
        for name in disk::names(&root.join(&folder))? {
            let run = name.split('.').next().and_then(|run| run.parse::<RunId>().ok());
            let Some((run, day)) = run.and_then(|run| Some((run.clone(), run.began_at()?.date_naive()))) else {
                continue;
            };
            let personal = name.ends_with(".age") || retention.is_personal(&dataset, false);
            let by_age = || {
                let over = retention.is_over(day, days);
                over.then(|| (format!("quarantine_days {days}"), format!("refused rows older than {days} days")))
            };
            let why = personal.then(|| retention.too_old_for_personal(day)).flatten().or_else(by_age);
            let Some((rule, reason)) = why else { continue };
            let path = root.join(&folder).join(&name);
            let bytes = disk::size(&path)?;
            gone.push(Deletion {
                kind: DeletionKind::Quarantine,
                name: run.to_string(),
                path: relative(house, &path),
                dataset: Some(dataset.clone()),
                partition: None,
                run: Some(run),
                bytes,
                frees: bytes,
                rows: 0,
                rule,
                reason,
                before: None,
            });
        }
    }
    Ok(gone)
}

/// The bytes of mails whose deliveries ended; what became of them stays in the ledger.
fn mails(house: &House, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
    let days = retention.settings.outbox_days;
    let Some(before) = retention.before(days) else { return Ok(Vec::new()) };
    let ended = house.ledger().ended_deliveries(before)?;
    let one = |mail: EndedDelivery| Deletion {
        kind: DeletionKind::Mail,
        path: relative(house, &house.layout.outbox().join(&mail.file)),
        name: mail.file,
        dataset: None,
        partition: None,
        run: None,
        bytes: mail.bytes,
        frees: mail.bytes,
        rows: 0,
        rule: format!("outbox_days {days}"),
        reason: format!("a mail of {}, whose delivery ended on {}", mail.edition, mail.finished_at.date_naive()),
        before: None,
    };
    Ok(ended.into_iter().map(one).collect())
}

/// Rows of the ledger.
fn rows(house: &House, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
    let (occurrences, runs) = (retention.settings.occurrences_days, retention.settings.runs_days);
    let (old_times, old_runs) = (retention.before(occurrences), retention.before(runs));
    let counts = house.ledger().old_rows(old_times, old_runs)?;
    let kinds = [
        (DeletionKind::Occurrences, format!("occurrences_days {occurrences}"), "times of schedules", old_times),
        (DeletionKind::Answers, format!("runs_days {runs}"), "answers to runs that published nothing", old_runs),
        (DeletionKind::RefusedRows, format!("runs_days {runs}"), "reasons of refused rows", old_runs),
    ];
    let mut gone = Vec::new();
    for ((kind, rule, what, before), rows) in kinds.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
        gone.push(Deletion {
            kind,
            name: kind.word().to_owned(),
            dataset: None,
            partition: None,
            run: None,
            path: None,
            bytes: 0,
            frees: 0,
            rows,
            rule,
            reason: before.map_or_else(String::new, |before| format!("{what} before {}", before.date_naive())),
            before,
        });
    }
    Ok(gone)
}

/// `path` as the ledger names it, with slashes.
pub(super) fn relative(house: &House, path: &Path) -> Option<String> {
    Some(path.strip_prefix(house.layout.root()).ok()?.to_string_lossy().into_owned())
}
