//! The SQL files: views (`queries/mart/`) and data tests (`queries/check/`), embedded in the binary and overridden or
//! added to by a folder.
//!
//! A file holds one SELECT; its stem is the name. Views may refer to each other in any order; each is planned when it is
//! first asked for. A view that does not plan, or hangs in a circle, is left out with its reason; the others live.

mod embedded;
mod lazy;
mod planner;
mod reads;

use std::collections::BTreeMap;
use std::path::Path;

use super::error::CatalogError;
use embedded::EMBEDDED;
pub(super) use lazy::LazySchema;
pub(super) use planner::Planner;
pub use reads::Below;

/// SQL schema of the views, and the folder they come from.
pub(crate) const MART: &str = "mart";
/// Folder of the data tests.
const CHECK: &str = "check";

/// One SQL file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewFile {
    /// The stem: the view's name in `mart`, or the data test's.
    pub name: String,
    /// Where the text comes from, for messages: `queries/mart/sisa_dana.sql` or the overriding file.
    pub file: String,
    /// The text.
    pub sql: String,
}

impl ViewFile {
    /// The comment at the head of the file, without its dashes: purpose, grain, owner.
    #[must_use]
    pub fn comment(&self) -> String {
        let lines = self.sql.lines().map_while(|line| line.trim().strip_prefix("--"));
        lines.map(str::trim).collect::<Vec<_>>().join("\n")
    }

    /// Why a view is not written for readers of files, by the line `Not in files: …` of its comment; `None` where it is.
    #[must_use]
    pub fn not_in_files(&self) -> Option<String> {
        self.comment().lines().find_map(|line| line.strip_prefix("Not in files:")).map(|why| why.trim().to_owned())
    }
}

/// The views and data tests of a catalog.
#[derive(Debug, Clone, Default)]
pub struct ViewSet {
    views: BTreeMap<String, ViewFile>,
    checks: BTreeMap<String, ViewFile>,
}

impl ViewSet {
    /// The files of this release.
    #[must_use]
    pub fn embedded() -> Self {
        let mut set = Self::default();
        for &(folder, stem, text) in EMBEDDED {
            set.insert(folder, stem, &format!("queries/{folder}/{stem}.sql"), text);
        }
        set
    }

    /// Adds the files of `dir/mart` and `dir/check`; a file of the same stem replaces the embedded one. Missing
    /// folders are fine.
    pub fn with_overrides(mut self, dir: &Path) -> Result<Self, CatalogError> {
        for kind in [MART, CHECK] {
            let folder = dir.join(kind);
            let fail = |source| CatalogError::QueryFile { path: folder.clone(), source };
            if !folder.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&folder).map_err(fail)? {
                let path = entry.map_err(fail)?.path();
                if path.extension().is_none_or(|e| e != "sql") {
                    continue;
                }
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| CatalogError::QueryFile { path: path.clone(), source })?;
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                self.insert(kind, &stem, &path.display().to_string(), &text);
            }
        }
        Ok(self)
    }

    /// Adds or replaces one view.
    #[must_use]
    pub fn with_view(mut self, name: &str, sql: &str) -> Self {
        self.insert(MART, name, &format!("queries/{MART}/{name}.sql"), sql);
        self
    }

    /// Adds or replaces one data test.
    #[must_use]
    pub fn with_check(mut self, name: &str, sql: &str) -> Self {
        self.insert(CHECK, name, &format!("queries/{CHECK}/{name}.sql"), sql);
        self
    }

    /// The views by name.
    pub fn views(&self) -> impl Iterator<Item = &ViewFile> {
        self.views.values()
    }

    /// The data tests by name.
    pub fn checks(&self) -> impl Iterator<Item = &ViewFile> {
        self.checks.values()
    }

    fn insert(&mut self, kind: &str, stem: &str, file: &str, sql: &str) {
        let view = ViewFile { name: stem.to_owned(), file: file.to_owned(), sql: sql.to_owned() };
        let of_kind = if kind == MART { &mut self.views } else { &mut self.checks };
        of_kind.insert(stem.to_owned(), view);
    }
}

/// A view that could not be registered, or a data test that cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The view's name in `mart`, or the data test's.
    pub name: String,
    /// The file at fault.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.reason)
    }
}

#[cfg(test)]
mod tests;
