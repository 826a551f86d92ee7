//! The contract reference: every source with its methods, datasets, fields and codes, as Markdown. Unlike the dictionary it
//! tells what is asked and answered, also what is never stored, and needs no warehouse.

mod words;

use std::fmt::Write as _;

use super::pages::cell;
use crate::contract::{
    Auth, AuthKind, Column, Contract, Dataset, Direction, DocumentEnvelope, Envelope, InboxAuth, Method, Submission,
};
use words::{class_word, direction_word, http_word, paging, repeated, type_word, verdict_word};

/// The reference of `contracts`, in their order.
pub(super) fn reference(contracts: &[Contract]) -> String {
    let mut text = String::from(
        "# Contract reference\n\nMade by `lumbung catalog --format contracts -o docs/contract-reference.md` from \
         `config/sources/*.toml`: change those, not this page. [contracts.md](contracts.md) tells the grammar, \
         [privacy.md](privacy.md) what the classes mean. *Key* is what the source calls a column: `A/B` stands in an enclosing \
         object, `?B` is a parameter of the request; case, blanks and underscores do not matter.\n",
    );
    contracts.iter().for_each(|contract| source(&mut text, contract));
    text
}

/// Adds `- label: value`, where there is one.
fn item(text: &mut String, label: &str, value: &str) {
    if !value.trim().is_empty() {
        add(text, format_args!("- {label}: {}\n", cell(value)));
    }
}

/// Writing to a text cannot fail.
fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("a text takes everything");
}

fn row(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|found| cell(found)).collect();
    add(text, format_args!("| {} |\n", cells.join(" | ")));
}

fn code(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("`{words}`") }
}

fn codes<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    words.into_iter().map(|word| code(word)).collect::<Vec<_>>().join(", ")
}

fn source(text: &mut String, contract: &Contract) {
    add(text, format_args!("\n## {}: {}\n\n", contract.source, contract.title));
    item(text, "Document", &contract.document);
    item(text, "Contract version", &contract.version.to_string());
    item(text, "Address", &code(&contract.base_url));
    item(text, "Zone", contract.timezone.name());
    item(text, "Proves itself", &contract.auth.iter().map(auth).collect::<Vec<_>>().join("; "));
    if let Some(inbox) = &contract.inbox {
        let (InboxAuth::Header { header } | InboxAuth::DailySha1 { header, .. }) = &inbox.auth;
        item(text, "Its callers prove themselves", &format!("the secret, or a daily hash of it, in `{header}`"));
        item(text, "They hear", &format!("{} or {}", code(&inbox.answers.accepted), code(&inbox.answers.refused)));
    }
    for (label, known) in [
        ("Says \"no rows\" by", &contract.answers.empty),
        ("Says \"wrong parameter\" by", &contract.answers.wrong_parameter),
        ("Says \"not authorised\" by", &contract.answers.unauthorised),
    ] {
        item(text, label, &codes(known));
    }
    methods(text, contract);
    contract.datasets.iter().for_each(|one| dataset(text, contract, one));
    for method in &contract.methods {
        if let Some(submission) = &method.submit {
            sent(text, contract, method, submission);
        }
    }
    code_lists(text, contract);
}

fn auth(way: &Auth) -> String {
    match &way.kind {
        AuthKind::Bearer => format!("`{}`: `Authorization: Bearer <token>`", way.name),
        AuthKind::Header { header } => format!("`{}`: the token in `{header}`", way.name),
        AuthKind::Login(login) => {
            format!("`{}`: a key from `POST {}`, sent in `{}`", way.name, login.path, login.header)
        }
    }
}

fn methods(text: &mut String, contract: &Contract) {
    if contract.methods.is_empty() {
        return;
    }
    text.push_str("\n### Methods of the document\n\n");
    text.push_str("| no | method | direction | function | dataset | note |\n|---|---|---|---|---|---|\n");
    for method in &contract.methods {
        let no = method.no.map(|no| no.to_string()).unwrap_or_default();
        let dataset = method.dataset.as_deref().map(code).unwrap_or_default();
        row(text, &[&no, &code(&method.name), method.direction.word(), &method.function, &dataset, &method.note]);
    }
}

fn dataset(text: &mut String, contract: &Contract, dataset: &Dataset) {
    add(text, format_args!("\n### {}.{}\n\n{}\n\n", contract.source, dataset.name, dataset.title));
    item(text, "Row", &dataset.grain);
    item(text, "In the document", &dataset.document_section);
    asked(text, contract, dataset);
    item(text, "Key of a row", &codes(&dataset.row_key()));
    let sums: Vec<&String> = dataset.control.iter().map(|&index| &dataset.columns[index].name).collect();
    item(text, "Control sums", &codes(sums));
    let per_year = if dataset.fiscal_year { "one a fiscal year, " } else { "" };
    item(text, "Snapshots", &format!("{per_year}partitioned by `{}`", dataset.date_key()));
    item(text, "Held when", &held(dataset));
    if dataset.personal {
        item(text, "Personal", "rows hold personal data; a column nobody classed keeps it from being published");
    }
    if let Envelope::Document(envelope) = &dataset.envelope {
        verdicts(text, envelope);
    }
    fields(text, &dataset.columns.iter().map(|column| (column, None)).collect::<Vec<_>>());
}

