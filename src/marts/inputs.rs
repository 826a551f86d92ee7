//! What marts are made of, as digests: a mart whose digest is that of its published file is not computed again.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::catalog::{Below, Catalog, CatalogError, Format, ViewSet, format};
use crate::warehouse::CommittedFile;

/// What the marts of one session are made of.
pub(super) struct SessionInputs {
    /// A digest of every committed file.
    pub(super) snapshots: String,
    marts: BTreeMap<String, Inputs>,
}

/// What one mart is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    /// A digest of all of it: SQL, snapshots, the content of tables that are no snapshots, and this version of the program.
    pub(super) digest: String,
    /// A digest of its SQL and that of the views below it.
    pub(super) view_sha256: String,
    /// The runs whose files it reads, by dataset, as JSON.
    pub(super) snapshots: String,
}

impl SessionInputs {
    /// Reads what the marts called `names` are made of in `catalog`, a session over `files`.
    pub(super) async fn of(
        catalog: &Catalog,
        views: &ViewSet,
        (names, files): (impl Iterator<Item = &str>, &[CommittedFile]),
    ) -> Result<Self, CatalogError> {
        let mut contents: BTreeMap<String, String> = BTreeMap::new();
        let mut marts = BTreeMap::new();
        for name in names {
            let below = views.below(name);
            for table in below.tables.iter().filter(|table| held_in_memory(table, files)) {
                if !contents.contains_key(table) {
                    contents.insert(table.clone(), content(catalog, table).await?);
                }
            }
            marts.insert(name.to_owned(), inputs(&below, files, &contents));
        }
        Ok(Self { snapshots: snapshots(files), marts })
    }

    /// What `mart` is made of.
    pub(super) fn of_mart(&self, mart: &str) -> &Inputs {
        self.marts.get(mart).expect("the session was opened for every mart")
    }
}

/// A digest of the committed files of a warehouse, by which it is known whether marts were made from them.
#[must_use]
pub fn snapshots(files: &[CommittedFile]) -> String {
    sha256(files.iter().map(|file| format!("{} {} {}", file.dataset, file.partition, file.run)))
}

fn inputs(below: &Below, files: &[CommittedFile], contents: &BTreeMap<String, String>) -> Inputs {
    let mut runs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut parts = vec![env!("CARGO_PKG_VERSION").to_owned()];
    for table in &below.tables {
        // Latest and history change together: what is read of a dataset follows from all of its files.
        for file in files.iter().filter(|file| is_of(table, file)) {
            parts.push(format!("{} {} {}", file.dataset, file.partition, file.run));
            let of_dataset = runs.entry(file.dataset.to_string()).or_default();
            if !of_dataset.iter().any(|run| run == file.run.as_str()) {
                of_dataset.push(file.run.to_string());
            }
        }
        parts.push(format!("{table} {}", contents.get(table).map_or("", String::as_str)));
    }
    let view_sha256 = sha256(below.sql.iter().flat_map(|(name, sql)| [name.clone(), sql.clone()]));
    parts.push(view_sha256.clone());
    let snapshots = serde_json::to_string(&runs).expect("names and lists of names are always JSON");
    Inputs { digest: sha256(parts), view_sha256, snapshots }
}

/// Whether `table`, as a view names it, reads the file.
fn is_of(table: &str, file: &CommittedFile) -> bool {
    match table.strip_prefix("history.") {
        Some(table) => {
            table.strip_prefix(file.dataset.source()).and_then(|rest| rest.strip_prefix('_'))
                == Some(file.dataset.dataset())
        }
        None => table == file.dataset.to_string(),
    }
}

/// Whether the rows of a table do not come from committed files: a reference table that nobody imported, or the ledger's own.
/// What the data tests say follows from the rest.
fn held_in_memory(table: &str, files: &[CommittedFile]) -> bool {
    let own = table.starts_with("ref.") || (table.starts_with("ops.") && table != "ops.data_tests");
    own && !files.iter().any(|file| is_of(table, file))
}

/// A digest of all rows of a table.
async fn content(catalog: &Catalog, table: &str) -> Result<String, CatalogError> {
    let mut rows = Vec::new();
    format::write(catalog.query(&format!("SELECT * FROM {table}")).await?, Format::Ndjson, &mut rows).await?;
    Ok(sha256([rows]))
}

/// SHA-256 of texts, each with its length before it.
fn sha256(texts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        let text = text.as_ref();
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::is_of;
    use crate::warehouse::{CommitMode, CommittedFile, RunId};

    #[test]
    fn a_table_and_its_history_read_the_files_of_their_dataset() {
        let at: chrono::DateTime<chrono::Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
        let file = CommittedFile {
            dataset: "oss.nib_proyek".parse().unwrap(),
            partition: "snapshot_date=2026-11-01".parse().unwrap(),
            mode: CommitMode::Snapshot,
            path: "f".into(),
            history_path: "h".into(),
            rows: 1,
            bytes: 1,
            run: RunId::new(at),
            snapshot_date: at.date_naive(),
            committed_at: at,
            sums: Default::default(),
        };
        assert!(is_of("oss.nib_proyek", &file) && is_of("history.oss_nib_proyek", &file));
        assert!(!is_of("oss.nib", &file) && !is_of("history.oss_nib", &file) && !is_of("history.nib_proyek", &file));
    }
}
