//! One column of a contract: its type, its keys and who may see it.

use std::str::FromStr;

use super::reading::Reading;
use crate::privacy::KeyForm;

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Name in files and SQL: the source's own, in lower snake case.
    pub name: String,
    /// The keys that carry it, normalised with [`normalise_key`]; the first is the usual one. A value of an enclosing
    /// object has the key `<OF>/<KEY>`, a parameter `?<PARAM>`, so that neither is ever taken for a key of the row.
    pub keys: Vec<String>,
    /// Rows of a document: the step of `rows_at` (normalised; `.` = the document itself) whose object holds the value.
    pub of: Option<String>,
    /// The request's parameter whose value this is, instead of a key of the answer.
    pub param: Option<String>,
    /// What its values are.
    pub ty: ColumnType,
    /// What is done to a value before it is of that type.
    pub reading: Reading,
    /// Whether a row without it is refused.
    pub required: bool,
    /// Whether an unreadable value becomes NULL instead of refusing the row.
    pub lenient: bool,
    /// Who may see it.
    pub class: Class,
    /// Smallest and greatest value of a number, in whole units.
    pub range: Option<(i64, i64)>,
    /// One line for the data dictionary.
    pub meaning: String,
}

impl Column {
    /// Whether files have it.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.class != Class::Drop
    }
}

/// What a column's values are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnType {
    /// A text whose length in characters lies within the bounds; leading zeros stay.
    Code {
        /// Shortest length.
        min: usize,
        /// Greatest length.
        max: usize,
    },
    /// Any text.
    Text,
    /// `Decimal128(20, 2)` rupiah.
    Money,
    /// `Decimal128(precision, scale)`.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// `Int64`.
    Integer,
    /// `Boolean`: Ya/Tidak, Y/T, true/false, 1/0.
    Boolean,
    /// `Date32`, written in one of these ways.
    Date(Vec<DateFormat>),
    /// `Timestamp(Microsecond, "UTC")`, written in one of these ways.
    Timestamp(Vec<TimestampFormat>),
    /// Text: what became of the value of a key column of that form (`utuh`, `tersamar`, `kosong`, `rusak`).
    KeyState(KeyForm),
    /// Whatever JSON value stands there; never looked at, never stored.
    Any,
}

/// A way to write a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateFormat {
    /// `04-FEB-19`; month names in English or Indonesian, two-digit years are 20yy.
    DdMonYy,
    /// `04/02/2019`, also `4/2/2019 0:00:00`.
    DdMmYyyy,
    /// `2019-02-04`, nothing after it.
    Iso,
    /// `2019-02-04` and whatever follows.
    IsoPrefix,
    /// `20190204`.
    Compact,
    /// `04-02-2019`.
    DdMmYyyyDashed,
    /// `January 2025`, `Jan 2025`, `Januari 2025`: the first of that month.
    MonYyyy,
}

/// Every date format as a contract writes it.
const DATE_FORMATS: [(&str, DateFormat); 7] = [
    ("DD-MON-YY", DateFormat::DdMonYy),
    ("DD/MM/YYYY", DateFormat::DdMmYyyy),
    ("YYYY-MM-DD", DateFormat::Iso),
    ("YYYY-MM-DD*", DateFormat::IsoPrefix),
    ("YYYYMMDD", DateFormat::Compact),
    ("DD-MM-YYYY", DateFormat::DdMmYyyyDashed),
    ("MON YYYY", DateFormat::MonYyyy),
];

impl DateFormat {
    /// The format as a contract writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let known = DATE_FORMATS.iter().find(|(_, format)| *format == self);
        known.map_or("", |(name, _)| name)
    }
}

impl FromStr for DateFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = DATE_FORMATS.iter().find(|(name, _)| *name == text);
        known.map(|(_, format)| *format).ok_or_else(|| {
            let names: Vec<&str> = DATE_FORMATS.iter().map(|(name, _)| *name).collect();
            format!("one of {}; YYYY-MM-DD* takes the date of a date with a time", names.join(", "))
        })
    }
}

/// A way to write an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2019-02-04 10:11:12`, in the source's zone.
    DateTime,
    /// `2019-02-04T10:11:12+07:00`.
    Rfc3339,
}

impl FromStr for TimestampFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "YYYY-MM-DD HH:MM:SS" => Ok(Self::DateTime),
            "RFC 3339" => Ok(Self::Rfc3339),
            _ => Err("one of YYYY-MM-DD HH:MM:SS, RFC 3339".to_owned()),
        }
    }
}

