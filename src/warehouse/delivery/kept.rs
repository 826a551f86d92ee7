//! Laying messages in the outbox: files first, durable, then the rows that name them.

use super::{Enqueued, NewDelivery};
use crate::warehouse::disk::{self, Lock};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::house::House;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Longest name of an edition's folder, in characters.
const FOLDER_CHARS_MAX: usize = 100;

/// A message and where it is kept.
pub(crate) struct Kept<'a> {
    pub(crate) new: &'a NewDelivery<'a>,
    /// Relative to `state/outbox`.
    pub(crate) file: String,
    pub(crate) sha256: String,
}

/// Lays in what is not there yet: a delivery of an edition is known by edition and recipient, everything else by Message-ID.
/// Waits for others who do the same, for moments.
pub(crate) fn enqueue(
    house: &House,
    messages: &[NewDelivery<'_>],
    operator: &str,
    at: DateTime<Utc>,
) -> Result<Enqueued, WarehouseError> {
    house.require_writable()?;
    let _laying = Lock::wait(&house.layout.outbox_write_lock())?;
    let standing = house.ledger().standing_deliveries(messages)?;
    let fresh = messages.iter().zip(&standing).filter(|(_, stands)| !**stands).map(|(message, _)| message);
    let fresh: Vec<Kept<'_>> = fresh.map(kept).collect();
    write(house, &fresh)?;
    house.ledger().insert_deliveries(&fresh, operator, at)?;
    Ok(Enqueued { new: fresh.len(), standing: messages.len() - fresh.len() })
}

fn kept<'a>(new: &'a NewDelivery<'a>) -> Kept<'a> {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    let folder: String = new.edition.chars().map(safe).take(FOLDER_CHARS_MAX).collect();
    let id = hex(&Sha256::digest(new.message_id.as_bytes()));
    Kept { new, file: format!("{folder}/{}.eml", &id[..32]), sha256: hex(&Sha256::digest(new.eml)) }
}

/// Writes the files and makes them durable. What a process left that died before its rows were in is written over.
fn write(house: &House, messages: &[Kept<'_>]) -> Result<(), WarehouseError> {
    let outbox = house.layout.outbox();
    let paths: Vec<PathBuf> = messages.iter().map(|message| outbox.join(&message.file)).collect();
    let folders: BTreeSet<_> = paths.iter().filter_map(|path| path.parent()).collect();
    folders.iter().try_for_each(|folder| disk::create_private_folder(folder))?;
    let files: Vec<_> = paths.iter().map(PathBuf::as_path).zip(messages.iter().map(|m| m.new.eml)).collect();
    disk::write_private_files(&files)?;
    disk::sync_parents(&paths, &outbox)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
