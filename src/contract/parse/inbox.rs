//! `[source.inbox]` and what a dataset says of its pushes, from TOML; and the place of a push within a page of the inbox.

use crate::config::document::Section;
use crate::contract::inbox::{CHANGE, PUSH_BODY, PUSH_ID, RECEIVED_AT};
use crate::contract::{
    Class, Column, ColumnType, Dataset, InboxAnswers, InboxAuth, InboxContract, PathStep, Reading, Receive, RowShape,
    TimestampFormat, Transport, normalise_key, words_in_braces,
};

/// What every answer may hold.
const PLACEHOLDERS: [&str; 4] = ["{method}", "{code}", "{message}", "{faults}"];

/// `[source.inbox]`.
pub(super) fn inbox(source: &Section<'_, '_>) -> Option<InboxContract> {
    let section = source.section("inbox")?;
    let auth = auth(&section);
    let accepted = answer(&section, "accepted");
    let refused = answer(&section, "refused");
    let not_found = section.text("not_found").map_or_else(|| refused.clone(), str::to_owned);
    let chars = section.integer("message_chars_max", 20..=10_000).unwrap_or(1_000);
    let answers = InboxAnswers {
        message: section.required_text("message", "what an accepted push is told"),
        message_chars_max: usize::try_from(chars).expect("20 to 10000"),
        accepted,
        refused,
        not_found,
    };
    section.finish();
    Some(InboxContract { auth: auth?, answers })
}

fn answer(section: &Section<'_, '_>, key: &'static str) -> String {
    let template = section.required_text(key, "a JSON body with {method}, {code}, {message}, {faults}");
    let filled = PLACEHOLDERS.iter().fold(template.clone(), |text, name| {
        // A placeholder inside a text is filled with text, `{faults}` with a list.
        text.replace(name, if *name == "{faults}" { "[]" } else { "x" })
    });
    if !template.is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(&filled).is_err() {
        section.problem(key, format!("`{key}` is no JSON document once it is filled in"), "");
    }
    template
}

fn auth(section: &Section<'_, '_>) -> Option<InboxAuth> {
    let Some(auth) = section.section("auth") else {
        section.problem("auth", "`auth` is missing", "{ kind = \"header\", header = \"x-api-key\" }");
        return None;
    };
    let header = auth.required_text("header", "the name of the header");
    let parsed = match auth.required_text("kind", "header or daily_sha1").as_str() {
        "header" => Some(InboxAuth::Header { header }),
        "daily_sha1" => {
            let digest = auth.required_text("digest", "{user}{password}{date} and columns of the push");
            for name in ["{user}", "{password}", "{date}"].iter().filter(|name| !digest.contains(**name)) {
                auth.problem("digest", format!("`digest` lacks {name}"), "a token without it proves too little");
            }
            Some(InboxAuth::DailySha1 { header, digest })
        }
        "" => None,
        other => {
            auth.problem("kind", format!("unknown kind of proof \"{other}\""), "known: header, daily_sha1");
            None
        }
    };
    auth.finish();
    parsed
}

/// `receive = { method, path, key, lookup }` of a dataset.
pub(super) fn receive(section: &Section<'_, '_>) -> Option<Receive> {
    let Some(table) = section.section("receive") else {
        section.problem("receive", "what is pushed needs `receive`", "receive = { method = \"receiveNIB\" }");
        return None;
    };
    let method = table.required_text("method", "the method's name in the document");
    let path = table.text("path").unwrap_or(&method).to_owned();
    if path.is_empty() || !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        table.problem("path", format!("`path` cannot be \"{path}\""), "one step: letters, digits, - and _");
    }
    let key = table.texts("key");
    let lookup = table.text("lookup").map(str::to_owned);
    table.finish();
    Some(Receive { method, path, key, lookup })
}

