//! Sentences of a definition: words with named figures, chosen by conditions. A small closed language, checked when the
//! definition is loaded.
//!
//! `"Serapan {serapan}, {jarak:points} dari target {target}"`: a name, and after a colon how it is printed where the
//! column's own way does not fit. Where a figure is missing the whole sentence is, and the next variant is tried.

use super::condition::Condition;
use super::id_id;
use super::page::{Mark, Unit};
use super::value::{Kind, Known, Scope, Value, prose, signed};
use chrono::Datelike;

/// Words with places for figures.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Plain(String),
    Figure { name: String, format: Format },
}

/// How a figure is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// As its column says.
    Own,
    /// With the unit of another kind: `{ambang:points}`.
    As(Unit),
    /// With so many decimals and no unit.
    Decimals(u32),
    /// With its sign and unit.
    Signed,
    /// Rupiah in full.
    Full,
    /// `naik`, `turun`, `tetap`.
    Direction,
    /// `di atas`, `di bawah`, `sesuai`.
    Standing,
    /// The month's name.
    Month,
    /// `31 Okt 2026`.
    ShortDate,
    /// The words in lower case.
    Lower,
}

const FORMATS: [(&str, Format); 15] = [
    ("rupiah", Format::As(Unit::Rupiah)),
    ("percent", Format::As(Unit::Percent)),
    ("points", Format::As(Unit::Points)),
    ("count", Format::As(Unit::Count)),
    ("value", Format::As(Unit::Value(2))),
    ("0", Format::Decimals(0)),
    ("1", Format::Decimals(1)),
    ("2", Format::Decimals(2)),
    ("signed", Format::Signed),
    ("full", Format::Full),
    ("direction", Format::Direction),
    ("standing", Format::Standing),
    ("month", Format::Month),
    ("short", Format::ShortDate),
    ("lower", Format::Lower),
];

/// A printed sentence and where in it figures stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) marks: Vec<Mark>,
    /// The figure of each mark.
    pub(crate) figures: Vec<Known>,
}

impl Sentence {
    /// Reads a sentence.
    ///
    /// # Errors
    /// What is wrong with it and what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((plain, after)) = rest.split_once('{') {
            let (inside, next) =
                after.split_once('}').ok_or_else(|| format!("{{{after} has no closing brace in {text:?}"))?;
            pieces.push(Piece::Plain(plain.to_owned()));
            let (name, format) = match inside.split_once(':') {
                None => (inside, Format::Own),
                Some((name, format)) => (name, named(format)?),
            };
            pieces.push(Piece::Figure { name: name.to_owned(), format });
            rest = next;
        }
        pieces.push(Piece::Plain(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// The names it uses.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Figure { name, .. } => Some(name.as_str()),
            Piece::Plain(_) => None,
        })
    }

    /// The words; `None` where a figure is missing.
    pub(crate) fn words(&self, scope: &Scope<'_>) -> Option<Words> {
        let mut words = Words::default();
        for piece in &self.pieces {
            match piece {
                Piece::Plain(text) => words.text.push_str(text),
                Piece::Figure { name, format } => {
                    let known = scope.get(name).filter(|known| !known.value.is_null())?;
                    let start = words.text.len();
                    words.text.push_str(&print(known, *format));
                    // A name is no figure, also one with digits in it.
                    let figure = !matches!(known.value, Value::Text(_) | Value::Flag(_));
                    if figure && !known.origin.id.is_empty() {
                        let id = known.origin.id.clone();
                        words.marks.push(Mark { start, end: words.text.len(), id });
                        words.figures.push(known.clone());
                    }
                }
            }
        }
        Some(words)
    }
}

fn named(format: &str) -> Result<Format, String> {
    let found = FORMATS.iter().find(|(name, _)| *name == format);
    found.map(|(_, format)| *format).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
        format!("{format:?} is no way to print a figure: write one of {}", known.join(", "))
    })
}

