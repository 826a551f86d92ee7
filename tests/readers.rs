//! Outside readers that list `latest` and `history` again and again while the program replaces a partition under them:
//! every answer they get is one whole snapshot, never two, never a part of one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use lumbung::sandbox::ControlTotals;

use crate::harness::{Lab, python_has};
use crate::totals::{of_files, partitions};

const DATASET: &str = "omspan.realisasi_belanja";
/// The two states of the source.
const DAYS: [&str; 2] = ["2026-11-01", "2026-11-08"];
/// Replacements at least, and at most while a reader has not seen enough.
const REPLACEMENTS: std::ops::Range<usize> = 16..200;
/// Reads of each tree that a reader must have made, over both states together.
const READS: usize = 50;

/// What every reader does around its tool's one line: read both trees until the flag is there, print each answer, count
/// what was listed but replaced before it could be opened, and fail on anything else.
const LOOP: &str = r#"
import os, sys
flag, trees = sys.argv[1], {"latest": sys.argv[2], "history": sys.argv[3]}
while not os.path.exists(flag):
    for name, folder in trees.items():
        try:
            rows, amount = read(folder)
        except Exception as error:
            text = str(error)
            # The one file that was listed has made room for its successor; not every tool names it.
            named = ".parquet" in text and ("No such file" in text or "not found" in text.lower())
            if named or isinstance(error, FileNotFoundError):
                print("gone", name, flush=True)
                continue
            print("error", name, type(error).__name__, text.replace("\n", " "), flush=True)
            sys.exit(1)
        print("read", name, rows, f"{amount:.2f}", flush=True)
"#;

const DUCKDB: &str = r#"
import duckdb
def read(folder):
    files = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
    return duckdb.sql(f"SELECT count(*), sum(amount) FROM {files}").fetchall()[0]
"#;

const POLARS: &str = r#"
import polars
def read(folder):
    rows = polars.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)
    return rows.select(polars.len().alias("n"), polars.col("amount").sum()).collect().row(0)
"#;

/// pyarrow looks at every listed file once more and passes over those that have gone meanwhile, without an error. A reader
/// that wants to know compares: every folder holds one file (docs/storage.md).
const PYARROW: &str = r#"
import os, pyarrow.compute, pyarrow.dataset
def read(folder):
    found = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive")
    leaves = sum(1 for _, folders, _ in os.walk(folder) if not folders)
    if len(found.files) < leaves:
        raise FileNotFoundError("a .parquet file was not found again while pyarrow listed")
    rows = found.to_table(columns=["amount"])
    return rows.num_rows, pyarrow.compute.sum(rows["amount"]).as_py()
"#;

/// What a reader has seen so far.
#[derive(Debug, Default)]
struct Seen {
    /// Reads by tree and answer (`rows amount`).
    answers: BTreeMap<(String, String), usize>,
    /// Reads that came too late for the file they had listed.
    gone: usize,
    errors: Vec<String>,
}

impl Seen {
    fn note(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("read", answer)) => {
                let (tree, totals) = answer.split_once(' ').unwrap();
                *self.answers.entry((tree.to_owned(), totals.to_owned())).or_default() += 1;
            }
            Some(("gone", _)) => self.gone += 1,
            _ => self.errors.push(line.to_owned()),
        }
    }

    /// Whether both trees were read often enough and in both states.
    fn enough(&self) -> bool {
        ["latest", "history"].iter().all(|tree| {
            let reads: Vec<usize> =
                self.answers.iter().filter(|((of, _), _)| of == tree).map(|(_, reads)| *reads).collect();
            reads.len() > 1 && reads.iter().sum::<usize>() >= READS
        })
    }
}

/// A Python process that reads both trees over and over; ended by its flag, or killed when dropped.
struct Reader {
    name: &'static str,
    child: Child,
    listener: Option<JoinHandle<()>>,
    seen: Arc<Mutex<Seen>>,
}

