//! Recorded editions, and what of the things they stand on nobody needs any more.
//!
//! What an edition stands on is named in its manifest by SHA-256, directly or in a text that is named there. Whatever looks like such a
//! name counts as one: too much stays rather than too little.

use super::plan::relative;
use super::{Deletion, DeletionKind, Retention};
use crate::warehouse::disk;
use crate::warehouse::editions::{self, EditionRecord};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What was kept for an edition less than this ago may belong to one that is being recorded.
const BEING_RECORDED: TimeDelta = TimeDelta::days(1);

/// Hexadecimal digits of a SHA-256.
const HASH_LEN: usize = 64;

/// Editions beyond their age, what only they stood on, and personal snapshots beyond theirs.
pub(super) fn editions(house: &House, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
    let (gone, left) = by_age(house, retention)?;
    let mut all: Vec<Deletion> =
        gone.iter().map(|edition| record(house, retention, edition)).collect::<Result<_, _>>()?;
    let personal = personal_files(house, retention)?;
    let taken: BTreeSet<String> = personal.iter().map(|file| file.name.clone()).collect();
    all.extend(personal);
    if !gone.is_empty() {
        all.extend(unneeded(house, retention, &left)?.into_iter().filter(|file| !taken.contains(&file.name)));
    }
    Ok(all)
}

/// Which editions go and which stay. Of each report, and of each variant, the newest stays: the next one is compared with it.
fn by_age(
    house: &House,
    retention: &Retention<'_>,
) -> Result<(Vec<EditionRecord>, Vec<EditionRecord>), WarehouseError> {
    let all = house.ledger().all_editions()?;
    let mut newest: BTreeMap<(&str, Option<&str>), (chrono::NaiveDate, u32)> = BTreeMap::new();
    for edition in &all {
        let this = (edition.period, edition.number);
        let place = newest.entry((&edition.report, edition.variant.as_deref())).or_insert(this);
        *place = this.max(*place);
    }
    let before = retention.before(retention.settings.editions_days);
    let goes = |edition: &EditionRecord| {
        let kept = newest.get(&(edition.report.as_str(), edition.variant.as_deref()));
        before.is_some_and(|before| edition.recorded_at < before) && kept != Some(&(edition.period, edition.number))
    };
    Ok(all.iter().cloned().partition(|edition| goes(edition)))
}

fn record(house: &House, retention: &Retention<'_>, edition: &EditionRecord) -> Result<Deletion, WarehouseError> {
    let days = retention.settings.editions_days;
    Ok(Deletion {
        kind: DeletionKind::Edition,
        name: format!("{}/{}", edition.edition, edition.number),
        dataset: None,
        partition: None,
        run: None,
        path: relative(house, &house.layout.edition(&edition.edition, edition.number)),
        bytes: edition.bytes,
        frees: edition.bytes,
        rows: 0,
        rule: format!("editions_days {days}"),
        reason: format!("recorded on {}, and not the newest of its report", edition.recorded_at.date_naive()),
        before: None,
    })
}

/// The snapshots of personal data that editions keep beyond their age.
fn personal_files(house: &House, retention: &Retention<'_>) -> Result<Vec<Deletion>, WarehouseError> {
    let mut gone: BTreeMap<String, Deletion> = BTreeMap::new();
    for file in house.ledger().hashed_files()? {
        if !retention.is_personal(&file.dataset, file.hashed) {
            continue;
        }
        let Some((rule, reason)) = retention.too_old_for_personal(file.date) else { continue };
        let path = house.layout.edition_file(&file.sha256);
        if disk::exists(&path)? {
            let reason = format!("{reason}; editions that read it cannot be verified any more");
            let kept = (file.bytes, file.rows);
            let mut one = kept_for_editions(house, DeletionKind::EditionFile, &path, (kept, (rule, reason)))?;
            one.dataset = Some(file.dataset);
            gone.insert(file.sha256, one);
        }
    }
    Ok(gone.into_values().collect())
}

/// What lies beside the editions and none of `left` stands on.
fn unneeded(
    house: &House,
    retention: &Retention<'_>,
    left: &[EditionRecord],
) -> Result<Vec<Deletion>, WarehouseError> {
    let needed = needed(house, left)?;
    let mut gone = Vec::new();
    for (kind, folder) in [(DeletionKind::EditionFile, "files"), (DeletionKind::EditionObject, "objects")] {
        for path in stored(&house.layout.editions().join(folder))? {
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let is_named = stem.len() == HASH_LEN && stem.bytes().all(is_digit);
            let fresh = retention.now - disk::changed_at(&path)? < BEING_RECORDED;
            if !is_named || needed.contains(&stem) || fresh {
                continue;
            }
            let (rule, reason) =
                (format!("editions_days {}", retention.settings.editions_days), "no edition that is left needs it");
            let bytes = disk::size(&path)?;
            gone.push(kept_for_editions(house, kind, &path, ((bytes, 0), (rule, reason.to_owned())))?);
        }
    }
    Ok(gone)
}

/// The hashes that these editions name, and those that what they name names.
fn needed(house: &House, left: &[EditionRecord]) -> Result<BTreeSet<String>, WarehouseError> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<String> = Vec::new();
    for edition in left {
        open.extend(hashes(&editions::manifest(house, edition)?));
    }
    while let Some(hash) = open.pop() {
        if !needed.insert(hash.clone()) {
            continue;
        }
        if disk::exists(&house.layout.edition_object(&hash))? {
            open.extend(hashes(&editions::object(house, &hash)?));
        }
    }
    Ok(needed)
}

/// Everything in `bytes` that looks like a SHA-256: exactly 64 hexadecimal digits.
fn hashes(bytes: &[u8]) -> Vec<String> {
    let words = bytes.split(|byte| !is_digit(*byte)).filter(|word| word.len() == HASH_LEN);
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

/// The files two folders down.
fn stored(root: &Path) -> Result<Vec<PathBuf>, WarehouseError> {
    let mut paths = Vec::new();
    for folder in disk::names_if_any(root)? {
        let folder = root.join(folder);
        paths.extend(disk::names(&folder)?.into_iter().map(|name| folder.join(name)));
    }
    paths.sort();
    Ok(paths)
}

fn kept_for_editions(
    house: &House,
    kind: DeletionKind,
    path: &Path,
    ((bytes, rows), (rule, reason)): ((u64, u64), (String, String)),
) -> Result<Deletion, WarehouseError> {
    // Where its partition is still there the file has other names.
    let frees = if disk::is_last_name(path)? { bytes } else { 0 };
    let path = relative(house, path);
    Ok(Deletion {
        kind,
        name: path.clone().unwrap_or_default(),
        dataset: None,
        partition: None,
        run: None,
        path,
        bytes,
        frees,
        rows,
        rule,
        reason,
        before: None,
    })
}

#[cfg(test)]
mod tests {
    use super::hashes;

    #[test]
    fn whatever_looks_like_a_hash_is_one() {
        let (one, other) = ("ab".repeat(32), "0".repeat(64));
        let text = format!("{{\"a\":\"{one}\",\"b\":[\"{other}\",\"{one}0\",\"{}\"]}}", "a".repeat(63));
        assert_eq!(hashes(text.as_bytes()), [one, other]);
        assert!(hashes(b"").is_empty());
    }
}
