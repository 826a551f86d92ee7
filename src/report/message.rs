//! An edition as messages: one for each recipient, so that one refused address never costs another office its report.
//!
//! ```text
//! multipart/mixed                 only when files are attached
//! ├─ multipart/alternative
//! │  ├─ text/plain
//! │  └─ multipart/related        only with a logo or a chart
//! │     ├─ text/html
//! │     ├─ logo.png, inline
//! │     └─ grafik.png, inline
//! ├─ serapan-2026-10.xlsx
//! └─ ...
//! ```
//!
//! Everything in a message follows from edition, recipient and the injected now: Message-ID, MIME boundaries and date.
//! Making it again gives the same bytes.

use super::attach::Attached;
use super::definition::Recipient;
use super::edition::Edition;
use super::inputs::Deployment;
use crate::mail::Outgoing;
use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};
use sha2::{Digest, Sha256};
use std::time::SystemTime;

/// Why an edition could not become a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// lettre refused the headers.
    #[error("the message to {recipient} is not valid: {source}")]
    Invalid {
        /// The address it was for.
        recipient: String,
        /// What lettre said.
        source: lettre::error::Error,
    },
}

/// One message for each of `recipients`, in their order. `now` becomes the mail's date.
///
/// # Errors
/// [`MessageError::Invalid`] when lettre refuses a header; checked addresses never lead there.
pub fn messages(
    edition: &Edition,
    recipients: &[Recipient],
    deployment: &Deployment,
    now: DateTime<Utc>,
) -> Result<Vec<Outgoing>, MessageError> {
    let message = |recipient: &Recipient| {
        let id = digest(&[&edition.id(), recipient.address.as_ref()]);
        let message_id = format!("<{}.{id}@{}>", edition.id(), deployment.from_address.domain());
        let mail = Message::builder()
            .from(Mailbox::new(Some(deployment.from_name.clone()), deployment.from_address.clone()))
            .to(Mailbox::new(Some(recipient.name.clone()), recipient.address.clone()))
            .date(SystemTime::from(now))
            .message_id(Some(message_id.clone()))
            .subject(edition.subject.clone());
        let mail = list_headers(edition, deployment).into_iter().fold(mail, |mail, header| mail.raw_header(header));
        let mail = mail
            .multipart(body(edition, deployment, &id))
            .map_err(|source| MessageError::Invalid { recipient: recipient.address.to_string(), source })?;
        let (edition, recipient) = (edition.id(), recipient.address.clone());
        Ok(Outgoing { edition, recipient, message_id, eml: mail.formatted() })
    };
    recipients.iter().map(message).collect()
}

/// What tells a mail program, and an out-of-office responder, that this is a subscribed, automatic mail.
fn list_headers(edition: &Edition, deployment: &Deployment) -> Vec<HeaderValue> {
    let header = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
    let domain = deployment.from_address.domain();
    let root = format!("<series.{}@{domain}>", edition.name);
    vec![
        header("Auto-Submitted", "auto-generated".to_owned()),
        header("List-Id", format!("{} <{}.{domain}>", edition.title, edition.name)),
        header("List-Unsubscribe", format!("<{}>", deployment.subscription_link(&edition.name))),
        header("Content-Language", "id".to_owned()),
        // The root of the series, which was never sent: mail programs show all editions of a report as one conversation.
        header("In-Reply-To", root.clone()),
        header("References", root),
    ]
}

/// The page in both forms, then the files.
fn body(edition: &Edition, deployment: &Deployment, id: &str) -> MultiPart {
    let page = alternative(edition, deployment, id);
    if edition.files.is_empty() {
        return page;
    }
    let mixed = MultiPart::mixed().boundary(format!("lumbung-{id}-m")).multipart(page);
    edition.files.iter().fold(mixed, |mixed, file| mixed.singlepart(attached(file)))
}

/// Text first, HTML preferred; pictures stand beside the HTML, never beside the text.
fn alternative(edition: &Edition, deployment: &Deployment, id: &str) -> MultiPart {
    let text = SinglePart::plain(edition.text.clone());
    let html = SinglePart::html(edition.html.clone());
    let alternative = MultiPart::alternative().boundary(format!("lumbung-{id}-a")).singlepart(text);
    let logo = deployment.logo.iter().map(|logo| ("logo.png", deployment.logo_content_id(), logo.png.to_vec()));
    let chart = edition.picture.iter().map(|chart| ("grafik.png", chart.content_id.clone(), chart.png.clone()));
    let pictures: Vec<_> = logo.chain(chart).collect();
    if pictures.is_empty() {
        return alternative.singlepart(html);
    }
    let related = MultiPart::related().boundary(format!("lumbung-{id}-r")).singlepart(html);
    alternative.multipart(
        pictures
            .into_iter()
            .fold(related, |related, (name, content_id, png)| related.singlepart(picture(name, content_id, png))),
    )
}

fn picture(name: &str, content_id: String, png: Vec<u8>) -> SinglePart {
    let media = ContentType::parse("image/png").expect("a constant media type");
    Attachment::new_inline_with_name(content_id, name.to_owned()).body(png, media)
}

/// A file; always base64, so that its bytes arrive as they are.
fn attached(file: &Attached) -> SinglePart {
    let media_type = ContentType::parse(file.media_type).expect("a constant media type");
    let bytes = Body::new_with_encoding(file.bytes.to_vec(), ContentTransferEncoding::Base64);
    let bytes = bytes.expect("base64 takes every byte");
    Attachment::new(file.name.clone()).body(bytes, media_type)
}

/// Sixteen hexadecimal digits over `parts`, each ended by a zero byte.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
