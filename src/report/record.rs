//! What is recorded of an edition: its parts as exact bytes, a manifest that says what they are, and the ground they stand on.
//!
//! | what | where |
//! |---|---|
//! | the parts: `edition.html`, `edition.txt`, pictures and files, one `<n>.eml` a recipient | the edition's folder |
//! | [`Manifest`]: hashes of the parts, every figure and sentence | `manifest.json` beside them |
//! | [`Grounds`]: definition, queries, views, contracts, files, now | once for all editions of a composition, by its SHA-256 |
//!
//! The manifest holds no address: recipients stand in the messages themselves, and in `recipients.json`, which no command
//! prints.

mod difference;
mod grounds;
mod keys;
mod templates;

pub use difference::{Difference, FigureChange, SentenceChange, difference};
pub use grounds::{DeploymentRecord, Grounds, LogoRecord, MomentRecord, TextRecord, why};
pub use templates::templates_sha256;

use super::edition::{Edition, PrintedFigure};
use super::page::Page;
use super::recipients::Audience;
use super::{Recipient, ReportDefinition};
use crate::mail::Outgoing;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Version of the manifest's and the grounds' shape.
pub const FORMAT: u32 = 1;

/// The part that holds recipients. It is no part of the mail and is never printed.
pub const RECIPIENTS: &str = "recipients.json";

/// What an edition is, part by part (`manifest.json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The edition's name.
    pub edition: String,
    /// The report.
    pub report: String,
    /// What leadership calls it.
    pub title: String,
    /// The date it stands for.
    pub period: NaiveDate,
    /// Whose edition it is, where not all get the same.
    pub variant: Option<String>,
    /// The date of the newest data in it.
    pub per_tanggal: NaiveDate,
    /// Whether it says that its data is late.
    pub stale: bool,
    /// The mail's subject.
    pub subject: String,
    /// Roles that decided what its readers see.
    pub roles: Vec<String>,
    /// What it is about, e.g. `satker`.
    pub parameters: BTreeMap<String, String>,
    /// The version of the report's definition.
    pub definition_version: u32,
    /// The version of the program.
    pub program: String,
    /// SHA-256 over the templates.
    pub templates: String,
    /// SHA-256 of the [`Grounds`].
    pub grounds: String,
    /// Every part, in order.
    pub parts: Vec<PartRecord>,
    /// Every message.
    pub messages: Vec<MessageRecord>,
    /// Every figure, in order.
    pub figures: Vec<PrintedFigure>,
    /// Every sentence, in order.
    pub sentences: Vec<Sentence>,
}

/// One part of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    /// The file.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: String,
}

/// One message of an edition, without its recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The same for every attempt to deliver it.
    pub message_id: String,
    /// The part that holds its bytes.
    pub part: String,
}

/// A sentence and where it stands: `headline`, `changes`, `notes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The section.
    pub place: String,
    /// The words.
    pub text: String,
}

/// Who got a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecipientRecord {
    name: String,
    address: String,
}

/// A part with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The file.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl PartRecord {
    /// What is recorded of `part`.
    #[must_use]
    pub fn of(part: &Part) -> Self {
        Self { name: part.name.clone(), bytes: part.bytes.len() as u64, sha256: sha256(&part.bytes) }
    }

    /// Whether `bytes` are those of the part.
    #[must_use]
    pub fn holds(&self, bytes: &[u8]) -> bool {
        self.bytes == bytes.len() as u64 && self.sha256 == sha256(bytes)
    }

    /// What follows the last dot of its name: `html`, `txt`, `eml`, `png`, `xlsx`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, kind)| kind)
    }
}

/// Every part of an edition, in a fixed order, the messages last.
#[must_use]
pub fn parts(edition: &Edition, messages: &[Outgoing]) -> Vec<Part> {
    let part = |name: &str, bytes: &[u8]| Part { name: name.to_owned(), bytes: bytes.to_vec() };
    let mut parts = vec![part("edition.html", edition.html.as_bytes()), part("edition.txt", edition.text.as_bytes())];
    parts.extend(edition.picture.iter().map(|picture| part("grafik.png", &picture.png)));
    parts.extend(edition.files.iter().map(|file| part(&file.name, &file.bytes)));
    parts.extend(messages.iter().enumerate().map(|(index, mail)| part(&message_part(index), &mail.eml)));
    parts
}

fn message_part(index: usize) -> String {
    format!("{}.eml", index + 1)
}

