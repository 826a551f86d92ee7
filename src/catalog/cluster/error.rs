//! What can go wrong between a session, its scheduler and their executors.

use std::path::PathBuf;

use crate::catalog::error::{CatalogError, ErrorKind};

/// A failure of the cluster. [`ClusterError::kind`] says who has to act.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A URL that names no scheduler.
    #[error("{url} is not the address of a scheduler: {reason}; write df://host:50050")]
    Address {
        /// The text.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers there, or no longer.
    #[error("the scheduler at {address} cannot be reached: {reason}; is `lumbung cluster scheduler` running there?")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What the network said.
        reason: String,
    },
    /// The scheduler did not take the plan.
    #[error("the scheduler at {address} refused the query: {reason}")]
    Refused {
        /// Which one.
        address: String,
        /// Why, as it said.
        reason: String,
    },
    /// The query is one that only this process can run.
    #[error("this query cannot be sent to a cluster: {reason}; run it without --cluster")]
    NotShipped {
        /// What stands in the way.
        reason: String,
    },
    /// Too much travels with the plan.
    #[error(
        "this query cannot be sent to a cluster: {what} has {bytes} bytes, and at most {limit} go; run it without --cluster"
    )]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The plan was run and failed: a division by zero, a cast.
    #[error("the query failed on the cluster: {reason}")]
    Failed {
        /// Why, as the executor said.
        reason: String,
    },
    /// An executor had not enough memory for its part.
    #[error("the query needs more memory than an executor has; select fewer columns or narrow it down: {reason}")]
    Memory {
        /// Why, as the executor said.
        reason: String,
    },
    /// An executor cannot read a committed file.
    #[error("an executor cannot read a committed file: {reason}; do all of them see this warehouse?")]
    Read {
        /// Why, as the executor said.
        reason: String,
    },
    /// The rows were there and then were not.
    #[error("the rows of the query cannot be fetched from an executor: {reason}; run it again")]
    Rows {
        /// What went wrong.
        reason: String,
    },
    /// A process of the cluster cannot start as it was told to.
    #[error("{0}")]
    Start(String),
    /// The folder for the rows between stages cannot be used.
    #[error("cannot use the work folder {path}")]
    WorkFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A process of the cluster ended by itself.
    #[error("{0}")]
    Ended(String),
}

impl ClusterError {
    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Address { .. } | Self::NotShipped { .. } | Self::Failed { .. } => ErrorKind::Usage,
            Self::TooLarge { .. } | Self::Memory { .. } => ErrorKind::Limit,
            Self::Read { .. } | Self::WorkFolder { .. } => ErrorKind::Storage,
            Self::Unreachable { .. } | Self::Refused { .. } | Self::Rows { .. } | Self::Start(_) | Self::Ended(_) => {
                ErrorKind::Unavailable
            }
        }
    }

    /// Sorts what a scheduler says of a failed job: a text, made of the texts of every layer it came through.
    pub(super) fn of_job(text: &str) -> Self {
        let reason = cause(text);
        if text.contains("ResourcesExhausted") || text.contains("Resources exhausted") {
            return Self::Memory { reason };
        }
        if text.contains("Object Store error") || text.contains("ObjectStore(") {
            return Self::Read { reason };
        }
        Self::Failed { reason }
    }
}

impl From<ClusterError> for CatalogError {
    fn from(error: ClusterError) -> Self {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Self::Elsewhere { reason: format!("{error}{source}"), kind: error.kind() }
    }
}

/// Longest text of a failure that is passed on, in characters.
const REASON_CHARS_MAX: usize = 600;

/// The innermost cause of a job's failure in one line.
fn cause(text: &str) -> String {
    let text = text.split("\n\nbacktrace:").next().unwrap_or(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let begin = CLASSES.iter().filter_map(|class| Some(text.rfind(class)? + class.len())).max().unwrap_or(0);
    let text = text[begin..].trim().trim_end_matches(['.', '\n']);
    text.chars().take(REASON_CHARS_MAX).collect()
}

/// What the layers put before the text of the layer below.
const CLASSES: [&str; 7] = [
    "General error: ",
    "DataFusion error: ",
    "Arrow error: ",
    "Execution error: ",
    "Object Store error: ",
    "External error: ",
    "Job failed due to ",
];

#[cfg(test)]
mod tests {
    use super::ClusterError;
    use crate::catalog::error::{CatalogError, ErrorKind};

    #[test]
    fn a_failed_job_is_sorted_by_its_innermost_cause() {
        let of = |text: &str| CatalogError::from(ClusterError::of_job(text));
        let stage = "Job failed due to stage 1 failed: Task failed due to runtime execution error: General error: ";
        let wrong = of(&format!("{stage}DataFusion error: Arrow error: Divide by zero error\n\nbacktrace: here"));
        assert_eq!(wrong.to_string(), "the query failed on the cluster: Divide by zero error");
        assert_eq!(wrong.kind(), ErrorKind::Usage);
        let memory = of(&format!("{stage}Resources exhausted: Failed to allocate 9 bytes"));
        assert_eq!(memory.kind(), ErrorKind::Limit);
        let gone = of(&format!("{stage}Object Store error: Object at location a.parquet not found"));
        assert_eq!(gone.kind(), ErrorKind::Storage);
        assert!(gone.to_string().contains(": Object at location a.parquet not found;"), "{gone}");
    }
}