/// Puts the rows of pushed datasets where a page of the inbox has them, under [`PUSH_BODY`], and gives every table the
/// columns that say which push a row came with.
pub(super) fn root_pushes(root: &Section<'_, '_>, inbox: Option<&InboxContract>, datasets: &mut [Dataset]) {
    let pushed: Vec<String> =
        datasets.iter().filter(|d| d.transport == Transport::Inbox).map(|d| d.name.clone()).collect();
    if inbox.is_none() && !pushed.is_empty() {
        root.problem("source", "what is pushed needs [source.inbox]", "auth, accepted, refused, message");
    }
    check_receives(root, inbox, datasets);
    let family = |dataset: &Dataset| dataset.same_answer_as.clone().unwrap_or_else(|| dataset.name.clone());
    for dataset in datasets.iter_mut().filter(|dataset| pushed.contains(&family(dataset))) {
        let RowShape::Document { rows_at, .. } = &mut dataset.rows else { continue };
        for path in rows_at {
            path.steps.insert(0, PathStep::Key(normalise_key(PUSH_BODY)));
        }
        for column in dataset.columns.iter_mut().filter(|column| column.of.as_deref() == Some(".")) {
            let of = normalise_key(PUSH_BODY);
            for key in &mut column.keys {
                *key = format!("{of}{}", key.trim_start_matches('.'));
            }
            column.of = Some(of);
        }
        let own = push_columns();
        if let Some(twin) = dataset.columns.iter().find(|column| own.iter().any(|own| own.name == column.name)) {
            let message = format!("{}: the column \"{}\" is the inbox's own", dataset.name, twin.name);
            root.problem("dataset", message, "give it another name");
        }
        dataset.control.iter_mut().for_each(|index| *index += own.len());
        dataset.columns.splice(0..0, own);
    }
}

/// Checks that every push has an address of its own, and that what its token, key and question are made of is in it.
fn check_receives(root: &Section<'_, '_>, inbox: Option<&InboxContract>, datasets: &[Dataset]) {
    const FILLED_IN: [&str; 3] = ["user", "password", "date"];
    let digest = match inbox.map(|inbox| &inbox.auth) {
        Some(InboxAuth::DailySha1 { digest, .. }) => words_in_braces(digest),
        Some(InboxAuth::Header { .. }) | None => Vec::new(),
    };
    let mut paths: Vec<&str> = Vec::new();
    for (dataset, receive) in datasets.iter().filter_map(|dataset| Some((dataset, dataset.receive.as_ref()?))) {
        if paths.contains(&receive.path.as_str()) {
            let message = format!("two datasets are pushed to the path \"{}\"", receive.path);
            root.problem("dataset", message, "give one of them another `receive.path`");
        }
        paths.push(&receive.path);
        let asked = receive.lookup.as_deref().map(words_in_braces).unwrap_or_default();
        let named = digest.iter().filter(|name| !FILLED_IN.contains(&name.as_str())).map(|name| ("the token", name));
        let named = named.chain(receive.key.iter().map(|name| ("`receive.key`", name)));
        for (what, name) in named.chain(asked.iter().map(|name| ("`receive.lookup`", name))) {
            if dataset.column(name).is_none() {
                let message = format!("{}: {what} names the unknown column \"{name}\"", dataset.name);
                root.problem("dataset", message, "names as in `columns`");
            }
        }
    }
}

/// The columns that every table filled by pushes begins with.
fn push_columns() -> [Column; 3] {
    let column = |name: &str, ty, meaning: &str| Column {
        name: name.to_owned(),
        keys: vec![format!("./{}", normalise_key(name))],
        of: Some(".".to_owned()),
        param: None,
        ty,
        reading: Reading::default(),
        required: true,
        lenient: false,
        class: Class::Public,
        range: None,
        meaning: meaning.to_owned(),
    };
    [
        column(PUSH_ID, ColumnType::Text, "the push the row came with: the same in every table it filled"),
        column(RECEIVED_AT, ColumnType::Timestamp(vec![TimestampFormat::Rfc3339]), "the push came in at"),
        column(CHANGE, ColumnType::Integer, "pushes of the same key before this one; 0 = the first"),
    ]
}
