//! What was pushed against what is in Parquet: every acknowledged push once, no other one twice. Shared by the tests and
//! the benchmark.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use lumbung::sandbox::{Push, PushKind, PushRecord, Pushes};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::mortal::clock;

/// Where the pushes of a kind end up: the table they are a row of, the columns of their key, and a further table with the
/// place of its rows in the body.
struct Place {
    kind: PushKind,
    dataset: &'static str,
    key: [&'static str; 2],
    further: Option<(&'static str, [&'static str; 2])>,
}

const OSS_KEY: [&str; 2] = ["nib", "id_izin"];

/// Everything that is pushed to be kept; checkKomitmen only asks.
const PLACES: [Place; 6] = [
    Place {
        kind: PushKind::Nib,
        dataset: "oss/nib_masuk",
        key: OSS_KEY,
        further: Some(("oss/nib_masuk_proyek", ["dataNIB", "data_proyek"])),
    },
    Place { kind: PushKind::NibStpw, dataset: "oss/nib_stpw_masuk", key: OSS_KEY, further: None },
    Place { kind: PushKind::FileDs, dataset: "oss/file_ds_masuk", key: OSS_KEY, further: None },
    Place {
        kind: PushKind::NibKkpr,
        dataset: "oss/kkpr",
        key: OSS_KEY,
        further: Some(("oss/kkpr_proyek", ["dataNIB", "data_proyek"])),
    },
    Place {
        kind: PushKind::NibPse,
        dataset: "oss/pse",
        key: OSS_KEY,
        further: Some(("oss/pse_izin", ["dataNIBPSE", "data_checklist"])),
    },
    Place {
        kind: PushKind::Transaksi,
        dataset: "padi/transaksi_masuk",
        key: ["bumn_id", "transaksi_id"],
        further: None,
    },
];

/// The datasets they fill, as `lumbung snapshot` takes them.
pub(crate) const DATASETS: [&str; 6] =
    ["oss.nib_masuk", "oss.nib_stpw_masuk", "oss.file_ds_masuk", "oss.kkpr", "oss.pse", "padi.transaksi_masuk"];

/// What the comparison came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Different pushes that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Different pushes that were not.
    pub(crate) others: u64,
    /// Rows found in the tables that pushes are rows of.
    pub(crate) rows: u64,
    /// What is wrong, a line each; empty = nothing lost, nothing doubled.
    pub(crate) wrong: Vec<String>,
}

/// One push as it was sent.
struct Sent {
    body: Value,
    acknowledged: bool,
}

/// One row of a push.
struct Landed {
    push_id: String,
    change: i64,
    /// The further table's rows of the same push.
    further: u64,
}

/// The pushes of a world of this scale, of the kinds that are counted here; of ten NIBs one comes again changed.
pub(crate) fn pushes(scale: &str) -> Pushes {
    let kinds = PLACES.each_ref().map(|place| place.kind);
    let scale = scale.parse().expect("a scale");
    Pushes::of_world((7, scale), clock().today(chrono_tz::Asia::Jakarta), &kinds, 100)
}

/// Compares the records of the first `count` of `pushes` with the Parquet files of `warehouse`.
pub(crate) fn compare(pushes: &Pushes, count: u64, records: &[PushRecord], warehouse: &Path) -> Tally {
    let mut tally = Tally::default();
    let mut ids = BTreeSet::new();
    let acknowledged: BTreeSet<&str> =
        records.iter().filter(|record| record.acknowledged).map(|record| record.body_sha256.as_str()).collect();
    let known: BTreeSet<&str> = records.iter().map(|record| record.body_sha256.as_str()).collect();
    let sent: Vec<Push> = (0..count).filter_map(|number| pushes.at(number)).collect();
    if let Some(stranger) = sent.iter().find(|push| !known.contains(sha256(&push.body).as_str())) {
        tally.wrong.push(format!("no record of the push {:?}", stranger.key));
    }
    for place in &PLACES {
        let mut by_key: BTreeMap<&[String], BTreeMap<String, Sent>> = BTreeMap::new();
        for push in sent.iter().filter(|push| push.kind == place.kind) {
            let sha256 = sha256(&push.body);
            let acknowledged = acknowledged.contains(sha256.as_str());
            let body = serde_json::from_slice(&push.body).expect("the sandbox sends JSON");
            let sent = Sent { body, acknowledged };
            by_key.entry(&push.key).or_default().insert(sha256, sent);
        }
        let mut landed = landed(place, warehouse);
        for (key, sent) in by_key {
            let rows = landed.remove(key).unwrap_or_default();
            let n_acknowledged = sent.values().filter(|sent| sent.acknowledged).count();
            tally.acknowledged += n_acknowledged as u64;
            tally.others += (sent.len() - n_acknowledged) as u64;
            tally.rows += rows.len() as u64;
            for row in &rows {
                if !ids.insert(row.push_id.clone()) {
                    tally.wrong.push(format!("{} {key:?}: the push {} is there twice", place.dataset, row.push_id));
                }
            }
            tally.wrong.extend(judge(place, key, &sent, rows));
        }
        for (key, rows) in landed {
            tally.wrong.push(format!("{} {key:?}: {} rows that nobody sent", place.dataset, rows.len()));
        }
    }
    tally
}

