//! One dataset, from TOML.

use super::{column, drift, envelope, identifier, inbox, paging, parsed_list, request};
use crate::config::document::Section;
use crate::contract::{
    Class, Column, ColumnType, Dataset, Direction, Envelope, JsonPath, Paging, RECEIVED_ON, RequestTemplate,
    RowShape, Transport,
};

/// What the source says for all of its datasets.
pub(super) struct Shared {
    pub(super) transport: Transport,
    pub(super) envelope: Option<Envelope>,
    pub(super) fiscal_year: bool,
}

/// `transport = "http" | "folder" | "inbox"`.
pub(super) fn transport(section: &Section<'_, '_>) -> Option<Transport> {
    match section.text("transport")? {
        "http" => Some(Transport::Http),
        "folder" => Some(Transport::Folder),
        "inbox" => Some(Transport::Inbox),
        other => {
            section.problem("transport", format!("unknown transport \"{other}\""), "known: http, folder, inbox");
            None
        }
    }
}

pub(super) fn dataset(section: Section<'_, '_>, shared: &Shared) -> Option<Dataset> {
    let name = identifier(&section, "name");
    let personal = section.flag("personal").unwrap_or(false);
    let taken_over = section.text("same_body_as").is_some() && section.sections("columns").is_empty();
    let columns = if taken_over { Vec::new() } else { column::columns(&section, personal) };
    let transport = transport(&section).unwrap_or(shared.transport);
    let same_answer_as = section.text("same_answer_as").map(str::to_owned);
    let asked = asked(&section, &columns, (transport, same_answer_as.is_some()))?;
    let rows = row_shape(&section, &columns)?;
    let control = control(&section, &columns);
    let accumulates = matches!(asked.1, Paging::Daily { .. } | Paging::Inbox { .. });
    let dataset = Dataset {
        title: section.required_text("title", "what people call the dataset"),
        grain: section.required_text("grain", "what one row is"),
        document_section: section.text("document_section").unwrap_or_default().to_owned(),
        direction: direction(&section, transport),
        transport,
        receive: (transport == Transport::Inbox && same_answer_as.is_none())
            .then(|| inbox::receive(&section))
            .flatten(),
        for_each: request::for_each(&section),
        same_answer_as,
        envelope: dataset_envelope(&section, (shared, transport), &rows),
        personal,
        fiscal_year: section.flag("fiscal_year").unwrap_or(shared.fiscal_year),
        fiscal_year_column: fiscal_year_column(&section, &columns),
        key: section.texts("key"),
        quarantine_pct_max: percent(&section, "quarantine_pct_max", 1),
        shrink_pct_max: percent(&section, "shrink_pct_max", 20),
        drift: drift::drift(&section, (&columns, &control, accumulates), transport),
        control,
        request: asked.0,
        paging: asked.1,
        rows,
        columns,
        name,
    };
    if dataset.same_answer_as.is_none() && transport == Transport::Http {
        request::check(&section, &dataset.request, &dataset.paging, dataset.for_each.as_ref());
    }
    section.finish();
    Some(dataset)
}

/// Request and paging; a further table of another dataset's answers takes over that one's later.
fn asked(
    section: &Section<'_, '_>,
    columns: &[Column],
    (transport, shares): (Transport, bool),
) -> Option<(RequestTemplate, Paging)> {
    let nothing = RequestTemplate::none();
    if shares {
        return Some((nothing, Paging::Whole));
    }
    if transport == Transport::Inbox {
        if section.section("paging").is_some() {
            section.problem("paging", "what is pushed has no paging", "it is divided by the day it came in");
        }
        return Some((nothing, Paging::Inbox { partition: RECEIVED_ON.to_owned() }));
    }
    let paging = paging::paging(section, columns)?;
    let by_file = matches!(paging, Paging::Files { .. });
    if by_file != (transport == Transport::Folder) {
        section.problem("paging", "paging of kind files goes with transport folder, and only with it", "");
    }
    Some((if by_file { nothing } else { request::request(section) }, paging))
}

fn direction(section: &Section<'_, '_>, transport: Transport) -> Direction {
    let pushed = transport == Transport::Inbox;
    match section.text("direction").unwrap_or("pull") {
        "pull" if !pushed => Direction::Pull,
        "receive" => Direction::Receive,
        "pull" => {
            section.problem("direction", "what the inbox takes in is received", "direction = \"receive\"");
            Direction::Receive
        }
        other => {
            section.problem("direction", format!("unknown direction \"{other}\""), "known: pull, receive");
            Direction::Pull
        }
    }
}

