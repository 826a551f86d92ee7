//! What changed from one recorded edition to another: figures by their ids, sentences by their sections.

use super::{Manifest, Sentence};
use crate::report::amount::Amount;
use crate::report::edition::PrintedFigure;
use crate::report::value::{Kind, signed};
use std::collections::{BTreeMap, BTreeSet};

/// What differs between two editions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Figures that are not the same, in the order of the newer edition, vanished ones last.
    pub figures: Vec<FigureChange>,
    /// How many figures are the same.
    pub same: usize,
    /// Sentences that are not the same, in order.
    pub sentences: Vec<SentenceChange>,
}

/// A figure that changed, came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureChange {
    /// Its id.
    pub id: String,
    /// As it was.
    pub old: Option<PrintedFigure>,
    /// As it is.
    pub new: Option<PrintedFigure>,
    /// New less old, as a plain decimal, where both are figures of one unit.
    pub difference: Option<String>,
    /// The same in the words of a report, with sign and unit.
    pub words: Option<String>,
}

/// A sentence that changed, came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentenceChange {
    /// The section.
    pub place: String,
    /// As it was.
    pub old: Option<String>,
    /// As it is.
    pub new: Option<String>,
}

/// What changed from `old` to `new`.
#[must_use]
pub fn difference(old: &Manifest, new: &Manifest) -> Difference {
    let before: BTreeMap<&str, &PrintedFigure> = old.figures.iter().map(|f| (f.id.as_str(), f)).collect();
    let after: BTreeSet<&str> = new.figures.iter().map(|figure| figure.id.as_str()).collect();
    let mut figures = Vec::new();
    let mut same = 0;
    for figure in &new.figures {
        match before.get(figure.id.as_str()) {
            Some(was) if was.value == figure.value && was.unit == figure.unit => same += 1,
            was => figures.push(change(was.copied(), Some(figure))),
        }
    }
    let vanished = old.figures.iter().filter(|figure| !after.contains(figure.id.as_str()));
    figures.extend(vanished.map(|figure| change(Some(figure), None)));
    Difference { figures, same, sentences: sentences(&old.sentences, &new.sentences) }
}

fn change(old: Option<&PrintedFigure>, new: Option<&PrintedFigure>) -> FigureChange {
    let amounts = old.zip(new).filter(|(old, new)| old.unit == new.unit && !new.unit.is_empty());
    let amounts =
        amounts.and_then(|(old, new)| Some((Amount::parse(&old.value)?, Amount::parse(&new.value)?, &new.unit)));
    let difference = amounts.map(|(old, new, unit)| (new.minus(old), unit));
    FigureChange {
        id: old.or(new).map(|figure| figure.id.clone()).unwrap_or_default(),
        old: old.cloned(),
        new: new.cloned(),
        words: difference.and_then(|(amount, unit)| Some(signed(amount, unit.parse::<Kind>().ok()?.unit()?))),
        difference: difference.map(|(amount, _)| amount.to_string()),
    }
}

/// Within a section the first sentence that went stands beside the first that came, and so on.
fn sentences(old: &[Sentence], new: &[Sentence]) -> Vec<SentenceChange> {
    let mut places: Vec<&str> = Vec::new();
    for sentence in new.iter().chain(old) {
        if !places.contains(&sentence.place.as_str()) {
            places.push(&sentence.place);
        }
    }
    let mut changes = Vec::new();
    for place in places {
        let of = |list: &[Sentence]| -> Vec<String> {
            list.iter().filter(|sentence| sentence.place == place).map(|sentence| sentence.text.clone()).collect()
        };
        let (before, after) = (of(old), of(new));
        let mut went = before.iter().filter(|text| !after.contains(text)).cloned();
        let mut came = after.iter().filter(|text| !before.contains(text)).cloned();
        loop {
            match (went.next(), came.next()) {
                (None, None) => break,
                (old, new) => changes.push(SentenceChange { place: place.to_owned(), old, new }),
            }
        }
    }
    changes
}
