//! Recorded editions: the exact bytes of every part, below `state/editions/<edition>/<number>/`.
//!
//! Parts are written in a folder aside and made durable; the ledger notes where they will stand (`recording`), one rename puts
//! each edition in its place, the ledger says `recorded`. Before the note nothing happened; after it whoever opens the
//! warehouse next finishes the move. Nothing is overwritten: other bytes under the same name get the next number.
//!
//! What many editions stand on (queries, contracts, lists of files) is kept once, compressed, under its SHA-256.

use super::disk::{self, Lock};
use super::error::WarehouseError;
use super::house::House;
use super::id::RunId;
use super::record::CommittedFile;
use super::steps::Step;
use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file that says what the others of an edition are.
const MANIFEST: &str = "manifest.json";

/// How hard objects are compressed: they are written once and mostly text.
const ZSTD_LEVEL: i32 = 9;

/// An edition to be recorded.
#[derive(Debug, Clone)]
pub struct NewEdition<'a> {
    /// Its name, e.g. `serapan-anggaran-2026-10-31`: lower-case letters, digits and hyphens.
    pub edition: String,
    /// The report.
    pub report: String,
    /// Whose edition it is, where not all get the same.
    pub variant: Option<String>,
    /// The date it stands for.
    pub period: NaiveDate,
    /// The day whose snapshots it shows.
    pub day: NaiveDate,
    /// The time it was composed.
    pub made_at: DateTime<Utc>,
    /// The version of the program.
    pub program: String,
    /// The version of the report's definition.
    pub definition_version: u32,
    /// `manifest.json`.
    pub manifest: Vec<u8>,
    /// Every other file, by its name.
    pub parts: Vec<(String, &'a [u8])>,
    /// Why it is recorded again, where an earlier record has other bytes.
    pub reason: Option<String>,
}

/// A recorded edition, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionRecord {
    /// Its name.
    pub edition: String,
    /// 1, and one more for each time it was composed with other bytes.
    pub number: u32,
    /// The report.
    pub report: String,
    /// Whose edition it is, where not all get the same.
    pub variant: Option<String>,
    /// The date it stands for.
    pub period: NaiveDate,
    /// The day whose snapshots it shows.
    pub day: NaiveDate,
    /// The time it was composed.
    pub made_at: DateTime<Utc>,
    /// The version of the program.
    pub program: String,
    /// The version of the report's definition.
    pub definition_version: u32,
    /// How many files it has, the manifest not counted.
    pub parts: u64,
    /// Their bytes.
    pub bytes: u64,
    /// A digest over their names and contents.
    pub content: String,
    /// SHA-256 of the manifest.
    pub manifest_sha256: String,
    /// Why there is an earlier record with other bytes.
    pub reason: Option<String>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Which editions to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct EditionFilter<'a> {
    /// Only of this report.
    pub report: Option<&'a str>,
    /// Only this one, with all its numbers.
    pub edition: Option<&'a str>,
    /// Only those that stand for an earlier date.
    pub before: Option<NaiveDate>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Records `editions` and `objects`; those that are recorded already as they are stay as they are.
pub(crate) fn record(
    house: &House,
    editions: &[NewEdition<'_>],
    objects: &[&[u8]],
    at: DateTime<Utc>,
) -> Result<Vec<EditionRecord>, WarehouseError> {
    house.require_writable()?;
    disk::create_private_folder(&house.layout.editions_aside())?;
    let _lock = Lock::wait(&house.layout.editions_lock())?;
    // Whoever died before finished nothing that could be in the way of a number.
    place(house)?;
    let folder = house.layout.editions_aside().join(RunId::new(at).as_str());
    let written = Writing { house, folder: &folder }.all(editions, objects, at);
    let (records, intended) = match written {
        Ok(written) => written,
        Err(error) => {
            if !house.steps.stopped() {
                disk::remove_folder(&folder)?;
            }
            return Err(error);
        }
    };
    if !intended.is_empty() {
        house.ledger().intend_editions(&intended)?;
        house.steps.reached(Step::IntentRecorded, &folder)?;
        place(house)?;
    }
    disk::remove_folder(&folder)?;
    Ok(records)
}

/// Brings what a dead process began to its end; does nothing while another one records.
pub(crate) fn settle(house: &House) -> Result<(), WarehouseError> {
    let aside = house.layout.editions_aside();
    if !disk::exists(&aside)? {
        return Ok(());
    }
    let Some(_lock) = Lock::try_take(&house.layout.editions_lock())? else { return Ok(()) };
    place(house)?;
    disk::names(&aside)?.iter().try_for_each(|name| disk::remove_folder(&aside.join(name)))
}

/// Moves every edition whose intent is recorded into its place. The lock is held. Each step first looks whether it was taken.
fn place(house: &House) -> Result<(), WarehouseError> {
    let intended = house.ledger().editions_to_place()?;
    if intended.is_empty() {
        return Ok(());
    }
    let mut targets = Vec::with_capacity(intended.len());
    for (edition, aside) in &intended {
        let target = house.layout.edition(&edition.edition, edition.number);
        if !disk::exists(&target)? {
            if let Some(parent) = target.parent() {
                disk::create_private_folder(parent)?;
            }
            disk::rename(&house.layout.editions_aside().join(aside), &target)?;
        }
        house.steps.reached(Step::FilePlaced, &target)?;
        targets.push(target);
    }
    disk::sync_parents(&targets, &house.layout.editions())?;
    house.steps.reached(Step::FilesDurable, &house.layout.editions())?;
    house.ledger().editions_placed()?;
    house.steps.reached(Step::CommitRecorded, &house.layout.editions())
}

/// Writes what is to be recorded into a folder aside.
struct Writing<'a> {
    house: &'a House,
    folder: &'a Path,
}

