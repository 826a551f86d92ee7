//! `lumbung demo` from outside: what it prints, what DuckDB and pyarrow read in its folder against the totals it wrote
//! down, what its mail is worth, and that no personal value and no token is anywhere in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lumbung::sandbox::{Control, Sandbox, SandboxOptions, ScaleFactor};
use memchr::memmem;
use tempfile::TempDir;

use crate::harness::{Ran, python, python_has, walk};

const NOW: &str = "2026-11-01T06:00:00+07:00";
const TODAY: &str = "2026-11-01";
const SEED: u64 = 7;
const SCALE: f64 = 0.1;

/// Datasets that the sandbox has totals of.
const DATASETS: usize = 72;

/// The datasets that the design names.
const NAMED: [&str; 23] = [
    "omspan.dipa_belanja",
    "omspan.realisasi_belanja",
    "omspan.capaian_ik_kl",
    "omspan.capaian_ik_satker",
    "omspan.capaian_ik_eselon1",
    "omspan.detail_pnbp",
    "omspan.ketersediaan_dana",
    "padi.transaksi",
    "oss.nib",
    "oss.proyek",
    "oss.referensi",
    "oss.status_izin",
    "oss.sertifikat",
    "oss.nib_stpw",
    "oss.file_ds",
    "oss.kkpr",
    "oss.pse",
    "sipp.p3ke",
    "sipp.bantuan",
    "sipp.tracking",
    "simda.instansi",
    "simda.renstra",
    "simda.rka",
];

/// Runs the demo into `dir` with nothing in its environment.
fn demo(dir: &Path, seed: u64, now: &str) -> Ran {
    let (seed, scale) = (seed.to_string(), SCALE.to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
    command.env_clear().current_dir(dir.parent().unwrap()).args(["--now", now, "demo", "--dir"]).arg(dir);
    Ran::from(command.args(["--seed", &seed, "--scale", &scale]).output().unwrap())
}

/// The world that the demo simulates, built here again: its totals and its secrets.
struct World {
    control: Control,
    tokens: Vec<String>,
    personal: Vec<String>,
}

impl World {
    fn of_the_demo() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = SandboxOptions {
            port: 0,
            seed: SEED,
            scale: ScaleFactor::new(SCALE).unwrap(),
            today: TODAY.parse().unwrap(),
            faults: Vec::new(),
        };
        let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
        let world = Self {
            control: sandbox.control(),
            tokens: sandbox
                .sources()
                .flat_map(|source| [2025, 2026].map(|year| sandbox.token(source, year)))
                .collect(),
            personal: sandbox.personal_values(),
        };
        runtime.block_on(sandbox.stop());
        world
    }

    /// What must be nowhere: tokens, names, and names without their titles.
    fn secrets(&self) -> Vec<String> {
        let bare = self.personal.iter().filter_map(|name| name.split_once(", ")).map(|(bare, _)| bare.to_owned());
        let mut all: Vec<String> = self.tokens.iter().chain(&self.personal).cloned().chain(bare).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The paths after `label` and on the lines below it that begin with a blank.
fn paths_after(stdout: &str, label: &str) -> Vec<PathBuf> {
    let lines = stdout.lines().skip_while(|line| !line.starts_with(label));
    let own = lines.enumerate().take_while(|(i, line)| *i == 0 || line.starts_with(' '));
    own.map(|(_, line)| PathBuf::from(line.strip_prefix(label).unwrap_or(line).trim())).collect()
}

#[test]
fn the_demo_shows_everything_and_can_be_repeated() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("demo");
    // An earlier demo of another world and another day: nothing of it may be left.
    let earlier = demo(&dir, SEED + 1, "2026-02-10T06:00:00+07:00");
    assert_eq!(earlier.code, 0, "{}", earlier.stderr);
    let ran = demo(&dir, SEED, NOW);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let world = World::of_the_demo();
    let control: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("control.json")).unwrap()).unwrap();
    assert_eq!(control, serde_json::to_value(&world.control).unwrap());
    assert_eq!(world.control.datasets.len(), DATASETS);
    for named in NAMED {
        assert!(dir.join("warehouse/latest").join(named.replace('.', "/")).is_dir(), "{named}");
    }
    let mails = paths_after(&ran.stdout, "Report");
    assert!(!mails.is_empty() && mails.iter().all(|mail| mail.is_file()), "{}", ran.stdout);
    assert_headlines(&dir, &ran.stdout);
    assert_outside_readers_agree(&dir);
    assert_mail_is_good(&mails);
    // What the outside world put there holds what it holds: pushes and the demo's own keys are not the warehouse.
    for outside in ["secrets", "lists"] {
        fs::rename(dir.join(outside), folder.path().join(outside)).unwrap();
    }
    assert_nothing_secret(&dir, &world, &ran);
    assert_nothing_secret_decoded(&dir, &world);
    assert_archive_is_sealed(&dir, &world);
}

