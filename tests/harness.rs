//! A laboratory for one test: a sandbox, a temporary folder and the program itself, which sees no environment but what
//! the test gives it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};

use lumbung::catalog::ViewSet;
use lumbung::sandbox::{Control, Fault, Sandbox, SandboxOptions, ScaleFactor};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The day of every test, unless it says otherwise.
pub const TODAY: &str = "2026-11-01";

/// The secret that tests hash personal values under.
pub const PII_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The two fiscal years the sandbox knows on [`TODAY`].
pub const YEARS: [i32; 2] = [2025, 2026];

/// A program run that ended.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// What it printed as data.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Ran {
    /// The JSON lines of stdout.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A sandbox and a folder, gone when dropped.
pub struct Lab {
    runtime: Runtime,
    sandbox: Option<Sandbox>,
    folder: TempDir,
    /// The day the program believes it is.
    pub today: String,
}

impl Lab {
    /// A laboratory whose sandbox is small (a tenth of the demo's size) and does `faults` wrong.
    pub fn new(faults: &[&str]) -> Self {
        Self::sized(faults, 0.1)
    }

    /// A laboratory of another size.
    pub fn sized(faults: &[&str], scale: f64) -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = Some(start(&runtime, faults, scale));
        Self { runtime, sandbox, folder: TempDir::new().unwrap(), today: TODAY.to_owned() }
    }

    /// The running sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().unwrap()
    }

    /// Stops the sandbox and starts another with `faults` on the same warehouse folder.
    pub fn replace_sandbox(&mut self, faults: &[&str]) {
        self.stop_sandbox();
        self.sandbox = Some(start(&self.runtime, faults, 0.1));
        self.sandbox().set_today(self.today.parse().unwrap());
    }

    /// Stops the sandbox: from here on no source answers.
    pub fn stop_sandbox(&mut self) {
        if let Some(old) = self.sandbox.take() {
            self.runtime.block_on(old.stop());
        }
    }

    /// Moves the sandbox and the program to another day.
    pub fn set_today(&mut self, today: &str) {
        self.today = today.to_owned();
        self.sandbox().set_today(today.parse().unwrap());
    }

    /// The totals a load of OMSPAN must come to; what most tests load.
    pub fn control(&self) -> Control {
        let mut control = self.sandbox().control();
        control.datasets.retain(|name, _| name.starts_with("omspan."));
        control
    }

    /// What the sandbox answers to `path` below its base URL, asked for a fiscal year.
    pub fn ask(&self, year: i32, path: &str) -> serde_json::Value {
        let url = format!("{}/{path}", self.sandbox().base_url("omspan"));
        let request = reqwest::Client::new().get(url).bearer_auth(self.sandbox().token("omspan", year));
        self.runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() })
    }

    /// The temporary folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The warehouse in it.
    pub fn warehouse(&self) -> PathBuf {
        self.path().join("warehouse")
    }

    /// The program, ready to run: no environment but both tokens, the sandbox as source, no waiting between tries.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare_command();
        for year in YEARS {
            command.env(format!("LUMBUNG_OMSPAN_TOKEN_{year}"), self.sandbox().token("omspan", year));
        }
        command.args(arguments);
        command
    }

    /// The program with the addresses and keys of every system, a PII key and the list of NIBs.
    pub fn systems_command(&self, arguments: &[&str]) -> Command {
        let sandbox = self.sandbox();
        let mut command = self.bare_command();
        command.env("LUMBUNG_PII_KEY", PII_KEY);
        for source in sandbox.sources() {
            let prefix = format!("LUMBUNG_{}_TOKEN", source.to_uppercase());
            command.env(&prefix, sandbox.token(source, YEARS[1]));
            for year in YEARS {
                command.env(format!("{prefix}_{year}"), sandbox.token(source, year));
            }
            for (key, value) in [
                ("base_url", sandbox.base_url(source)),
                ("fiscal_years", "[2025, 2026]".to_owned()),
                ("backoff_secs", "0".to_owned()),
                ("read_timeout_secs", "1".to_owned()),
            ] {
                command.args(["--set", &format!("sources.{source}.{key}={value}")]);
            }
        }
        let list = self.path().join("nib.csv");
        std::fs::write(&list, sandbox.nibs().join("\n")).unwrap();
        command.args(["--set", &format!("sources.oss.lists.nib={}", list.display())]);
        command.args(arguments);
        command
    }

    /// As [`Lab::command`], but without tokens and arguments.
    pub fn bare_command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        let base_url = self.sandbox.as_ref().map(|sandbox| sandbox.base_url("omspan"));
        // Port 9: nobody answers where no sandbox runs.
        let base_url = base_url.unwrap_or_else(|| "http://127.0.0.1:9".to_owned());
        command
            .env_clear()
            .current_dir(self.path())
            .arg("--warehouse")
            .arg(self.warehouse())
            .args(["--set", &format!("sources.omspan.base_url={base_url}")])
            .args(["--set", "sources.omspan.fiscal_years=[2025, 2026]"])
            .args(["--set", "sources.omspan.backoff_secs=0"])
            // Tests of the marts ask for them.
            .args(["--set", "marts.after_load=false"])
            .args(["--now", &format!("{}T06:00:00+07:00", self.today)]);
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs the program, which must succeed.
    pub fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// Every published Parquet file, relative to the warehouse, sorted.
    pub fn published(&self) -> Vec<String> {
        let mut files = Vec::new();
        for tree in ["history", "latest", "marts"] {
            walk(&self.warehouse().join(tree), &mut files);
        }
        let root = self.warehouse();
        let mut names: Vec<String> =
            files.iter().map(|file| file.strip_prefix(&root).unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Every published file with its bytes: what must not change when a load fails.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let read = |name: String| (name.clone(), std::fs::read(self.warehouse().join(name)).unwrap());
        self.published().into_iter().map(read).collect()
    }

    /// A config folder whose OMSPAN contract differs from the shipped one by `edits` (what stands there, what shall).
    pub fn config(&self, edits: &[(&str, &str)]) -> String {
        let mut contract = include_str!("../config/sources/omspan.toml").to_owned();
        for (old, new) in edits {
            assert!(contract.contains(old), "the contract has no {old:?}");
            contract = contract.replacen(old, new, 1);
        }
        let folder = self.path().join("config-of-test");
        std::fs::create_dir_all(folder.join("sources")).unwrap();
        std::fs::write(folder.join("sources/omspan.toml"), contract).unwrap();
        folder.to_str().unwrap().to_owned()
    }
}

