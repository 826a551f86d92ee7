//! What an operator installs: the config folder, completions, the manual, the unit, the package, and the documents about them.

mod documents;
mod service;

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::{PII_KEY, Ran, walk};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program in `folder`, without any environment.
fn lumbung(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
    command.env_clear().current_dir(folder).args(["--now", "2026-11-01T06:00:00+07:00"]).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    lumbung(folder, arguments).output().unwrap().into()
}

/// Whether `program` is there; says what is skipped otherwise.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: needs {program}");
    }
    found
}

#[test]
fn init_writes_a_folder_that_works_and_says_what_is_missing() {
    let folder = TempDir::new().unwrap();
    let first = run(folder.path(), &["init"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(
        first.stdout.contains("config/lumbung.env.example") && first.stdout.contains("check"),
        "{}",
        first.stdout
    );
    let mut files = Vec::new();
    walk(&folder.path().join("config"), &mut files);
    assert!(files.len() > 40, "{files:?}");
    let again = run(folder.path(), &["init"]);
    assert_eq!(again.code, 2, "{}", again.stdout);
    assert!(again.stderr.contains("nothing was written") && again.stderr.contains("--force"), "{}", again.stderr);

    // An empty folder says what it needs, by the names to set.
    let offline = ["--output", "json", "check", "--offline"];
    let missing = run(folder.path(), &offline);
    assert_eq!(missing.code, 78, "{}", missing.stderr);
    let problems: Vec<String> = missing
        .json_lines()
        .iter()
        .filter(|finding| finding["ok"] == false)
        .map(|finding| format!("{}: {}", finding["what"].as_str().unwrap(), finding["problem"].as_str().unwrap()))
        .collect();
    let token =
        "token of omspan for 2026: no token for omspan: set LUMBUNG_OMSPAN_TOKEN_2026 or LUMBUNG_OMSPAN_TOKEN";
    assert_eq!(problems, [token]);
    let personal: Ran =
        lumbung(folder.path(), &["--set", "sources.sipp.enabled=true"]).args(offline).output().unwrap().into();
    assert!(
        personal.stdout.contains("set LUMBUNG_PII_KEY or name a key file (make one with `lumbung key new FILE`)")
    );
    assert!(personal.stdout.contains("set LUMBUNG_SIPP_TOKEN"), "{}", personal.stdout);
    let mut complete = lumbung(folder.path(), &offline);
    complete.env("LUMBUNG_PII_KEY", PII_KEY).env("LUMBUNG_OMSPAN_TOKEN_2026", "a-token");
    let complete: Ran = complete.output().unwrap().into();
    assert_eq!(complete.code, 0, "{}", complete.stdout);

    // Secrets that others may read are found, and an own file is told from the shipped one.
    let secrets = folder.path().join("config/lumbung.env");
    std::fs::copy(folder.path().join("config/lumbung.env.example"), &secrets).unwrap();
    std::fs::set_permissions(&secrets, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(folder.path().join("config/reference/sumber_dana.csv.bak"), "old").unwrap();
    let toml = folder.path().join("config/lumbung.toml");
    let own = std::fs::read_to_string(&toml).unwrap().replace("Kementerian Contoh", "Kementerian Lain");
    std::fs::write(&toml, &own).unwrap();
    let told = run(folder.path(), &offline).stdout;
    assert!(told.contains("chmod 600 config/lumbung.env"), "{told}");
    assert!(told.contains("1 of its files differ from those of this version: lumbung.toml"), "{told}");

    let forced = run(folder.path(), &["--output", "json", "init", "--force"]).json_lines().remove(0);
    assert_eq!(
        (&forced["written"][0], forced["kept"].as_array().unwrap().len()),
        (&"lumbung.toml".into(), 1),
        "{forced}"
    );
    assert_eq!(std::fs::read_to_string(folder.path().join(forced["kept"][0].as_str().unwrap())).unwrap(), own);
}

/// These make something of nothing: a broken config must not keep them from it.
#[test]
fn what_needs_no_config_works_beside_a_broken_one() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    std::fs::write(folder.path().join("config/lumbung.toml"), "nonsense = = 1\n").unwrap();
    assert_eq!(run(folder.path(), &["status"]).code, 78);
    for arguments in [&["init", "other"][..], &["completions", "fish"], &["man"]] {
        let ran = run(folder.path(), arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn five_shells_complete_commands_and_options() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(folder.path(), &["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}: {}", ran.stderr);
        for word in ["snapshot", "accept-shrink", "deliveries", "warehouse"] {
            assert!(ran.stdout.contains(word), "{shell} does not know {word}");
        }
        let path = folder.path().join(shell);
        std::fs::write(&path, &ran.stdout).unwrap();
        if matches!(shell, "bash" | "zsh" | "fish") && has(shell) {
            assert!(Command::new(shell).arg("-n").arg(&path).status().unwrap().success(), "{shell}");
        }
    }
    let unknown = run(folder.path(), &["completions", "csh"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stdout);
}

#[test]
fn the_manual_has_a_page_a_command_that_groff_likes() {
    let folder = TempDir::new().unwrap();
    let ran = run(folder.path(), &["man", "--dir", "man1"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut pages = Vec::new();
    walk(&folder.path().join("man1"), &mut pages);
    for name in ["lumbung.1", "lumbung-snapshot.1", "lumbung-report-send.1", "lumbung-key-rotate.1", "lumbung-init.1"]
    {
        assert!(pages.iter().any(|page| page.ends_with(name)), "no {name} in {pages:?}");
    }
    if !has("groff") {
        return;
    }
    for page in &pages {
        let read = Command::new("groff").args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z"]).arg(page).output().unwrap();
        let said = String::from_utf8_lossy(&read.stderr).into_owned();
        assert!(read.status.success() && said.is_empty(), "{}: {said}", page.display());
    }
}
