//! What became of the records, on stdout: a table of refusals and a summary for people, a JSON line a record for scripts.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::output::{OutputFormat, Table, grouped, print, print_json};
use crate::cli::progress::talk;
use crate::submit::{Checked, Fate, JudgedRecord, Refusal, SendReport, Sent};
use crate::warehouse::SubmissionState;

/// Refusals that the table shows; JSON has all of them.
const REFUSALS_SHOWN_MAX: usize = 1_000;

/// Notes that are told.
const NOTES_TOLD_MAX: usize = 20;

pub(super) fn results(context: &Context, checked: &Checked, report: Option<&SendReport>) -> Result<(), Failure> {
    match context.output {
        OutputFormat::Json => as_json(checked, report),
        OutputFormat::Table => as_text(context, checked, report),
    }
}

fn as_text(context: &Context, checked: &Checked, report: Option<&SendReport>) -> Result<(), Failure> {
    let mut text = refusals(checked);
    if let Some(report) = report {
        text.push_str(&troubles(report));
    }
    if !context.quiet {
        tell_notes(checked);
    }
    text.push_str(&summary(checked, report));
    print(&text)
}

/// The table of refusals; empty where there are none.
fn refusals(checked: &Checked) -> String {
    let mut table = Table::new(&[">row", "column", "rule", "value", "what is wrong"]);
    let all =
        checked.records.iter().flat_map(|record| record.refusals.iter().map(move |refusal| (record.row, refusal)));
    for (row, refusal) in all.clone().take(REFUSALS_SHOWN_MAX) {
        table.row(vec![
            row.to_string(),
            refusal.column.clone().unwrap_or_default(),
            refusal.rule.clone(),
            refusal.value.clone(),
            refusal.reason.clone(),
        ]);
    }
    match all.count() {
        0 => String::new(),
        n if n > REFUSALS_SHOWN_MAX => {
            let more = grouped((n - REFUSALS_SHOWN_MAX) as u64);
            format!("{}… and {more} more: --output json has them all\n\n", table.render())
        }
        _ => format!("{}\n", table.render()),
    }
}

fn tell_notes(checked: &Checked) {
    let all = checked.records.iter().flat_map(|record| record.notes.iter().map(move |note| (record.row, note)));
    for (row, note) in all.clone().take(NOTES_TOLD_MAX) {
        let column = note.column.as_deref().unwrap_or_default();
        talk(&format!("note: row {row}, {column}: not as the document writes it ({}): {}", note.rule, note.value));
    }
    let n = all.count();
    if n > NOTES_TOLD_MAX {
        talk(&format!("note: {} more of these", n - NOTES_TOLD_MAX));
    }
}

/// The records that the source did not take.
fn troubles(report: &SendReport) -> String {
    let mut table = Table::new(&[">row", "key", "state", ">http", "code", "what the source said"]);
    let mut any = false;
    for sent in report.sent.iter().filter(|sent| sent.state != SubmissionState::Accepted).take(REFUSALS_SHOWN_MAX) {
        any = true;
        table.row(vec![
            sent.row.map(|row| row.to_string()).unwrap_or_default(),
            sent.key.clone(),
            sent.state.word().to_owned(),
            sent.http_status.map(|status| status.to_string()).unwrap_or_default(),
            sent.code.clone().unwrap_or_default(),
            sent.message.clone().unwrap_or_default(),
        ]);
    }
    if any { format!("{}\n", table.render()) } else { String::new() }
}

fn summary(checked: &Checked, report: Option<&SendReport>) -> String {
    let (refused, accepted, ready) = checked.counts();
    let n = checked.records.len();
    let mut text = format!("{n} records: {ready} valid, {refused} refused, {accepted} already accepted\n");
    if let Some(report) = report {
        let count = |state| report.count(state);
        text.push_str(&format!(
            "sent: {} accepted, {} refused by the source, {} in doubt, {} not taken, {} left\n",
            count(SubmissionState::Accepted),
            count(SubmissionState::Refused),
            count(SubmissionState::Ambiguous),
            count(SubmissionState::Pending),
            report.n_left
        ));
    }
    text
}

fn as_json(checked: &Checked, report: Option<&SendReport>) -> Result<(), Failure> {
    let sent = report.map(|report| report.sent.as_slice()).unwrap_or_default();
    let by_row: HashMap<u64, &Sent> = sent.iter().filter_map(|sent| Some((sent.row?, sent))).collect();
    for sent in sent.iter().filter(|sent| sent.row.is_none()) {
        print_json(&earlier(sent))?;
    }
    for record in &checked.records {
        print_json(&line(record, by_row.get(&record.row).copied()))?;
    }
    let (refused, accepted, ready) = checked.counts();
    let unchecked: Vec<Value> =
        checked.unchecked.iter().map(|unchecked| json!({ "says": unchecked.says, "why": unchecked.why })).collect();
    let mut summary = json!({
        "records": checked.records.len(), "valid": ready, "refused": refused, "already_accepted": accepted,
        "unchecked": unchecked,
    });
    if let Some(report) = report {
        for state in [SubmissionState::Accepted, SubmissionState::Ambiguous, SubmissionState::Pending] {
            summary[state.word()] = json!(report.count(state));
        }
        summary["refused_by_source"] = json!(report.count(SubmissionState::Refused));
        summary["left"] = json!(report.n_left);
    }
    print_json(&json!({ "summary": summary }))
}

/// A record that an earlier run left in doubt and that this file does not hold.
fn earlier(sent: &Sent) -> Value {
    json!({
        "row": null, "key": key_of(sent), "state": sent.state.word(), "http_status": sent.http_status, "code": sent.code,
        "message": sent.message,
    })
}

fn key_of(sent: &Sent) -> Value {
    serde_json::from_str(&sent.key).unwrap_or(Value::Null)
}

fn line(record: &JudgedRecord, sent: Option<&Sent>) -> Value {
    let state = match (&record.fate, sent) {
        (_, Some(sent)) => sent.state.word(),
        (Fate::Refused, None) => "refused",
        (Fate::Accepted, None) => "already_accepted",
        (Fate::Ready(_), None) => "valid",
    };
    let mut line = json!({
        "row": record.row, "key": record.key, "state": state,
        "http_status": sent.and_then(|sent| sent.http_status), "code": sent.and_then(|sent| sent.code.clone()),
    });
    if let Some(message) = sent.and_then(|sent| sent.message.as_ref()) {
        line["message"] = json!(message);
    }
    for (name, found) in [("refusals", &record.refusals), ("notes", &record.notes)] {
        if !found.is_empty() {
            line[name] = found.iter().map(refusal).collect();
        }
    }
    line
}

fn refusal(refusal: &Refusal) -> Value {
    json!({
        "column": refusal.column, "rule": refusal.rule, "value": refusal.value, "reason": refusal.reason,
    })
}
