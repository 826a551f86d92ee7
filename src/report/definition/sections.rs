//! The sections of a definition, one function a kind.

use super::names::{Names, Own};
use super::parts::{column_kind, limit, row_source, table};
use super::{
    Body, ChangeDefinition, ChangesDefinition, ChartDefinition, CheckDefinition, Compared, ExceptionsDefinition,
    Headline, LineDefinition, NoteDefinition, SectionDefinition, TileDefinition, read,
};
use crate::config::document::Section as Keys;
use crate::report::nearest;
use crate::report::page::LineKind;
use crate::report::sentence::{Choice, Sentence};

const KINDS: [&str; 7] = ["headline", "tiles", "changes", "exceptions", "table", "chart", "notes"];

/// Every section: the headline, and the others in the file's order.
pub(super) fn all(root: &Keys<'_, '_>, names: &mut Names<'_>) -> (Option<Headline>, Vec<SectionDefinition>) {
    // What the exceptions count may be named above them.
    for keys in root.sections("section").iter().filter(|keys| keys.text("kind") == Some("exceptions")) {
        names.report.insert("temuan".to_owned());
        for check in keys.sections("checks") {
            names.report.extend(check.text("id").map(|id| format!("temuan_{id}")));
        }
    }
    let (mut headline, mut sections) = (None, Vec::new());
    for keys in root.sections("section") {
        let kind = keys.required_text("kind", &KINDS.join(", "));
        let roles = keys.texts("roles");
        let body = match kind.as_str() {
            "headline" => {
                if headline.is_some() {
                    keys.problem("kind", "a report has one headline", "take the other away");
                }
                headline = Some(read::headline(keys, names));
                continue;
            }
            "tiles" => Some(Body::Tiles(tiles(&keys, names))),
            "changes" => Some(Body::Changes(changes(&keys, names))),
            "exceptions" => Some(Body::Exceptions(exceptions(&keys, names))),
            "table" => table(&keys, names).map(Body::Table),
            "chart" => chart(&keys, names).map(|chart| Body::Chart(Box::new(chart))),
            "notes" => Some(Body::Notes(notes(&keys, names))),
            other => {
                let hint = nearest::candidates(other, KINDS.into_iter());
                keys.problem("kind", format!("{other:?} is no kind of section"), hint);
                continue;
            }
        };
        sections.extend(body.map(|body| SectionDefinition { roles, body }));
        keys.finish();
    }
    if headline.is_none() {
        root.problem(
            "section",
            "no section has kind = \"headline\"",
            "text, subject, preheader and position stand there",
        );
    }
    for (kind, most) in [("tiles", 1), ("changes", 1), ("exceptions", 1), ("chart", 1)] {
        let same = root.sections("section").iter().filter(|keys| keys.text("kind") == Some(kind)).count();
        if same > most {
            root.problem("section", format!("{same} sections have kind = {kind:?}"), "a report has one of them");
        }
    }
    (headline, sections)
}

fn tiles(keys: &Keys<'_, '_>, names: &Names<'_>) -> Vec<TileDefinition> {
    let tile = |tile: Keys<'_, '_>| {
        let definition = TileDefinition {
            condition: names.condition(&tile, "if", Own::Nothing),
            label: names.required_choice(&tile, "label", Own::Nothing),
            value: names.required_choice(&tile, "value", Own::Nothing),
            detail: names.required_choice(&tile, "detail", Own::Nothing),
            alert: names.condition(&tile, "alert", Own::Nothing),
        };
        tile.finish();
        definition
    };
    keys.sections("tiles").into_iter().map(tile).collect()
}

fn sentence(text: &str) -> Choice {
    let sentence = Sentence::parse(text).expect("a constant sentence");
    Choice { variants: vec![(None, sentence)] }
}

fn changes(keys: &Keys<'_, '_>, names: &Names<'_>) -> ChangesDefinition {
    let same = keys.text("same").map(|figure| {
        names.check(keys, "same", &[figure], Own::Nothing);
        (figure.to_owned(), names.required_choice(keys, "other", Own::Comparison))
    });
    let mut unchanged = names.choice(keys, "unchanged", Own::Comparison);
    if unchanged.variants.is_empty() {
        unchanged = sentence("Tidak ada perubahan sejak laporan lalu.");
    }
    let mut entries = Vec::new();
    for entry in keys.sections("changes") {
        let what = if entry.has("figure") {
            let name = entry.required_text("figure", "");
            names.check(&entry, "figure", &[&name], Own::Nothing);
            Some(Compared::Figure(name))
        } else {
            compared_rows(&entry, names)
        };
        let own = if let Some(Compared::Rows { query, .. }) = &what { Own::Row(query) } else { Own::Nothing };
        let label = names.required_choice(&entry, "label", own);
        let mut text = names.choice(&entry, "text", Own::Comparison);
        if text.variants.is_empty() {
            text = sentence("{label}: {lama} menjadi {baru} ({selisih:signed}).");
        }
        entries.extend(what.map(|what| ChangeDefinition { label, text, what }));
        entry.finish();
    }
    ChangesDefinition { limit: limit(keys, "limit", 5, 5), same, unchanged, entries }
}

