//! What can go wrong in the catalog, and whose matter it is.

use std::path::PathBuf;

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

/// A failure of the catalog. [`CatalogError::kind`] says who has to act.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The SQL text is wrong, or cannot be computed for these rows (a cast, an overflow).
    #[error("{0}")]
    Query(String),
    /// SQL from outside that asks for more than reading.
    #[error("refused: {0}; only SELECT, VALUES, EXPLAIN, SHOW and DESCRIBE are allowed here")]
    Refused(String),
    /// What the reader's role does not cover.
    #[error("not permitted: {0}")]
    Denied(String),
    /// The value of a parameter is none of the type it is compared with; it is not repeated.
    #[error("the value of a parameter cannot be read as {wanted}")]
    Value {
        /// The type in the engine's words.
        wanted: String,
    },
    /// A comparison that a column of hashes cannot answer; what was typed is not repeated.
    #[error("column {column} holds hashes instead of personal values: {reason}")]
    KeyColumn {
        /// The column.
        column: String,
        /// What to write instead.
        reason: String,
    },
    /// The query ran longer than [`SessionLimits::timeout`](super::SessionLimits).
    #[error("the query took longer than {seconds} s and was stopped; narrow it down, for example by tahun_anggaran")]
    Timeout {
        /// The limit in whole seconds.
        seconds: u64,
    },
    /// The query gave more rows than [`SessionLimits::rows`](super::SessionLimits).
    #[error("the query gives more than {limit} rows; add a LIMIT or aggregate")]
    TooManyRows {
        /// The limit.
        limit: u64,
    },
    /// The query needs more memory than [`SessionLimits::memory_bytes`](super::SessionLimits).
    #[error("the query needs more memory than allowed; select fewer columns or narrow it down: {0}")]
    Memory(String),
    /// A table's description and its files do not fit together.
    #[error("table {table}: {reason}")]
    Table {
        /// `schema.table`.
        table: String,
        /// What does not fit.
        reason: String,
    },
    /// A committed file cannot be read.
    #[error("cannot read a committed file: {0}")]
    Read(String),
    /// Other machines that the query asked for have no answer.
    #[error("{0}")]
    Cluster(String),
    /// A file or folder of queries cannot be read.
    #[error("cannot read the query file {path}")]
    QueryFile {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The result does not fit the format asked for.
    #[error("cannot write {format}: {reason}")]
    Format {
        /// The format's name.
        format: &'static str,
        /// What does not fit, and what to do.
        reason: String,
    },
    /// The output cannot be written.
    #[error("cannot write the result")]
    Write(#[source] std::io::Error),
    /// A fault of the engine or of this program.
    #[error("internal error of the query engine: {0}")]
    Internal(String),
}

/// Who has to act on a [`CatalogError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Whoever wrote the SQL or chose the format.
    Usage,
    /// The query met one of the limits.
    Limit,
    /// The operator: a file cannot be read or written.
    Storage,
    /// The operator: other machines do not answer.
    Unavailable,
    /// The maintainer.
    Internal,
}

impl CatalogError {
    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Query(_)
            | Self::Refused(_)
            | Self::Denied(_)
            | Self::Value { .. }
            | Self::KeyColumn { .. }
            | Self::Format { .. } => ErrorKind::Usage,
            Self::Timeout { .. } | Self::TooManyRows { .. } | Self::Memory(_) => ErrorKind::Limit,
            Self::Table { .. } | Self::Read(_) | Self::QueryFile { .. } | Self::Write(_) => ErrorKind::Storage,
            Self::Cluster(_) => ErrorKind::Unavailable,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// Sorts an error of the engine by its innermost cause.
    pub(crate) fn from_engine(error: &DataFusionError) -> Self {
        let root = innermost(error);
        let text = message(root);
        match root {
            DataFusionError::ArrowError(cause, _) if matches!(cause.as_ref(), ArrowError::IoError(..)) => {
                match text.split_once(SPILL_FULL) {
                    Some(_) => Self::Memory("the space for rows that do not fit into memory is used up".to_owned()),
                    None => Self::Read(text),
                }
            }
            DataFusionError::SQL(..)
            | DataFusionError::Plan(_)
            | DataFusionError::SchemaError(..)
            | DataFusionError::NotImplemented(_)
            | DataFusionError::Configuration(_)
            | DataFusionError::Execution(_)
            | DataFusionError::ArrowError(..) => Self::Query(text),
            DataFusionError::ResourcesExhausted(_) => Self::Memory(text),
            #[cfg(feature = "cluster")]
            DataFusionError::External(cause) if cause.is::<super::cluster::ClusterFault>() => Self::Cluster(text),
            DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) | DataFusionError::ParquetError(_) => {
                Self::Read(text)
            }
            _ => Self::Internal(text),
        }
    }
}

