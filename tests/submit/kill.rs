//! `kill -9` in the middle of sending: the next run goes on, and the source has every record once.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{ends, file, log, received, records};
use crate::harness::Lab;

/// Records of one run.
const RECORDS: usize = 200;
/// The program is killed when the source has so many of them.
const MOMENTS: [usize; 3] = [7, 60, 140];
/// How often the source is looked at.
const LOOK: Duration = Duration::from_millis(1);
/// Longer than any run of this size, also on a busy machine.
const RUN_MAX: Duration = Duration::from_secs(120);

#[test]
fn a_dead_sender_leaves_nothing_twice_and_nothing_out() {
    let lab = Lab::new(&[]);
    let ids: Vec<String> = (0..RECORDS).map(|n| format!("K-{n:03}")).collect();
    let path = file(&lab, "many.json", &records(&ids));
    let send = ["padi.transaksi", path.to_str().unwrap(), "--send", "--unchecked", "--rate", "1000"];
    for moment in MOMENTS {
        let mut command = lab.systems_command(&[&["submit"], &send[..]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while received(&lab).len() < moment && child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < RUN_MAX, "the run hangs");
            std::thread::park_timeout(LOOK);
        }
        // SIGKILL; a child that has ended by itself is fine.
        child.kill().unwrap();
        child.wait().unwrap();
        let n = received(&lab).len();
        assert!(n >= moment && n < RECORDS, "killed too late: {n}");
    }
    ends(&lab, 0, &send);
    let taken = received(&lab);
    assert_eq!(taken.len(), RECORDS);
    let twice: Vec<&(String, u64)> = taken.iter().filter(|(_, times)| *times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let states = log(&lab, "state");
    assert_eq!(states.len(), RECORDS);
    assert!(states.iter().all(|row| row["state"] == "accepted"));
}
