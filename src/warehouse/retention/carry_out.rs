//! Removing: marked in the ledger, gone from the disk, noted as gone; each step first looks whether it was taken.

use super::{Deletion, DeletionKind, Removed, Retention, plan};
use crate::warehouse::archive;
use crate::warehouse::disk::{self, Lock};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::layout::Tree;
use crate::warehouse::steps::Step;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Who must not be at work while something goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Guard {
    /// Whoever loads the dataset.
    Dataset(DatasetId),
    /// Whoever records editions.
    Editions,
    /// Whoever lays mails in the outbox.
    Outbox,
    /// Nobody.
    Nobody,
}

/// Removes what the rules let go.
pub(super) fn carry_out(house: &House, retention: &Retention<'_>, operator: &str) -> Result<Removed, WarehouseError> {
    house.require_writable()?;
    let Some(_removing) = Lock::try_take(&house.layout.removal_lock())? else {
        return Err(WarehouseError::RemovalLocked);
    };
    finish(house, retention.now)?;
    let mut removed = Removed::default();
    for (guard, deletions) in grouped(plan::plan(house, retention)?) {
        let Some(_lock) = taken(house, &guard)? else {
            removed.busy.push(busy(&guard));
            continue;
        };
        let marked = house.ledger().mark_deletions(&deletions, operator, retention.now)?;
        house.steps.reached(Step::Marked, house.layout.root())?;
        take_away(house, &marked, retention.now)?;
        removed.gone.extend(marked.into_iter().map(|(_, deletion)| deletion));
    }
    tell(&removed);
    Ok(removed)
}

/// One line for each kind, whether or not something went.
fn tell(removed: &Removed) {
    let n = removed.gone.len();
    let (bytes, rows) = removed.gone.iter().fold((0, 0), |(bytes, rows), one| (bytes + one.frees, rows + one.rows));
    tracing::info!(n, frees_bytes = bytes, n_rows = rows, busy = removed.busy.len(), "retention");
    for kind in DeletionKind::ALL {
        let of_kind = removed.gone.iter().filter(|one| one.kind == kind);
        let (n, bytes) = of_kind.fold((0_u64, 0_u64), |(n, bytes), one| (n + 1, bytes + one.frees));
        if n > 0 {
            tracing::info!(kind = kind.word(), n, frees_bytes = bytes, "removed by retention");
        }
    }
}

/// Finishes what a dead process had marked; what somebody is at work on waits for the next open.
pub(crate) fn settle(house: &House, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    if house.ledger().open_deletions()?.is_empty() {
        return Ok(());
    }
    match Lock::try_take(&house.layout.removal_lock())? {
        Some(_removing) => finish(house, now),
        None => Ok(()),
    }
}

/// The lock of removing is held.
fn finish(house: &House, now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let mut open: BTreeMap<Guard, Vec<(u64, Deletion)>> = BTreeMap::new();
    for marked in house.ledger().open_deletions()? {
        open.entry(guard_of(&marked.1)).or_default().push(marked);
    }
    for (guard, marked) in open {
        if let Some(_lock) = taken(house, &guard)? {
            take_away(house, &marked, now)?;
            tracing::warn!(n = marked.len(), "removed what a dead process had marked");
        }
    }
    Ok(())
}

fn guard_of(deletion: &Deletion) -> Guard {
    match (deletion.kind, &deletion.dataset) {
        (DeletionKind::Snapshot | DeletionKind::RawPages | DeletionKind::Quarantine, Some(dataset)) => {
            Guard::Dataset(dataset.clone())
        }
        (DeletionKind::Edition | DeletionKind::EditionFile | DeletionKind::EditionObject, _) => Guard::Editions,
        (DeletionKind::Mail, _) => Guard::Outbox,
        _ => Guard::Nobody,
    }
}

fn grouped(deletions: Vec<Deletion>) -> BTreeMap<Guard, Vec<Deletion>> {
    let mut groups: BTreeMap<Guard, Vec<Deletion>> = BTreeMap::new();
    for deletion in deletions {
        groups.entry(guard_of(&deletion)).or_default().push(deletion);
    }
    groups
}

/// The lock of a guard; `None` where somebody is at work.
fn taken(house: &House, guard: &Guard) -> Result<Option<Option<Lock>>, WarehouseError> {
    Ok(match guard {
        Guard::Dataset(dataset) => Lock::try_take(&house.layout.dataset_lock(dataset))?.map(Some),
        Guard::Editions => Lock::try_take(&house.layout.editions_lock())?.map(Some),
        // Held for moments.
        Guard::Outbox => Some(Some(Lock::wait(&house.layout.outbox_write_lock())?)),
        Guard::Nobody => Some(None),
    })
}

