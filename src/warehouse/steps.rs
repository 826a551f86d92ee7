//! The named steps of a commit, and the seam through which a test stops it after any of them.

use super::error::WarehouseError;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// A step of the commit protocol that has just been taken. `docs/storage.md` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A run began: lock, row in the ledger, staging folder.
    Begun,
    /// One Parquet file is written and counted.
    Staged,
    /// The ledger says `committing` and what is to become visible.
    IntentRecorded,
    /// One file moved to the place the ledger's readers open.
    FilePlaced,
    /// All files are in place and durable.
    FilesDurable,
    /// The folders that will be swapped into one tree are built and durable.
    SwapsPrepared,
    /// Only where folders cannot be exchanged: the old folder is out, the new one not yet in.
    OldMovedOut,
    /// One partition of `history` or `latest` shows the new file.
    Swapped,
    /// All folders of one tree are durable.
    TreeDurable,
    /// The ledger says `committed`.
    CommitRecorded,
    /// The replaced folders rest in `retired`.
    Retired,
    /// The ledger says what retention removes.
    Marked,
    /// One thing that was marked is gone.
    TakenAway,
    /// The ledger says that what was marked is gone.
    RemovalRecorded,
}

/// Decides whether the process "dies" after a step.
type StopAfter = Box<dyn Fn(Step) -> bool + Send + Sync>;

/// What a commit asks after each step. The default never stops and exchanges folders where it can.
#[derive(Default)]
pub(crate) struct Steps {
    stop_after: Option<StopAfter>,
    stopped: AtomicBool,
    without_exchange: bool,
}

impl Steps {
    /// Behaves as on a file system that cannot exchange two folders.
    pub(crate) fn without_exchange(&self) -> bool {
        self.without_exchange
    }

    /// Tells that `step` was taken; an error means: stop here as if the power had failed.
    pub(crate) fn reached(&self, step: Step, at: &Path) -> Result<(), WarehouseError> {
        if self.stop_after.as_ref().is_some_and(|stop| stop(step)) {
            self.stopped.store(true, Ordering::SeqCst);
            let source = io::Error::other(format!("stopped after {step:?}"));
            return Err(WarehouseError::io("go on with", at, source));
        }
        Ok(())
    }

    /// Whether the "process" is dead and must not tidy up.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
impl Steps {
    pub(crate) fn stopping(stop: impl Fn(Step) -> bool + Send + Sync + 'static, without_exchange: bool) -> Self {
        Self { stop_after: Some(Box::new(stop)), stopped: AtomicBool::new(false), without_exchange }
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").field("stopped", &self.stopped()).finish_non_exhaustive()
    }
}