fn compared_rows(keys: &Keys<'_, '_>, names: &Names<'_>) -> Option<Compared> {
    let query = names.query(keys, "query");
    let (key, column) =
        (keys.required_text("key", "a column"), keys.required_text("column", "the figure to compare"));
    let unit = column_kind(keys, "unit").and_then(super::Kind::unit);
    if unit.is_none() {
        keys.problem("unit", "`unit` must be that of a figure", "rupiah, percent, points, count or value");
    }
    let query = query?;
    names.column(keys, "key", &query, &key);
    names.column(keys, "column", &query, &column);
    Some(Compared::Rows { query, key, column, unit: unit? })
}

fn exceptions(keys: &Keys<'_, '_>, names: &Names<'_>) -> ExceptionsDefinition {
    let labels: Result<[String; 3], _> = match keys.texts("columns") {
        labels if labels.is_empty() => Ok(["Satker", "Temuan", "Nilai"].map(str::to_owned)),
        labels => labels.try_into(),
    };
    let columns = labels.unwrap_or_else(|_| {
        keys.problem("columns", "`columns` has not three headings", "[\"Satker\", \"Temuan\", \"Nilai\"]");
        Default::default()
    });
    let checks = keys.sections("checks").into_iter().filter_map(|check| {
        let rows = row_source(&check, names);
        let own = rows.as_ref().map_or(Own::Nothing, |rows| Own::Row(&rows.query));
        let (text, value) = (names.required_choice(&check, "text", own), names.required_choice(&check, "value", own));
        let id = check.required_text("id", "a short name; temuan_<id> counts its findings");
        let checked = check.required_text("checked", "what is looked for, in words: \"Tidak ada\" names it");
        let condition = names.condition(&check, "if", Own::Nothing);
        check.finish();
        Some(CheckDefinition { id, checked, condition, rows: rows?, text, value })
    });
    ExceptionsDefinition {
        checks: checks.collect(),
        heading: keys.text("heading").unwrap_or("Perlu perhatian").to_owned(),
        caption: names.required_choice(keys, "caption", Own::Nothing),
        columns,
        limit: limit(keys, "limit", 10, 10),
        quota: limit(keys, "quota", 4, 10),
    }
}

fn chart(keys: &Keys<'_, '_>, names: &Names<'_>) -> Option<ChartDefinition> {
    let table = table(keys, names);
    let (title, subtitle) =
        (names.required_choice(keys, "title", Own::Nothing), names.required_choice(keys, "subtitle", Own::Nothing));
    let axis = keys.required_text("axis", "the column of the horizontal axis, e.g. bulan");
    let unit = column_kind(keys, "unit").and_then(super::Kind::unit);
    if unit.is_none() {
        keys.problem("unit", "`unit` must be that of a figure", "percent, rupiah, value");
    }
    let mut lines = Vec::new();
    for line in keys.sections("lines") {
        let column = line.required_text("column", "the line's figures");
        if let Some(table) = &table {
            names.column(&line, "column", &table.rows.query, &column);
        }
        let kind = match line.text("kind").unwrap_or("actual") {
            "actual" => LineKind::Actual,
            "previous" => LineKind::Previous,
            "target" => LineKind::Target,
            other => {
                line.problem("kind", format!("{other:?} is no kind of line"), "actual, previous or target");
                LineKind::Actual
            }
        };
        let label = names.required_choice(&line, "label", Own::Nothing);
        line.finish();
        lines.push(LineDefinition { column, label, kind });
    }
    if lines.is_empty() {
        keys.problem("lines", "`lines` is missing", "[{ column = \"serapan\", label = \"Realisasi\" }]");
    }
    let table = table?;
    names.column(keys, "axis", &table.rows.query, &axis);
    Some(ChartDefinition { table, title, subtitle, axis, unit: unit?, lines })
}

fn notes(keys: &Keys<'_, '_>, names: &Names<'_>) -> Vec<NoteDefinition> {
    let note = |note: Keys<'_, '_>| {
        let rows = if note.has("query") { row_source(&note, names) } else { None };
        let own = rows.as_ref().map_or(Own::Nothing, |rows| Own::Row(&rows.query));
        let text = names.required_choice(&note, "text", own);
        let condition = names.condition(&note, "if", Own::Nothing);
        let most = limit(&note, "limit", 5, 10);
        note.finish();
        NoteDefinition { condition, rows: rows.map(|rows| (rows, most)), text }
    };
    keys.sections("notes").into_iter().map(note).collect()
}
