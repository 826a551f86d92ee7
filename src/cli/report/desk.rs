//! Reports for the console: what `lumbung report` does, asked by a page instead of a terminal.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::runtime::Handle;

use super::{definitions, is_mailed, make};
use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::mail::outbox::{Again, Outbox, Watch, lay_in};
use crate::mail::proof::proof;
use crate::mail::{Address, MailError, Outgoing};
use crate::report::record::{Manifest, PartRecord, difference};
use crate::report::{Edition, ReportDefinition};
use crate::serve::console::{
    ChangedFigure, ChangedSentence, DeskError, EditionChanges, EditionFile, FigureTile, Figures, OpenEdition,
    ReportCard, ReportDesk,
};
use crate::serve::listener::Stop;
use crate::warehouse::{Deliveries, DeliveryKind, DeliveryRecord, EditionRecord, Warehouse, WarehouseError};

/// The report whose figures stand on the first page; without it, the first report that is one for all its readers.
const HEADLINE: &str = "ringkasan-pimpinan";

/// Kinds of parts that may be taken. The messages hold addresses.
const FILES: [&str; 4] = ["pdf", "xlsx", "csv", "png"];

/// The page as it was sent.
const PAGE: &str = "edition.html";

/// Makes, opens and mails editions for the console.
pub(crate) struct Desk {
    context: Context,
    /// Opened to read.
    warehouse: Warehouse,
    /// Opened to write.
    ledger: Arc<Warehouse>,
    cards: Vec<ReportCard>,
    headline: Option<ReportDefinition>,
    stop: Stop,
}

impl Desk {
    /// A desk over the reports as they are configured now. Reports that cannot be read are no reason to show nothing else.
    pub(crate) fn new(context: &Context, ledger: Arc<Warehouse>, stop: Stop) -> Result<Self, Failure> {
        let definitions = definitions(context).unwrap_or_else(|failure| {
            tracing::warn!(reason = failure.message, "the console does not know the titles of reports");
            Vec::new()
        });
        let card = |report: &ReportDefinition| ReportCard { name: report.name.clone(), title: report.title.clone() };
        let cards = definitions.iter().map(card).collect();
        let headline = definitions.iter().position(|report| report.name == HEADLINE);
        let headline = headline.or_else(|| definitions.iter().position(|report| report.burst.is_none()));
        Ok(Self {
            cards,
            headline: headline.and_then(|at| definitions.into_iter().nth(at)),
            context: context.clone(),
            warehouse: Warehouse::open_for_reading(&context.warehouse)?,
            ledger,
            stop,
        })
    }

    fn manifest(&self, record: &EditionRecord) -> Result<Manifest, DeskError> {
        let bytes = self.warehouse.edition_manifest(record).map_err(failed)?;
        Manifest::read(&bytes).map_err(DeskError::Failed)
    }

    /// The bytes of a part, which are what was recorded.
    fn part(&self, record: &EditionRecord, part: &PartRecord) -> Result<Vec<u8>, DeskError> {
        let bytes = self.warehouse.edition_part(record, &part.name).map_err(failed)?;
        if part.holds(&bytes) {
            return Ok(bytes);
        }
        let name = format!("{} of {}/{}", part.name, record.edition, record.number);
        Err(DeskError::Failed(format!("{name} was changed after it was recorded")))
    }

