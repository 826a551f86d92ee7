//! `lumbung submit --list`: what can be sent, and the columns of one method.

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::output::{OutputFormat, Table, print, print_json};
use crate::contract::{Contract, Method, Submission};
use crate::submit::SubmitError;

/// The methods that records can be sent by, with what they are.
fn sent(contracts: &[Contract]) -> impl Iterator<Item = (String, &Method, &Submission)> {
    contracts.iter().flat_map(|contract| {
        let name = |method: &Method| format!("{}.{}", contract.source, method.name);
        contract.methods.iter().filter_map(move |method| Some((name(method), method, method.submit.as_ref()?)))
    })
}

/// Their names.
pub(super) fn names(contracts: &[Contract]) -> Vec<String> {
    sent(contracts).map(|(name, ..)| name).collect()
}

fn key_of(submission: &Submission) -> Vec<&str> {
    submission.key.iter().map(|&i| submission.record.columns[i].name.as_str()).collect()
}

/// Columns with a key of their own, and the key that is sent (none for what only tells records apart); second readings of a
/// key are left out.
fn own_columns(submission: &Submission) -> impl Iterator<Item = (usize, Option<&str>)> {
    let columns = &submission.record.columns;
    let is_first = |i: usize| columns[..i].iter().all(|other| other.keys.first() != columns[i].keys.first());
    (0..columns.len()).filter(move |&i| is_first(i)).map(|i| (i, submission.wire[i].as_deref()))
}

pub(super) fn methods(context: &Context, contracts: &[Contract]) -> Result<(), Failure> {
    if context.output == OutputFormat::Json {
        return sent(contracts)
            .try_for_each(|(name, method, submission)| print_json(&as_json(&name, method, submission)));
    }
    let mut table = Table::new(&["method", "what", "key", ">columns", ">required"]);
    for (name, method, submission) in sent(contracts) {
        let required = submission.record.columns.iter().filter(|column| column.required).count();
        table.row(vec![
            name,
            method.function.clone(),
            key_of(submission).join(", "),
            own_columns(submission).count().to_string(),
            required.to_string(),
        ]);
    }
    print(&table.render())
}

pub(super) fn columns(context: &Context, contract: &Contract, method: &Method) -> Result<(), Failure> {
    let name = format!("{}.{}", contract.source, method.name);
    let Some(submission) = &method.submit else {
        let note = if method.note.is_empty() { String::new() } else { format!(": {}", method.note) };
        let direction = method.direction.word();
        return Err(
            SubmitError::Contract(format!("{name} is a method ({direction}){note}; nothing is sent by it")).into()
        );
    };
    if context.output == OutputFormat::Json {
        return print_json(&as_json(&name, method, submission));
    }
    let mut table = Table::new(&["column", "sent as", "rule", "meaning"]);
    for (i, wire) in own_columns(submission) {
        let column = &submission.record.columns[i];
        let wire = wire.unwrap_or("(not sent)").to_owned();
        table.row(vec![column.name.clone(), wire, rule(submission, i), column.meaning.clone()]);
    }
    let mut text =
        format!("{name}: {}\nkey: {}\n\n{}", method.function, key_of(submission).join(", "), table.render());
    for check in &submission.checks {
        text.push_str(&format!("\n{}\n", check.says));
    }
    print(&text)
}

/// The rule of a column, with what a second reading of its key asks for.
fn rule(submission: &Submission, i: usize) -> String {
    let columns = &submission.record.columns;
    let second = columns.iter().find(|other| other.required && other.keys.first() == columns[i].keys.first());
    second.unwrap_or(&columns[i]).rule()
}

fn as_json(name: &str, method: &Method, submission: &Submission) -> Value {
    let columns: Vec<Value> = own_columns(submission)
        .map(|(i, wire)| {
            let column = &submission.record.columns[i];
            json!({
                "column": column.name, "sent_as": wire, "rule": rule(submission, i), "meaning": column.meaning,
            })
        })
        .collect();
    let checks: Vec<&str> = submission.checks.iter().map(|check| check.says.as_str()).collect();
    json!({ "method": name, "what": method.function, "key": key_of(submission), "columns": columns, "checks": checks })
}
