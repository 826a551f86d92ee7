//! The names of things: a dataset, a run.

use super::error::WarehouseError;
use chrono::{DateTime, NaiveDateTime, Utc};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// A dataset of a source, written `omspan.dipa_belanja`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetId {
    source: String,
    dataset: String,
}

impl DatasetId {
    /// Names a dataset.
    ///
    /// # Errors
    /// When a part is not lower snake case (`[a-z][a-z0-9_]*`): it becomes a folder, a schema and a table.
    pub fn new(source: &str, dataset: &str) -> Result<Self, WarehouseError> {
        for part in [source, dataset] {
            if !is_lower_snake(part) {
                return Err(WarehouseError::Name {
                    what: "name of a source or dataset",
                    text: part.to_owned(),
                    rule: "lower snake case, at most 63 characters, a letter first",
                });
            }
        }
        Ok(Self { source: source.to_owned(), dataset: dataset.to_owned() })
    }

    /// The source system.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The dataset within it.
    #[must_use]
    pub fn dataset(&self) -> &str {
        &self.dataset
    }
}

impl fmt::Display for DatasetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.source, self.dataset)
    }
}

impl FromStr for DatasetId {
    type Err = WarehouseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (source, dataset) = text.split_once('.').unwrap_or((text, ""));
        Self::new(source, dataset)
    }
}

/// Whether `text` may name a folder, a table or a column: `[a-z][a-z0-9_]{0,62}`.
pub(crate) fn is_lower_snake(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// One attempt at one dataset, `20261121T053000123Z-7f3a9c1e`: sorts by time, safe as a file's name, unique also where
/// the clock stands still.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    /// A new id for a run that starts at `at`.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        // The standard library's hasher keys come from the system's random source: no dependency, no seed to manage.
        let random = RandomState::new().hash_one((std::process::id(), at));
        Self(format!("{}-{:08x}", at.format("%Y%m%dT%H%M%S%3fZ"), random >> 32))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it began, as its name says; `None` for a name that holds no instant.
    pub(crate) fn began_at(&self) -> Option<DateTime<Utc>> {
        let parsed = NaiveDateTime::parse_from_str(self.0.get(..19)?, "%Y%m%dT%H%M%S%3fZ");
        parsed.ok().map(|at| at.and_utc())
    }

    /// The name of every file this run writes.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.parquet", self.0)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RunId {
    type Err = WarehouseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = text.bytes().map(|b| if b.is_ascii_digit() { b'9' } else { b }).take(20);
        let random = text.bytes().skip(20).all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if text.len() == 28 && shape.eq(*b"99999999T999999999Z-") && random {
            return Ok(Self(text.to_owned()));
        }
        let (what, rule) = ("run id", "it looks like 20261121T053000123Z-7f3a9c1e");
        Err(WarehouseError::Name { what, text: text.to_owned(), rule })
    }
}

#[cfg(test)]
mod tests {
    use super::{DatasetId, RunId};
    use chrono::{DateTime, TimeDelta, Utc};
    use std::collections::BTreeSet;

    #[test]
    fn a_dataset_reads_back_and_odd_names_are_refused() {
        let id: DatasetId = "omspan.dipa_belanja".parse().unwrap();
        assert_eq!(
            (id.source(), id.dataset(), id.to_string().as_str()),
            ("omspan", "dipa_belanja", "omspan.dipa_belanja")
        );
        for text in ["omspan", "omspan.", ".x", "Omspan.x", "omspan.x.y", "omspan.../x", "omspan.1x", "omspan.x y"] {
            assert!(text.parse::<DatasetId>().is_err(), "{text}");
        }
    }

    #[test]
    fn runs_sort_by_time_and_are_unique_within_a_millisecond() {
        let at: DateTime<Utc> = "2026-11-21T05:30:00.123Z".parse().unwrap();
        let id = RunId::new(at);
        assert!(id.as_str().starts_with("20261121T053000123Z-"), "{id}");
        assert_eq!(id.as_str().parse::<RunId>().unwrap(), id);
        assert_eq!(id.began_at(), Some(at));
        assert!(id < RunId::new(at + TimeDelta::milliseconds(1)));
        let many: BTreeSet<RunId> = (0..100).map(|_| RunId::new(at)).collect();
        assert_eq!(many.len(), 100);
        for text in ["", "../x", "20261121T053000123Z-7f3a9c1G", "20261121T053000123Z-7f3a9c1e0"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