/// How the rows come.
fn asked(text: &mut String, contract: &Contract, dataset: &Dataset) {
    if let Some(other) = &dataset.same_answer_as {
        item(text, "Comes with", &code(&format!("{}.{other}", contract.source)));
        return;
    }
    if let Some(receive) = &dataset.receive {
        let place = format!("`POST /inbox/{}/{}` ({})", contract.source, receive.path, receive.method);
        item(text, "Pushed to", &place);
        return;
    }
    let request = &dataset.request;
    if dataset.direction == Direction::Pull && !request.path.is_empty() {
        let pairs = request.query.iter().map(|(name, value)| format!("{name}={value}"));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        item(text, "Asked by", &code(&format!("{} {}{mark}{query}", http_word(request.method), request.path)));
        item(text, "Body", &request.body.as_deref().map(code).unwrap_or_default());
        item(text, "Un-paged", &request.path_whole.as_deref().map(code).unwrap_or_default());
        item(text, "Filters", &codes(&request.filters));
        item(text, "Asks for", &codes(&request.requires));
        item(text, "Repeated for", &dataset.for_each.as_ref().map(repeated).unwrap_or_default());
    }
    item(text, "Paging", &paging(&dataset.paging));
}

/// The gate's limits.
fn held(dataset: &Dataset) -> String {
    let shrink = match dataset.shrink_pct_max {
        100 => String::new(),
        most => format!("it has {most} % fewer rows than before, or "),
    };
    format!("{shrink}more than {} % and more than 5 of its rows are refused", dataset.quarantine_pct_max)
}

fn verdicts(text: &mut String, envelope: &DocumentEnvelope) {
    for rule in &envelope.rules {
        let at: Vec<String> = rule.at.iter().map(ToString::to_string).collect();
        let values = match rule.is.as_slice() {
            [] => format!("is not {}", codes(&rule.not)),
            is => format!("is {}", codes(is)),
        };
        item(text, &format!("Answer \"{}\"", verdict_word(rule.verdict)), &format!("{} {values}", codes(&at)));
    }
}

/// The table of columns; with each, where it differs, the key that is sent.
fn fields(text: &mut String, columns: &[(&Column, Option<&str>)]) {
    text.push_str("\n| column | key | type | rule | class | meaning |\n|---|---|---|---|---|---|\n");
    for (column, sent_as) in columns {
        let key = match (sent_as, &column.param) {
            (Some(key), _) => code(key),
            (None, Some(parameter)) => code(&format!("?{parameter}")),
            (None, None) => codes(&column.keys),
        };
        let (rule, class) = (column.rule(), class_word(column.class));
        row(text, &[&code(&column.name), &key, &type_word(&column.ty), &rule, class, &column.meaning]);
    }
}

fn sent(text: &mut String, contract: &Contract, method: &Method, submission: &Submission) {
    add(text, format_args!("\n### {}.{} (sent by `lumbung submit`)\n\n", contract.source, method.name));
    item(text, "Sent by", &code(&format!("{} {}", http_word(submission.http), submission.path)));
    item(text, "Body", &code(&submission.body));
    let record = &submission.record;
    let named = |indices: &[usize]| codes(indices.iter().map(|&index| &record.columns[index].name));
    item(text, "Key of a record", &named(&submission.key));
    item(text, "The ledger keeps", &named(&submission.log));
    let checks: Vec<&str> = submission.checks.iter().map(|check| check.says.as_str()).collect();
    item(text, "Must agree with what is loaded", &checks.join("; "));
    if let Envelope::Document(envelope) = &record.envelope {
        verdicts(text, envelope);
    }
    let keys = submission.wire.iter().map(|key| Some(key.as_deref().unwrap_or_default()));
    fields(text, &record.columns.iter().zip(keys).collect::<Vec<_>>());
}

/// Every closed list of values, in full.
fn code_lists(text: &mut String, contract: &Contract) {
    let datasets = contract.datasets.iter().map(|dataset| (dataset.name.as_str(), dataset, direction_word(dataset)));
    let records = contract
        .methods
        .iter()
        .filter_map(|method| Some((method.name.as_str(), &method.submit.as_ref()?.record, "sent")));
    let mut lines = String::new();
    for (name, dataset, direction) in datasets.chain(records) {
        for column in &dataset.columns {
            let Some(allowed) = &column.reading.one_of else { continue };
            row(&mut lines, &[&code(&format!("{name}.{}", column.name)), direction, &codes(&allowed.values)]);
        }
    }
    if !lines.is_empty() {
        add(
            text,
            format_args!(
                "\n### Codes of {}\n\n| column | direction | values |\n|---|---|---|\n{lines}",
                contract.source
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::reference;
    use crate::config::ConfigFolder;

    #[test]
    fn the_page_in_docs_is_that_of_the_shipped_contracts() {
        let made = reference(&ConfigFolder::embedded().contracts().unwrap());
        let stored = include_str!("../../../docs/contract-reference.md");
        let differs = made.lines().zip(stored.lines()).position(|(made, stored)| made != stored);
        let hint = "run: lumbung catalog --format contracts -o docs/contract-reference.md";
        assert!(
            made == stored,
            "docs/contract-reference.md is out of date from line {:?} on; {hint}",
            differs.map(|n| n + 1)
        );
    }

    #[test]
    fn it_names_every_dataset_method_field_and_code() {
        let contracts = ConfigFolder::embedded().contracts().unwrap();
        let made = reference(&contracts);
        for contract in &contracts {
            for dataset in &contract.datasets {
                assert!(made.contains(&format!("### {}.{}\n", contract.source, dataset.name)));
                for column in &dataset.columns {
                    assert!(made.contains(&format!("| `{}` |", column.name)), "{}", column.name);
                    let values = column.reading.one_of.iter().flat_map(|allowed| &allowed.values);
                    values.for_each(|value| assert!(made.contains(&format!("`{value}`")), "{value}"));
                }
            }
            for method in &contract.methods {
                assert!(made.contains(&format!("`{}`", method.name)), "{}", method.name);
            }
        }
        assert!(made.lines().all(|line| line.trim_end() == line), "blanks at the end of a line");
    }
}
