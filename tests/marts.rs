//! Materialised marts from outside: what pyarrow and DuckDB read below `warehouse/marts` is what the views say, a data test of
//! severity error holds them, and a kill at any moment leaves the old or the new ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use lumbung::catalog::ViewSet;
use serde_json::Value;

use crate::harness::{Lab, Ran, python, python_has, say_nothing, walk};

/// Loads with everything that a deployment does after one.
const ON: [&str; 2] = ["--set", "marts.after_load=true"];

/// Loads something of every source; the marts are made after the last load.
fn world(lab: &Lab, options: &[&str]) -> Ran {
    let some = ["snapshot", "omspan", "--from", "2026-10-30", "--to", "2026-10-31"];
    lab.ok(&some);
    let others = [&ON[..], options, &["snapshot", "sipp", "simda", "padi", "oss.nib"]].concat();
    let ran: Ran = lab.systems_command(&others).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    ran
}

/// The marts that readers of files may have.
fn wanted() -> BTreeSet<String> {
    let views = ViewSet::embedded();
    views.views().filter(|view| view.not_in_files().is_none()).map(|view| view.name.clone()).collect()
}

/// The one file of each mart that is shown.
fn shown(lab: &Lab) -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    walk(&lab.warehouse().join("marts"), &mut files);
    let mart = |path: &PathBuf| path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    let shown: BTreeMap<String, PathBuf> = files.iter().map(|path| (mart(path), path.clone())).collect();
    assert_eq!(shown.len(), files.len(), "one file a mart: {files:?}");
    shown
}

/// The last line of `status`: the marts.
fn status(lab: &Lab) -> Value {
    lab.ok(&["--output", "json", "status"]).json_lines().pop().unwrap()["marts"].clone()
}

/// The marts that `lumbung marts` says it wrote.
fn written(ran: &Ran) -> BTreeSet<String> {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = ran.json_lines().into_iter().filter(|line| line["status"] == "written");
    lines.map(|line| line["mart"].as_str().unwrap().to_owned()).collect()
}

/// Two outside readers: every column of every mart, as `mart column type rows nulls sum`.
const READ: &str = r#"
import decimal, glob, os, sys
decimal.getcontext().prec = 60
import duckdb, pyarrow.parquet
for folder in sorted(glob.glob(sys.argv[1] + "/*")):
    mart = os.path.basename(folder)
    table = pyarrow.parquet.read_table(glob.glob(folder + "/*.parquet")[0])
    names = ", ".join(f'sum("{f.name}")' for f in table.schema if pyarrow.types.is_decimal(f.type)) or "0"
    by_duckdb = duckdb.sql(f"SELECT {names} FROM read_parquet('{folder}/*.parquet')").fetchall()[0]
    sums = {}
    for field, sum in zip([f for f in table.schema if pyarrow.types.is_decimal(f.type)], by_duckdb):
        own = [value for value in table[field.name].to_pylist() if value is not None]
        total = decimal.Decimal(0)
        for value in own:
            total += value
        assert (sum or 0) == total, (mart, field.name, sum, total)
        sums[field.name] = total
    for field in table.schema:
        print(mart, field.name, str(field.type).replace(" ", ""), table.num_rows, table[field.name].null_count, sums.get(field.name, "-"))
"#;

#[test]
fn outside_readers_see_in_the_files_what_the_views_say() {
    let lab = Lab::new(&[]);
    world(&lab, &[]);
    assert_eq!(shown(&lab).into_keys().collect::<BTreeSet<_>>(), wanted());
    let marts = lab.warehouse().join("marts");
    if python_has(&["duckdb", "pyarrow"]) {
        let told = python(READ, &[marts.to_str().unwrap()]);
        let mut columns: BTreeMap<&str, Vec<[&str; 5]>> = BTreeMap::new();
        for line in told.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let [mart, column, ty, rows, nulls, sum] = words[..] else { panic!("{line}") };
            let plain = ["string", "int", "uint", "bool", "date32[day]", "decimal128", "timestamp[", "null"];
            assert!(plain.iter().any(|known| ty.starts_with(known)), "{mart}.{column} is {ty}");
            columns.entry(mart).or_default().push([column, ty, rows, nulls, sum]);
        }
        // Every figure again by SQL over the views, in one query.
        let of_mart = |(mart, columns): (&&str, &Vec<[&str; 5]>)| {
            let figure = |[column, ty, ..]: &[&str; 5]| {
                let sum =
                    if ty.starts_with("decimal") { format!("coalesce(sum(\"{column}\"), 0)") } else { "'-'".into() };
                format!("CAST(count(*) - count(\"{column}\") AS VARCHAR) || ' ' || CAST({sum} AS VARCHAR)")
            };
            let figures: Vec<String> = columns.iter().map(figure).collect();
            let all = figures.join(" || ' ' || ");
            format!("SELECT '{mart} ' || CAST(count(*) AS VARCHAR) || ' ' || {all} AS t FROM mart.{mart}")
        };
        let query = columns.iter().map(of_mart).collect::<Vec<_>>().join(" UNION ALL ");
        let by_views = lab.ok(&["sql", "--format", "csv", &query]).stdout;
        let told_by = |(mart, columns): (&&str, &Vec<[&str; 5]>)| {
            let figures = columns.iter().map(|[_, _, _, nulls, sum]| format!("{nulls} {}", trimmed(sum)));
            format!("{mart} {} {}", columns[0][2], figures.collect::<Vec<_>>().join(" "))
        };
        let by_files: BTreeSet<String> = columns.iter().map(told_by).collect();
        let by_views: BTreeSet<String> =
            by_views.lines().skip(1).map(|line| line.split(' ').map(trimmed).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(by_files, by_views);
        no_small_cell_and_no_key_is_shown(&lab, &columns);
    }
    the_files_say_what_they_were_made_from(&lab);
}