fn print(known: &Known, format: Format) -> String {
    match &known.value {
        Value::Amount(amount) => match (format, known.kind) {
            (Format::As(unit), _) | (Format::Own, Kind::Figure(unit)) => prose(*amount, unit),
            (Format::Decimals(decimals), _) => id_id::decimal(*amount, decimals),
            (Format::Signed, kind) => signed(*amount, kind.unit().unwrap_or(Unit::Count)),
            (Format::Full, _) => id_id::rupiah(*amount, 0),
            (Format::Direction, _) => by_sign(*amount, ["turun", "tetap", "naik"]).to_owned(),
            (Format::Standing, _) => by_sign(*amount, ["di bawah", "sesuai", "di atas"]).to_owned(),
            (Format::Month, _) | (_, Kind::Month) => {
                let month = u32::try_from(amount.unscaled_at(0)).ok().and_then(id_id::month);
                month.map_or_else(|| amount.to_string(), str::to_owned)
            }
            // A code or a year keeps its digits, a threshold is written as Indonesians write one.
            _ if amount.parts().1 == 0 => amount.to_string(),
            _ => id_id::decimal(*amount, amount.parts().1),
        },
        Value::Date(date) => match format {
            Format::ShortDate => id_id::date_medium(*date),
            Format::Month => id_id::month_year(*date),
            Format::Decimals(_) => date.year().to_string(),
            _ => id_id::date_long(*date),
        },
        Value::Text(text) => match format {
            Format::Lower => text.to_lowercase(),
            Format::Month => text.parse().ok().and_then(id_id::month).map_or_else(|| text.clone(), str::to_owned),
            _ => text.clone(),
        },
        other => other.to_string(),
    }
}

fn by_sign(amount: super::Amount, words: [&'static str; 3]) -> &'static str {
    match (amount.is_negative(), amount.is_zero()) {
        (true, _) => words[0],
        (_, true) => words[1],
        _ => words[2],
    }
}

/// Variants of one sentence: the first whose condition holds and whose figures are all there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    pub(crate) variants: Vec<(Option<Condition>, Sentence)>,
}

impl Choice {
    /// The words, if any variant fits.
    pub(crate) fn words(&self, scope: &Scope<'_>) -> Option<Words> {
        self.fitting(scope, |_| true)
    }

    /// The first variant whose words also please `fits`.
    pub(crate) fn fitting(&self, scope: &Scope<'_>, fits: impl Fn(&str) -> bool) -> Option<Words> {
        self.variants
            .iter()
            .filter(|(condition, _)| condition.as_ref().is_none_or(|condition| condition.holds(scope)))
            .filter_map(|(_, sentence)| sentence.words(scope))
            .find(|words| fits(&words.text))
    }

    /// Every name that a variant or its condition uses.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for (condition, sentence) in &self.variants {
            names.extend(condition.iter().flat_map(Condition::names));
            names.extend(sentence.names());
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Sentence};
    use crate::report::Amount;
    use crate::report::condition::Condition;
    use crate::report::page::Unit;
    use crate::report::value::{Kind, Known, Origin, Scope, Value};

    fn scope(pairs: &[(&str, &str, Unit)]) -> Scope<'static> {
        let mut scope = Scope::default();
        for (name, amount, unit) in pairs {
            let value = Amount::parse(amount).map_or(Value::Null, Value::Amount);
            let origin = Origin::new("figures", "q", "q", name);
            scope.set(*name, Known { value, kind: Kind::Figure(*unit), origin });
        }
        scope
    }

    #[test]
    fn figures_are_printed_as_their_columns_say_or_as_asked() {
        let scope = scope(&[("serapan", "71.44", Unit::Percent), ("jarak", "-4.6", Unit::Points)]);
        let text = "Serapan {serapan}, {jarak:direction} {jarak} ({jarak:signed}, {serapan:2})";
        let words = Sentence::parse(text).unwrap().words(&scope).unwrap();
        assert_eq!(words.text, "Serapan 71,4%, turun 4,6\u{a0}poin (−4,6\u{a0}poin, 71,44)");
        let marked: Vec<&str> = words.marks.iter().map(|mark| &words.text[mark.start..mark.end]).collect();
        assert_eq!(marked, ["71,4%", "turun", "4,6\u{a0}poin", "−4,6\u{a0}poin", "71,44"]);
        assert_eq!(words.marks[0].id, "figures.q.serapan");
    }

    #[test]
    fn a_missing_figure_leaves_the_sentence_to_the_next_variant() {
        let scope = scope(&[("serapan", "", Unit::Percent), ("pagu", "5", Unit::Count)]);
        let variant = |condition: Option<&str>, text: &str| {
            (condition.map(|text| Condition::parse(text).unwrap()), Sentence::parse(text).unwrap())
        };
        let choice = Choice {
            variants: vec![
                variant(None, "{serapan}"),
                variant(Some("pagu > 5"), "banyak"),
                variant(Some("pagu = 5"), "lima"),
                variant(None, "lain"),
            ],
        };
        assert_eq!(choice.words(&scope).unwrap().text, "lima");
        assert_eq!(choice.fitting(&scope, |text| text != "lima").unwrap().text, "lain");
    }

    #[test]
    fn mistakes_say_what_to_write() {
        assert!(Sentence::parse("{a").unwrap_err().contains("no closing brace"));
        assert!(Sentence::parse("{a:poin}").unwrap_err().contains("write one of rupiah, percent, points"));
    }
}
