//! One scheduler and its executors as processes of the program, on loopback ports of their own choice.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A process that said where it listens; killed when dropped.
pub(super) struct Process {
    child: Child,
    /// What it said.
    pub(super) said: Value,
}

impl Process {
    /// Starts the program and waits for its one line; a program that fails ends without one.
    fn start(arguments: &[&str], folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
        command.env_clear().current_dir(folder).args(["--output", "json"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{arguments:?} said {line:?}: {e}"));
        Self { child, said }
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop and gives its exit code.
    pub(super) fn terminate(&mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code()
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.said[key].as_str().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that was killed before is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A scheduler with executors over one warehouse.
pub(super) struct Cluster {
    pub(super) executors: Vec<Process>,
    pub(super) scheduler: Process,
    folder: TempDir,
}

impl Cluster {
    /// Starts `executors` with one slot each.
    pub(super) fn start(warehouse: &Path, executors: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let arguments = ["cluster", "scheduler", "--bind", "127.0.0.1:0", "--executor-timeout", "4"];
        let scheduler = Process::start(&arguments, folder.path());
        let mut cluster = Self { executors: Vec::new(), scheduler, folder };
        for _ in 0..executors {
            cluster.add_executor(warehouse);
        }
        cluster
    }

    pub(super) fn url(&self) -> &str {
        self.scheduler.text("scheduler")
    }

    /// One more executor; it returns when the scheduler knows it.
    pub(super) fn add_executor(&mut self, warehouse: &Path) {
        let work = self.folder.path().join(format!("executor-{}", self.executors.len()));
        let [warehouse, work] = [warehouse, &work].map(|path| path.to_str().unwrap().to_owned());
        let mut arguments = vec!["--warehouse", &warehouse, "cluster", "executor", "--scheduler", self.url()];
        arguments.extend(["--bind", "127.0.0.1:0", "--slots", "1", "--work-dir", &work]);
        let executor = Process::start(&arguments, self.folder.path());
        self.executors.push(executor);
    }

    /// Where an executor keeps rows between stages.
    pub(super) fn work_folder(&self, executor: usize) -> PathBuf {
        PathBuf::from(self.executors[executor].text("work_dir"))
    }
}
