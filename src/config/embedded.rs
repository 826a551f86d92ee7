//! The config folder: the user's where there is one, else what the binary carries.

mod reference;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::deployment;
use super::{Config, Problem, Problems};
use crate::contract::{self, Contract};

/// The shipped `lumbung.toml`: every key with its default.
pub const DEFAULT_CONFIG: &str = include_str!("../../config/lumbung.toml");

/// The file of a config folder that holds the secrets, as systemd's `EnvironmentFile=` reads it. Never part of a release.
pub const ENV_FILE: &str = "lumbung.env";

/// Its pattern: every variable with a secret, without one.
pub const ENV_EXAMPLE: &str = "lumbung.env.example";

/// Every file below `config/`, by its path there; the reference tables have a list of their own.
const EMBEDDED: &[(&str, &str)] = &[
    ("lumbung.toml", DEFAULT_CONFIG),
    ("reports/ikpa.toml", include_str!("../../config/reports/ikpa.toml")),
    ("reports/kartu-satker.toml", include_str!("../../config/reports/kartu-satker.toml")),
    ("reports/kesejahteraan.toml", include_str!("../../config/reports/kesejahteraan.toml")),
    ("reports/pengadaan-umkm-pdn.toml", include_str!("../../config/reports/pengadaan-umkm-pdn.toml")),
    ("reports/pnbp.toml", include_str!("../../config/reports/pnbp.toml")),
    ("reports/ringkasan-pimpinan.toml", include_str!("../../config/reports/ringkasan-pimpinan.toml")),
    ("reports/serapan-anggaran.toml", include_str!("../../config/reports/serapan-anggaran.toml")),
    ("sources/omspan.toml", include_str!("../../config/sources/omspan.toml")),
    ("sources/oss.toml", include_str!("../../config/sources/oss.toml")),
    ("sources/padi.toml", include_str!("../../config/sources/padi.toml")),
    ("sources/simda.toml", include_str!("../../config/sources/simda.toml")),
    ("sources/sipp.toml", include_str!("../../config/sources/sipp.toml")),
    ("sources/sirup.toml", include_str!("../../config/sources/sirup.toml")),
];

/// Every file that belongs into a config folder, by its path there, as the binary carries it.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    carried().chain([(ENV_EXAMPLE, include_str!("../../config/lumbung.env.example"))])
}

/// Every file the binary carries, the reference tables included.
fn carried() -> impl Iterator<Item = (&'static str, &'static str)> {
    EMBEDDED.iter().chain(reference::REFERENCE).copied()
}

/// Largest config file read, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Where config files come from: a folder, and the binary for what the folder lacks.
#[derive(Debug, Clone)]
pub struct ConfigFolder {
    folder: Option<PathBuf>,
    /// Files that were written down, instead of those of a folder and the binary.
    written_down: Option<Arc<BTreeMap<String, String>>>,
}

impl ConfigFolder {
    /// The folder of `--config`, else `./config` where it exists, else what the binary carries.
    ///
    /// # Errors
    /// A problem when the named folder is none.
    pub fn locate(named: Option<&Path>) -> Result<Self, Problems> {
        if let Some(folder) = named {
            if folder.is_dir() {
                return Ok(Self { folder: Some(folder.to_owned()), written_down: None });
            }
            let hint = "give an existing folder, or leave --config out".to_owned();
            let file = folder.display().to_string();
            return Err(Problems(vec![Problem { file, line: 0, message: "is no folder".to_owned(), hint }]));
        }
        let here = Path::new("config");
        Ok(Self { folder: here.join("lumbung.toml").is_file().then(|| here.to_owned()), written_down: None })
    }

    /// Only what the binary carries.
    #[must_use]
    pub fn embedded() -> Self {
        Self { folder: None, written_down: None }
    }

    /// Only these files, by their names: what another day's config folder held.
    #[must_use]
    pub fn written_down(files: BTreeMap<String, String>) -> Self {
        Self { folder: None, written_down: Some(Arc::new(files)) }
    }

