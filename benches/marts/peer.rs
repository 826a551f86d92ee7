//! DuckDB, in a process of its own that is spoken to line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// The script that runs it.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/marts/peer.py");

/// A running DuckDB.
pub(crate) struct Peer {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it over what `manifest` lists; `None` where Python has no DuckDB.
    pub(crate) fn start(manifest: &Path) -> Option<Self> {
        let probe = Command::new("python3").args(["-c", "import duckdb, pyarrow"]).stderr(Stdio::null()).status();
        if !probe.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut process = Command::new("python3")
            .args([Path::new(SCRIPT), manifest])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 was there a moment ago");
        let to = process.stdin.take().expect("stdin is a pipe");
        let from = BufReader::new(process.stdout.take().expect("stdout is a pipe"));
        let mut peer = Self { process, to, from };
        let ready = peer.answer();
        eprintln!("DuckDB {}", ready["version"].as_str().unwrap_or("?"));
        Some(peer)
    }

    /// Runs a query and takes all its rows: how long it took, or why it failed.
    pub(crate) fn run(&mut self, sql: &str) -> Result<Duration, String> {
        let answer = self.ask(&json!({ "run": sql }));
        let seconds = answer["seconds"].as_f64().ok_or_else(|| answer.to_string())?;
        Ok(Duration::from_secs_f64(seconds))
    }

    /// Compares all rows of a query with those in `file`; the differences in words, none when there is none.
    pub(crate) fn compare(&mut self, sql: &str, file: &Path) -> Result<Vec<String>, String> {
        let answer = self.ask(&json!({ "compare": sql, "file": file.display().to_string() }));
        let differences = answer["differences"].as_array().ok_or_else(|| answer.to_string())?;
        Ok(differences.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect())
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.to, "{question}").and_then(|()| self.to.flush()).expect("DuckDB is listening");
        self.answer()
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).expect("DuckDB answers");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("DuckDB's answer {line:?}: {e}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends by itself when its input does; an error here means that it has.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
