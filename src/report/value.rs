//! What a query's cell holds, how a figure is called and printed, and which names a sentence or a condition may use.

use super::amount::Amount;
use super::id_id;
use super::page::Unit;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::fmt;

/// One cell of an answer, exactly as the query gave it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// Money, a share, a count.
    Amount(Amount),
    /// A name or a code.
    Text(String),
    /// A day.
    Date(NaiveDate),
    /// True or false.
    Flag(bool),
}

impl Value {
    /// The figure, if it is one.
    pub(crate) fn amount(&self) -> Option<Amount> {
        if let Self::Amount(amount) = self { Some(*amount) } else { None }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl fmt::Display for Value {
    /// As a key or a cell of a CSV writes it: `-1234.50`, `2026-10-31`; nothing for NULL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Amount(amount) => write!(f, "{amount}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => write!(f, "{date}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// What a column is: it decides how its values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A figure.
    Figure(Unit),
    /// Words.
    Text,
    /// A day.
    Date,
    /// A month, 1 to 12.
    Month,
    /// True or false; only conditions read it.
    Flag,
}

/// The names of the kinds, as a definition writes them.
const KINDS: [(&str, Kind); 13] = [
    ("rupiah", Kind::Figure(Unit::Rupiah)),
    ("percent", Kind::Figure(Unit::Percent)),
    ("points", Kind::Figure(Unit::Points)),
    ("count", Kind::Figure(Unit::Count)),
    ("value", Kind::Figure(Unit::Value(2))),
    ("value0", Kind::Figure(Unit::Value(0))),
    ("value1", Kind::Figure(Unit::Value(1))),
    ("value2", Kind::Figure(Unit::Value(2))),
    ("year", Kind::Text),
    ("text", Kind::Text),
    ("date", Kind::Date),
    ("month", Kind::Month),
    ("flag", Kind::Flag),
];

/// The name of the kind that has this unit.
pub(crate) fn unit_word(unit: Unit) -> &'static str {
    KINDS.iter().find(|(_, kind)| *kind == Kind::Figure(unit)).map_or("value", |(name, _)| name)
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = KINDS.iter().find(|(name, _)| *name == text);
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            format!("write one of {}", KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
        })
    }
}

impl Kind {
    /// The unit of a figure.
    pub(crate) fn unit(self) -> Option<Unit> {
        if let Self::Figure(unit) = self { Some(unit) } else { None }
    }

    /// Whether a query's value can be of this kind.
    pub(crate) fn takes(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (_, Value::Null)
                | (Self::Text, _)
                | (Self::Figure(_) | Self::Month, Value::Amount(_))
                | (Self::Date, Value::Date(_))
                | (Self::Flag, Value::Flag(_))
        )
    }
}

/// How many decimals a unit is printed with.
pub(crate) fn decimals(unit: Unit) -> u32 {
    match unit {
        Unit::Rupiah | Unit::Count => 0,
        Unit::Percent | Unit::Points => 1,
        Unit::Value(decimals) => decimals,
    }
}

/// A figure for running text, with its unit: `71,4%`, `Rp1,07 triliun`, `4,6 poin`, `1.200`, `87,85`.
pub(crate) fn prose(amount: Amount, unit: Unit) -> String {
    match unit {
        Unit::Rupiah => id_id::rupiah_prose(amount),
        Unit::Percent => id_id::percent(amount),
        Unit::Points => id_id::points(amount),
        Unit::Count | Unit::Value(_) => id_id::decimal(amount, decimals(unit)),
    }
}

/// A difference with its sign: `+6,1 poin` between percentages, `+Rp20,0 miliar`, `−3`, `+1,75 poin` between values.
pub(crate) fn signed(difference: Amount, unit: Unit) -> String {
    let plus = if difference.is_negative() || difference.is_zero() { "" } else { "+" };
    match unit {
        Unit::Rupiah => format!("{plus}{}", id_id::rupiah_prose(difference)),
        Unit::Percent | Unit::Points => id_id::signed_points(difference),
        Unit::Count => id_id::signed(difference, 0),
        Unit::Value(decimals) => format!("{}\u{a0}poin", id_id::signed(difference, decimals)),
    }
}

/// A named value that a sentence may print.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) value: Value,
    pub(crate) kind: Kind,
    pub(crate) origin: Origin,
}

/// Where a figure comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The figure's id within the edition: `section.row.column`.
    pub(crate) id: String,
    /// The query's name; empty for a threshold of the definition or a figure that the report counts itself.
    pub(crate) query: String,
    /// The row, by its key.
    pub(crate) row: String,
    /// The column.
    pub(crate) column: String,
}

impl Origin {
    /// The origin of `column` in the row `row` of `query`, printed in `section`.
    pub(crate) fn new(section: &str, query: &str, row: &str, column: &str) -> Self {
        Self {
            id: id([section, row, column]),
            query: query.to_owned(),
            row: row.to_owned(),
            column: column.to_owned(),
        }
    }
}

/// The names a sentence or a condition may use: a row's own before those of the report.
#[derive(Debug, Default)]
pub(crate) struct Scope<'a> {
    own: BTreeMap<String, Known>,
    above: Option<&'a Scope<'a>>,
}

impl<'a> Scope<'a> {
    /// A scope within `above`.
    pub(crate) fn within(above: &'a Scope<'a>) -> Self {
        Self { own: BTreeMap::new(), above: Some(above) }
    }

    pub(crate) fn set(&mut self, name: impl Into<String>, known: Known) {
        self.own.insert(name.into(), known);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Known> {
        self.own.get(name).or_else(|| self.above?.get(name))
    }

    /// The value of `name`; NULL where there is none.
    pub(crate) fn value(&self, name: &str) -> &Value {
        self.get(name).map_or(&Value::Null, |known| &known.value)
    }

    /// The names of this scope alone, in order.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&String, &Known)> {
        self.own.iter()
    }
}

/// An id made of its parts: `eselon1.05601.serapan`. What is not a letter, a digit, `-` or `_` becomes `-`.
pub(crate) fn id(parts: [&str; 3]) -> String {
    let plain = |part: &str| -> String {
        let keep = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
        part.chars().map(keep).collect()
    };
    parts.map(plain).join(".")
}