/// What is wrong with the rows of one key.
fn judge(place: &Place, key: &[String], sent: &BTreeMap<String, Sent>, mut rows: Vec<Landed>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut note = |what: String| wrong.push(format!("{} {key:?}: {what}", place.dataset));
    let n_acknowledged = sent.values().filter(|sent| sent.acknowledged).count();
    if rows.len() < n_acknowledged {
        note(format!("{n_acknowledged} acknowledged, {} there: lost", rows.len()));
    } else if rows.len() > sent.len() {
        note(format!("{} sent, {} there: doubled", sent.len(), rows.len()));
    }
    rows.sort_by_key(|row| row.change);
    if !rows.iter().zip(0..).all(|(row, n)| row.change == n) {
        note(format!("the changes are numbered {:?}", rows.iter().map(|row| row.change).collect::<Vec<_>>()));
    }
    // Where every one of a key arrived, the further rows are those of the bodies; of no body twice.
    if let Some((further, path)) = place.further
        && rows.len() == sent.len()
    {
        let mut due: Vec<u64> = sent.values().map(|sent| rows_at(&sent.body, path)).collect();
        let mut found: Vec<u64> = rows.iter().map(|row| row.further).collect();
        due.sort_unstable();
        found.sort_unstable();
        if due != found {
            note(format!("{further} has {found:?} rows of it, and the bodies {due:?}"));
        }
    }
    wrong
}

/// The rows of a place by their key.
fn landed(place: &Place, warehouse: &Path) -> BTreeMap<Vec<String>, Vec<Landed>> {
    let mut further: BTreeMap<String, u64> = BTreeMap::new();
    if let Some((dataset, _)) = place.further {
        for batch in batches(&warehouse.join("latest").join(dataset)) {
            for push_id in texts(&batch, "push_id") {
                *further.entry(push_id).or_default() += 1;
            }
        }
    }
    let mut found: BTreeMap<Vec<String>, Vec<Landed>> = BTreeMap::new();
    for batch in batches(&warehouse.join("latest").join(place.dataset)) {
        let changes = batch.column_by_name("perubahan_ke").expect("every push has it").as_primitive::<Int64Type>();
        let keys: Vec<Vec<String>> = place.key.iter().map(|column| texts(&batch, column)).collect();
        for (at, push_id) in texts(&batch, "push_id").into_iter().enumerate() {
            let key = keys.iter().map(|column| column[at].clone()).collect();
            let further = further.remove(&push_id).unwrap_or(0);
            found.entry(key).or_default().push(Landed { push_id, change: changes.value(at), further });
        }
    }
    for (push_id, rows) in further {
        let stranger = Landed { push_id, change: -1, further: rows };
        found.entry(vec!["rows of no push".to_owned()]).or_default().push(stranger);
    }
    found
}

/// The objects with something in them that `path` leads to.
fn rows_at(body: &Value, path: [&str; 2]) -> u64 {
    match &body[path[0]][path[1]] {
        Value::Array(rows) => rows.iter().filter(|row| !says_nothing(row)).count() as u64,
        row => u64::from(row.is_object() && !says_nothing(row)),
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(says_nothing),
        Value::Object(members) => members.values().all(says_nothing),
        _ => false,
    }
}

/// Every batch of every file below a table's folder.
fn batches(folder: &Path) -> Vec<RecordBatch> {
    let mut files = Vec::new();
    parquet_files(folder, &mut files);
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let file = File::open(&path).expect("a published file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(ParquetRecordBatchReaderBuilder::build);
        all.extend(reader.expect("Parquet").map(|batch| batch.expect("a whole file")));
    }
    all
}

fn parquet_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { parquet_files(&path, files) } else { files.push(path) }
    }
}

/// The values of a text column; NULL is empty.
fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let array = batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}")).as_string::<i32>();
    (0..array.len()).map(|at| if array.is_null(at) { String::new() } else { array.value(at).to_owned() }).collect()
}

fn sha256(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
