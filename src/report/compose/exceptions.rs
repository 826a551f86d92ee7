//! "Perlu perhatian": what somebody must act on, worst first.
//!
//! Checks stand in the order of their gravity, and within one the query puts the worst case first. Each has a quota, so that
//! one kind does not hide the rest. A check whose data is missing is not claimed.

use super::desk::{Desk, row_scope};
use super::facts::Facts;
use crate::report::ReportError;
use crate::report::definition::{CheckDefinition, ExceptionsDefinition};
use crate::report::id_id;
use crate::report::page::{Attention, Cell, Column, Row, Table};

/// Makes the checks, counts what they find for the sentences above, and writes the section.
pub(super) async fn write(
    desk: &Desk<'_>,
    facts: &mut Facts,
    definition: &ExceptionsDefinition,
) -> Result<Attention, ReportError> {
    let (mut rows, mut found, mut checked) = (Vec::new(), 0, Vec::new());
    let mut counts = Vec::new();
    for check in &definition.checks {
        let holds = check.condition.as_ref().is_none_or(|condition| condition.holds(&facts.scope));
        let (shown, all) =
            if holds { findings(desk, facts, check, definition.quota).await? } else { (Vec::new(), 0) };
        checked.extend(holds.then_some(check.checked.as_str()));
        counts.push((format!("temuan_{}", check.id), all));
        found += all;
        rows.extend(shown);
    }
    rows.truncate(definition.limit);
    counts.push(("temuan".to_owned(), found));
    counts.into_iter().for_each(|(name, count)| facts.count(&name, count));
    let heading = definition.heading.clone();
    if found == 0 {
        let remark = format!("Tidak ada. Yang diperiksa: {}.", id_id::list(&checked));
        return Ok(Attention { heading, table: None, remark: Some(remark) });
    }
    let hidden = found - rows.len();
    let remark = (hidden > 0).then(|| format!("Ditambah {} temuan lain yang tidak ditampilkan.", count(hidden)));
    let [head, finding, value] = definition.columns.each_ref().map(String::as_str);
    let caption = definition.caption.words(&facts.scope).unwrap_or_default();
    let table =
        Table { caption: desk.say(caption), columns: Column::list(&[head, finding, value], &[finding]), rows };
    Ok(Attention { heading: format!("{heading}: {} temuan", count(found)), table: Some(table), remark })
}

/// The first rows of one check, and how many there are.
async fn findings(
    desk: &Desk<'_>,
    facts: &Facts,
    check: &CheckDefinition,
    quota: usize,
) -> Result<(Vec<Row>, usize), ReportError> {
    let answer = desk.ask(desk.inputs.current, &check.rows.query, &facts.parameters).await?;
    answer.require(std::iter::once(check.rows.key.as_str()).chain(check.rows.kinds.keys().map(String::as_str)))?;
    let mut rows = Vec::new();
    for row in answer.rows().take(quota) {
        let scope = row_scope(&facts.scope, &check.rows, &check.id, row)?;
        let say = |choice: &crate::report::sentence::Choice| choice.words(&scope).map(|words| desk.say(words));
        let value = match check.value.words(&scope) {
            Some(words) => {
                let figure =
                    words.figures.first().and_then(|known| Some((known.value.amount()?, known.kind.unit()?)));
                let cell = Cell::figure(desk.say(words)).alerted(true);
                figure.map_or(cell.clone(), |(amount, unit)| cell.of(amount, unit))
            }
            None => Cell::figure("–"),
        };
        rows.push(Row {
            detail: say(&check.rows.detail),
            ..Row::new(
                say(&check.rows.name).unwrap_or_else(|| row.value(&check.rows.key).to_string()),
                vec![Cell::words(say(&check.text).unwrap_or_default()), value],
            )
        });
    }
    Ok((rows, answer.rows().count()))
}

fn count(number: usize) -> String {
    id_id::count(i64::try_from(number).unwrap_or(i64::MAX))
}
