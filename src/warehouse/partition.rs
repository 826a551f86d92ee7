//! Where a file stands: hive-style `key=value` folders.

use super::error::WarehouseError;
use super::id::is_lower_snake;
use super::record::CommitMode;
use chrono::NaiveDate;
use std::fmt;
use std::fmt::Write;
use std::str::FromStr;

/// The key that dates a snapshot; always the last one.
pub(crate) const SNAPSHOT_DATE: &str = "snapshot_date";
/// The fiscal year's key.
const FISCAL_YEAR: &str = "tahun_anggaran";
/// What hive writes for an empty value.
const EMPTY_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";
/// The longest name a folder may have on the file systems in use.
const FOLDER_BYTES_MAX: usize = 255;

/// The ordered keys and values of one partition, `tahun_anggaran=2026/snapshot_date=2026-11-21`. The last value is a
/// date: the snapshot's, or that of the events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(Vec<(String, String)>);

impl Partition {
    /// A partition of these keys, outermost first.
    ///
    /// # Errors
    /// When there is no key, a key is twice there or not lower snake case, a value makes a folder name longer than 255
    /// bytes, or the last value is not a date `YYYY-MM-DD`.
    pub fn new(keys: Vec<(String, String)>) -> Result<Self, WarehouseError> {
        let refuse = |text: String, rule| Err(WarehouseError::Name { what: "partition", text, rule });
        for (i, (key, value)) in keys.iter().enumerate() {
            if !is_lower_snake(key) {
                return refuse(key.clone(), "keys are lower snake case");
            }
            if keys[..i].iter().any(|(earlier, _)| earlier == key) {
                return refuse(key.clone(), "a key stands once");
            }
            if key.len() + 1 + escape(value).len() > FOLDER_BYTES_MAX {
                return refuse(format!("{key}={value}"), "a folder's name has at most 255 bytes");
            }
        }
        let partition = Self(keys);
        if partition.0.last().is_none_or(|(_, value)| parse_date(value).is_none()) {
            return refuse(partition.to_string(), "the last value is a date, YYYY-MM-DD");
        }
        Ok(partition)
    }

    /// The partition of a dated snapshot, within a fiscal year where the source has them.
    #[must_use]
    pub fn of_snapshot(tahun_anggaran: Option<u16>, date: NaiveDate) -> Self {
        Self::dated(tahun_anggaran, SNAPSHOT_DATE, date)
    }

    /// The partition of accumulating data by the date `key`, within a fiscal year where the source has them.
    ///
    /// # Errors
    /// When `key` is not lower snake case.
    pub fn of_events(tahun_anggaran: Option<u16>, key: &str, date: NaiveDate) -> Result<Self, WarehouseError> {
        Self::new(Self::dated(tahun_anggaran, key, date).0)
    }

    fn dated(tahun_anggaran: Option<u16>, key: &str, date: NaiveDate) -> Self {
        let year = tahun_anggaran.map(|year| (FISCAL_YEAR.to_owned(), year.to_string()));
        Self(year.into_iter().chain([(key.to_owned(), date.to_string())]).collect())
    }

    /// The keys and values, outermost first, values as they were given (not escaped).
    #[must_use]
    pub fn keys(&self) -> &[(String, String)] {
        &self.0
    }

    /// The value of `key`, if the partition has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// The date of the last key.
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        let last = self.0.last().and_then(|(_, value)| parse_date(value));
        last.expect("a partition is only made with a date in its last place")
    }

    /// The names of the keys, `tahun_anggaran/snapshot_date`: one dataset keeps one shape.
    pub(crate) fn shape(&self) -> String {
        self.0.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join("/")
    }

    /// The folder in `latest` that shows this partition, relative to the dataset's; empty = the dataset's own.
    /// A snapshot replaces the one before it in the same place, accumulating data stays side by side.
    ///
    /// # Errors
    /// When the mode does not fit the keys.
    pub(crate) fn latest_folder(&self, mode: CommitMode) -> Result<String, WarehouseError> {
        let dated_snapshot = self.0.last().is_some_and(|(key, _)| key == SNAPSHOT_DATE);
        match mode {
            CommitMode::Snapshot if dated_snapshot => Ok(join(&self.0[..self.0.len() - 1])),
            CommitMode::Accumulate if !dated_snapshot => Ok(self.to_string()),
            _ => Err(WarehouseError::Misuse(format!(
                "partition {self} cannot be committed as {mode}: snapshots end in {SNAPSHOT_DATE}, accumulating data does not"
            ))),
        }
    }
}

