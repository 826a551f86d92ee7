//! Editions from outside: what the demo sent is recorded, comes out again byte for byte, and every figure leads back to the
//! mart and to the source's pages; what was changed is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ran, walk};

const NOW: &str = "2026-11-01T06:00:00+07:00";

/// A demo of a small world, whose editions are recorded.
struct Demo {
    folder: TempDir,
}

impl Demo {
    fn new() -> Self {
        let demo = Self { folder: TempDir::new().unwrap() };
        let dir = demo.folder.path().join("demo");
        let mut command = demo.bare();
        command.args(["demo", "--seed", "7", "--scale", "0.05", "--dir"]).arg(dir);
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        demo
    }

    fn bare(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        command.env_clear().current_dir(self.folder.path()).args(["--now", NOW]);
        command
    }

    fn warehouse(&self) -> PathBuf {
        self.folder.path().join("demo/warehouse")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.bare().arg("--warehouse").arg(self.warehouse()).args(arguments).output().unwrap().into()
    }

    fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    fn one(&self, arguments: &[&str]) -> Value {
        self.ok(&[&["--output", "json"], arguments].concat()).json_lines().remove(0)
    }

    /// The names of the recorded editions of `report`.
    fn editions(&self, report: &str) -> Vec<String> {
        let lines = self.ok(&["--output", "json", "report", "editions", report, "--limit", "1000"]).json_lines();
        lines.iter().map(|line| line["edition"].as_str().unwrap().to_owned()).collect()
    }

    fn part(&self, edition: &str, name: &str) -> PathBuf {
        self.warehouse().join("state/editions").join(edition).join("1").join(name)
    }

    fn manifest(&self, edition: &str) -> Value {
        serde_json::from_slice(&fs::read(self.part(edition, "manifest.json")).unwrap()).unwrap()
    }
}

/// The verdict of `report verify` and its exit code.
fn verify(demo: &Demo, edition: &str) -> (i32, Value) {
    let ran = demo.run(&["--output", "json", "report", "verify", edition]);
    (ran.code, ran.json_lines().pop().unwrap_or_else(|| panic!("{}", ran.stderr)))
}

/// Puts `bytes` in the place of a file while `look` looks.
fn tampered<T>(path: &Path, bytes: &[u8], look: impl FnOnce() -> T) -> T {
    let good = fs::read(path).unwrap();
    fs::write(path, bytes).unwrap();
    let seen = look();
    fs::write(path, good).unwrap();
    seen
}

const REPORTS: [&str; 7] =
    ["ringkasan-pimpinan", "serapan-anggaran", "pnbp", "pengadaan-umkm-pdn", "kesejahteraan", "ikpa", "kartu-satker"];

/// Made again: all domains, a chart with a previous edition, personal data, and a burst.
const VERIFIED: [&str; 4] = ["ringkasan-pimpinan", "serapan-anggaran", "kesejahteraan", "kartu-satker"];

/// One test: the demo takes longer than everything that is looked at.
#[test]
fn editions_are_recorded_verified_shown_and_explained() {
    let demo = Demo::new();
    for report in REPORTS {
        let editions = demo.editions(report);
        assert!(!editions.is_empty(), "{report}");
        if VERIFIED.contains(&report) {
            every_part_comes_out_again(&demo, &editions[0]);
        }
    }
    let edition = demo.editions("serapan-anggaran").remove(0);
    what_is_shown_is_what_was_recorded(&demo, &edition);
    what_was_changed_is_found(&demo, &edition);
    todays_definition_does_not_count(&demo, &edition);
    figures_lead_back_to_the_mart(&demo, &edition);
    nothing_changes_between_an_edition_and_itself(&demo, &edition);
    no_manifest_names_a_recipient(&demo);
    lost_snapshots_are_named(&demo, &edition);
}

fn every_part_comes_out_again(demo: &Demo, edition: &str) {
    let (code, verdict) = verify(demo, edition);
    assert_eq!((code, &verdict["equal"]), (0, &Value::Bool(true)), "{verdict:#}");
    let parts = verdict["parts"].as_array().unwrap();
    let names: Vec<&str> = parts.iter().map(|part| part["part"].as_str().unwrap()).collect();
    assert!(names.starts_with(&["edition.html", "edition.txt"]) && names.contains(&"1.eml"), "{names:?}");
    assert_eq!(verdict["notes"].as_array().unwrap().len(), 0, "{verdict:#}");
}

