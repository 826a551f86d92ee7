//! The users of the console, `state/accounts.json`: names, roles and hashes of passwords, for the owner's eyes only.
//!
//! A file beside the ledger, and not in it: a hash is a secret of its kind, and neither the ledger nor its copies hold secrets. It
//! is replaced in one step, so that a reader finds the old users or the new ones; the daemon reads it again when it changed.

use super::Warehouse;
use super::disk::{self, Lock};
use super::error::WarehouseError;
use super::layout::Layout;
use crate::config::ConsoleRole;
use crate::password;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use thiserror::Error;

/// Longest name of a user.
const NAME_BYTES_MAX: usize = 32;

/// A user of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What they may do.
    pub role: ConsoleRole,
    /// Where proofs go that they ask for; personal, printed nowhere.
    pub mail: Option<String>,
    /// The hash of their password; `None` where only a proxy signs them in.
    pub password: Option<String>,
    /// When the password was set: sessions from before it end.
    pub changed_at: DateTime<Utc>,
}

/// Users that cannot be read or kept.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The file, or its folder, cannot be used.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The file is no list of users.
    #[error("{} is no list of users: {reason}; remove it and add the users again (lumbung user add)", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Why, without what stands in it.
        reason: String,
    },
    /// A name that cannot be.
    #[error(
        "a user cannot be called \"{0}\": a letter, then letters, digits, dots, hyphens or underscores, all lower case, at most 32"
    )]
    Name(String),
}

/// The file of users.
#[derive(Debug, Clone)]
pub struct Accounts {
    file: PathBuf,
    lock: PathBuf,
}

/// One user, as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    changed_at: DateTime<Utc>,
}

impl Warehouse {
    /// The users of the console.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::of(&self.house.layout)
    }
}

impl Accounts {
    fn of(layout: &Layout) -> Self {
        let file = layout.accounts();
        Self { lock: file.with_extension("lock"), file }
    }

    /// The file, for words about it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// When the file was last replaced, and by which one; `None` where there is none. One version has always the same users.
    #[must_use]
    pub fn version(&self) -> Option<(SystemTime, u64)> {
        let found = fs::metadata(&self.file).ok()?;
        Some((found.modified().ok()?, found.ino()))
    }

    /// Every user, by name; none where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, or is no list of users.
    pub fn read(&self) -> Result<BTreeMap<String, Account>, AccountError> {
        let bytes = match fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(WarehouseError::io("read the users", &self.file, error).into()),
        };
        // The parser's words could repeat what stands there: only the place is told.
        let entries: BTreeMap<String, Entry> = serde_json::from_slice(&bytes)
            .map_err(|error| self.broken(&format!("line {}, column {}", error.line(), error.column())))?;
        entries.into_iter().map(|(name, entry)| Ok((name.clone(), self.account(&name, entry)?))).collect()
    }

    /// Changes the users: `change` gets all of them, and what it leaves is written for the owner's eyes only.
    ///
    /// # Errors
    /// When a name cannot be, or the file cannot be read or written.
    pub fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Account>) -> T) -> Result<T, AccountError> {
        let _lock = Lock::wait(&self.lock)?;
        let mut accounts = self.read()?;
        let done = change(&mut accounts);
        if let Some(name) = accounts.keys().find(|name| !is_name(name)) {
            return Err(AccountError::Name(name.clone()));
        }
        self.write(accounts)?;
        Ok(done)
    }

    fn write(&self, accounts: BTreeMap<String, Account>) -> Result<(), WarehouseError> {
        let entry = |account: Account| Entry {
            role: account.role.word().to_owned(),
            mail: account.mail,
            password: account.password,
            changed_at: account.changed_at,
        };
        let entries: BTreeMap<String, Entry> =
            accounts.into_iter().map(|(name, account)| (name, entry(account))).collect();
        let mut text = serde_json::to_vec_pretty(&entries).expect("names and texts are always JSON");
        text.push(b'\n');
        let aside = self.file.with_extension("part");
        disk::remove_file(&aside)?;
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
            file.write_all(&text)?;
            file.sync_all()
        };
        write().map_err(|error| WarehouseError::io("write the users", &aside, error))?;
        disk::rename(&aside, &self.file)
    }

    fn account(&self, name: &str, entry: Entry) -> Result<Account, AccountError> {
        if !is_name(name) {
            return Err(self.broken("a name that cannot be"));
        }
        let role = ConsoleRole::from_word(&entry.role).ok_or_else(|| self.broken("a role that there is not"))?;
        if let Some(kept) = &entry.password {
            password::check(kept).map_err(|error| self.broken(&error.to_string()))?;
        }
        Ok(Account { role, mail: entry.mail, password: entry.password, changed_at: entry.changed_at })
    }

    fn broken(&self, reason: &str) -> AccountError {
        AccountError::Broken { path: self.file.clone(), reason: reason.to_owned() }
    }
}

/// Whether somebody may be called so: it stands in headers, pages and the log.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    name.len() <= NAME_BYTES_MAX && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{Account, AccountError};
    use crate::config::ConsoleRole;
    use crate::warehouse::Warehouse;
    use chrono::{DateTime, Utc};
    use std::os::unix::fs::PermissionsExt;

    fn at() -> DateTime<Utc> {
        "2026-11-01T06:00:00Z".parse().unwrap()
    }

    fn account() -> Account {
        Account { role: ConsoleRole::Leader, mail: None, password: None, changed_at: at() }
    }

    #[test]
    fn users_are_read_back_and_nobody_else_may_look() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Warehouse::open(folder.path(), at()).unwrap().accounts();
        assert!(accounts.read().unwrap().is_empty() && accounts.version().is_none());
        accounts.change(|users| users.insert("ani".to_owned(), account())).unwrap();
        assert_eq!(accounts.read().unwrap()["ani"], account());
        let mode = std::fs::metadata(accounts.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let before = accounts.version();
        accounts.change(|users| users.remove("ani")).unwrap();
        assert!(accounts.read().unwrap().is_empty());
        assert_ne!(accounts.version(), before);
    }

    #[test]
    fn a_name_that_cannot_be_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Warehouse::open(folder.path(), at()).unwrap().accounts();
        for name in ["", "Ani", "../ani", "a b", "a\r\nb", "1a", &"a".repeat(33)] {
            let refused = accounts.change(|users| users.insert(name.to_owned(), account())).unwrap_err();
            assert!(matches!(refused, AccountError::Name(_)), "{name}: {refused}");
        }
        assert!(accounts.read().unwrap().is_empty());
    }

    #[test]
    fn a_broken_file_is_told_without_what_stands_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Warehouse::open(folder.path(), at()).unwrap().accounts();
        let entry = |role: &str, password: &str| {
            format!(
                r#"{{"ani": {{"role": "{role}", "password": "{password}", "changed_at": "2026-11-01T06:00:00Z"}}}}"#
            )
        };
        for text in ["{", &entry("raja", "x"), &entry("leader", "rahasia"), r#"{"ani": {"rahasia": 1}}"#] {
            std::fs::write(accounts.path(), text).unwrap();
            let refused = accounts.read().unwrap_err().to_string();
            assert!(refused.contains("is no list of users") && !refused.contains("rahasia"), "{refused}");
        }
    }
}
