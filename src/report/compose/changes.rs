//! "Yang berubah sejak laporan lalu": the same questions in the session of the previous edition, by key, each answer with
//! the old value, the new value and the difference.

use super::desk::Desk;
use super::facts::Facts;
use crate::report::ReportError;
use crate::report::amount::Amount;
use crate::report::definition::{ChangeDefinition, ChangesDefinition, Compared, RowSource};
use crate::report::page::Unit;
use crate::report::queries::QueryFile;
use crate::report::rows::Excerpt;
use crate::report::sentence::{Choice, Words};
use crate::report::value::{Kind, Known, Origin, Scope, Value, decimals, prose};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// At most `limit` lines, or one that says why there are none.
pub(super) async fn write(
    desk: &Desk<'_>,
    facts: &Facts,
    before: Option<&Facts>,
    definition: &ChangesDefinition,
) -> Result<Vec<String>, ReportError> {
    let (Some(before), Some(previous)) = (before, desk.inputs.previous) else {
        return Ok(vec!["Ini laporan pertama; belum ada laporan lalu sebagai pembanding.".to_owned()]);
    };
    let scope = with_previous(facts, before);
    let one = |choice: &Choice| vec![desk.say(choice.words(&scope).unwrap_or_default())];
    if let Some((figure, other)) = &definition.same
        && facts.scope.value(figure) != before.scope.value(figure)
    {
        return Ok(one(other));
    }
    let mut lists = Vec::new();
    for entry in &definition.entries {
        lists.push(match &entry.what {
            Compared::Figure(name) => figure(&scope, entry, name).into_iter().collect(),
            Compared::Rows { query, key, column, unit } => {
                let now = desk.ask(desk.inputs.current, query, &facts.parameters).await?;
                let then = desk.ask(previous, query, &before.parameters).await?;
                movers(&scope, entry, (&now, &then), &Movement { query, key, column, unit: *unit })?
            }
        });
    }
    let lines = allot(lists, definition.limit);
    if lines.is_empty() {
        return Ok(one(&definition.unchanged));
    }
    Ok(lines.into_iter().map(|words| desk.say(words)).collect())
}

/// The report's names, and those of the previous edition as `lalu.<name>`.
fn with_previous<'a>(facts: &'a Facts, before: &Facts) -> Scope<'a> {
    let mut scope = Scope::within(&facts.scope);
    for (name, known) in before.scope.own() {
        let mut known = known.clone();
        known.origin.id = format!("lalu.{}", known.origin.id);
        scope.set(format!("lalu.{name}"), known);
    }
    scope
}

/// Every entry gets one line before any gets a second, and so on; they stand in the definition's order.
fn allot(lists: Vec<Vec<Words>>, limit: usize) -> Vec<Words> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let mut shares = vec![0; lists.len()];
    let mut left = limit;
    for round in 0..longest {
        for (share, list) in shares.iter_mut().zip(&lists) {
            if left > 0 && list.len() > round {
                *share += 1;
                left -= 1;
            }
        }
    }
    lists.into_iter().zip(shares).flat_map(|(list, share)| list.into_iter().take(share)).collect()
}

/// Two values of one figure.
struct Pair {
    old: Amount,
    new: Amount,
    unit: Unit,
}

impl Pair {
    /// The values as they are printed; `None` when nobody could see a difference.
    fn of(old: Amount, new: Amount, unit: Unit) -> Option<Self> {
        if unit == Unit::Rupiah {
            return (prose(old, unit) != prose(new, unit)).then_some(Self { old, new, unit });
        }
        // Differences are taken between printed figures, so that the reader's own subtraction agrees.
        let (old, new) = (old.rounded(decimals(unit)), new.rounded(decimals(unit)));
        (old != new).then_some(Self { old, new, unit })
    }