    fn named<'a>(manifest: &'a Manifest, name: &str) -> Result<&'a PartRecord, DeskError> {
        manifest.parts.iter().find(|part| part.name == name).ok_or(DeskError::Missing)
    }

    /// Takes the outbox in hand.
    fn outbox(&self) -> Result<Outbox, DeskError> {
        let context = &self.context;
        Outbox::open(&self.ledger, &context.config.mail, &context.credentials, context.clock).map_err(|error| {
            match error {
                MailError::Warehouse(WarehouseError::OutboxLocked { .. }) => {
                    DeskError::Refused("Surat lain sedang dikirim. Cobalah lagi beberapa saat lagi.".to_owned())
                }
                MailError::NoDelivery => DeskError::Refused(NO_MAIL.to_owned()),
                other => failed(other),
            }
        })
    }

    /// Sends in the background: a server may take minutes, and a page does not wait.
    fn send(&self, outbox: Outbox, which: Which) {
        let (handle, quiet) = (Handle::current(), Quiet(self.stop.clone()));
        tokio::task::spawn_blocking(move || {
            let which = match &which {
                Which::Edition(edition) => Deliveries::Edition(edition),
                Which::Message(id) => Deliveries::Message(id),
            };
            match handle.block_on(outbox.send(which, &quiet)) {
                Ok(None) => {}
                Ok(Some(stopped)) => tracing::warn!(?stopped, "mail waits in the outbox, and is tried again"),
                Err(error) => tracing::error!(%error, "mail waits in the outbox, and is tried again"),
            }
        });
    }
}

/// What is said where mail does not leave.
const NO_MAIL: &str = "Pemasangan ini tidak mengirim surat (mail.transport).";

/// What is sent in the background.
enum Which {
    Edition(String),
    Message(String),
}

#[async_trait]
impl ReportDesk for Desk {
    fn reports(&self) -> &[ReportCard] {
        &self.cards
    }

    async fn figures(&self) -> Result<Figures, DeskError> {
        let Some(definition) = self.headline.clone() else { return Err(DeskError::Missing) };
        let (context, warehouse, handle) = (self.context.clone(), self.warehouse.clone(), Handle::current());
        // What composes stays on one thread.
        let composed = tokio::task::spawn_blocking(move || {
            let day = context.clock.today(context.config.deployment.timezone);
            handle.block_on(make(&context, &warehouse, &definition, day))
        });
        let composed = composed.await.map_err(failed)?.map_err(|failure| DeskError::Failed(failure.message))?;
        let first = composed.into_iter().next().ok_or(DeskError::Missing)?;
        Ok(figures_of(first.edition, self.context.clock.now()))
    }

    fn open(&self, record: &EditionRecord) -> Result<OpenEdition, DeskError> {
        let manifest = self.manifest(record)?;
        let files = manifest.parts.iter().filter(|part| FILES.contains(&part.kind()));
        let file = |part: &PartRecord| EditionFile { name: part.name.clone(), bytes: part.bytes };
        Ok(OpenEdition {
            files: files.map(file).collect(),
            has_mail: !manifest.messages.is_empty(),
            title: manifest.title,
            subject: manifest.subject,
            per_tanggal: manifest.per_tanggal,
            stale: manifest.stale,
        })
    }

    fn html(&self, record: &EditionRecord) -> Result<String, DeskError> {
        let manifest = self.manifest(record)?;
        let page = self.part(record, Self::named(&manifest, PAGE)?)?;
        let mut html = String::from_utf8(page).map_err(failed)?;
        if let Some(message) = manifest.messages.first() {
            let eml = self.part(record, Self::named(&manifest, &message.part)?)?;
            for (content_id, base64) in pictures(&String::from_utf8_lossy(&eml)) {
                html = html.replace(&format!("cid:{content_id}"), &format!("data:image/png;base64,{base64}"));
            }
        }
        Ok(html)
    }

    fn file(&self, record: &EditionRecord, name: &str) -> Result<Vec<u8>, DeskError> {
        let manifest = self.manifest(record)?;
        let part = Self::named(&manifest, name)?;
        if FILES.contains(&part.kind()) { self.part(record, part) } else { Err(DeskError::Missing) }
    }

    fn changes(&self, old: &EditionRecord, new: &EditionRecord) -> Result<EditionChanges, DeskError> {
        let found = difference(&self.manifest(old)?, &self.manifest(new)?);
        let figure = |change: crate::report::record::FigureChange| ChangedFigure {
            id: change.id,
            old: change.old.map(|figure| figure.text),
            new: change.new.map(|figure| figure.text),
            difference: change.words,
        };
        let sentence = |change: crate::report::record::SentenceChange| ChangedSentence {
            place: change.place,
            old: change.old,
            new: change.new,
        };
        Ok(EditionChanges {
            figures: found.figures.into_iter().map(figure).collect(),
            same: found.same,
            sentences: found.sentences.into_iter().map(sentence).collect(),
        })
    }