fn dataset_envelope(
    section: &Section<'_, '_>,
    (shared, transport): (&Shared, Transport),
    rows: &RowShape,
) -> Envelope {
    // What is pushed says nothing of how an answer went: the source's rules are for the answers to what is asked.
    if transport == Transport::Inbox {
        return Envelope::Document(Default::default());
    }
    let plain = matches!(rows, RowShape::Csv { .. });
    let given = envelope::of(section).or_else(|| if plain { None } else { shared.envelope.clone() });
    let envelope = match given {
        Some(envelope) => envelope,
        None if plain => Envelope::Plain,
        None if matches!(rows, RowShape::Document { .. }) => Envelope::Document(Default::default()),
        None => {
            section.problem("envelope", "`envelope` is missing", "envelope = \"spanint\", or a [source.envelope]");
            Envelope::Plain
        }
    };
    let document = matches!(rows, RowShape::Document { .. });
    if document != matches!(envelope, Envelope::Document(_)) {
        let hint = "rows = \"document\" goes with an envelope of kind document, and only with it";
        section.problem("envelope", "envelope and rows do not fit together", hint);
    }
    envelope
}

fn index(section: &Section<'_, '_>, columns: &[Column], key: &'static str, wanted: &str) -> Option<usize> {
    let position = columns.iter().position(|column| column.name == wanted);
    if position.is_none() {
        section.problem(key, format!("`{key}` names the unknown column \"{wanted}\""), "names as in `columns`");
    }
    position
}

fn control(section: &Section<'_, '_>, columns: &[Column]) -> Vec<usize> {
    let names = section.texts("control");
    let control: Vec<usize> = names.iter().filter_map(|name| index(section, columns, "control", name)).collect();
    let is_sum = |i: usize| columns[i].ty == ColumnType::Money && columns[i].class == Class::Public;
    if let Some(&i) = control.iter().find(|&&i| !is_sum(i)) {
        let message = format!("the control column \"{}\" is not a stored money column", columns[i].name);
        section.problem("control", message, "control totals are sums of money columns");
    }
    control
}

/// Checks that the keys are columns that are stored. Only once columns were taken over is it known which there are.
pub(super) fn check_keys(root: &Section<'_, '_>, datasets: &[Dataset]) {
    for dataset in datasets {
        let stored = |name: &&String| dataset.column(name).is_some_and(|index| dataset.columns[index].is_stored());
        if let Some(unknown) = dataset.key.iter().find(|name| !stored(name)) {
            let message = format!("{}: `key` names \"{unknown}\", which is no stored column", dataset.name);
            root.problem("dataset", message, "names as in `columns`, none of class drop");
        }
    }
}

fn fiscal_year_column(section: &Section<'_, '_>, columns: &[Column]) -> Option<usize> {
    let name = section.text("fiscal_year_column")?;
    let index = index(section, columns, "fiscal_year_column", name)?;
    if !matches!(columns[index].ty, ColumnType::Date(_)) {
        let message = format!("the fiscal year column \"{name}\" is no date");
        section.problem("fiscal_year_column", message, "type = \"date\"");
    }
    Some(index)
}

fn percent(section: &Section<'_, '_>, key: &'static str, default: u32) -> u32 {
    section.integer(key, 0..=100).map_or(default, |n| u32::try_from(n).expect("0 to 100"))
}

fn row_shape(section: &Section<'_, '_>, columns: &[Column]) -> Option<RowShape> {
    const KNOWN: &str = "known: objects, header_positional, document, csv";
    let fold = section.text("fold_surplus_into");
    let rows_at: Vec<JsonPath> = parsed_list(section, "rows_at");
    match section.text("rows").unwrap_or(if rows_at.is_empty() { "objects" } else { "document" }) {
        "header_positional" => {
            let fold_surplus_into = fold.and_then(|name| index(section, columns, "fold_surplus_into", name));
            Some(RowShape::HeaderPositional { fold_surplus_into })
        }
        "objects" => Some(RowShape::Objects),
        "document" if rows_at.is_empty() => {
            section.problem("rows_at", "rows inside a document need `rows_at`", "rows_at = [\"data\"]");
            None
        }
        "document" => Some(RowShape::Document { rows_at, of_other_tables: Vec::new() }),
        "csv" => Some(RowShape::Csv { delimiter: delimiter(section) }),
        other => {
            section.problem("rows", format!("unknown row shape \"{other}\""), KNOWN);
            None
        }
    }
}

fn delimiter(section: &Section<'_, '_>) -> u8 {
    match section.text("delimiter").map(str::as_bytes) {
        None => b',',
        Some(&[byte]) if (byte.is_ascii_punctuation() && byte != b'"') || byte == b'\t' => byte,
        Some(_) => {
            section.problem("delimiter", "`delimiter` is one character such as , or ;", "delimiter = \";\"");
            b','
        }
    }
}