/// The headline says what the postings of the fiscal year add up to.
fn assert_headlines(dir: &Path, stdout: &str) {
    let headlines: Vec<&str> = stdout.lines().take_while(|line| !line.is_empty()).collect();
    assert!(headlines[0].starts_with("Serapan belanja ") && headlines[0].contains('%'), "{stdout}");
    let mut sql = Command::new(env!("CARGO_BIN_EXE_lumbung"));
    sql.env_clear().arg("--warehouse").arg(dir.join("warehouse")).args(["sql", "--format", "csv"]);
    let query = "SELECT CAST(round(sum(amount) / 100000000) AS BIGINT) FROM omspan.realisasi_belanja \
                 WHERE tahun_anggaran = 2026";
    let told = Ran::from(sql.arg(query).output().unwrap());
    let tenths: i64 = told.stdout.lines().nth(1).unwrap().parse().unwrap();
    let expected = format!("Realisasi Rp{},{} miliar", tenths / 10, tenths % 10);
    // A figure and its unit are kept on one line by a no-break space.
    assert!(headlines[1].replace('\u{a0}', " ").starts_with(&expected), "{expected} in {stdout}");
}

/// Two programs that know nothing of this one read `latest` and come to the totals of `control.json`.
fn assert_outside_readers_agree(dir: &Path) {
    const COMPARE: &str = r#"
import json, os, sys
folder = sys.argv[1]
for name, expected in json.load(open(f"{folder}/control.json")).items():
    columns = sorted(expected["sums"])
    place = f"{folder}/warehouse/latest/" + name.replace(".", "/")
    # A dataset that never had a row has no file.
    rows, sums = read(place, columns) if os.path.isdir(place) else (0, [0] * len(columns))
    found = {"rows": rows, "sums": {column: f"{amount:.2f}" for column, amount in zip(columns, sums)}}
    assert found == expected, (name, found, expected)
    print(name)
"#;
    const DUCKDB: &str = r#"
import duckdb
def read(folder, columns):
    sums = "".join(f", sum({column})" for column in columns)
    rows, *sums = duckdb.sql(f"SELECT count(*){sums} FROM read_parquet('{folder}/**/*.parquet')").fetchall()[0]
    return rows, sums
"#;
    const PYARROW: &str = r#"
import pyarrow.compute, pyarrow.dataset
def read(folder, columns):
    table = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table()
    return table.num_rows, [pyarrow.compute.sum(table[column]).as_py() for column in columns]
"#;
    for (name, read) in [("duckdb", DUCKDB), ("pyarrow", PYARROW)] {
        if python_has(&[name]) {
            let compared = python(&format!("{read}\n{COMPARE}"), &[dir.to_str().unwrap()]);
            assert_eq!(compared.lines().count(), DATASETS, "{name}: {compared}");
        }
    }
}

/// The mail passes the examination that lies in the folder named by LUMBUNG_SHARED.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where that folder is")]
fn assert_mail_is_good(mails: &[PathBuf]) {
    let Some(shared) = std::env::var_os("LUMBUNG_SHARED") else {
        eprintln!("skipped: needs LUMBUNG_SHARED");
        return;
    };
    let check = Path::new(&shared).join("tools/check_email.py");
    for mail in mails {
        let ran = Ran::from(Command::new("python3").arg(&check).arg(mail).args(["--now", NOW]).output().unwrap());
        assert_eq!(ran.code, 0, "{}\n{}\n{}", mail.display(), ran.stdout, ran.stderr);
    }
}

