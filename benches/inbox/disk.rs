//! What the disk does: its own fsync rate, and the transactions of the inbox.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes written before each fsync: a page of SQLite.
const PAGE: [u8; 4_096] = [0x5a; 4_096];

/// How often a page can be written and brought to the disk, one after the other, in `folder`.
pub(crate) fn fsyncs_per_second(folder: &Path, time: Duration) -> f64 {
    let path = folder.join("fsync");
    let mut file = File::create(&path).expect("a file");
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < time {
        // Like a log: it grows, and begins anew now and then.
        if count.is_multiple_of(1_000) {
            file.seek(SeekFrom::Start(0)).expect("a file");
        }
        file.write_all(&PAGE).and_then(|()| file.sync_all()).expect("room for a page");
        count += 1;
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    fs::remove_file(path).expect("our own file");
    rate
}

/// Counts the transactions of an inbox from outside: SQLite's WAL index holds a counter that each one increments
/// (sqlite.org/walformat.html, `iChange`). It begins anew when the database is opened after a kill.
pub(crate) struct Commits {
    index: PathBuf,
    since: u32,
    /// Transactions while it counted.
    pub(crate) counted: u64,
}

impl Commits {
    /// Counts from here on.
    pub(crate) fn of(warehouse: &Path) -> Self {
        let index = warehouse.join("state/inbox.db-shm");
        let since = changes(&index);
        Self { index, since, counted: 0 }
    }

    /// Ends counting.
    pub(crate) fn pause(&mut self) {
        let now = changes(&self.index);
        self.counted += u64::from(now.checked_sub(self.since).unwrap_or(now));
    }

    /// Counts on.
    pub(crate) fn resume(&mut self) {
        self.since = changes(&self.index);
    }
}

/// The counter, in the machine's own byte order.
fn changes(index: &Path) -> u32 {
    let bytes = fs::read(index).unwrap_or_default();
    bytes.get(8..12).map_or(0, |four| u32::from_ne_bytes(four.try_into().expect("four bytes")))
}
