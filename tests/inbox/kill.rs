//! `kill -9` of the daemon while 32 callers push and repeat themselves: whatever was acknowledged is in Parquet, once.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use lumbung::sandbox::{Extent, PushOptions, Pusher};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::mortal::{Mortal, clock, credentials};
use super::tally::{DATASETS, compare, pushes};

/// So many acknowledgements are waited for.
const ACKNOWLEDGED: u64 = 2_000;
const CLIENTS: usize = 32;
/// Of the demo's world: enough different businesses.
const SCALE: &str = "0.1";
/// Acknowledged pushes at which the daemon is killed: anywhere, then in the middle of a load.
const KILLS: [u64; 2] = [600, 1_200];
/// How often it is looked whether it is time.
const LOOK: Duration = Duration::from_millis(1);
/// Longer than the whole of it takes on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// Waits until `due`; fails when that never comes.
fn wait(what: &str, mut due: impl FnMut() -> bool) {
    let began = Instant::now();
    while !due() {
        assert!(began.elapsed() < WAIT_MAX, "{what} does not happen");
        std::thread::park_timeout(LOOK);
    }
}

/// Whether a load is at work on its files.
fn is_loading(warehouse: &Path) -> bool {
    let staging = std::fs::read_dir(warehouse.join("state/staging"));
    staging
        .into_iter()
        .flatten()
        .flatten()
        .any(|run| std::fs::read_dir(run.path()).is_ok_and(|mut files| files.next().is_some()))
}

#[test]
fn what_is_acknowledged_is_in_parquet_once_however_often_the_daemon_is_killed() {
    let folder = TempDir::new().unwrap();
    // Loads follow each other all the while.
    let settings = ["inbox.load=* * * * * *", "inbox.requests_per_second=1000000", "inbox.burst=1000000"];
    let mut daemon = Mortal::start(folder.path(), &settings);
    let options = PushOptions {
        extent: Extent::Endless,
        clients: NonZeroUsize::new(CLIENTS).unwrap(),
        twice_per_mille: 200,
        // They give up where the daemon is away for longer: such a push may be there or not, but not twice.
        attempts_max: 2,
        ..PushOptions::new(&daemon.url(), credentials(), clock())
    };
    let pusher = Pusher::new(pushes(SCALE), options).unwrap();
    let runtime = Runtime::new().unwrap();
    let running = runtime.spawn({
        let pusher = pusher.clone();
        async move { pusher.run().await }
    });
    for (kill, acknowledged) in KILLS.into_iter().enumerate() {
        wait("the acknowledgement", || pusher.acknowledged() >= acknowledged);
        if kill == 1 {
            wait("a load", || is_loading(&daemon.warehouse()));
        }
        daemon.kill();
        daemon.start_again();
    }
    wait("the last acknowledgement", || pusher.acknowledged() >= ACKNOWLEDGED);
    pusher.stop();
    let report = runtime.block_on(running).unwrap();
    daemon.kill();
    daemon.load(&DATASETS);
    let totals = &report.totals;
    assert_eq!((totals.refused, totals.answered_differently), (0, 0), "{}", daemon.said());
    assert!(totals.sent_twice > 0 && totals.attempts > totals.pushes + totals.sent_twice, "{totals:?}");
    let tally = compare(&pushes(SCALE), totals.pushes, &report.pushes, &daemon.warehouse());
    assert_eq!(tally.wrong, Vec::<String>::new());
    assert!(tally.acknowledged >= ACKNOWLEDGED && tally.rows <= tally.acknowledged + tally.others, "{tally:?}");
    eprintln!("{} acknowledged, {} given up, {} there", tally.acknowledged, tally.others, tally.rows);
}
