//! What was typed before: a file of the user's own, without personal values.
//!
//! One JSON string a line, so that a statement of several lines is one entry. A statement that names a personal column and
//! holds a literal is never written, nor is one that holds a long number: a NIK typed as a filter must not outlive the
//! session. The file is for its owner only (0600).

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::catalog::tokens::is_personal;

/// Most entries that are kept.
const ENTRIES_MAX: usize = 2_000;
/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 8 << 20;
/// Longest statement that is kept, in bytes.
const ENTRY_BYTES_MAX: usize = 64 << 10;
/// The history file.
#[derive(Debug)]
pub(super) struct History {
    path: Option<PathBuf>,
}

impl History {
    /// The history in `path`; `None` = nothing is kept.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path }
    }

    /// What was typed in earlier sessions, oldest first. A file that cannot be read is as good as none.
    pub(super) fn load(&self) -> Vec<String> {
        let Some(file) = self.path.as_deref().and_then(|path| File::open(path).ok()) else { return Vec::new() };
        let lines = BufReader::new(file.take(FILE_BYTES_MAX)).lines().map_while(Result::ok);
        let entries: Vec<String> = lines.filter_map(|line| serde_json::from_str(&line).ok()).collect();
        let kept = entries.len().saturating_sub(ENTRIES_MAX);
        entries[kept..].to_vec()
    }

    /// Adds `text` unless it may hold somebody's data, `personal` being the names of the columns that have such; says
    /// whether it was written.
    pub(super) fn add(&self, text: &str, personal: &BTreeSet<String>) -> std::io::Result<bool> {
        let Some(path) = &self.path else { return Ok(false) };
        if text.len() > ENTRY_BYTES_MAX || is_personal(text, personal) {
            return Ok(false);
        }
        let line = format!("{}\n", serde_json::Value::from(text));
        self.shorten(path)?;
        open(path, true)?.write_all(line.as_bytes())?;
        Ok(true)
    }

    /// Keeps the newer half once there are twice as many entries as are read.
    fn shorten(&self, path: &Path) -> std::io::Result<()> {
        let Ok(file) = File::open(path) else { return Ok(()) };
        let full = file.metadata()?.len() > FILE_BYTES_MAX / 2
            || BufReader::new(file).split(b'\n').count() >= 2 * ENTRIES_MAX;
        if !full {
            return Ok(());
        }
        let entries = self.load();
        let aside = path.with_extension("new");
        let mut file = open(&aside, false)?;
        for entry in &entries[entries.len() / 2..] {
            writeln!(file, "{}", serde_json::Value::from(entry.as_str()))?;
        }
        std::fs::rename(&aside, path)
    }
}

/// Opens the file for its owner alone, making its folder.
fn open(path: &Path, append: bool) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file = OpenOptions::new().create(true).append(append).write(true).truncate(!append).mode(0o600).open(path)?;
    // Somebody may have made it before, for all to read.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES_MAX, History, is_personal};
    use std::os::unix::fs::PermissionsExt;

    fn names() -> std::collections::BTreeSet<String> {
        ["nik".to_owned(), "nama".to_owned()].into()
    }

    #[test]
    fn statements_with_personal_literals_are_known() {
        for personal in [
            "SELECT * FROM sipp.p3ke WHERE nik = '3514140101900001'",
            "SELECT * FROM sipp.p3ke WHERE \"NIK\" IN ('x', 'y')",
            "SELECT * FROM mart.lain WHERE penerima = '3514140101900001'",
            "SELECT * FROM t WHERE npwp = '01.234.567.8-901.000'",
            "SELECT * FROM t WHERE n = 3514140101900001",
            "SELECT * FROM t WHERE n = '3514 1401 0190 0001'",
            "SELECT 1 -- cari 3514140101900001",
            "SELECT * FROM t WHERE nama = 'Siti'",
            "SELECT * FROM t WHERE nik = '3514140101900001",
            "select * frm t were nik = 'abc'",
            "SELECT * FROM t WHERE nik > 351414",
        ] {
            assert!(is_personal(personal, &names()), "{personal}");
        }
        for harmless in [
            "SELECT count(*) FROM sipp.p3ke WHERE nik IS NOT NULL LIMIT 10",
            "SELECT * FROM omspan.dipa_belanja WHERE kdsatker = '012345' AND amount > 10000000000000",
            "SELECT * FROM t WHERE d BETWEEN '2026-01-01' AND '2026-10-31' AND at > '2026-10-31 00:00:00'",
            "SELECT nik_keadaan, count(*) FROM sipp.p3ke WHERE nik_keadaan = 'utuh' GROUP BY 1",
        ] {
            assert!(!is_personal(harmless, &names()), "{harmless}");
        }
    }

    #[test]
    fn the_file_is_for_its_owner_and_gives_back_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/lumbung/sql_history");
        let history = History::new(Some(path.clone()));
        assert_eq!(history.load(), [""; 0]);
        assert!(history.add("SELECT 1\n  AS \"a\\b\"", &names()).unwrap());
        assert!(!history.add("SELECT * FROM t WHERE nik = '3514140101900001'", &names()).unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(history.add("SELECT 2", &names()).unwrap());
        assert_eq!(history.load(), ["SELECT 1\n  AS \"a\\b\"", "SELECT 2"]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!std::fs::read_to_string(&path).unwrap().contains("3514"));
    }

    #[test]
    fn an_old_file_is_shortened_and_a_broken_line_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h");
        let lines: String = (0..2 * ENTRIES_MAX).map(|i| format!("\"SELECT {i}\"\n")).collect();
        std::fs::write(&path, format!("no JSON\n{lines}")).unwrap();
        let history = History::new(Some(path));
        assert_eq!(history.load().len(), ENTRIES_MAX);
        history.add("SELECT 'new'", &names()).unwrap();
        let kept = history.load();
        assert_eq!(kept.len(), ENTRIES_MAX / 2 + 1);
        assert_eq!(kept.last().unwrap(), "SELECT 'new'");
        assert_eq!(kept[kept.len() - 2], format!("SELECT {}", 2 * ENTRIES_MAX - 1));
    }

    #[test]
    fn without_a_path_nothing_is_kept() {
        assert!(!History::new(None).add("SELECT 1", &names()).unwrap());
    }
}