fn busy(guard: &Guard) -> String {
    match guard {
        Guard::Dataset(dataset) => format!("{dataset} is being loaded"),
        Guard::Editions => "an edition is being recorded".to_owned(),
        Guard::Outbox => "mail is being laid in the outbox".to_owned(),
        Guard::Nobody => String::new(),
    }
}

/// Takes away what is marked, makes that durable, and notes it.
fn take_away(house: &House, marked: &[(u64, Deletion)], now: DateTime<Utc>) -> Result<(), WarehouseError> {
    let root = house.layout.root();
    let mut gone: Vec<PathBuf> = Vec::new();
    for (_, deletion) in marked {
        let Some(path) = deletion.path.as_ref().map(|path| root.join(path)) else { continue };
        match (deletion.kind, &deletion.dataset, &deletion.run) {
            (DeletionKind::Snapshot, Some(dataset), Some(run)) => {
                let partition = deletion.partition.as_deref().unwrap_or_default();
                hide(house, (dataset, partition, run), &mut gone)?;
                disk::remove_file(&path)?;
            }
            (DeletionKind::RawPages, Some(dataset), Some(run)) => archive::forget(house, dataset, run)?,
            (DeletionKind::Edition, ..) => disk::remove_folder(&path)?,
            _ => disk::remove_file(&path)?,
        }
        house.steps.reached(Step::TakenAway, &path)?;
        gone.push(path);
    }
    // The folders that are still there have to forget the names, and those that are empty go, too.
    gone.iter().try_for_each(|path| remove_empty_parents(house, path))?;
    let left: Vec<PathBuf> = gone.iter().filter_map(|path| nearest_that_is_there(root, path)).collect();
    disk::sync_parents(&left, root)?;
    let numbers: Vec<u64> = marked.iter().map(|(seq, _)| *seq).collect();
    house.ledger().deletions_done(&numbers, now)?;
    house.steps.reached(Step::RemovalRecorded, root)
}

/// Takes the folders of `history` and `latest` away that show the file. Each goes in one step for whoever looks.
fn hide(
    house: &House,
    (dataset, partition, run): (&DatasetId, &str, &RunId),
    gone: &mut Vec<PathBuf>,
) -> Result<(), WarehouseError> {
    let folders = [(Tree::History, partition.to_owned()), (Tree::Latest, latest_of(partition))];
    for (tree, folder) in folders.into_iter().chain([(Tree::Latest, partition.to_owned())]) {
        let folder = house.layout.published(tree, dataset, &folder);
        let file = folder.join(run.file_name());
        if !disk::exists(&file)? {
            continue;
        }
        let aside = house.layout.all_retired().join(format!("removed-{run}"));
        disk::remove_folder(&aside)?;
        disk::rename(&folder, &aside)?;
        disk::remove_folder(&aside)?;
        gone.push(folder);
    }
    Ok(())
}

/// The folder of `latest` that shows a snapshot: all keys but the date.
fn latest_of(partition: &str) -> String {
    partition.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default()
}

/// Removes the folders above `path` that became empty, but for those that others may be about to fill: the trees' own, and in
/// trees of datasets each dataset's.
fn remove_empty_parents(house: &House, path: &Path) -> Result<(), WarehouseError> {
    let root = house.layout.root();
    let depth = |folder: &Path| folder.strip_prefix(root).map_or(0, |rest| rest.components().count());
    let layout = &house.layout;
    let stays = if path.starts_with(layout.editions()) || path.starts_with(layout.outbox()) {
        2
    } else if path.starts_with(layout.tree(Tree::History)) || path.starts_with(layout.tree(Tree::Latest)) {
        3
    } else {
        4
    };
    for folder in path.ancestors().skip(1).take_while(|folder| depth(folder) > stays) {
        if disk::exists(folder)? && !disk::remove_empty_folder(folder)? {
            break;
        }
    }
    Ok(())
}

/// A name below the nearest folder above `path` that is there.
fn nearest_that_is_there(root: &Path, path: &Path) -> Option<PathBuf> {
    let folder = path.ancestors().skip(1).find(|folder| folder.exists())?;
    folder.starts_with(root).then(|| folder.join("gone"))
}
