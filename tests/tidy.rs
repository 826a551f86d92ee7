//! What the house looks like: rules on files and words that no compiler keeps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::harness::walk;

/// Longest source file, in lines.
const LINES_MAX: usize = 600;

/// One text file of the repository.
struct File {
    /// Its path from the repository's root, with slashes.
    name: String,
    text: String,
}

impl File {
    /// Whether the file is `place` or below it: `src/load` means `src/load.rs` and `src/load/`.
    fn is_in(&self, place: &str) -> bool {
        let rest = self.name.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
    }

    /// The lines that are neither comments nor tests, each with its number.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        let lines = self.text[..end].lines().enumerate().map(|(i, line)| (i + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folders` that end in `extension` (all when it is empty), sorted.
fn files(folders: &[&str], extension: &str) -> Vec<File> {
    let mut paths: Vec<PathBuf> = Vec::new();
    folders.iter().for_each(|folder| walk(&root().join(folder), &mut paths));
    paths.sort();
    let wanted = |path: &PathBuf| extension.is_empty() || path.extension().is_some_and(|found| found == extension);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        // Pictures and the like are not read.
        Some(File { name, text: String::from_utf8(std::fs::read(&path).unwrap()).ok()? })
    };
    let files: Vec<File> = paths.into_iter().filter(wanted).filter_map(read).collect();
    assert!(!files.is_empty(), "no {extension} files in {folders:?}");
    files
}

/// The library's own files without those that are compiled for tests only.
fn sources() -> Vec<File> {
    let all = files(&["src"], "rs");
    let mut tests = BTreeSet::new();
    for file in &all {
        let lines: Vec<&str> = file.text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[0].trim() == "#[cfg(test)]") {
            let Some((_, module)) = pair[1].split_once("mod ") else { continue };
            let Some(module) = module.strip_suffix(';') else { continue };
            let folder = file.name.strip_suffix(".rs").unwrap().trim_end_matches("/lib").trim_end_matches("/main");
            tests.insert(format!("{folder}/{module}"));
        }
    }
    assert!(tests.contains("src/decode/tests") || tests.contains("src/sandbox/tests"), "{tests:?}");
    let sources: Vec<File> = all.into_iter().filter(|file| !tests.iter().any(|module| file.is_in(module))).collect();
    assert!(sources.len() > 50);
    sources
}

/// Fails with every line of `found`.
fn assert_none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// The lines of code that hold one of `words` and do not lie in one of `places`.
fn outside(words: &[&str], places: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in sources().iter().filter(|file| !places.iter().any(|place| file.is_in(place))) {
        for (number, line) in file.code().filter(|(_, line)| words.iter().any(|word| line.contains(word))) {
            found.push(format!("{}:{number}: {}", file.name, line.trim()));
        }
    }
    found
}

#[test]
fn every_file_says_what_it_is_for() {
    let rust = files(&["src", "tests", "benches"], "rs");
    let silent: Vec<String> =
        rust.iter().filter(|file| !file.text.starts_with("//! ")).map(|file| file.name.clone()).collect();
    assert_none("a Rust file opens with //! and what it is for", &silent);
    let sql = files(&["queries"], "sql");
    let silent: Vec<String> =
        sql.iter().filter(|file| !file.text.starts_with("-- ")).map(|file| file.name.clone()).collect();
    assert_none("an SQL file opens with -- and what it is for", &silent);
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = files(&["src"], "rs")
        .iter()
        .map(|file| (file.text.lines().count(), &file.name))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert_none("a file of more than 600 lines wants to be two", &long);
}

/// Floats where figures pass, and why each is none of money.
const FLOATS: [(&str, &str); 5] = [
    ("src/submit/judge/inspect.rs", "how alike a mistyped key and a column are"),
    ("src/load.rs", "how long a load took, in seconds"),
    (
        "src/catalog/format/xlsx.rs",
        "a spreadsheet has no other numbers; what does not fit exactly is written as text",
    ),
    ("src/report/attach/xlsx/number.rs", "the same: a figure of more than 15 digits is written as text"),
    ("src/report/attach/pdf/draw.rs", "places on paper, as the PDF's writer counts them"),
];