/// `0`, `0.00` and `0E-2` are one figure, whoever writes it.
fn trimmed(figure: &str) -> &str {
    if figure.starts_with("0E") || figure.trim_matches(['0', '.']).is_empty() { "0" } else { figure }
}

/// Counts of people are 0, at least 5, or closed; nothing hashed from a personal number is in any mart.
fn no_small_cell_and_no_key_is_shown(lab: &Lab, columns: &BTreeMap<&str, Vec<[&str; 5]>>) {
    const LOOK: &str = r#"
import glob, re, sys
import pyarrow, pyarrow.parquet
people, looked = re.compile(r"^(keluarga|penerima|terbantu|jumlah_penerima|jumlah_keluarga|jumlah_bantuan)"), 0
for path in glob.glob(sys.argv[1] + "/*/*.parquet"):
    table = pyarrow.parquet.read_table(path)
    for name in table.column_names:
        values = [v for v in table[name].to_pylist() if v is not None]
        if people.match(name) and not name.endswith("_pct") and pyarrow.types.is_integer(table.schema.field(name).type):
            looked += len(values)
            assert not [v for v in values if 0 < v < 5], (path, name)
        if pyarrow.types.is_string(table.schema.field(name).type):
            assert not [v for v in values if re.fullmatch("[0-9a-f]{64}|[0-9]{16}", v)], (path, name)
print(looked)
"#;
    let marts = lab.warehouse().join("marts");
    let looked: u64 = python(LOOK, &[marts.to_str().unwrap()]).trim().parse().unwrap();
    assert!(looked > 100, "only {looked} cells of people");
    for part in ["kesejahteraan_sel", "baris_anggaran", "oss_nib"] {
        assert!(!columns.contains_key(part), "{part} is none for readers of files");
    }
}

