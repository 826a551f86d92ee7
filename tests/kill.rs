//! `kill -9` at many moments of a load that replaces two partitions: what is readable at once, and what the next load makes
//! of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use lumbung::sandbox::{Control, ControlTotals};
use serde_json::Value;

use crate::harness::{Lab, walk};
use crate::totals::{by_sql, of_files, only, partitions};

const DATASET: &str = "omspan.realisasi_belanja";
/// Kills at evenly spread moments of a load.
const MOMENTS: u32 = 25;
/// Rounds through the marks on the way, at most: on a busy machine the kill may come after the mark has passed.
const ROUNDS: usize = 5;
/// How often a mark is looked for.
const LOOK: Duration = Duration::from_micros(200);
/// Longer than any load of this size, also on a busy machine.
const LOAD_MAX: Duration = Duration::from_secs(120);

/// When the program is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after its start.
    After(Duration),
    /// As soon as this stands on the disk.
    At(Mark),
}

/// What the steps of a load leave on the disk, in order.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Staging,
    FirstFile,
    SecondFile,
    FilePlaced,
    HistoryPrepared,
    HistorySwapped,
    LatestPrepared,
    LatestSwapped,
    Retired,
}

const MARKS: [Mark; 9] = [
    Mark::Staging,
    Mark::FirstFile,
    Mark::SecondFile,
    Mark::FilePlaced,
    Mark::HistoryPrepared,
    Mark::HistorySwapped,
    Mark::LatestPrepared,
    Mark::LatestSwapped,
    Mark::Retired,
];

/// A warehouse with one snapshot, and a source that changes from one of two states to the other: both fiscal years differ.
struct Scene {
    lab: Lab,
    /// Whether the source is in its second state.
    flipped: bool,
    /// By partition, the totals it has in either state.
    legal: BTreeMap<String, BTreeSet<String>>,
}

/// What a killed load left.
struct Left {
    /// How the ledger has the run; none where it had not begun.
    status: Option<String>,
    run: Option<String>,
}

impl Scene {
    fn new() -> Self {
        let mut scene = Self { lab: Lab::new(&[]), flipped: false, legal: BTreeMap::new() };
        for _ in 0..2 {
            scene.flip();
            scene.load();
            for (partition, file) in scene.shown("history") {
                scene.legal.entry(partition).or_default().insert(text(&of_files([&file], &["amount"])));
            }
        }
        assert_eq!(scene.legal.values().map(BTreeSet::len).collect::<Vec<_>>(), [2, 2], "{:?}", scene.legal);
        scene
    }

    /// Changes the source to its other state and returns the totals it had and has.
    fn flip(&mut self) -> [Control; 2] {
        let before = only(&self.lab.control(), DATASET);
        self.flipped = !self.flipped;
        self.lab.replace_sandbox(if self.flipped { &["overrun"] } else { &[] });
        [before, only(&self.lab.control(), DATASET)]
    }

    /// The partitions in `history` or `latest`, by fiscal year, each with its one file.
    fn shown(&self, tree: &str) -> BTreeMap<String, PathBuf> {
        let found = partitions(&self.lab.warehouse().join(tree).join("omspan/realisasi_belanja"));
        let year = |partition: &str| partition.split('/').next().unwrap_or_default().to_owned();
        found.into_iter().map(|(partition, file)| (year(&partition), file)).collect()
    }

