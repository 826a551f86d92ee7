//! Where things stand below the warehouse folder. Paths only, no I/O.

use super::id::{DatasetId, RunId};
use std::path::{Path, PathBuf};

/// A tree that outside tools read: Parquet files in folders, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tree {
    /// Every retained snapshot.
    History,
    /// The newest of each.
    Latest,
}

/// The folders of one warehouse.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.state("ledger.db")
    }

    /// The users of the console.
    pub(crate) fn accounts(&self) -> PathBuf {
        self.root.join("state/accounts.json")
    }

    /// What the daemon last said of itself.
    pub(crate) fn heartbeat(&self) -> PathBuf {
        self.state("heartbeat.json")
    }

    /// The pushes that wait to be loaded.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.state("inbox.db")
    }

    /// Taken by whoever opens the warehouse to write, while it migrates and recovers.
    pub(crate) fn open_lock(&self) -> PathBuf {
        self.state("locks/open.lock")
    }

    pub(crate) fn dataset_lock(&self, dataset: &DatasetId) -> PathBuf {
        self.state("locks").join(format!("{dataset}.lock"))
    }

    /// Taken by whoever sends records by a method, so that nobody else sends the same ones.
    pub(crate) fn submission_lock(&self, source: &str, method: &str) -> PathBuf {
        // A method is called as its document writes it; two that differ in odd characters only may share a lock.
        let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let method: String = method.chars().map(safe).collect();
        self.state("locks").join(format!("submit-{source}.{method}.lock"))
    }

    /// Taken by whoever makes the marts.
    pub(crate) fn marts_lock(&self) -> PathBuf {
        self.state("locks/marts.lock")
    }

    /// The messages that go out, or went.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.state("outbox")
    }

    /// Taken by whoever removes what may go.
    pub(crate) fn removal_lock(&self) -> PathBuf {
        self.state("locks/removal.lock")
    }

    /// Where locks lie.
    pub(crate) fn all_locks(&self) -> PathBuf {
        self.state("locks")
    }

    /// The folder of everything that no other program reads.
    pub(crate) fn all_state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// Taken by the scheduler.
    pub(crate) fn schedule_lock(&self) -> PathBuf {
        self.state("locks/schedule.lock")
    }

    /// Taken by whoever sends mail.
    pub(crate) fn outbox_lock(&self) -> PathBuf {
        self.state("locks/outbox.lock")
    }

    /// Taken, for moments, by whoever lays messages in the outbox.
    pub(crate) fn outbox_write_lock(&self) -> PathBuf {
        self.state("locks/outbox-write.lock")
    }

    /// The published tree of materialised marts.
    pub(crate) fn marts(&self) -> PathBuf {
        self.root.join("marts")
    }

    /// The published file of one mart, that `run` wrote.
    pub(crate) fn mart_file(&self, mart: &str, run: &RunId) -> PathBuf {
        self.marts().join(mart).join(run.file_name())
    }

    /// Where the run builds the new tree of marts.
    pub(crate) fn staged_marts(&self, run: &RunId) -> PathBuf {
        self.staging(run).join("marts")
    }

    /// Where the run builds what is not yet published.
    pub(crate) fn staging(&self, run: &RunId) -> PathBuf {
        self.state("staging").join(run.as_str())
    }

    /// Where the folders rest that the run replaced.
    pub(crate) fn retired(&self, run: &RunId) -> PathBuf {
        self.state("retired").join(run.as_str())
    }

    pub(crate) fn all_staging(&self) -> PathBuf {
        self.state("staging")
    }

    pub(crate) fn all_retired(&self) -> PathBuf {
        self.state("retired")
    }

    /// Every run's refused rows, a folder a dataset.
    pub(crate) fn all_quarantine(&self) -> PathBuf {
        self.state("quarantine")
    }

    /// The originals of the rows a run refused.
    pub(crate) fn quarantine(&self, dataset: &DatasetId, run: &RunId) -> PathBuf {
        self.all_quarantine().join(dataset.to_string()).join(format!("{run}.ndjson"))
    }

    /// Every run's raw pages; the ledger names files relative to it.
    pub(crate) fn all_raw(&self) -> PathBuf {
        self.state("raw")
    }

    /// A run's folder in the archive, relative to [`Layout::all_raw`].
    pub(crate) fn raw_folder(dataset: &DatasetId, run: &RunId) -> PathBuf {
        Path::new(dataset.source()).join(dataset.dataset()).join(run.as_str())
    }

    /// The raw pages of a run.
    pub(crate) fn raw(&self, dataset: &DatasetId, run: &RunId) -> PathBuf {
        self.all_raw().join(Self::raw_folder(dataset, run))
    }

    /// The file the ledger's readers open. It keeps its path until it is swept, however often its partition is
    /// replaced; `history` and `latest` are hard links to it.
    pub(crate) fn file(&self, dataset: &DatasetId, partition: &str, run: &RunId) -> PathBuf {
        let folder = self.state("files").join(dataset.source()).join(dataset.dataset()).join(partition);
        folder.join(run.file_name())
    }

    /// Every recorded edition, and what they stand on.
    pub(crate) fn editions(&self) -> PathBuf {
        self.state("editions")
    }

    /// The parts of one recorded edition; `number` counts what was sent under the same name with other bytes.
    pub(crate) fn edition(&self, edition: &str, number: u32) -> PathBuf {
        self.editions().join(edition).join(number.to_string())
    }

    /// Where editions are written until they are whole. No edition is called like this: an edition's name holds a date.
    pub(crate) fn editions_aside(&self) -> PathBuf {
        self.editions().join("aside")
    }

    /// What many editions stand on, each text once, under its SHA-256.
    pub(crate) fn edition_object(&self, sha256: &str) -> PathBuf {
        let (folder, _) = sha256.split_at(sha256.len().min(2));
        self.editions().join("objects").join(folder).join(format!("{sha256}.zst"))
    }

    /// A committed file that a recorded edition read, kept under its SHA-256 when it is replaced.
    pub(crate) fn edition_file(&self, sha256: &str) -> PathBuf {
        let (folder, _) = sha256.split_at(sha256.len().min(2));
        self.editions().join("files").join(folder).join(format!("{sha256}.parquet"))
    }

    /// Taken by whoever records editions.
    pub(crate) fn editions_lock(&self) -> PathBuf {
        self.state("locks/editions.lock")
    }

    /// The folder of one partition in a published tree; an empty `partition` is the dataset's own folder.
    pub(crate) fn published(&self, tree: Tree, dataset: &DatasetId, partition: &str) -> PathBuf {
        let folder = self.tree(tree).join(dataset.source()).join(dataset.dataset());
        if partition.is_empty() { folder } else { folder.join(partition) }
    }

    pub(crate) fn tree(&self, tree: Tree) -> PathBuf {
        self.root.join(match tree {
            Tree::History => "history",
            Tree::Latest => "latest",
        })
    }

    /// Every folder a warehouse has from the start; whether only the owner may look into it.
    pub(crate) fn folders(&self) -> [(PathBuf, bool); 10] {
        let state = |name, private| (self.state(name), private);
        [
            (self.tree(Tree::History), false),
            (self.tree(Tree::Latest), false),
            (self.marts(), false),
            state("files", false),
            state("staging", false),
            state("retired", false),
            state("locks", false),
            state("quarantine", true),
            state("raw", true),
            state("outbox", true),
        ]
    }

    fn state(&self, name: &str) -> PathBuf {
        self.root.join("state").join(name)
    }
}