    /// The folder on disk, if one is used.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// `lumbung.toml` with `overrides` on top.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn config(&self, overrides: &[String]) -> Result<Config, Problems> {
        let (file, text) = self.read("lumbung.toml")?;
        deployment::parse(&file, &text, overrides)
    }

    /// Every contract, in order of the sources' names.
    ///
    /// # Errors
    /// The problems of all contracts together.
    pub fn contracts(&self) -> Result<Vec<Contract>, Problems> {
        let mut contracts: Vec<Contract> = Vec::new();
        let mut problems = Vec::new();
        for name in self.list("sources", "toml") {
            match self.read(&name).and_then(|(file, text)| contract::parse(&file, &text)) {
                Ok(contract) => contracts.push(contract),
                Err(Problems(more)) => problems.extend(more),
            }
        }
        for pair in contracts.windows(2).filter(|pair| pair[0].source == pair[1].source) {
            let message = format!("two contracts describe the source \"{}\"", pair[0].source);
            problems.push(Problem { file: "sources".to_owned(), line: 0, message, hint: String::new() });
        }
        if problems.is_empty() { Ok(contracts) } else { Err(Problems(problems)) }
    }

    /// One file: its name as the user knows it, and its text.
    ///
    /// # Errors
    /// A problem when it cannot be read.
    pub fn read(&self, name: &str) -> Result<(String, String), Problems> {
        let problem =
            |file: String, message: String| Problems(vec![Problem { file, line: 0, message, hint: String::new() }]);
        if let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists()) {
            let file = path.display().to_string();
            let size = path.metadata().map_or(0, |meta| meta.len());
            if size > FILE_BYTES_MAX {
                return Err(problem(file, format!("is larger than {FILE_BYTES_MAX} bytes")));
            }
            return match std::fs::read(&path).map(String::from_utf8) {
                Ok(Ok(text)) => Ok((file, text)),
                Ok(Err(error)) => Err(not_utf8(file, &error)),
                Err(error) => Err(problem(file, format!("cannot be read: {error}"))),
            };
        }
        if let Some(text) = self.written_down.as_ref().and_then(|files| files.get(name)) {
            return Ok((name.to_owned(), text.clone()));
        }
        match carried().find(|(file, _)| self.written_down.is_none() && *file == name) {
            Some((file, text)) => Ok((file.to_owned(), text.to_owned())),
            None => Err(problem(name.to_owned(), "does not exist".to_owned())),
        }
    }

    /// Whether the folder has the file `name`, so that the one in the binary does not count.
    #[must_use]
    pub fn overrides(&self, name: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.join(name).exists())
    }

    /// The names below `kind/` with `extension`, from the folder and the binary, sorted.
    #[must_use]
    pub fn list(&self, kind: &str, extension: &str) -> Vec<String> {
        let belongs = |name: &str| {
            Path::new(name).parent() == Some(Path::new(kind))
                && Path::new(name).extension().is_some_and(|found| found == extension)
        };
        let mut names: Vec<String> = match &self.written_down {
            Some(files) => files.keys().cloned().collect(),
            None => carried().map(|(name, _)| name.to_owned()).collect(),
        };
        names.retain(|name| belongs(name));
        let entries = self.folder.as_ref().and_then(|folder| std::fs::read_dir(folder.join(kind)).ok());
        for entry in entries.into_iter().flatten().flatten() {
            let name = format!("{kind}/{}", entry.file_name().to_string_lossy());
            if belongs(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        names.sort();
        names
    }
}

/// The problem of a file that is not UTF-8, with the line where that shows.
fn not_utf8(file: String, error: &std::string::FromUtf8Error) -> Problems {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = 1 + good.iter().filter(|&&byte| byte == b'\n').count();
    let (message, hint) = ("is not UTF-8".to_owned(), "save it as UTF-8".to_owned());
    Problems(vec![Problem { file, line, message, hint }])
}

#[cfg(test)]
mod tests {
    use super::{ConfigFolder, carried};
    use std::path::Path;

    #[test]
    fn every_config_file_is_carried() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let mut found = Vec::new();
        for folder in ["", "sources", "reports", "reference"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap().flatten() {
                if entry.path().extension().is_some_and(|extension| extension == "toml" || extension == "csv") {
                    found.push(Path::new(folder).join(entry.file_name()).to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        let mut carried: Vec<&str> = carried().map(|(name, _)| name).collect();
        carried.sort_unstable();
        assert_eq!(found, carried);
    }

    /// Every variable that a deployment of the shipped contracts may need stands in the pattern, and nothing that looks set.
    #[test]
    fn the_pattern_of_secrets_names_them_all() {
        let (_, text) = super::shipped().find(|(name, _)| *name == super::ENV_EXAMPLE).unwrap();
        let folder = ConfigFolder::embedded();
        let config = folder.config(&[]).unwrap();
        let mut wanted = vec!["LUMBUNG_PII_KEY".to_owned(), "LUMBUNG_SMTP_PASSWORD".to_owned()];
        for contract in folder.contracts().unwrap() {
            let settings = &config.sources[&contract.source];
            if contract.auth.iter().any(|way| matches!(way.kind, crate::contract::AuthKind::Login(_))) {
                wanted.push(settings.user_env.clone());
            }
            if !contract.auth.is_empty() {
                wanted.push(settings.token_env.clone());
            }
            let source = contract.source.to_uppercase();
            wanted.extend(contract.inbox.iter().map(|_| format!("LUMBUNG_INBOX_{source}_")));
        }
        assert!(wanted.len() > 8, "{wanted:?}");
        for name in &wanted {
            assert!(text.contains(&format!("# {name}")), "{name} is not in the pattern");
        }
        let set: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
        assert_eq!(set, [""; 0]);
    }

    #[test]
    fn a_folder_overrides_file_by_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sources")).unwrap();
        std::fs::write(folder.path().join("sources/other.toml"), "[source]\n").unwrap();
        let config = ConfigFolder::locate(Some(folder.path())).unwrap();
        assert!(config.config(&[]).is_ok());
        let sources = config.list("sources", "toml");
        assert!(sources.is_sorted() && sources.contains(&"sources/other.toml".to_owned()), "{sources:?}");
        assert!(sources.contains(&"sources/omspan.toml".to_owned()), "{sources:?}");
        let problems = config.contracts().unwrap_err().to_string();
        assert!(problems.contains("other.toml"), "{problems}");
        assert!(ConfigFolder::locate(Some(Path::new("does/not/exist"))).is_err());
    }

    #[test]
    fn what_was_written_down_counts_alone() {
        let files = [("sources/a.toml", "x"), ("reference/b.csv", "y")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let config = ConfigFolder::written_down(files);
        assert_eq!(config.list("sources", "toml"), ["sources/a.toml"]);
        assert_eq!(config.read("reference/b.csv").unwrap(), ("reference/b.csv".to_owned(), "y".to_owned()));
        assert!(config.read("lumbung.toml").is_err() && !config.overrides("sources/a.toml"));
    }
}
