//! An edition as messages: one for each recipient, so that one refused address never costs another office its report.
//!
//! Everything in a message follows from edition, recipient and the injected now: Message-ID, MIME boundaries and date.
//! Making it again gives the same bytes.

use super::definition::{Recipient, ReportDefinition};
use super::edition::Edition;
use super::inputs::{Deployment, Logo};
use crate::mail::Outgoing;
use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
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

/// One message for each recipient of the definition, in its order. `now` becomes the mail's date.
///
/// # Errors
/// [`MessageError::Invalid`] when lettre refuses a header; checked addresses never lead there.
pub fn messages(
    edition: &Edition,
    definition: &ReportDefinition,
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
    definition.recipients.iter().map(message).collect()
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

/// Text first, HTML preferred; a logo stands beside the HTML, never beside the text.
fn body(edition: &Edition, deployment: &Deployment, id: &str) -> MultiPart {
    let text = SinglePart::plain(edition.text.clone());
    let html = SinglePart::html(edition.html.clone());
    let alternative = MultiPart::alternative().boundary(format!("lumbung-{id}-a")).singlepart(text);
    match &deployment.logo {
        None => alternative.singlepart(html),
        Some(logo) => alternative.multipart(
            MultiPart::related()
                .boundary(format!("lumbung-{id}-r"))
                .singlepart(html)
                .singlepart(picture(logo, deployment.logo_content_id())),
        ),
    }
}

fn picture(logo: &Logo, content_id: String) -> SinglePart {
    let png = ContentType::parse("image/png").expect("a constant media type");
    Attachment::new_inline_with_name(content_id, "logo.png".to_owned()).body(logo.png.to_vec(), png)
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