/// `recipients.json`: who got the messages, in their order.
#[must_use]
pub fn recipients_part(recipients: &[Recipient]) -> Part {
    let record = |recipient: &Recipient| RecipientRecord {
        name: recipient.name.clone(),
        address: recipient.address.to_string(),
    };
    let records: Vec<RecipientRecord> = recipients.iter().map(record).collect();
    Part { name: RECIPIENTS.to_owned(), bytes: json(&records) }
}

/// The recipients of `recipients.json`; `None` where it holds none.
#[must_use]
pub fn recipients_of(bytes: &[u8]) -> Option<Vec<Recipient>> {
    let records: Vec<RecipientRecord> = serde_json::from_slice(bytes).ok()?;
    let recipient = |record: RecipientRecord| {
        let address = record.address.parse().ok()?;
        Some(Recipient { name: record.name, address, roles: Vec::new(), parameters: BTreeMap::new() })
    };
    records.into_iter().map(recipient).collect()
}

/// The manifest of `edition`, which has these `parts` and stands on the grounds with the hash `grounds`.
#[must_use]
pub fn manifest(
    (edition, audience): (&Edition, &Audience),
    definition: &ReportDefinition,
    messages: &[Outgoing],
    (parts, grounds): (&[Part], &str),
) -> Manifest {
    let message = |(index, mail): (usize, &Outgoing)| MessageRecord {
        message_id: mail.message_id.clone(),
        part: message_part(index),
    };
    Manifest {
        format: FORMAT,
        edition: edition.id(),
        report: edition.name.clone(),
        title: edition.title.clone(),
        period: edition.period,
        variant: edition.variant.clone(),
        per_tanggal: edition.per_tanggal,
        stale: edition.stale,
        subject: edition.subject.clone(),
        roles: audience.roles.iter().cloned().collect(),
        parameters: parameters(definition, audience),
        definition_version: edition.definition_version,
        program: program().to_owned(),
        templates: templates_sha256(),
        grounds: grounds.to_owned(),
        parts: parts.iter().map(PartRecord::of).collect(),
        messages: messages.iter().enumerate().map(message).collect(),
        figures: edition.figures.clone(),
        sentences: sentences(&edition.page),
    }
}

/// What queries and sentences may name of an audience; whatever else a list of recipients says of them stays there.
fn parameters(definition: &ReportDefinition, audience: &Audience) -> BTreeMap<String, String> {
    let named = definition.burst.iter().flat_map(|burst| std::iter::once(&burst.key).chain(&burst.parameters));
    named.filter_map(|name| Some((name.clone(), audience.parameters.get(name)?.clone()))).collect()
}

impl Manifest {
    /// The audience it was written for, with these recipients.
    #[must_use]
    pub fn audience(&self, recipients: Vec<Recipient>) -> Audience {
        Audience { roles: self.roles.iter().cloned().collect(), parameters: self.parameters.clone(), recipients }
    }

    /// The figure called `id`.
    #[must_use]
    pub fn figure(&self, id: &str) -> Option<&PrintedFigure> {
        self.figures.iter().find(|figure| figure.id == id)
    }

    /// The ids that resemble `id`, in words.
    #[must_use]
    pub fn nearest_figure(&self, id: &str) -> String {
        super::nearest::hint(id, self.figures.iter().map(|figure| figure.id.as_str()))
    }
}

/// What the page says in words, by section.
fn sentences(page: &Page) -> Vec<Sentence> {
    let one = |place: &str, text: &str| Sentence { place: place.to_owned(), text: text.to_owned() };
    let mut all = vec![one("headline", &page.headline), one("position", &page.position)];
    all.extend(page.warnings.iter().map(|text| one("warnings", text)));
    all.extend(
        page.tiles.iter().map(|tile| one("tiles", &format!("{}: {} ({})", tile.label, tile.value, tile.detail))),
    );
    all.extend(page.changes.iter().map(|text| one("changes", text)));
    let attention = &page.attention;
    let rows = attention.table.iter().flat_map(|table| &table.rows);
    all.extend(rows.map(|row| {
        let cells: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
        one("attention", &format!("{}: {}", row.head, cells.join("; ")))
    }));
    all.extend(attention.remark.iter().map(|text| one("attention", text)));
    all.extend(page.sections.iter().map(|section| one("sections", &section.heading)));
    all.extend(page.chart.iter().map(|chart| one("chart", &chart.title)));
    all.extend(page.notes.iter().map(|text| one("notes", text)));
    all.retain(|sentence| !sentence.text.is_empty());
    all
}

/// The version of this program.
#[must_use]
pub fn program() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// JSON as it is recorded: indented, with a line end.
///
/// # Panics
/// Never: what is recorded has texts for keys.
#[must_use]
pub fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("texts for keys, no float");
    text.push(b'\n');
    text
}

/// SHA-256, hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
