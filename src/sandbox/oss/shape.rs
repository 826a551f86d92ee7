//! The guide's answers as trees of fields: every name, in the guide's order, as text files beside this one. Two blanks a
//! level; `#` a number, `{}` an object, `[]` an array of objects, otherwise text.

use std::sync::LazyLock;

/// A field of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
}

/// What stands in a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Object(Vec<Field>),
    List(Vec<Field>),
}

/// Declares the trees, each parsed when it is first asked for.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $(
            $(#[$doc])*
            pub(super) static $name: LazyLock<Vec<Field>> =
                LazyLock::new(|| parse(include_str!(concat!("shapes/", $file))));
        )*
    };
}

shapes! {
    /// inqueryNIB: `dataNIB`.
    NIB = "nib.txt";
    /// inqueryNIBSTPW: `dataNIBSTPW`.
    STPW = "stpw.txt";
    /// fetchNIB: `dataNIB`.
    FETCH = "fetch.txt";
    /// inqueryProyek: `data`.
    PROYEK = "proyek.txt";
    /// inqueryLicense: `dataLicense.data`.
    LICENSE = "license.txt";
    /// receiveNIB: `dataNIB`.
    NIB_PUSH = "nib_push.txt";
    /// receiveNIBSTPW: `dataNIBSTPW`.
    STPW_PUSH = "stpw_push.txt";
    /// receiveNIBKKPR: `dataNIB`.
    KKPR = "kkpr.txt";
    /// receiveNIBPSE: `dataNIBPSE`.
    PSE = "pse.txt";
}

/// Reads a tree. The files are part of the program, so that a wrong one is a defect of the program.
fn parse(text: &'static str) -> Vec<Field> {
    let mut lines: Vec<(usize, &'static str)> = Vec::new();
    for line in text.lines() {
        let name = line.trim_start();
        lines.push(((line.len() - name.len()) / 2, name));
    }
    let (fields, rest) = level(&lines, 0);
    assert!(rest.is_empty(), "every line of a shape stands below its parent");
    fields
}

/// The fields at `depth` that `lines` begin with, and the lines behind them.
fn level<'a>(mut lines: &'a [(usize, &'static str)], depth: usize) -> (Vec<Field>, &'a [(usize, &'static str)]) {
    let mut fields = Vec::new();
    while let Some(((at, name), rest)) = lines.split_first()
        && *at == depth
    {
        let (key, mark) = name.split_once(' ').unwrap_or((name, ""));
        let (children, rest) = level(rest, depth + 1);
        let kind = match mark {
            "{}" => Kind::Object(children),
            "[]" => Kind::List(children),
            "#" => Kind::Number,
            _ => Kind::Text,
        };
        fields.push(Field { key, kind });
        lines = rest;
    }
    (fields, lines)
}

#[cfg(test)]
mod tests {
    use super::{FETCH, Field, KKPR, Kind, LICENSE, NIB, NIB_PUSH, PROYEK, PSE, STPW, STPW_PUSH, parse};

    fn count(fields: &[Field]) -> usize {
        let below = |field: &Field| match &field.kind {
            Kind::Object(fields) | Kind::List(fields) => count(fields),
            Kind::Text | Kind::Number => 0,
        };
        fields.iter().map(|field| 1 + below(field)).sum()
    }

    #[test]
    fn trees_are_read_by_their_indentation() {
        let fields = parse("a\nb []\n  c #\n  d {}\n    e\nf\n");
        let leaf = |key, kind| Field { key, kind };
        let d = leaf("d", Kind::Object(vec![leaf("e", Kind::Text)]));
        let b = leaf("b", Kind::List(vec![leaf("c", Kind::Number), d]));
        assert_eq!(fields, [leaf("a", Kind::Text), b, leaf("f", Kind::Text)]);
    }

    #[test]
    fn every_field_of_the_guide_is_there() {
        let counts = [&NIB, &STPW, &FETCH, &PROYEK, &LICENSE, &KKPR, &PSE].map(|shape| count(shape));
        assert_eq!(counts, [272, 59, 28, 49, 44, 283, 65]);
        assert_eq!([&NIB_PUSH, &STPW_PUSH].map(|shape| count(shape)), [287, 54]);
    }
}
