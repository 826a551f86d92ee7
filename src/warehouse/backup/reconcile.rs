//! What the ledger and the disk do not agree on, after a backup was restored: files that only one of them knows.

use crate::warehouse::disk;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use crate::warehouse::id::{DatasetId, RunId};
use crate::warehouse::retention::{Deletion, DeletionKind};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What does not agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Files that readers are sent to and that are not there.
    pub lost: Vec<LostFile>,
    /// Files that are there and that the ledger does not know: runs that ended after the backup.
    pub stray: Vec<StrayFile>,
}

/// A file that the ledger knows and that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostFile {
    /// Its dataset.
    pub dataset: DatasetId,
    /// Its partition.
    pub partition: String,
    /// The run that wrote it.
    pub run: RunId,
    /// Its rows.
    pub rows: u64,
}

/// A file that the ledger does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayFile {
    /// Its dataset, `source.dataset`, by its folder.
    pub dataset: String,
    /// Its partition, by its folder.
    pub partition: String,
    /// The run that wrote it, by its name.
    pub run: String,
    /// Its size.
    pub bytes: u64,
}

pub(super) fn reconcile(house: &House) -> Result<Reconciliation, WarehouseError> {
    let believed = house.ledger().believed_files()?;
    let mut found = Reconciliation::default();
    let mut known: BTreeSet<PathBuf> = BTreeSet::new();
    for file in believed {
        let path = house.layout.file(&file.dataset, &file.partition, &file.run);
        if file.is_current && !disk::exists(&path)? {
            found.lost.push(LostFile {
                dataset: file.dataset,
                partition: file.partition,
                run: file.run,
                rows: file.rows,
            });
        }
        if file.is_known {
            known.insert(path);
        }
    }
    let root = house.layout.all_state().join("files");
    let mut paths = Vec::new();
    walk(&root, &mut paths)?;
    for path in paths.into_iter().filter(|path| !known.contains(path)) {
        found.stray.extend(stray(&root, &path)?);
    }
    Ok(found)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), WarehouseError> {
    let mut names = disk::names_if_any(folder)?;
    names.sort();
    for name in names {
        let path = folder.join(name);
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn stray(root: &Path, path: &Path) -> Result<Option<StrayFile>, WarehouseError> {
    let Ok(below) = path.strip_prefix(root) else { return Ok(None) };
    let parts: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let [source, dataset, partition @ .., file] = parts.as_slice() else { return Ok(None) };
    Ok(Some(StrayFile {
        dataset: format!("{source}.{dataset}"),
        partition: partition.join("/"),
        run: file.trim_end_matches(".parquet").to_owned(),
        bytes: disk::size(path)?,
    }))
}

pub(super) fn drop_lost(
    house: &House,
    lost: &[LostFile],
    operator: &str,
    at: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    house.require_writable()?;
    let gone = |file: &LostFile| Deletion {
        kind: DeletionKind::Snapshot,
        name: format!("{}/{}", file.dataset, file.partition),
        dataset: Some(file.dataset.clone()),
        partition: Some(file.partition.clone()),
        run: Some(file.run.clone()),
        path: None,
        bytes: 0,
        frees: 0,
        rows: file.rows,
        rule: "restore --drop-lost".to_owned(),
        reason: "its file was gone when a backup was restored".to_owned(),
        before: None,
    };
    let deletions: Vec<Deletion> = lost.iter().map(gone).collect();
    house.ledger().mark_deletions(&deletions, operator, at).map(|_| ())
}
