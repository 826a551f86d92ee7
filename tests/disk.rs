//! A warehouse that cannot be written: a disk that fills up at every point of a load, and a path that is no folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Command;

use lumbung::sandbox::Control;
use sha2::{Digest, Sha256};

use crate::harness::{Lab, Ran};
use crate::totals::{by_sql, only};

/// What is full has to be met, not foreseen.
const UNGUARDED: [&str; 2] = ["--set", "warehouse.disk_free_min_mb=0"];

const REALISASI: &str = "omspan.realisasi_belanja";
/// The exit code for a warehouse that cannot be written.
const CANNOT_WRITE: i32 = 73;
/// By how much each try has more room than the one before it: three blocks.
const STEP: u64 = 3 * 4_096;

/// A file system of its own, so small that a few loads fill it; unmounted when dropped.
struct TinyDisk {
    path: PathBuf,
}

impl TinyDisk {
    /// Mounts one at `path`; says what is skipped where that is not allowed.
    fn mount(path: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&path);
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self { path });
        }
        eprintln!("skipped: needs mount (root, or a container that may mount tmpfs)");
        None
    }

    /// Fills the disk up to the last byte and then gives back `free` bytes.
    fn fill(&self, free: u64) {
        let mut ballast = File::create(self.ballast()).unwrap();
        for size in [65_536, 1] {
            loop {
                match ballast.write(&vec![7; size]) {
                    Ok(0) => panic!("a write of nothing"),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        let length = ballast.metadata().unwrap().len();
        assert!(length > free, "the disk had only {length} bytes to spare");
        ballast.set_len(length - free).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.path).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(), "umount failed");
    }
}

/// Everything published, each file with the hash of its bytes.
fn contents(lab: &Lab) -> BTreeMap<String, String> {
    let hash = |name: &String| {
        let digest = Sha256::digest(fs::read(lab.warehouse().join(name)).unwrap());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    lab.published().into_iter().map(|name| (name.clone(), hash(&name))).collect()
}

fn assert_says_full(ran: &Ran, free: u64) {
    assert_eq!(ran.code, CANNOT_WRITE, "with {free} bytes free\n{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("the disk is full"), "with {free} bytes free: {}", ran.stderr);
}

/// How the newest run stands.
fn newest_status(lab: &Lab) -> String {
    let runs = lab.ok(&["runs", "--limit", "1", "--output", "json"]).json_lines();
    runs[0]["status"].as_str().unwrap().to_owned()
}

/// The dataset's totals as the sandbox serves them.
fn served(lab: &Lab) -> Control {
    only(&lab.control(), REALISASI)
}

#[test]
fn a_full_disk_ends_the_load_and_keeps_what_is_published() {
    let mut lab = Lab::new(&[]);
    let Some(disk) = TinyDisk::mount(lab.warehouse(), "2m") else { return };
    lab.ok(&[&UNGUARDED[..], &["snapshot", REALISASI]].concat());
    let old = served(&lab);
    lab.set_today("2026-11-08");
    let before = contents(&lab);
    let snapshot = [&UNGUARDED[..], &["snapshot", REALISASI, "--date", "2026-11-01"]].concat();
    // From a disk without a byte to one with just enough room: the load stops at every step there is.
    let mut free = 0;
    let loaded = loop {
        disk.fill(free);
        let ran = lab.run(&snapshot);
        if ran.code == 0 {
            break ran;
        }
        assert_says_full(&ran, free);
        let broke_off = newest_status(&lab) == "committing";
        if broke_off {
            // Only the last note in the ledger did not fit: the new files are whole, in their places, and announced.
            assert!(ran.stderr.contains("the next load finishes its commit"), "{}", ran.stderr);
            assert_eq!(contents(&lab).len(), before.len(), "one file a partition");
        } else {
            assert_eq!(contents(&lab), before, "with {free} bytes free");
        }
        assert_eq!(by_sql(&lab, &old, &[]), old, "what was published can be read with {free} bytes free");
        disk.make_room();
        free += STEP;
        if broke_off {
            // With room the commit on record is finished first, and the source has nothing newer.
            break lab.ok(&snapshot);
        }
    };
    assert!(free / STEP > 5, "{} tries before the load went through", free / STEP);
    assert!(["committed", "unchanged"].iter().any(|word| loaded.stdout.contains(word)), "{}", loaded.stdout);
    let new = served(&lab);
    assert_ne!(new, old);
    assert_eq!(by_sql(&lab, &new, &[]), new, "with room again the load goes through");
}

#[test]
fn a_warehouse_that_cannot_be_a_folder_is_said_so() {
    let lab = Lab::new(&[]);
    // Permissions do not bind root; a path below a regular file binds everybody.
    fs::write(lab.warehouse(), "not a folder").unwrap();
    let ran = lab.run(&["snapshot", "omspan.capaian_ik_kl"]);
    assert_eq!(ran.code, CANNOT_WRITE, "{}", ran.stderr);
    assert!(ran.stderr.contains(lab.warehouse().to_str().unwrap()), "it names the path: {}", ran.stderr);
    assert_eq!(fs::read_to_string(lab.warehouse()).unwrap(), "not a folder");
}

#[test]
fn a_load_that_could_fill_the_disk_does_not_begin() {
    let lab = Lab::new(&[]);
    let small = "omspan.capaian_ik_kl";
    // More than any disk has.
    let guarded = ["--set", "warehouse.disk_free_min_mb=1000000000", "--output", "json", "snapshot", small];
    let ran = lab.run(&guarded);
    assert_eq!(ran.code, CANNOT_WRITE, "{}", ran.stderr);
    let line = ran.json_lines().remove(0);
    let said = line["error"].as_str().unwrap();
    for words in ["MB are free on the disk", "takes 1000000000 MB", "warehouse.disk_free_min_mb", "`lumbung gc`"] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    assert_eq!((line["status"].as_str(), &line["run"]), (Some("failed"), &serde_json::Value::Null));
    assert_eq!(lab.published(), [""; 0]);
    lab.ok(&["--set", "warehouse.disk_free_min_mb=1", "snapshot", small]);
}