fn what_is_shown_is_what_was_recorded(demo: &Demo, edition: &str) {
    let shown = demo.ok(&["report", "show", edition, "--part", "html"]).stdout;
    assert_eq!(shown.as_bytes(), fs::read(demo.part(edition, "edition.html")).unwrap());
    let out = demo.folder.path().join("surat.eml");
    demo.ok(&["report", "show", edition, "--part", "1.eml", "-o", out.to_str().unwrap()]);
    let mail = fs::read(&out).unwrap();
    assert_eq!(mail, fs::read(demo.part(edition, "1.eml")).unwrap());
    let mut sent = Vec::new();
    walk(&demo.folder.path().join("demo/outbox"), &mut sent);
    assert!(sent.iter().any(|path| fs::read(path).unwrap() == mail), "what is recorded is what was delivered");
    let facts = demo.one(&["report", "show", edition]);
    assert!(facts["snapshots"].as_array().unwrap().iter().all(|file| file["sha256"].as_str().unwrap().len() == 64));
    let people = demo.ok(&["report", "show", edition]).stdout;
    assert!(people.contains("omspan.realisasi_belanja") && people.contains("edition.txt"), "{people}");
    for (arguments, told) in [
        (vec!["report", "show", "no-such-2026-01-01"], "no edition no-such-2026-01-01 is recorded"),
        (vec!["report", "show", edition, "--part", "xlsxx"], "it has no part xlsxx"),
        (vec!["report", "show", edition, "--part", "recipients.json"], "it has no part recipients.json"),
        (vec!["explain", edition, "no.such.figure"], "has no figure no.such.figure"),
    ] {
        let ran = demo.run(&arguments);
        assert!(ran.code == 2 && ran.stderr.contains(told), "{arguments:?}: {} {}", ran.code, ran.stderr);
    }
}