impl Reader {
    fn start(name: &'static str, read: &str, flag: &Path, [latest, history]: [&Path; 2]) -> Self {
        let mut command = Command::new("python3");
        command.arg("-c").arg(format!("{read}\n{LOOP}")).args([flag, latest, history]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let listener = std::thread::spawn({
            let seen = Arc::clone(&seen);
            move || listen(stdout, &seen)
        });
        Self { name, child, listener: Some(listener), seen }
    }

    fn enough(&self) -> bool {
        self.seen.lock().unwrap().enough()
    }

    /// The errors it met, none while all is well.
    fn errors(&self) -> Vec<String> {
        self.seen.lock().unwrap().errors.clone()
    }

    /// Waits until the process has ended and all it said is noted.
    fn end(&mut self) {
        let status = self.child.wait().unwrap();
        self.listener.take().unwrap().join().unwrap();
        assert!(status.success(), "{}: {:?}", self.name, self.errors());
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Ended already, unless the test is failing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stdout: ChildStdout, seen: &Mutex<Seen>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        seen.lock().unwrap().note(&line);
    }
}

/// Loads the sandbox as it is on `day`, always as the snapshot of the first of the two days.
fn replace(lab: &Lab, day: &str) {
    lab.sandbox().set_today(day.parse().unwrap());
    let ran = lab.ok(&["snapshot", DATASET, "--date", DAYS[0], "--output", "json"]);
    assert_eq!(ran.json_lines()[0]["status"], "committed");
}

/// Rows and amount of a tree, as the readers print them.
fn answer(folder: &Path) -> String {
    let files: Vec<PathBuf> = partitions(folder).into_values().collect();
    let ControlTotals { rows, sums } = of_files(&files, &["amount"]);
    format!("{rows} {}", sums["amount"])
}

#[test]
fn readers_that_glob_see_one_whole_snapshot_while_it_is_replaced() {
    let mut lab = Lab::new(&[]);
    lab.set_today(DAYS[1]);
    let latest = lab.warehouse().join("latest/omspan/realisasi_belanja");
    // One partition of history: the one that is replaced.
    let history =
        lab.warehouse().join("history/omspan/realisasi_belanja/tahun_anggaran=2026/snapshot_date=2026-11-01");
    let mut legal: BTreeSet<(String, String)> = BTreeSet::new();
    for day in DAYS {
        replace(&lab, day);
        legal.insert(("latest".to_owned(), answer(&latest)));
        legal.insert(("history".to_owned(), answer(&history)));
    }
    assert_eq!(legal.len(), 4, "the two states differ in both trees");
    let flag = lab.path().join("enough");
    let tools = [("duckdb", DUCKDB), ("polars", POLARS), ("pyarrow", PYARROW)];
    let present = tools.into_iter().filter(|(name, _)| python_has(&[name]));
    let mut readers: Vec<Reader> =
        present.map(|(name, read)| Reader::start(name, read, &flag, [&latest, &history])).collect();
    let mut replacements = 0;
    while !readers.is_empty() && (replacements < REPLACEMENTS.start || !readers.iter().all(Reader::enough)) {
        replace(&lab, DAYS[replacements % 2]);
        replacements += 1;
        let errors: Vec<String> = readers.iter().flat_map(Reader::errors).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert!(replacements < REPLACEMENTS.end, "a reader saw too little: {:?}", seen(&readers));
    }
    std::fs::write(&flag, "").unwrap();
    readers.iter_mut().for_each(Reader::end);
    eprintln!("{replacements} replacements, {:?}", seen(&readers));
    for reader in &readers {
        let seen = reader.seen.lock().unwrap();
        let answers: BTreeSet<(String, String)> = seen.answers.keys().cloned().collect();
        assert_eq!(answers, legal, "{}: nothing but the two states, and both of them", reader.name);
    }
}

/// What each reader has seen, for people.
fn seen(readers: &[Reader]) -> Vec<String> {
    readers.iter().map(|reader| format!("{}: {:?}", reader.name, reader.seen.lock().unwrap())).collect()
}