/// Every edition's record, and those that are new, each with its folder below `aside`.
type Written = (Vec<EditionRecord>, Vec<(EditionRecord, String)>);

impl Writing<'_> {
    fn all(
        &self,
        editions: &[NewEdition<'_>],
        objects: &[&[u8]],
        at: DateTime<Utc>,
    ) -> Result<Written, WarehouseError> {
        let (mut records, mut intended): (Vec<EditionRecord>, Vec<(EditionRecord, String)>) = Default::default();
        let mut files = Vec::new();
        disk::create_private_folder(self.folder)?;
        for (index, edition) in editions.iter().enumerate() {
            let content = content(&edition.parts);
            let which = EditionFilter { edition: Some(&edition.edition), limit: Some(1), ..EditionFilter::default() };
            let last = self.house.ledger().editions(&which)?.pop();
            if let Some(same) = last.as_ref().filter(|last| last.content == content) {
                records.push(same.clone());
                continue;
            }
            let record = new_record(edition, content, last.map_or(0, |last| last.number) + 1, at)?;
            let folder = self.folder.join(index.to_string());
            files.extend(write_files(&folder, edition)?);
            let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
            intended.push((record.clone(), format!("{name}/{index}")));
            records.push(record);
        }
        let objects = self.objects(objects, &mut files)?;
        disk::sync_files(&files)?;
        disk::sync_parents(&files, &self.house.layout.editions())?;
        for (aside, target) in &objects {
            disk::rename(aside, target)?;
        }
        let targets: Vec<PathBuf> = objects.into_iter().map(|(_, target)| target).collect();
        disk::sync_parents(&targets, &self.house.layout.editions())?;
        self.house.steps.reached(Step::Staged, self.folder)?;
        Ok((records, intended))
    }

    /// Writes the objects that are not there yet; gives where each lies and where it belongs.
    fn objects(
        &self,
        objects: &[&[u8]],
        files: &mut Vec<PathBuf>,
    ) -> Result<Vec<(PathBuf, PathBuf)>, WarehouseError> {
        let mut moves: Vec<(PathBuf, PathBuf)> = Vec::new();
        for bytes in objects {
            let sha256 = hex(&Sha256::digest(bytes));
            let target = self.house.layout.edition_object(&sha256);
            let aside = self.folder.join(format!("{sha256}.zst"));
            if disk::exists(&target)? || disk::exists(&aside)? {
                continue;
            }
            if let Some(parent) = target.parent() {
                disk::create_private_folder(parent)?;
            }
            let packed =
                zstd::bulk::compress(bytes, ZSTD_LEVEL).map_err(|e| WarehouseError::io("compress", &aside, e))?;
            write_private(&aside, &packed)?;
            files.push(aside.clone());
            moves.push((aside, target));
        }
        Ok(moves)
    }
}

fn new_record(
    edition: &NewEdition<'_>,
    content: String,
    number: u32,
    at: DateTime<Utc>,
) -> Result<EditionRecord, WarehouseError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let is_name = edition.edition.contains(&edition.period.to_string()) && edition.edition.chars().all(plain);
    if !is_name || edition.edition.len() > 200 {
        return Err(WarehouseError::Name {
            what: "name of an edition",
            text: edition.edition.clone(),
            rule: "report, date and variant, lower-case letters, digits and hyphens, at most 200",
        });
    }
    let reason =
        edition.reason.clone().or_else(|| (number > 1).then(|| "composed again with other bytes".to_owned()));
    Ok(EditionRecord {
        edition: edition.edition.clone(),
        number,
        report: edition.report.clone(),
        variant: edition.variant.clone(),
        period: edition.period,
        day: edition.day,
        made_at: edition.made_at,
        program: edition.program.clone(),
        definition_version: edition.definition_version,
        parts: edition.parts.len() as u64,
        bytes: edition.parts.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
        content,
        manifest_sha256: hex(&Sha256::digest(&edition.manifest)),
        reason: reason.filter(|_| number > 1),
        recorded_at: at,
    })
}