    async fn resend(&self, edition: &str, who: &str) -> Result<usize, DeskError> {
        if !is_mailed(&self.context) {
            return Err(DeskError::Refused(NO_MAIL.to_owned()));
        }
        let outbox = self.outbox()?;
        let again = Again { failed: true, ambiguous: false };
        let moved = outbox.again(edition, again, who).map_err(failed)?.len();
        self.send(outbox, Which::Edition(edition.to_owned()));
        Ok(moved)
    }

    async fn proof(&self, record: &EditionRecord, to: &str, who: &str) -> Result<(), DeskError> {
        if !is_mailed(&self.context) {
            return Err(DeskError::Refused(NO_MAIL.to_owned()));
        }
        let to: Address =
            to.parse().map_err(|_| DeskError::Refused("Alamat surat akun Anda tidak sah.".to_owned()))?;
        let manifest = self.manifest(record)?;
        let message = manifest.messages.first().ok_or(DeskError::Missing)?;
        let sent = Outgoing {
            edition: manifest.edition.clone(),
            recipient: to.clone(),
            message_id: message.message_id.clone(),
            eml: self.part(record, Self::named(&manifest, &message.part)?)?,
        };
        let now = self.context.clock.now();
        let proof = proof(&sent, &to, now);
        lay_in(&self.ledger, DeliveryKind::Proof, std::slice::from_ref(&proof), who, now).map_err(failed)?;
        // Whoever sends at the moment, or the schedule's next round, takes it along otherwise.
        if let Ok(outbox) = self.outbox() {
            self.send(outbox, Which::Message(proof.message_id));
        }
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> DeskError {
    DeskError::Failed(error.to_string())
}

fn figures_of(edition: Edition, made_at: chrono::DateTime<chrono::Utc>) -> Figures {
    let page = edition.page;
    let tile = |tile: crate::report::Tile| FigureTile {
        label: tile.label,
        value: tile.value,
        detail: tile.detail,
        alert: tile.alert,
    };
    Figures {
        headline: page.headline,
        position: page.position,
        warnings: page.warnings,
        tiles: page.tiles.into_iter().map(tile).collect(),
        changes: page.changes,
        notes: page.notes,
        made_at,
    }
}

/// The pictures that a message carries inline: each Content-ID, and the PNG in base64 as it was sent.
fn pictures(eml: &str) -> Vec<(String, String)> {
    let mut pictures = Vec::new();
    for part in eml.split("\r\n--") {
        let Some((head, body)) = part.split_once("\r\n\r\n") else { continue };
        let field = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let is_png = field("content-type").is_some_and(|kind| kind.starts_with("image/png"));
        let is_base64 = field("content-transfer-encoding").is_some_and(|word| word.eq_ignore_ascii_case("base64"));
        if let (true, true, Some(id)) = (is_png, is_base64, field("content-id")) {
            let base64 = body.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
            pictures.push((id.trim_matches(['<', '>']).to_owned(), base64.collect()));
        }
    }
    pictures
}

/// Sends without a word but to the log.
struct Quiet(Stop);

impl Watch for Quiet {
    fn stop_asked(&self) -> bool {
        self.0.is_ordered()
    }

    fn done(&self, record: &DeliveryRecord) {
        tracing::info!(delivery = record.seq, edition = record.edition, state = record.state.word(), "mail");
    }

    fn note(&self, text: &str) {
        tracing::warn!("{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::pictures;

    #[test]
    fn the_pictures_of_a_message_are_found_by_their_ids() {
        let eml = "Subject: x\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:logo@a\">\r\n--b\r\n\
            Content-ID: <logo@a>\r\nContent-Disposition: inline\r\nContent-Type: image/png\r\n\
            Content-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\nGgo=\r\n--b\r\nContent-ID: <x@a>\r\n\
            Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";
        assert_eq!(pictures(eml), [("logo@a".to_owned(), "iVBORw0KGgo=".to_owned())]);
        assert!(pictures("").is_empty());
    }
}