#[test]
fn no_float_is_where_figures_pass() {
    let places = ["contract", "decode", "load", "warehouse", "quality", "catalog", "report", "submit"];
    let places = places.map(|place| format!("src/{place}"));
    let mut found = Vec::new();
    for file in sources().iter().filter(|file| places.iter().any(|place| file.is_in(place))) {
        let is_word = |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(|w| matches!(w, "f32" | "f64"));
        let floats: Vec<String> = file
            .code()
            .filter(|(_, line)| is_word(line))
            .map(|(number, line)| format!("{}:{number}: {}", file.name, line.trim()))
            .collect();
        match FLOATS.iter().find(|(name, _)| *name == file.name) {
            None => found.extend(floats),
            Some(_) => assert!(!floats.is_empty(), "{} needs no exception any more", file.name),
        }
    }
    assert_none("money is exact: Decimal128 or i128", &found);
}

#[test]
fn unwrap_is_for_tests() {
    assert_none("say why it cannot fail: expect(\"…\"), or return the error", &outside(&[".unwrap()"], &[]));
}

#[test]
fn only_cli_prints() {
    let words = ["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!("];
    assert_none("stdout and stderr belong to cli", &outside(&words, &["src/cli"]));
}

#[test]
fn only_config_reads_the_environment() {
    let words = ["env::var", "env::vars", "env::set_var"];
    assert_none("the environment belongs to config", &outside(&words, &["src/config"]));
    assert_none("the command line belongs to cli", &outside(&["env::args"], &["src/cli"]));
}

#[test]
fn only_the_clock_tells_the_time() {
    let words = ["Utc::now", "Local::now", "SystemTime::now"];
    assert_none("time is injected: take a Clock", &outside(&words, &["src/clock"]));
}

#[test]
fn engines_stay_where_they_are() {
    assert_none("only catalog names DataFusion", &outside(&["datafusion", "ballista_"], &["src/catalog"]));
    assert_none("only quality names Polars", &outside(&["polars"], &["src/quality"]));
    assert_none("only warehouse names SQLite", &outside(&["rusqlite"], &["src/warehouse"]));
    assert_none(
        "only contract, source, cli and the sandbox's pusher name reqwest",
        &outside(&["reqwest"], &["src/contract", "src/source", "src/cli", "src/sandbox/push"]),
    );
    assert_none("only serve and the sandbox serve HTTP", &outside(&["axum"], &["src/sandbox", "src/serve"]));
}

#[test]
fn only_mail_sends() {
    let transports = ["lettre::transport", "lettre::Transport", "lettre::{", "SmtpTransport", "AsyncTransport"];
    assert_none("only mail names a transport of lettre", &outside(&transports, &["src/mail"]));
    let messages = ["lettre::message", "lettre::Message"];
    assert_none(
        "only mail and report/message.rs make messages",
        &outside(&messages, &["src/mail", "src/report/message"]),
    );
    let any = outside(&["lettre"], &["src/mail", "src/report"]);
    assert_none("nobody else knows what a mail is", &any);
}

#[test]
fn only_the_warehouse_writes_parquet() {
    let words = ["ArrowWriter", "parquet::file::writer"];
    let places = ["src/warehouse", "src/catalog/format", "src/catalog/fixture"];
    assert_none("Parquet files are written by the warehouse (and as results of a query)", &outside(&words, &places));
}

/// Two versions of one of these do not understand each other.
#[test]
fn the_lock_file_has_one_version_of_what_must_be_one() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in ["arrow", "parquet", "datafusion", "ballista-core", "object_store", "tokio", "polars", "serde"] {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let versions: Vec<&str> =
            lock.split(&entry).skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
        assert_eq!(versions.len(), 1, "{name} is locked in the versions {versions:?}");
    }
}