/// The relative path, values escaped as hive does.
impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.0))
    }
}

impl FromStr for Partition {
    type Err = WarehouseError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let refused =
            || WarehouseError::Name { what: "partition", text: path.to_owned(), rule: "key=value/key=value" };
        let mut keys = Vec::new();
        for folder in path.split('/') {
            let (key, value) = folder.split_once('=').ok_or_else(refused)?;
            keys.push((key.to_owned(), unescape(value).ok_or_else(refused)?));
        }
        Self::new(keys)
    }
}

fn join(keys: &[(String, String)]) -> String {
    keys.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect::<Vec<_>>().join("/")
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let date: NaiveDate = text.parse().ok()?;
    (date.to_string() == text).then_some(date)
}

/// Percent-escapes what hive escapes in a folder's name.
fn escape(value: &str) -> String {
    if value.is_empty() {
        return EMPTY_VALUE.to_owned();
    }
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        if c.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(c) {
            write!(escaped, "%{:02X}", u32::from(c)).expect("writing to a string cannot fail");
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Undoes [`escape`]; `None` where a percent sign is not followed by two hexadecimal digits.
fn unescape(value: &str) -> Option<String> {
    if value == EMPTY_VALUE {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::Partition;
    use crate::warehouse::CommitMode;

    fn keys(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_partition_reads_back_from_its_path_whatever_its_values() {
        let all_ascii: String = (0..=127_u8).map(char::from).collect();
        for value in
            ["2026", "", "a/b=c", "100%", "50%2F", "Jawa Tengah", "Kab. Gunungkidul \u{e9}", &all_ascii, ".."]
        {
            let partition = Partition::new(keys(&[("wilayah", value), ("snapshot_date", "2026-11-21")])).unwrap();
            let path = partition.to_string();
            assert_eq!(path.matches('/').count(), 1, "{path}");
            assert!(!path.contains(['*', '[', '{', '?', '\\', '\0', '\n']), "{path}");
            assert_eq!(path.parse::<Partition>().unwrap(), partition, "{path}");
        }
    }

    #[test]
    fn keys_that_cannot_be_a_folder_and_ends_without_a_date_are_refused() {
        let date = ("snapshot_date", "2026-11-21");
        assert!(Partition::new(vec![]).is_err());
        assert!(Partition::new(keys(&[("Tahun", "2026"), date])).is_err());
        assert!(Partition::new(keys(&[date, date])).is_err());
        assert!(Partition::new(keys(&[("k", &"x".repeat(254)), date])).is_err());
        for bad in ["2026-1-2", "21-11-2026", "2026-02-30", "", "+2026-01-01"] {
            assert!(Partition::new(keys(&[("snapshot_date", bad)])).is_err(), "{bad}");
        }
        for path in ["", "a", "a=1/snapshot_date=2026-11-21/", "/snapshot_date=2026-11-21", "a=%G1/d=2026-01-01"] {
            assert!(path.parse::<Partition>().is_err(), "{path}");
        }
    }

    #[test]
    fn latest_drops_the_snapshot_date_and_keeps_event_dates() {
        let folder = |text: &str, mode| text.parse::<Partition>().unwrap().latest_folder(mode);
        let snapshot = "tahun_anggaran=2026/snapshot_date=2026-11-21";
        let events = "tahun_anggaran=2026/insert_date=2026-11-20";
        assert_eq!(folder(snapshot, CommitMode::Snapshot).unwrap(), "tahun_anggaran=2026");
        assert_eq!(folder("snapshot_date=2026-11-21", CommitMode::Snapshot).unwrap(), "");
        assert_eq!(folder(events, CommitMode::Accumulate).unwrap(), events);
        assert!(folder(snapshot, CommitMode::Accumulate).is_err());
        assert!(folder(events, CommitMode::Snapshot).is_err());
    }
}