/// The metadata of the files, read with the parquet crate.
fn the_files_say_what_they_were_made_from(lab: &Lab) {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let runs: BTreeSet<String> = lab
        .ok(&["--output", "json", "runs", "--limit", "1000"])
        .json_lines()
        .iter()
        .map(|run| run["run"].as_str().unwrap().to_owned())
        .collect();
    for (mart, path) in shown(lab) {
        let reader = SerializedFileReader::new(fs::File::open(&path).unwrap()).unwrap();
        let file = reader.metadata().file_metadata();
        let said: BTreeMap<String, String> = file
            .key_value_metadata()
            .unwrap()
            .iter()
            .map(|said| (said.key.clone(), said.value.clone().unwrap_or_default()))
            .collect();
        assert_eq!(said["lumbung.dataset"], mart);
        assert_eq!(format!("{}.parquet", said["lumbung.run_id"]), path.file_name().unwrap().to_str().unwrap());
        assert_eq!(said["lumbung.row_count"], file.num_rows().to_string());
        assert_eq!(said["lumbung.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(said["lumbung.view_sha256"].len(), 64);
        let snapshots: BTreeMap<String, Vec<String>> = serde_json::from_str(&said["lumbung.snapshots"]).unwrap();
        assert!(snapshots.values().flatten().all(|run| runs.contains(run)), "{mart}: {snapshots:?}");
        if mart == "serapan_satker" {
            assert!(snapshots.contains_key("omspan.dipa_belanja") && !snapshots.contains_key("sipp.p3ke"));
            assert!(said.contains_key("lumbung.sum.pagu") && said.contains_key("lumbung.sum.realisasi"), "{said:?}");
            assert!(!said.contains_key("lumbung.sum.serapan_pct"), "a percentage is no amount");
        }
    }
}

/// Views of which a test says something, and those they read.
const SPOKEN_OF: [&str; 14] = [
    "bantuan_rka",
    "oss_usaha",
    "pnbp_akun",
    "rka_kegiatan",
    "baris_anggaran",
    "jumlah_anggaran",
    "mutu_data",
    "padi_transaksi",
    "pengadaan_satker",
    "pnbp_transaksi",
    "rencana_anggaran",
    "satker",
    "serapan_satker",
    "sisa_dana",
];

/// A config folder with one file below `queries/`.
fn config_with(lab: &Lab, file: &str, sql: &str) -> String {
    let folder = lab.path().join("config-of-test");
    let path = folder.join("queries").join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, sql).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// A world whose views, but for those that tests speak of and those they read, say nothing.
struct Few {
    lab: Lab,
    config: String,
}

impl Few {
    fn new() -> Self {
        let lab = Lab::new(&[]);
        let config = lab.path().join("config-of-test");
        say_nothing(&config, &SPOKEN_OF);
        let config = config.to_str().unwrap().to_owned();
        let ran = world(&lab, &["--config", &config]);
        let made = format!("marts: {} written, 0 unchanged", wanted().len());
        assert!(ran.stderr.contains(&made), "{}", ran.stderr);
        Self { lab, config }
    }

    /// Loads the orders of another day, which must succeed.
    fn load(&mut self, today: &str, options: &[&str]) -> Ran {
        self.lab.set_today(today);
        let command = [&ON[..], &["--config", &self.config, "snapshot", "padi.transaksi"], options].concat();
        let ran: Ran = self.lab.systems_command(&command).output().unwrap().into();
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// `lumbung marts`.
    fn make(&self) -> Ran {
        self.lab.run(&["--config", &self.config, "--output", "json", "marts"])
    }

    /// Writes a query, or removes it.
    fn query(&self, file: &str, sql: Option<&str>) {
        match sql {
            Some(sql) => drop(config_with(&self.lab, file, sql)),
            None => fs::remove_file(self.lab.path().join("config-of-test/queries").join(file)).unwrap(),
        }
    }
}

#[test]
fn only_what_changed_is_written_and_what_fails_leaves_the_marts_before() {
    let mut few = Few::new();
    let made = status(&few.lab);
    assert_eq!((&made["state"], &made["count"]), (&"fresh".into(), &wanted().len().into()));
    assert_eq!(written(&few.make()), BTreeSet::new());
    assert_eq!(status(&few.lab), made, "an attempt that found nothing to do leaves no trace");

    // Another day of one dataset: its marts, and those that speak of everything.
    let before = shown(&few.lab);
    few.load("2026-11-08", &[]);
    let after = shown(&few.lab);
    let changed: BTreeSet<&str> =
        after.iter().filter(|(mart, path)| before[*mart] != **path).map(|(mart, _)| mart.as_str()).collect();
    for mart in ["pengadaan_satker", "mutu_data"] {
        assert!(changed.contains(mart), "{mart} is among {changed:?}");
    }
    for mart in ["serapan_satker", "rencana_anggaran"] {
        assert!(!changed.contains(mart), "{mart} is made of nothing that changed: {changed:?}");
    }

    // A mart that cannot be made is named, and the others stay as they are.
    let fails = "-- Purpose: fails.\nSELECT CAST(substr(kdsatker, 1, 0) AS INT) AS n FROM mart.satker";
    few.query("mart/rusak.sql", Some(fails));
    let failed = few.load("2026-11-10", &[]);
    assert!(failed.stderr.contains("could not be made") && failed.stderr.contains("mart.rusak"), "{}", failed.stderr);
    assert_eq!(shown(&few.lab), after);
    assert_eq!(status(&few.lab)["state"], "failed");
    // Without it they are made; and a load that says so leaves them as they are.
    few.query("mart/rusak.sql", None);
    assert!(written(&few.make()).contains("pengadaan_satker"));
    few.load("2026-11-11", &["--no-marts"]);
    assert_eq!(status(&few.lab)["state"], "stale");
}

#[test]
fn a_data_test_of_severity_error_holds_the_marts_and_a_warning_is_shown() {
    let mut few = Few::new();
    let before = shown(&few.lab);
    let rule = "-- severity: error\n-- Nothing is ever right.\nSELECT 1 AS n UNION ALL SELECT 2";
    few.query("check/selalu.sql", Some(rule));
    let held = few.load("2026-11-09", &[]);
    let why = "data test selalu (severity error) found 2 rows";
    assert!(held.stderr.contains("warning: the marts are held") && held.stderr.contains(why), "{}", held.stderr);
    assert_eq!(shown(&few.lab), before);
    let told = status(&few.lab);
    assert_eq!((&told["state"], &told["reason"]), (&"held".into(), &why.into()));
    assert_eq!((&told["made_at"], &told["tests"]["error"][0]), (&made_at(&before), &"selalu".into()));
    let people = few.lab.ok(&["status"]).stdout;
    assert!(people.contains(&format!("marts: held; {} of them", wanted().len())), "{people}");
    let by_hand = few.make();
    assert_eq!(by_hand.code, 65, "{}", by_hand.stderr);

    few.query("check/selalu.sql", Some(&rule.replace("error", "warning")));
    let made = written(&few.make());
    assert!(made.contains("mutu_data") && made.contains("pengadaan_satker"), "{made:?}");
    let told = status(&few.lab);
    assert_eq!((&told["state"], told["tests"]["error"].as_array().unwrap().len()), (&"fresh".into(), 0));
    assert!(told["tests"]["warning"].as_array().unwrap().contains(&"selalu".into()), "{told}");
    let shown = "SELECT objek, jumlah, status FROM mart.mutu_data WHERE kelompok = 'uji data'";
    let shown = few.lab.ok(&["--config", &few.config, "sql", "--format", "csv", shown]).stdout;
    assert!(shown.contains("selalu,2,peringatan"), "{shown}");
}

/// When the newest of these files was made, as `status` writes it.
fn made_at(files: &BTreeMap<String, PathBuf>) -> Value {
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap()[..15].to_owned();
    let newest = files.values().map(stem).max().unwrap();
    let at = chrono::NaiveDateTime::parse_from_str(&newest, "%Y%m%dT%H%M%S").unwrap().and_utc();
    at.to_rfc3339().into()
}

/// Kills at so many evenly spread moments.
const MOMENTS: u32 = 8;

#[test]
fn a_kill_at_any_moment_leaves_the_old_or_the_new_marts() {
    let lab = Lab::new(&[]);
    lab.ok(&["snapshot", "omspan.capaian_ik_kl"]);
    // A view that says which state it is; the others say nothing.
    say_nothing(&lab.path().join("config-of-test"), &[]);
    let set = |n: u32| config_with(&lab, "mart/penanda.sql", &format!("-- Purpose: a mark.\nSELECT {n} AS n"));
    let config = set(100);
    let marts = ["--config", config.as_str(), "--output", "json", "marts"];
    let mark = |shown: &BTreeMap<String, PathBuf>| -> String { shown["penanda"].display().to_string() };
    let all = written(&lab.ok(&marts));
    assert_eq!(all.len(), wanted().len() + 1);
    set(101);
    let began = Instant::now();
    assert_eq!(written(&lab.ok(&marts)), BTreeSet::from(["penanda".to_owned()]));
    let took = began.elapsed();
    for i in 0..MOMENTS {
        set(i + 1);
        let before = shown(&lab);
        let mut child = lab.command(&marts).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let wait = took * i / (MOMENTS - 2);
        let began = Instant::now();
        while began.elapsed() < wait && child.try_wait().unwrap().is_none() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let now = shown(&lab);
        assert!(now.keys().eq(before.keys()), "all of them, always");
        let others = |marts: &BTreeMap<String, PathBuf>| {
            marts.iter().filter(|(m, _)| *m != "penanda").map(|(_, p)| p.clone()).collect::<Vec<_>>()
        };
        assert_eq!(others(&now), others(&before), "what did not change stays");
        let was_new = mark(&now) != mark(&before);
        let next = written(&lab.ok(&marts));
        assert!(!(was_new && next.contains("penanda")), "killed after {wait:?}: {next:?}");
        // Made now, or shown by whoever opened the warehouse first: a kill between the two is finished, not repeated.
        assert_ne!(mark(&shown(&lab)), mark(&before), "killed after {wait:?}");
        let value = lab.ok(&["--config", &config, "sql", "--format", "csv", "SELECT n FROM mart.penanda"]).stdout;
        assert!(value.ends_with(&format!("{}\n", i + 1)), "{value}");
        assert_eq!(status(&lab)["state"], "fresh");
        let mut left = Vec::new();
        walk(&lab.warehouse().join("state/staging"), &mut left);
        assert_eq!(left, Vec::<PathBuf>::new());
    }
}
