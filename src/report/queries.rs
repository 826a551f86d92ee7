//! The SQL files of reports, `queries/report/*.sql`: embedded in the binary, replaced or added to by a folder.

mod embedded;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One SQL file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryFile {
    /// The file's stem: how a definition calls it.
    pub name: String,
    /// Where the text comes from, for messages.
    pub file: String,
    /// One SELECT; `$name` stands for a value that is bound, never pasted.
    pub sql: String,
}

/// The queries of a deployment.
#[derive(Debug, Clone, Default)]
pub struct QuerySet {
    files: BTreeMap<String, QueryFile>,
}

/// Why a folder's queries could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {source}; make the file readable, or take it away")]
pub struct QuerySetError {
    /// The file or folder.
    pub path: std::path::PathBuf,
    /// What the file system said.
    pub source: std::io::Error,
}

impl QuerySet {
    /// The files of this release.
    #[must_use]
    pub fn embedded() -> Self {
        let mut set = Self::default();
        for (name, sql) in embedded::EMBEDDED {
            set = set.with_query(name, sql);
        }
        set
    }

    /// Adds the files of `folder`; one of the same stem replaces the embedded one. A missing folder is fine.
    ///
    /// # Errors
    /// [`QuerySetError`] when a file cannot be read.
    pub fn with_overrides(mut self, folder: &Path) -> Result<Self, QuerySetError> {
        let fail = |path: &Path, source| QuerySetError { path: path.to_owned(), source };
        if !folder.is_dir() {
            return Ok(self);
        }
        for entry in std::fs::read_dir(folder).map_err(|error| fail(folder, error))? {
            let path = entry.map_err(|error| fail(folder, error))?.path();
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            let sql = std::fs::read_to_string(&path).map_err(|error| fail(&path, error))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            self.files.insert(name.clone(), QueryFile { name, file: path.display().to_string(), sql });
        }
        Ok(self)
    }

    /// Adds or replaces one query.
    #[must_use]
    pub fn with_query(mut self, name: &str, sql: &str) -> Self {
        let file = format!("queries/report/{name}.sql");
        self.files.insert(name.to_owned(), QueryFile { name: name.to_owned(), file, sql: sql.to_owned() });
        self
    }

    /// The query called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&QueryFile> {
        self.files.get(name)
    }

    /// Every query, by name.
    pub fn iter(&self) -> impl Iterator<Item = &QueryFile> {
        self.files.values()
    }

    /// The names, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }
}

impl QueryFile {
    /// The names after `$`, outside comments and quoted texts.
    #[must_use]
    pub fn parameters(&self) -> BTreeSet<String> {
        let sql = code(&self.sql);
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names = sql.split('$').skip(1).map(|rest| rest.split(|c| !word(c)).next().unwrap_or_default().to_owned());
        names.filter(|name| !name.is_empty()).collect()
    }

    /// Every word of the query outside comments and quoted texts: its output columns are among them.
    pub(crate) fn words(&self) -> BTreeSet<String> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let text = code(&self.sql);
        text.split(|c| !word(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// The SQL without comments and the insides of quoted texts.
fn code(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split('\'').step_by(2).collect::<Vec<_>>().join("''")
}

#[cfg(test)]
mod tests {
    use super::QuerySet;
    use std::path::Path;

    #[test]
    fn every_file_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries/report");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        found.sort();
        assert_eq!(found, QuerySet::embedded().names());
    }

    #[test]
    fn parameters_stand_outside_comments_and_texts() {
        let set =
            QuerySet::default().with_query("a", "-- $not\nSELECT '$nor', x AS y FROM t WHERE k = $satker AND d<$d");
        let parameters: Vec<String> = set.get("a").unwrap().parameters().into_iter().collect();
        assert_eq!(parameters, ["d", "satker"]);
        assert!(set.get("a").unwrap().words().contains("y"));
    }

    #[test]
    fn a_folder_replaces_and_adds() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("baru.sql"), "SELECT 1 AS satu").unwrap();
        std::fs::write(folder.path().join("catatan.txt"), "no query").unwrap();
        let set = QuerySet::embedded().with_overrides(folder.path()).unwrap();
        assert_eq!(set.get("baru").unwrap().sql, "SELECT 1 AS satu");
        assert!(set.get("catatan").is_none());
        assert!(QuerySet::default().with_overrides(&folder.path().join("none")).is_ok());
    }
}