fn what_was_changed_is_found(demo: &Demo, edition: &str) {
    let text = demo.part(edition, "edition.txt");
    let changed = fs::read_to_string(&text).unwrap().replacen('%', " persen", 1);
    let (code, verdict) = tampered(&text, changed.as_bytes(), || verify(demo, edition));
    assert_eq!(code, 65);
    let part = &verdict["parts"][1];
    assert_eq!((&part["part"], &part["equal"]), (&Value::from("edition.txt"), &Value::Bool(false)));
    assert!(part["problem"].as_str().unwrap().contains("changed after it was recorded"), "{verdict:#}");
    assert_eq!(verdict["parts"][0]["equal"], true, "the others are as they were");
    let shown = tampered(&text, changed.as_bytes(), || demo.run(&["report", "show", edition, "--part", "txt"]));
    assert_eq!((shown.code, shown.stdout.as_str()), (65, ""));
    let manifest = demo.part(edition, "manifest.json");
    let ran = tampered(&manifest, b"{}", || demo.run(&["report", "verify", edition]));
    assert!(ran.code == 65 && ran.stderr.contains("does not hold what was recorded"), "{}", ran.stderr);
    // A snapshot that is not the one any more.
    let facts = demo.one(&["report", "show", edition]);
    let file = facts["snapshots"].as_array().unwrap().iter().find(|f| f["dataset"] == "omspan.dipa_belanja").unwrap();
    let path = snapshot(demo, file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    let (code, verdict) = tampered(&path, &bytes, || verify(demo, edition));
    let problem = verdict["problems"][0].as_str().unwrap();
    assert!(code == 65 && problem.starts_with("the snapshot omspan.dipa_belanja"), "{verdict:#}");
    assert!(problem.ends_with("is not the recorded one"), "{problem}");
    assert_eq!(verify(demo, edition).0, 0, "all is as it was");
}

/// The file that the ledger's readers open.
fn snapshot(demo: &Demo, file: &Value) -> PathBuf {
    let text = |key: &str| file[key].as_str().unwrap().to_owned();
    let folder = demo.warehouse().join("state/files").join(text("dataset").replace('.', "/"));
    folder.join(text("partition")).join(format!("{}.parquet", text("run")))
}

fn todays_definition_does_not_count(demo: &Demo, edition: &str) {
    let config = demo.folder.path().join("other");
    fs::create_dir_all(config.join("reports")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    fs::copy(root.join("lumbung.toml"), config.join("lumbung.toml")).unwrap();
    let own = fs::read_to_string(root.join("reports/serapan-anggaran.toml")).unwrap();
    fs::write(config.join("reports/serapan-anggaran.toml"), own.replacen("title = \"", "title = \"Baru: ", 1))
        .unwrap();
    let ran = demo.ok(&["--config", config.to_str().unwrap(), "--output", "json", "report", "verify", edition]);
    let verdict = ran.json_lines().remove(0);
    assert_eq!(verdict["equal"], true, "{verdict:#}");
    assert!(verdict["notes"][0].as_str().unwrap().contains("the report's definition"), "{verdict:#}");
}

/// Figures of one-row queries and of table rows: what is explained is what the mart says.
fn figures_lead_back_to_the_mart(demo: &Demo, edition: &str) {
    let manifest = demo.manifest(edition);
    let figures = manifest["figures"].as_array().unwrap();
    let of_query = figures.iter().filter(|figure| figure["query"] != "" && figure["unit"] == "rupiah");
    let mut explained = 0;
    for figure in of_query.take(12) {
        let id = figure["id"].as_str().unwrap();
        let told = demo.one(&["explain", edition, id]);
        assert_eq!(told["value"], figure["value"], "{told:#}");
        assert!(told["sql"].as_str().unwrap().contains("mart."), "{told:#}");
        assert!(!told["snapshots"].as_array().unwrap().is_empty(), "{told:#}");
        if let Some(now) = told["now"].as_str() {
            // The mart says it with the decimals of its type.
            let plain = |text: &str| match text.split_once('.') {
                Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole.to_owned(),
                Some(_) => text.trim_end_matches('0').to_owned(),
                None => text.to_owned(),
            };
            assert_eq!(plain(now), plain(told["value"].as_str().unwrap()), "{told:#}");
            explained += 1;
        }
        let pages = told["pages"].as_array().unwrap();
        assert!(pages.iter().all(|page| page["sha256"].as_str().unwrap().len() == 64), "{told:#}");
    }
    assert!(explained > 0, "no figure stands in a row: {figures:?}");
    // The sum of the postings, asked of the mart by somebody else.
    let total = figures.iter().find(|f| f["row"] == "serapan_anggaran_total" && f["column"] == "realisasi").unwrap();
    let told = demo.one(&["explain", edition, total["id"].as_str().unwrap()]);
    let made_of = told["computed_from"].as_array().unwrap();
    assert!(made_of.contains(&Value::from("omspan.realisasi_belanja.amount")), "{told:#}");
    assert!(!told["pages"].as_array().unwrap().is_empty(), "{told:#}");
    let query = "SELECT CAST(sum(amount) AS VARCHAR) FROM omspan.realisasi_belanja WHERE tahun_anggaran = 2026";
    let mart = demo.ok(&["sql", "--format", "csv", query]).stdout;
    let mart: &str = mart.lines().nth(1).unwrap();
    assert_eq!(told["now"].as_str().unwrap().trim_end_matches(".00"), mart.trim_end_matches(".00"));
    let people = demo.ok(&["explain", edition, total["id"].as_str().unwrap()]).stdout;
    for text in
        ["printed", "queries/report/serapan_anggaran_total.sql", "omspan.realisasi_belanja", "SELECT", "archived"]
    {
        assert!(people.contains(text), "no {text} in\n{people}");
    }
}

fn nothing_changes_between_an_edition_and_itself(demo: &Demo, edition: &str) {
    assert_eq!(demo.ok(&["--output", "json", "report", "diff", edition, edition]).stdout, "");
    assert!(demo.ok(&["report", "diff", edition, edition]).stdout.contains("figures are the same"));
    let other = demo.editions("pnbp").remove(0);
    assert_eq!(demo.run(&["report", "diff", edition, &other]).code, 2);
    let cards = demo.editions("kartu-satker");
    let [first, second, ..] = &cards[..] else { panic!("{cards:?}") };
    let found = demo.ok(&["--output", "json", "report", "diff", first, second]).json_lines();
    assert!(found.iter().any(|line| line["difference"].is_string()), "two offices differ: {found:?}");
    assert!(found.iter().any(|line| line["sentence"] == "headline"), "{found:?}");
}

fn no_manifest_names_a_recipient(demo: &Demo) {
    let mut files = Vec::new();
    walk(&demo.warehouse().join("state/editions"), &mut files);
    let manifests: Vec<&PathBuf> = files.iter().filter(|path| path.ends_with("manifest.json")).collect();
    assert!(manifests.len() >= REPORTS.len());
    for path in manifests {
        let text = fs::read_to_string(path).unwrap();
        let recipients: Value =
            serde_json::from_slice(&fs::read(path.with_file_name("recipients.json")).unwrap()).unwrap();
        for recipient in recipients.as_array().unwrap() {
            let address = recipient["address"].as_str().unwrap();
            assert!(!text.contains(address), "{} holds {address}", path.display());
        }
    }
}

fn lost_snapshots_are_named(demo: &Demo, edition: &str) {
    let facts = demo.one(&["report", "show", edition]);
    let file = facts["snapshots"].as_array().unwrap().iter().find(|f| f["dataset"] == "omspan.dipa_belanja").unwrap();
    fs::remove_file(snapshot(demo, file)).unwrap();
    assert_eq!(verify(demo, edition).0, 0, "what an edition read is kept");
    let sha256 = file["sha256"].as_str().unwrap();
    let kept = format!("state/editions/files/{}/{sha256}.parquet", &sha256[..2]);
    fs::remove_file(demo.warehouse().join(kept)).unwrap();
    let (code, verdict) = verify(demo, edition);
    let problem = verdict["problems"][0].as_str().unwrap();
    assert!(
        code == 65 && problem.contains("is gone") && problem.contains(file["run"].as_str().unwrap()),
        "{verdict:#}"
    );
    assert_eq!(verdict["parts"][0]["problem"], "not compared");
    assert_eq!(demo.ok(&["report", "show", edition, "--part", "txt"]).code, 0, "the bytes are still there");
}
