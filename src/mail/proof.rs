//! A proof: the message of an edition, marked, to somebody who wants to see it first.
//!
//! Only the head changes: subject, recipient and Message-ID. The body is that of the message it proves, byte for byte.

use super::{Address, Outgoing};
use crate::warehouse::RunId;
use chrono::{DateTime, Utc};

/// What a proof's subject begins with: readers are Indonesian.
const MARK: &str = "[UJI KIRIM]";

/// `message` as a proof for `to`, made at `now`. Every proof is a message of its own.
#[must_use]
pub fn proof(message: &Outgoing, to: &Address, now: DateTime<Utc>) -> Outgoing {
    let domain = message.message_id.trim_end_matches('>').rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let message_id = format!("<proof.{}@{domain}>", RunId::new(now));
    let end = message.eml.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(message.eml.len(), |at| at + 2);
    let (head, rest) = message.eml.split_at(end);
    let mut eml = Vec::with_capacity(message.eml.len() + MARK.len() + 64);
    for field in fields(head) {
        match name(field).as_str() {
            "to" => eml.extend(format!("To: {to}\r\n").bytes()),
            "message-id" => eml.extend(format!("Message-ID: {message_id}\r\n").bytes()),
            // On a line of its own: the encoded words after it may fill theirs.
            "subject" => {
                let subject = &field[field.iter().position(|byte| *byte == b':').map_or(0, |at| at + 1)..];
                eml.extend(format!("Subject: {MARK}\r\n").bytes());
                eml.extend(subject);
            }
            // Copies would go to those whom nothing is proved to.
            "cc" | "bcc" => {}
            _ => eml.extend(field),
        }
    }
    eml.extend(rest);
    Outgoing { edition: message.edition.clone(), recipient: to.clone(), message_id, eml }
}

/// The fields of a head, each with the lines that continue it.
fn fields(head: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let mut start = 0;
    for at in 0..head.len() {
        let ends = head[..=at].ends_with(b"\r\n") && !matches!(head.get(at + 1), Some(b' ' | b'\t'));
        if ends {
            fields.push(&head[start..=at]);
            start = at + 1;
        }
    }
    if start < head.len() {
        fields.push(&head[start..]);
    }
    fields
}

fn name(field: &[u8]) -> String {
    let name = field.split(|byte| *byte == b':').next().unwrap_or_default();
    String::from_utf8_lossy(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::proof;
    use crate::mail::Outgoing;

    #[test]
    fn a_proof_is_marked_goes_to_one_and_keeps_the_body() {
        let eml = "From: a@contoh.go.id\r\nTo: =?utf-8?b?WXRoLg==?=\r\n <sekjen@contoh.go.id>\r\nCc: x@contoh.go.id\r\n\
            Message-ID: <e.1@contoh.go.id>\r\nSubject: =?utf-8?b?U2VyYXBhbg==?=\r\n =?utf-8?b?NzE=?=\r\nList-Id: <l>\r\n\
            \r\nTo: nobody\r\nSubject: not this\r\n";
        let message = Outgoing {
            edition: "e".to_owned(),
            recipient: "sekjen@contoh.go.id".parse().unwrap(),
            message_id: "<e.1@contoh.go.id>".to_owned(),
            eml: eml.into(),
        };
        let now = "2026-11-01T06:00:00Z".parse().unwrap();
        let made = proof(&message, &"me@contoh.go.id".parse().unwrap(), now);
        let text = String::from_utf8(made.eml.clone()).unwrap();
        let expected = format!(
            "From: a@contoh.go.id\r\nTo: me@contoh.go.id\r\nMessage-ID: {}\r\n\
            Subject: [UJI KIRIM]\r\n =?utf-8?b?U2VyYXBhbg==?=\r\n =?utf-8?b?NzE=?=\r\nList-Id: <l>\r\n\
            \r\nTo: nobody\r\nSubject: not this\r\n",
            made.message_id
        );
        assert_eq!(text, expected);
        assert!(made.message_id.starts_with("<proof.20261101T0600") && made.message_id.ends_with("@contoh.go.id>"));
        assert_ne!(made.message_id, proof(&message, &message.recipient, now).message_id);
    }
}