/// No token and no payer in the bytes of any file, nor in what the demo said.
fn assert_nothing_secret(dir: &Path, world: &World, ran: &Ran) {
    let mut files = Vec::new();
    walk(dir, &mut files);
    let mut haystacks: Vec<(String, Vec<u8>)> =
        files.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect();
    assert!(haystacks.iter().any(|(name, _)| name.ends_with("ledger.db")), "the ledger is among {}", files.len());
    haystacks.push(("stdout".to_owned(), ran.stdout.clone().into_bytes()));
    haystacks.push(("stderr".to_owned(), ran.stderr.clone().into_bytes()));
    let secrets = world.secrets();
    assert!(
        world.personal.len() > 500 && world.tokens.iter().all(|token| token.len() > 20),
        "there is a lot to find"
    );
    for secret in &secrets {
        let finder = memmem::Finder::new(secret);
        for (name, bytes) in &haystacks {
            assert!(finder.find(bytes).is_none(), "{name} holds {secret}");
        }
    }
    // What may be public is found the same way: the search works.
    let finder = memmem::Finder::new(world.control.datasets["omspan.realisasi_belanja"].sums["amount"].as_bytes());
    assert!(haystacks.iter().any(|(name, bytes)| name.ends_with("control.json") && finder.find(bytes).is_some()));
}

/// The same once more behind compression and transfer encodings: every text in every Parquet file, every part of
/// every mail.
fn assert_nothing_secret_decoded(dir: &Path, world: &World) {
    const SEARCH: &str = r#"
import email, email.policy, os, sys
import pyarrow, pyarrow.parquet
folder, secrets = sys.argv[1], open(sys.argv[2], encoding="utf-8").read().splitlines()
texts, n_columns, n_parts = {}, 0, 0
for path in (os.path.join(at, name) for at, _, names in os.walk(folder) for name in names):
    if path.endswith(".parquet"):
        table = pyarrow.parquet.ParquetFile(path).read()
        assert b"nama_waj_bay" not in [name.encode() for name in table.column_names], path
        for name, column in zip(table.column_names, table.columns):
            if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
                n_columns += 1
                texts.setdefault("\n".join(t for t in column.unique().to_pylist() if t).casefold(), f"{path} {name}")
        texts.setdefault(str(table.schema.metadata).casefold(), f"{path} metadata")
    elif path.endswith(".eml"):
        message = email.message_from_binary_file(open(path, "rb"), policy=email.policy.default)
        for part in message.walk():
            if not part.is_multipart():
                n_parts += 1
                content = part.get_payload(decode=True).decode("utf-8", "replace")
                texts.setdefault(content.casefold(), f"{path} {part.get_content_type()}")
        texts.setdefault(str(message.items()).casefold(), f"{path} header")
assert n_columns > 1000 and n_parts > 2, (n_columns, n_parts)
assert any("bank mandiri" in text for text in texts), "what is public is found"
for secret in secrets:
    for text, where in texts.items():
        assert secret.casefold() not in text, (where, secret)
print("searched", n_columns, "columns and", n_parts, "parts")
"#;
    if !python_has(&["pyarrow"]) {
        return;
    }
    let secrets = dir.with_extension("secrets");
    fs::write(&secrets, world.secrets().join("\n")).unwrap();
    python(SEARCH, &[dir.to_str().unwrap(), secrets.to_str().unwrap()]);
}

/// Raw pages of personal datasets are sealed; those of the others, unpacked, hold nothing personal.
fn assert_archive_is_sealed(dir: &Path, world: &World) {
    let mut files = Vec::new();
    walk(&dir.join("warehouse/state/raw"), &mut files);
    let (mut n_sealed, mut n_open) = (0, 0);
    let finders: Vec<memmem::Finder<'_>> = world.personal.iter().map(memmem::Finder::new).collect();
    for file in &files {
        let bytes = fs::read(file).unwrap();
        let personal = ["sipp", "padi", "oss", "detail_pnbp"].iter().any(|part| {
            file.components().any(|at| at.as_os_str() == *part)
                && !file.components().any(|at| at.as_os_str() == "referensi")
        });
        if personal {
            n_sealed += 1;
            assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "{} is not sealed", file.display());
            assert_eq!(file.extension().unwrap(), "age", "{}", file.display());
            continue;
        }
        n_open += 1;
        let page = zstd::decode_all(bytes.as_slice()).unwrap();
        for (finder, value) in finders.iter().zip(&world.personal) {
            assert!(finder.find(&page).is_none(), "{} holds {value}", file.display());
        }
    }
    assert!(n_sealed > 1_000 && n_open > 50, "{n_sealed} sealed and {n_open} open pages");
}

#[test]
fn the_demo_leaves_a_foreign_folder_alone() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("letters");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("letter.txt"), "dear").unwrap();
    let ran = demo(&dir, SEED, NOW);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("choose another --dir"), "{}", ran.stderr);
    let mut files = Vec::new();
    walk(&dir, &mut files);
    assert_eq!(files, [dir.join("letter.txt")]);
    assert_eq!(fs::read_to_string(dir.join("letter.txt")).unwrap(), "dear");
}