    fn start(&self) -> Child {
        let mut command = self.lab.command(&["--set", "sources.omspan.page_rows=500", "snapshot", DATASET]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Loads to the end and returns the status.
    fn load(&self) -> String {
        let snapshot = ["--set", "sources.omspan.page_rows=500", "snapshot", DATASET, "--output", "json"];
        self.lab.ok(&snapshot).json_lines()[0]["status"].as_str().unwrap().to_owned()
    }

    /// Kills a load at `moment`; says what the ledger has of it.
    fn kill(&self, moment: Moment) -> Left {
        let known: BTreeSet<String> = self.runs().into_keys().collect();
        let before = self.files();
        let mut child = self.start();
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() && began.elapsed() < LOAD_MAX {
            let due = match moment {
                Moment::After(delay) => began.elapsed() >= delay,
                Moment::At(mark) => self.reached(mark, &before),
            };
            if due {
                break;
            }
            std::thread::park_timeout(LOOK);
        }
        // SIGKILL; a child that has ended by itself is fine.
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(began.elapsed() < LOAD_MAX, "{moment:?}: the load hangs");
        let new = self.runs().into_iter().find(|(run, _)| !known.contains(run));
        let (run, status) = new.unzip();
        Left { status, run }
    }

    /// Whether a load that began with the published files `before` has come as far as `mark`.
    fn reached(&self, mark: Mark, before: &BTreeSet<PathBuf>) -> bool {
        let staged = || self.state("staging").iter().flat_map(|run| names(run)).collect::<Vec<_>>();
        let staged_as = |start: &str| staged().iter().filter(|path| name(path).starts_with(start)).count();
        let is_new = |path: &PathBuf| !before.contains(path);
        match mark {
            Mark::Staging => !self.state("staging").is_empty(),
            Mark::FirstFile => staged_as("0000") > 0,
            Mark::SecondFile => staged_as("0000") > 1,
            Mark::FilePlaced => self.kept().iter().any(is_new),
            Mark::HistoryPrepared => staged_as("History") > 0,
            Mark::HistorySwapped => self.shown_now("history").iter().any(is_new),
            Mark::LatestPrepared => staged_as("Latest") > 0,
            Mark::LatestSwapped => self.shown_now("latest").iter().any(is_new),
            Mark::Retired => self.state("retired").iter().any(is_new),
        }
    }

    /// Everything that a load adds to.
    fn files(&self) -> BTreeSet<PathBuf> {
        let shown = [self.shown_now("history"), self.shown_now("latest")].concat();
        [self.kept(), self.state("retired"), shown].concat().into_iter().collect()
    }

    fn state(&self, folder: &str) -> Vec<PathBuf> {
        names(&self.lab.warehouse().join("state").join(folder))
    }

    fn kept(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(&self.lab.warehouse().join("state/files"), &mut files);
        files
    }

    /// The files of a tree while it may be changing.
    fn shown_now(&self, tree: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(&self.lab.warehouse().join(tree), &mut files);
        files
    }

    /// Every run with its status.
    fn runs(&self) -> BTreeMap<String, String> {
        let listed = self.lab.ok(&["runs", "--limit", "1000", "--output", "json"]).json_lines();
        let word = |run: &Value, key: &str| run[key].as_str().unwrap().to_owned();
        listed.iter().map(|run| (word(run, "run"), word(run, "status"))).collect()
    }

    /// Both trees hold one whole file a partition, in its old or its new state.
    fn assert_whole(&self, moment: Moment) {
        for tree in ["history", "latest"] {
            let shown = self.shown(tree);
            assert!(shown.keys().eq(self.legal.keys()), "{moment:?}: {shown:?}");
            for (partition, file) in shown {
                let totals = text(&of_files([&file], &["amount"]));
                assert!(self.legal[&partition].contains(&totals), "{moment:?}: {tree}/{partition} holds {totals}");
            }
        }
    }

    /// One kill with all that must hold at once, after the next load, and in between.
    fn round(&mut self, moment: Moment) -> Left {
        let [old, new] = self.flip();
        let left = self.kill(moment);
        self.assert_whole(moment);
        let status = left.status.as_deref().unwrap_or("none");
        let told = by_sql(&self.lab, &new, &[]);
        let expected = if matches!(status, "committed" | "unchanged") { &new } else { &old };
        assert_eq!(told, *expected, "{moment:?}: the run is {status}");
        self.assert_status_tells(&left, status);
        let next = self.load();
        // A dead process's commit is finished first; then there is nothing new.
        let expected = if matches!(status, "committing" | "committed") { "unchanged" } else { "committed" };
        assert_eq!(next, expected, "{moment:?}: after a run that was {status}");
        assert_eq!(by_sql(&self.lab, &new, &[]), new, "{moment:?}");
        for tree in ["history", "latest"] {
            let files: Vec<PathBuf> = self.shown(tree).into_values().collect();
            assert_eq!(of_files(&files, &["amount"]), new.datasets[DATASET], "{moment:?}: {tree}");
        }
        assert_eq!(self.state("staging"), Vec::<PathBuf>::new(), "{moment:?}: staging is tidied up");
        self.assert_settled(&left, status);
        left
    }

    /// `status` names the killed run as the last attempt, as it stands in the ledger.
    fn assert_status_tells(&self, left: &Left, status: &str) {
        let Some(run) = &left.run else { return };
        let fresh = self.lab.ok(&["status", "--output", "json"]).json_lines();
        assert_eq!(fresh[0]["last_attempt"]["run"], run.as_str());
        assert_eq!(fresh[0]["last_attempt"]["status"], status);
    }

    /// After the next load the ledger says what became of the killed run.
    fn assert_settled(&self, left: &Left, status: &str) {
        let Some(run) = &left.run else { return };
        let detail: Value = serde_json::from_str(&self.lab.ok(&["runs", run, "--output", "json"]).stdout).unwrap();
        let expected = if status == "running" { "failed" } else { "committed" };
        assert_eq!(detail["status"], expected, "{detail}");
        if expected == "failed" {
            assert!(detail["reason"].as_str().unwrap().starts_with("aborted: the process ended"), "{detail}");
        }
        let fresh = self.lab.ok(&["status", "--output", "json"]).json_lines();
        assert_eq!(fresh[0]["state"], "fresh");
    }
}

/// What stands in a folder; nothing where there is none.
fn names(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn text(totals: &ControlTotals) -> String {
    format!("{} {}", totals.rows, totals.sums["amount"])
}

#[test]
fn a_load_killed_at_any_moment_leaves_the_old_or_the_new_snapshot() {
    let mut scene = Scene::new();
    scene.flip();
    let began = Instant::now();
    assert_eq!(scene.load(), "committed");
    // A little longer than a whole load: the last kills find it done.
    let beyond = began.elapsed() * 5 / 4;
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for i in 0..MOMENTS {
        let status = scene.round(Moment::After(beyond * i / (MOMENTS - 1))).status;
        *left.entry(status.unwrap_or_else(|| "none".to_owned())).or_default() += 1;
    }
    eprintln!("killed within {beyond:?}: {left:?}");
    assert!(left.contains_key("running"), "none was killed at work: {left:?}");
}

#[test]
fn a_load_killed_at_each_step_of_its_commit_leaves_the_old_or_the_new_snapshot() {
    let mut scene = Scene::new();
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..ROUNDS {
        for mark in MARKS {
            let status = scene.round(Moment::At(mark)).status;
            *left.entry(status.unwrap_or_else(|| "none".to_owned())).or_default() += 1;
        }
        eprintln!("after round {round}: {left:?}");
        if ["running", "committing"].iter().all(|status| left.contains_key(*status)) {
            return;
        }
    }
    panic!("no kill fell into a commit: {left:?}");
}