/// Writes the parts and the manifest of an edition; gives the files.
fn write_files(folder: &Path, edition: &NewEdition<'_>) -> Result<Vec<PathBuf>, WarehouseError> {
    disk::create_private_folder(folder)?;
    let manifest = (MANIFEST.to_owned(), edition.manifest.as_slice());
    let mut files = Vec::with_capacity(edition.parts.len() + 1);
    for (name, bytes) in edition.parts.iter().chain([&manifest]) {
        let path = folder.join(file_name(name)?);
        write_private(&path, bytes)?;
        files.push(path);
    }
    Ok(files)
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), WarehouseError> {
    let write = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes);
    write().map_err(|e| WarehouseError::io("write", path, e))
}

/// `name`, which cannot lead out of its folder.
fn file_name(name: &str) -> Result<&str, WarehouseError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        let rule = "letters, digits, hyphens and dots, no dot first";
        return Err(WarehouseError::Name { what: "name of a part", text: name.to_owned(), rule });
    }
    Ok(name)
}

/// A digest over names and contents, in the order of the names.
fn content(parts: &[(String, &[u8])]) -> String {
    let mut sorted: Vec<&(String, &[u8])> = parts.iter().collect();
    sorted.sort();
    let mut hash = Sha256::new();
    for (name, bytes) in sorted {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(Sha256::digest(bytes));
    }
    hex(&hash.finalize())
}

/// The bytes of one part.
pub(crate) fn part(house: &House, edition: &EditionRecord, name: &str) -> Result<Vec<u8>, WarehouseError> {
    let path = house.layout.edition(&edition.edition, edition.number).join(file_name(name)?);
    fs::read(&path).map_err(|e| WarehouseError::io("read", &path, e))
}

/// The manifest, which is what was recorded.
pub(crate) fn manifest(house: &House, edition: &EditionRecord) -> Result<Vec<u8>, WarehouseError> {
    let bytes = part(house, edition, MANIFEST)?;
    if hex(&Sha256::digest(&bytes)) == edition.manifest_sha256 {
        return Ok(bytes);
    }
    let path = house.layout.edition(&edition.edition, edition.number).join(MANIFEST);
    Err(WarehouseError::RecordAltered { path })
}

/// What editions stand on, which is what was recorded.
pub(crate) fn object(house: &House, sha256: &str) -> Result<Vec<u8>, WarehouseError> {
    let path = house.layout.edition_object(file_name(sha256)?);
    let file = File::open(&path).map_err(|e| WarehouseError::io("read", &path, e))?;
    match zstd::decode_all(file) {
        Ok(bytes) if hex(&Sha256::digest(&bytes)) == sha256 => Ok(bytes),
        _ => Err(WarehouseError::RecordAltered { path }),
    }
}

/// The hash of a committed file, from the ledger where it was computed before.
pub(crate) fn file_sha256(house: &House, file: &CommittedFile) -> Result<String, WarehouseError> {
    let known = house.ledger().file_hash(&file.run, &file.partition)?;
    if let Some(known) = known {
        return Ok(known);
    }
    let sha256 = sha256_of(&file.path)?;
    if house.is_writable() {
        house.ledger().note_file_hash(&file.run, &file.partition, &sha256)?;
    }
    Ok(sha256)
}

/// Keeps a committed file for the editions that read it, under the SHA-256 that is given back: a second name of the same
/// bytes, which stays when the partition is replaced.
pub(crate) fn keep_file(house: &House, file: &CommittedFile) -> Result<String, WarehouseError> {
    house.require_writable()?;
    let sha256 = file_sha256(house, file)?;
    let kept = house.layout.edition_file(&sha256);
    if !disk::exists(&kept)? {
        if let Some(parent) = kept.parent() {
            disk::create_private_folder(parent)?;
        }
        // Of two names of one file a rename takes none away, hence the second removal. A copy, where there are no links, is whole or not there.
        let aside = kept.with_extension(format!("part-{}", std::process::id()));
        disk::remove_file(&aside)?;
        disk::link(&file.path, &aside)?;
        disk::rename(&aside, &kept)?;
        disk::remove_file(&aside)?;
        disk::sync_parents(&[kept], &house.layout.editions())?;
    }
    Ok(sha256)
}

/// The SHA-256 of a file as it is now, hexadecimal.
pub(crate) fn sha256_of(path: &Path) -> Result<String, WarehouseError> {
    let read = || -> io::Result<String> {
        let mut hash = Sha256::new();
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            match io::Read::read(&mut file, &mut buffer)? {
                0 => return Ok(hex(&hash.finalize())),
                n => hash.update(&buffer[..n]),
            }
        }
    };
    read().map_err(|e| WarehouseError::io("read", path, e))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