    /// What the sentence of a change may name.
    fn names(&self, scope: &mut Scope<'_>, origin: &Origin) {
        for (name, amount) in [("lama", self.old), ("baru", self.new), ("selisih", self.new.minus(self.old))] {
            let origin = Origin { id: format!("{}.{name}", origin.id), ..origin.clone() };
            scope.set(name, Known { value: Value::Amount(amount), kind: Kind::Figure(self.unit), origin });
        }
    }
}

fn line(scope: &Scope<'_>, entry: &ChangeDefinition, pair: &Pair, origin: &Origin) -> Option<Words> {
    let label = entry.label.words(scope)?.text;
    let mut own = Scope::within(scope);
    pair.names(&mut own, origin);
    own.set("label", Known { value: Value::Text(label), kind: Kind::Text, origin: Origin::default() });
    entry.text.words(&own)
}

fn figure(scope: &Scope<'_>, entry: &ChangeDefinition, name: &str) -> Option<Words> {
    let (now, then) = (scope.get(name)?, scope.get(&format!("lalu.{name}"))?);
    let pair = Pair::of(then.value.amount()?, now.value.amount()?, now.kind.unit()?)?;
    let origin = Origin { id: format!("perubahan.{name}"), ..now.origin.clone() };
    line(scope, entry, &pair, &origin)
}

/// Which column of which rows is compared.
struct Movement<'a> {
    query: &'a Arc<QueryFile>,
    key: &'a str,
    column: &'a str,
    unit: Unit,
}

/// Rows whose printed figure changed, the largest movement first; a row without a counterpart is not a movement.
fn movers(
    scope: &Scope<'_>,
    entry: &ChangeDefinition,
    (now, then): (&Excerpt, &Excerpt),
    movement: &Movement<'_>,
) -> Result<Vec<Words>, ReportError> {
    now.require([movement.key, movement.column])?;
    then.require([movement.key, movement.column])?;
    let figures = |excerpt: &Excerpt| -> HashMap<String, Amount> {
        let figure = |row: crate::report::rows::AnswerRow<'_>| {
            Some((row.value(movement.key).to_string(), row.value(movement.column).amount()?))
        };
        excerpt.rows().filter_map(figure).collect()
    };
    let old = figures(then);
    let source = RowSource {
        query: Arc::clone(movement.query),
        key: movement.key.to_owned(),
        name: Choice::default(),
        detail: Choice::default(),
        kinds: BTreeMap::new(),
    };
    let mut moved: Vec<(Amount, String, Words)> = Vec::new();
    for row in now.rows() {
        let key = row.value(movement.key).to_string();
        let pair = row
            .value(movement.column)
            .amount()
            .zip(old.get(&key).copied())
            .and_then(|(new, old)| Pair::of(old, new, movement.unit));
        let Some(pair) = pair else { continue };
        let own = super::desk::row_scope(scope, &source, "perubahan", row)?;
        let origin = Origin::new("perubahan", &movement.query.name, &key, movement.column);
        if let Some(words) = line(&own, entry, &pair, &origin) {
            moved.push((pair.new.minus(pair.old).magnitude(), key, words));
        }
    }
    moved.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Ok(moved.into_iter().map(|(_, _, words)| words).collect())
}

#[cfg(test)]
mod tests {
    use super::{Words, allot};

    fn list(texts: &[&str]) -> Vec<Words> {
        texts.iter().map(|text| Words { text: (*text).to_owned(), ..Words::default() }).collect()
    }

    #[test]
    fn every_kind_of_change_gets_a_line_before_one_gets_two() {
        let lists = || vec![list(&["a1", "a2", "a3"]), list(&[]), list(&["b1"]), list(&["c1", "c2"])];
        for (limit, expected) in [
            (1, vec!["a1"]),
            (3, vec!["a1", "b1", "c1"]),
            (5, vec!["a1", "a2", "b1", "c1", "c2"]),
            (9, vec!["a1", "a2", "a3", "b1", "c1", "c2"]),
        ] {
            let texts: Vec<String> = allot(lists(), limit).into_iter().map(|words| words.text).collect();
            assert_eq!(texts, expected, "{limit}");
        }
    }
}
