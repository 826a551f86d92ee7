//! The inbox store from outside.

mod claims;
mod look;
mod writer;

use super::{InboxLimits, InboxWriter, NewPush, NewRefused, Receipt, SCHEMA};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::sqlite::Database;
use crate::warehouse::tests::{Scene, dataset, noon};
use rusqlite::Connection;
use std::future::Future;

#[test]
fn a_store_of_a_newer_release_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.db");
    drop(Database::open(&path, &SCHEMA).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", SCHEMA.version() + 1).unwrap();
    let refused = Database::open(&path, &SCHEMA).unwrap_err();
    assert!(matches!(refused, WarehouseError::DatabaseVersion { .. }), "{refused}");
    assert!(refused.to_string().contains("use the newer lumbung"), "{refused}");
}

pub(super) const NIB: &str = "oss.nib_masuk";

pub(super) const LIMITS: InboxLimits =
    InboxLimits { waiting_bytes_max: 64 << 20, refused_max: 1_000, refused_days: 30 };

/// A mark that differs by number.
pub(super) fn mark(n: u64) -> [u8; 32] {
    let mut mark = [0xab; 32];
    mark[..8].copy_from_slice(&n.to_be_bytes());
    mark
}

/// The push number `n`, received at noon of the 20th; its body says its number.
pub(super) fn push(n: u64) -> NewPush {
    NewPush {
        dataset: dataset(NIB),
        day: noon(20).date_naive(),
        received_at: noon(20),
        content: mark(n),
        key: Some(mark(n % 10)),
        key_id: "1f2e3d4c".to_owned(),
        sealed: n.to_string().into_bytes(),
    }
}

pub(super) fn refused(n: u64) -> NewRefused {
    NewRefused {
        dataset: dataset(NIB),
        received_at: noon(20),
        columns: vec!["nib".to_owned(), "tgl_terbit".to_owned()],
        reason: format!("the {n}th: tgl_terbit is not a date"),
        key_id: "1f2e3d4c".to_owned(),
        sealed: n.to_string().into_bytes(),
    }
}

/// Waits for a future; what it waits for is the writer's thread.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(super) fn start(scene: &Scene) -> InboxWriter {
    InboxWriter::start(&scene.warehouse.inbox().unwrap(), LIMITS).unwrap()
}

/// Stores these pushes, one after the other.
pub(super) fn bring(scene: &Scene, pushes: impl IntoIterator<Item = NewPush>) -> Vec<Receipt> {
    let writer = start(scene);
    let receipts = pushes.into_iter().map(|push| wait(writer.put(push)).unwrap()).collect();
    wait(writer.shutdown()).unwrap();
    receipts
}