#[test]
fn no_test_module_is_forgotten() {
    let all = files(&["tests"], "rs");
    let mut forgotten = Vec::new();
    // tests/fuzz is a package of its own.
    let ours = |file: &&File| file.name != "tests/main.rs" && !file.name.starts_with("tests/fuzz/");
    for file in all.iter().filter(ours) {
        // tests/exits/sql.rs is a module of tests/exits.rs, tests/exits.rs one of tests/main.rs.
        let (folder, module) = file.name.strip_suffix(".rs").unwrap().rsplit_once('/').unwrap();
        let parent = if folder == "tests" { "tests/main.rs".to_owned() } else { format!("{folder}.rs") };
        let named = |parent: &&File| parent.text.lines().any(|line| line == format!("mod {module};"));
        if !all.iter().find(|file| file.name == parent).as_ref().is_some_and(named) {
            forgotten.push(file.name.clone());
        }
    }
    assert_none("a module that nobody names is never run", &forgotten);
}

/// Places that exist on one machine only. Spelled apart, so that this file does not find itself.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("C:", "\\"),
    concat!("/mn", "t/"),
];

#[test]
fn no_path_of_a_machine_stands_anywhere() {
    let mut found = Vec::new();
    let folders = ["src", "tests", "benches", "config", "queries", "templates", "docs", ".github"];
    let mut all = files(&folders, "");
    for name in ["Cargo.toml", "clippy.toml", "deny.toml", "rustfmt.toml", "README.md", "CONTRIBUTING.md"] {
        if let Ok(text) = std::fs::read_to_string(root().join(name)) {
            all.push(File { name: name.to_owned(), text });
        }
    }
    for file in &all {
        for (i, line) in file.text.lines().enumerate() {
            if MACHINE_PATHS.iter().any(|path| line.contains(path)) {
                found.push(format!("{}:{}: {}", file.name, i + 1, line.trim()));
            }
        }
    }
    assert_none("a path of one machine", &found);
}

#[test]
fn the_levels_of_the_house_are_kept() {
    // Lower levels do not know higher ones.
    let rules = [
        (
            "src/contract",
            &["load", "catalog", "report", "warehouse", "source", "decode", "cli", "sandbox", "mail"][..],
        ),
        ("src/decode", &["load", "catalog", "report", "warehouse", "source", "cli", "sandbox", "mail"]),
        ("src/source", &["load", "catalog", "report", "warehouse", "cli", "sandbox", "mail"]),
        ("src/warehouse", &["load", "marts", "catalog", "report", "source", "decode", "cli", "sandbox", "mail"]),
        ("src/catalog", &["load", "marts", "report", "cli", "sandbox", "mail"]),
        (
            "src/schedule",
            &["load", "marts", "catalog", "report", "serve", "submit", "source", "decode", "cli", "sandbox", "mail"],
        ),
        ("src/reference", &["load", "catalog", "report", "source", "cli", "sandbox", "mail"]),
        ("src/load", &["catalog", "marts", "report", "serve", "submit", "cli", "sandbox", "mail"]),
        ("src/marts", &["load", "report", "serve", "submit", "source", "decode", "cli", "sandbox", "mail"]),
        ("src/serve", &["report", "submit", "cli", "sandbox", "mail"]),
        ("src/submit", &["catalog", "report", "serve", "cli", "sandbox", "mail"]),
        ("src/report", &["load", "catalog", "source", "decode", "cli", "sandbox"]),
        ("src/sandbox", &["load", "catalog", "report", "warehouse", "source", "decode", "cli", "mail"]),
    ];
    let mut found = Vec::new();
    for file in &sources() {
        for (place, higher) in rules.iter().filter(|(place, _)| file.is_in(place)) {
            for (number, line) in file.code() {
                let knows = |level: &&&str| {
                    line.contains(&format!("crate::{level}::")) || line.contains(&format!("crate::{level};"))
                };
                if higher.iter().any(|level| knows(&level)) {
                    found.push(format!("{}:{number} ({place}): {}", file.name, line.trim()));
                }
            }
        }
    }
    assert_none("a lower level knows a higher one", &found);
}