/// How the engine words that spilled rows came to the limit of their space; the error itself is lost on its way through Arrow.
const SPILL_FULL: &str = "disk space during the spilling process has exceeded";

/// The cause below contexts, diagnostics, collections (their first) and shared errors.
fn innermost(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => innermost(inner),
        DataFusionError::Shared(inner) => innermost(inner),
        DataFusionError::Collection(all) => all.first().map_or(error, innermost),
        _ => match error.find_root() {
            root if std::ptr::eq(root, error) => error,
            root => innermost(root),
        },
    }
}

/// The engine's message in one line, without its class prefix and without a backtrace.
fn message(error: &DataFusionError) -> String {
    let text = match error {
        DataFusionError::SchemaError(schema, _) => unknown_column(schema).unwrap_or_else(|| schema.to_string()),
        DataFusionError::SQL(error, _) => {
            let text = error.to_string();
            let text = text.strip_prefix("sql parser error: ").unwrap_or(&text);
            format!("{text}; is a comma, quote or bracket missing? texts take 'single', names \"double\" quotes")
        }
        other => other.message().into_owned(),
    };
    let text = text.split(DataFusionError::BACK_TRACE_SEP).next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

/// Words an unknown column with the nearest names first: the engine prints every column of every table instead.
fn unknown_column(error: &SchemaError) -> Option<String> {
    let SchemaError::FieldNotFound { field, valid_fields } = error else { return None };
    let names: Vec<String> = valid_fields.iter().map(|c| c.name.clone()).collect();
    let near = nearest(&field.name, &names);
    let hint = if near.is_empty() { format!("columns here: {}", names.join(", ")) } else { did_you_mean(&near) };
    Some(format!("unknown column {}; {hint}", field.name))
}

/// `did you mean a or b?`
pub(crate) fn did_you_mean(names: &[String]) -> String {
    format!("did you mean {}?", names.join(" or "))
}

/// Up to three of `names` that resemble `wanted`, the nearest first.
pub(crate) fn nearest(wanted: &str, names: &[String]) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let far = 2.max(wanted.chars().count() / 3);
    let mut found: Vec<(usize, &String)> = names
        .iter()
        .map(|name| (distance(&wanted, name), name))
        .filter(|(d, name)| *d <= far || (wanted.len() > 3 && name.contains(&wanted)))
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, name)| name.clone()).collect()
}

fn distance(a: &str, b: &str) -> usize {
    datafusion::common::utils::datafusion_strsim::levenshtein(a, b)
}

#[cfg(test)]
mod tests {
    use super::{CatalogError, ErrorKind, nearest};
    use arrow::error::ArrowError;
    use datafusion::error::DataFusionError;

    #[test]
    fn nearest_names_come_first_and_strangers_not_at_all() {
        let names: Vec<String> = ["serapan_satker", "sisa_dana", "serapan_eselon1"].map(String::from).into();
        assert_eq!(nearest("serapan_saker", &names), ["serapan_satker"]);
        assert_eq!(nearest("serapan", &names).len(), 2);
        assert!(nearest("xyz", &names).is_empty());
    }

    #[test]
    fn the_innermost_cause_decides_the_kind() {
        let memory = DataFusionError::ResourcesExhausted("pool".into()).context("while sorting");
        assert_eq!(CatalogError::from_engine(&memory).kind(), ErrorKind::Limit);
        let plan = DataFusionError::Collection(vec![DataFusionError::Plan("bad".into())]);
        assert_eq!(CatalogError::from_engine(&plan).kind(), ErrorKind::Usage);
        let io = |text: &str| {
            let error = std::io::Error::other(text.to_owned());
            DataFusionError::from(ArrowError::IoError(text.to_owned(), error))
        };
        let full =
            io("The used disk space during the spilling process has exceeded the allowable limit of 1024.0 KB");
        assert_eq!(CatalogError::from_engine(&full).kind(), ErrorKind::Limit);
        assert_eq!(CatalogError::from_engine(&io("disk on fire")).kind(), ErrorKind::Storage);
        let bug = DataFusionError::Internal("bug".into());
        assert_eq!(CatalogError::from_engine(&bug).kind(), ErrorKind::Internal);
    }
}