/// Who may see a column (UU 27/2022).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Anyone who reads the warehouse.
    Public,
    /// Nobody in the clear: stored as the HMAC-SHA256 of the value in this form, so that tables still join; NULL where
    /// the value is not whole.
    Key(KeyForm),
    /// Anyone, coarsely: a date is stored as its year.
    Coarse,
    /// Nobody: never stored, and looked at only to see whether a required value is there.
    Drop,
}

impl FromStr for ColumnType {
    type Err = String;

    /// Reads `code(6)`, `code(1..8)`, `text`, `money`, `decimal(5,2)`, `integer`, `boolean`, `date`, `timestamp`, `any`.
    /// A `key_state` is nothing without its form, and is made where both are known.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').ok_or("a closing bracket is missing")?),
            None => (text, ""),
        };
        match (name, arguments) {
            ("code", arguments) => code(arguments),
            ("decimal", arguments) => decimal(arguments),
            ("text", "") => Ok(Self::Text),
            ("money", "") => Ok(Self::Money),
            ("integer", "") => Ok(Self::Integer),
            ("boolean", "") => Ok(Self::Boolean),
            ("date", "") => Ok(Self::Date(Vec::new())),
            ("timestamp", "") => Ok(Self::Timestamp(Vec::new())),
            ("any", "") => Ok(Self::Any),
            _ => Err(format!("one of {TYPES}")),
        }
    }
}

/// Every type, as an error message names them.
pub(super) const TYPES: &str =
    "code(n), code(a..b), text, money, decimal(p,s), integer, boolean, date, timestamp, key_state, any";

/// Longest code a contract may declare, in characters.
const CODE_CHARS_MAX: usize = 64;

fn code(arguments: &str) -> Result<ColumnType, String> {
    let hint = || format!("code(n) or code(a..b) with lengths of 1 to {CODE_CHARS_MAX}");
    let (low, high) = arguments.split_once("..").unwrap_or((arguments, arguments));
    let min: usize = low.trim().parse().map_err(|_| hint())?;
    let max: usize = high.trim().parse().map_err(|_| hint())?;
    if min == 0 || min > max || max > CODE_CHARS_MAX {
        return Err(hint());
    }
    Ok(ColumnType::Code { min, max })
}

fn decimal(arguments: &str) -> Result<ColumnType, String> {
    let hint = "decimal(p,s) with 1 to 38 digits, at most p of them after the point";
    let (precision, scale) = arguments.split_once(',').ok_or(hint)?;
    let precision: u8 = precision.trim().parse().map_err(|_| hint)?;
    let scale: u8 = scale.trim().parse().map_err(|_| hint)?;
    if precision == 0 || precision > 38 || scale > precision {
        return Err(hint.to_owned());
    }
    Ok(ColumnType::Decimal { precision, scale })
}

/// The form in which keys are compared: upper case, runs of blanks and underscores as one underscore.
///
/// `IK_DATA KONTRAK` and `ik_data_kontrak` are the same key.
#[must_use]
pub fn normalise_key(key: &str) -> String {
    let mut normal = String::with_capacity(key.len());
    for c in key.trim().chars() {
        if c.is_whitespace() || c == '_' {
            if !normal.ends_with('_') {
                normal.push('_');
            }
        } else {
            normal.extend(c.to_uppercase());
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::{ColumnType, normalise_key};

    #[test]
    fn types_are_read_and_refused() {
        assert_eq!("code(6)".parse(), Ok(ColumnType::Code { min: 6, max: 6 }));
        assert_eq!("code(1..8)".parse(), Ok(ColumnType::Code { min: 1, max: 8 }));
        assert_eq!("decimal(5,2)".parse(), Ok(ColumnType::Decimal { precision: 5, scale: 2 }));
        for wrong in ["code", "code(0)", "code(9..2)", "code(6", "decimal(2,5)", "decimal(39,2)", "float", "text(3)"]
        {
            assert!(wrong.parse::<ColumnType>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_fold_over_case_blanks_and_underscores() {
        for key in ["IK_DATA KONTRAK", "IK_DATA_KONTRAK", "ik data  kontrak", " Ik_Data_ Kontrak "] {
            assert_eq!(normalise_key(key), "IK_DATA_KONTRAK");
        }
    }
}
