//! Conditions of a definition: `jarak < 0 and temuan > 0`, `kelas = 'mikro'`, `ikpa is known`. Closed on purpose: whatever
//! needs more belongs into the query.

use super::amount::Amount;
use super::value::{Scope, Value};
use std::cmp::Ordering;

/// Comparisons that must all hold. What compares with nothing (NULL) does not hold.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Compare { left: Operand, relation: Relation, right: Operand },
    Known(String),
    Missing(String),
}

#[derive(Debug, Clone)]
enum Operand {
    Name(String),
    Constant(Value),
}

#[derive(Debug, Clone, Copy)]
enum Relation {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

const RELATIONS: [(&str, Relation); 6] = [
    ("<", Relation::Less),
    ("<=", Relation::AtMost),
    (">", Relation::More),
    (">=", Relation::AtLeast),
    ("=", Relation::Equal),
    ("!=", Relation::Unequal),
];

/// What a condition looks like, for whoever wrote something else.
const GRAMMAR: &str = "write `name < 5`, `name = 'text'`, `name is known` or `name is missing`, joined by `and`, with blanks \
                       between";

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What is wrong with it and what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts: Result<Vec<Part>, String> = text.split(" and ").map(part).collect();
        Ok(Self { parts: parts? })
    }

    /// Whether it holds for these values.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Known(name) => !scope.value(name).is_null(),
            Part::Missing(name) => scope.value(name).is_null(),
            Part::Compare { left, relation, right } => {
                let (left, right) = (left.value(scope), right.value(scope));
                compare(left, right).is_some_and(|ordering| relation.fits(ordering))
            }
        })
    }

    /// The names it uses.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| match part {
            Part::Known(name) | Part::Missing(name) => vec![name.as_str()],
            Part::Compare { left, right, .. } => [left, right].into_iter().filter_map(Operand::name).collect(),
        })
    }
}

fn part(text: &str) -> Result<Part, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let wrong = || format!("{text:?} is no condition: {GRAMMAR}");
    match words.as_slice() {
        [name, "is", "known"] => Ok(Part::Known((*name).to_owned())),
        [name, "is", "missing"] => Ok(Part::Missing((*name).to_owned())),
        [left, relation, right @ ..] if !right.is_empty() => {
            let relation = RELATIONS.iter().find(|(sign, _)| sign == relation).ok_or_else(wrong)?.1;
            let right = operand(&right.join(" ")).ok_or_else(wrong)?;
            Ok(Part::Compare { left: operand(left).ok_or_else(wrong)?, relation, right })
        }
        _ => Err(wrong()),
    }
}

fn operand(text: &str) -> Option<Operand> {
    if let Some(amount) = Amount::parse(text) {
        return Some(Operand::Constant(Value::Amount(amount)));
    }
    if let Some(quoted) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(Operand::Constant(Value::Text(quoted.to_owned())));
    }
    if let "true" | "false" = text {
        return Some(Operand::Constant(Value::Flag(text == "true")));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    text.chars().all(plain).then(|| Operand::Name(text.to_owned()))
}

impl Operand {
    fn name(&self) -> Option<&str> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    fn value<'a>(&'a self, scope: &'a Scope<'_>) -> &'a Value {
        match self {
            Self::Name(name) => scope.value(name),
            Self::Constant(value) => value,
        }
    }
}

impl Relation {
    fn fits(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::More => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
        }
    }
}

/// Values of one kind have an order; others, and NULL, have none.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Amount(left), Value::Amount(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Flag(left), Value::Flag(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Condition;
    use crate::report::Amount;
    use crate::report::page::Unit;
    use crate::report::value::{Kind, Known, Origin, Scope, Value};

    #[test]
    fn comparisons_hold_only_between_values() {
        let mut scope = Scope::default();
        for (name, value) in [
            ("jarak", Value::Amount(Amount::parse("-4.6").unwrap())),
            ("kelas", Value::Text("sangat baik".to_owned())),
            ("ada", Value::Flag(true)),
            ("kosong", Value::Null),
        ] {
            scope.set(name, Known { value, kind: Kind::Figure(Unit::Points), origin: Origin::default() });
        }
        for (text, expected) in [
            ("jarak < 0", true),
            ("jarak < 0 and jarak >= -4.6", true),
            ("jarak > -4.60", false),
            ("kelas = 'sangat baik'", true),
            ("kelas != 'baik'", true),
            ("ada = true", true),
            ("kosong < 0", false),
            ("kosong >= 0", false),
            ("kosong is missing and jarak is known", true),
            ("jarak = 'x'", false),
        ] {
            assert_eq!(Condition::parse(text).unwrap().holds(&scope), expected, "{text}");
        }
        for text in ["", "jarak", "jarak ~ 3", "jarak <", "a is odd", "ja-rak < 1"] {
            assert!(Condition::parse(text).unwrap_err().contains("write `name < 5`"), "{text}");
        }
    }
}
