//! Queries that people of the console keep: by owner and name, few and short, never one that may hold a value of a person.

use super::Warehouse;
use super::error::WarehouseError;
use chrono::{DateTime, Utc};

/// Most queries that one person keeps.
pub const SAVED_MAX: u32 = 100;
/// Longest query that is kept, in bytes.
pub const SAVED_BYTES_MAX: usize = 16 << 10;
/// Longest name of one, in characters, all of them ASCII.
pub const SAVED_NAME_MAX: usize = 40;

/// A query that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Who keeps it.
    pub owner: String,
    /// What it is called: a-z, 0-9 and `-`.
    pub name: String,
    /// Its SQL.
    pub sql: String,
    /// Whether everybody who may ask in SQL sees it.
    pub shared: bool,
    /// When it was last changed.
    pub saved_at: DateTime<Utc>,
}

/// What became of one that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, in place of the one of that name where there was one.
    Saved,
    /// There are [`SAVED_MAX`] already.
    Full,
}

impl SavedQuery {
    /// Whether a query may be called `name`: it stands in addresses and in names of files.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        name.len() <= SAVED_NAME_MAX
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.chars().all(fits)
    }
}

impl Warehouse {
    /// Keeps a query.
    ///
    /// # Errors
    /// When its name or its length cannot be, the warehouse was opened to read, or the ledger cannot be written.
    pub fn save_query(&self, query: &SavedQuery) -> Result<Kept, WarehouseError> {
        self.house.require_writable()?;
        if !SavedQuery::is_name(&query.name) || query.sql.len() > SAVED_BYTES_MAX {
            return Err(WarehouseError::Misuse("a query was to be kept whose name or length cannot be".to_owned()));
        }
        self.house.ledger().save_query(query)
    }

    /// Throws a query away; whether there was one.
    ///
    /// # Errors
    /// When the warehouse was opened to read, or the ledger cannot be written.
    pub fn remove_query(&self, owner: &str, name: &str) -> Result<bool, WarehouseError> {
        self.house.require_writable()?;
        self.house.ledger().remove_query(owner, name)
    }

    /// One query that `reader` may see: their own, or a shared one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn saved_query(
        &self,
        reader: &str,
        (owner, name): (&str, &str),
    ) -> Result<Option<SavedQuery>, WarehouseError> {
        self.house.ledger().saved_query(reader, (owner, name))
    }

    /// At most `limit` of the queries that `reader` may see, by owner and name, those after `after`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn saved_queries(
        &self,
        reader: &str,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<SavedQuery>, WarehouseError> {
        self.house.ledger().saved_queries(reader, after.unwrap_or_default(), limit)
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, SAVED_BYTES_MAX, SAVED_MAX, SavedQuery};
    use crate::warehouse::Warehouse;
    use chrono::{DateTime, Utc};

    fn query(owner: &str, name: &str, shared: bool) -> SavedQuery {
        let saved_at: DateTime<Utc> = "2026-11-01T06:00:00Z".parse().unwrap();
        SavedQuery { owner: owner.to_owned(), name: name.to_owned(), sql: "SELECT 1".to_owned(), shared, saved_at }
    }

    #[test]
    fn everybody_sees_their_own_and_what_is_shared() {
        let folder = tempfile::tempdir().unwrap();
        let house = Warehouse::open(folder.path(), query("", "", true).saved_at).unwrap();
        for (owner, name, shared) in [("ani", "a", false), ("ani", "b", true), ("budi", "c", false)] {
            assert_eq!(house.save_query(&query(owner, name, shared)).unwrap(), Kept::Saved);
        }
        let names = |reader: &str| {
            let seen = house.saved_queries(reader, None, 10).unwrap();
            seen.into_iter().map(|query| query.name).collect::<Vec<_>>()
        };
        assert_eq!(
            (names("ani"), names("budi"), names("citra")),
            (vec!["a".to_owned(), "b".to_owned()], vec!["b".to_owned(), "c".to_owned()], vec!["b".to_owned()])
        );
        let after = house.saved_queries("ani", Some(("ani", "a")), 1).unwrap();
        assert_eq!(after, [query("ani", "b", true)]);
        assert!(house.saved_query("budi", ("ani", "a")).unwrap().is_none());
        assert!(house.saved_query("budi", ("ani", "b")).unwrap().is_some());
        // The same name again is the same query, changed.
        house.save_query(&query("ani", "b", false)).unwrap();
        assert!(house.saved_query("budi", ("ani", "b")).unwrap().is_none());
        assert!(house.remove_query("ani", "b").unwrap());
        assert!(!house.remove_query("budi", "a").unwrap(), "nobody throws away what is another's");
    }

    #[test]
    fn a_person_keeps_so_many_and_names_are_plain() {
        let folder = tempfile::tempdir().unwrap();
        let house = Warehouse::open(folder.path(), query("", "", true).saved_at).unwrap();
        for number in 0..SAVED_MAX {
            assert_eq!(house.save_query(&query("ani", &format!("q{number}"), false)).unwrap(), Kept::Saved);
        }
        assert_eq!(house.save_query(&query("ani", "one-more", false)).unwrap(), Kept::Full);
        assert_eq!(house.save_query(&query("ani", "q7", true)).unwrap(), Kept::Saved);
        assert_eq!(house.save_query(&query("budi", "one-more", false)).unwrap(), Kept::Saved);
        for name in ["", "A", "a b", "../a", "a\r\nb", "<b>", "-a", &"a".repeat(41)] {
            assert!(house.save_query(&query("budi", name, false)).is_err(), "{name}");
        }
        let long = SavedQuery { sql: "x".repeat(SAVED_BYTES_MAX + 1), ..query("budi", "long", false) };
        assert!(house.save_query(&long).is_err());
        let reader = Warehouse::open_for_reading(folder.path()).unwrap();
        assert!(reader.save_query(&query("budi", "x", false)).is_err() && reader.remove_query("ani", "q1").is_err());
    }
}