fn start(runtime: &Runtime, faults: &[&str], scale: f64) -> Sandbox {
    let options = SandboxOptions {
        port: 0,
        seed: 1,
        scale: ScaleFactor::new(scale).unwrap(),
        today: TODAY.parse().unwrap(),
        faults: faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect(),
    };
    runtime.block_on(Sandbox::start(options)).unwrap()
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.stop());
        }
    }
}

/// Puts views and data tests that say nothing into a config folder, in the place of all that are shipped but `views`: a test
/// that asks for the marts again and again need not compute them again and again.
pub fn say_nothing(config: &Path, views: &[&str]) {
    let shipped = ViewSet::embedded();
    let marts = shipped.views().filter(|view| !views.contains(&view.name.as_str())).map(|view| ("mart", view));
    for (folder, view) in marts.chain(shipped.checks().map(|check| ("check", check))) {
        let path = config.join("queries").join(folder);
        std::fs::create_dir_all(&path).unwrap();
        let head = view.comment().replace('\n', "\n-- ");
        std::fs::write(path.join(format!("{}.sql", view.name)), format!("-- {head}\nSELECT 1 AS n WHERE false"))
            .unwrap();
    }
}

/// Writes a file with a secret, as the program wants it: for its owner alone.
pub fn secret_file(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Every file below `folder`.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Whether python3 can import `modules`; says what is skipped otherwise.
pub fn python_has(modules: &[&str]) -> bool {
    let imports = modules.iter().map(|module| format!("import {module}")).collect::<Vec<_>>().join("; ");
    let found = Command::new("python3").args(["-c", &imports]).output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: needs python3 with {}", modules.join(", "));
    }
    found
}

/// Runs a Python program and returns what it printed; it must succeed.
pub fn python(program: &str, arguments: &[&str]) -> String {
    let ran: Ran = Command::new("python3").arg("-c").arg(program).args(arguments).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    ran.stdout
}

/// A process, killed when the test ends.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, where the test came to its end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
