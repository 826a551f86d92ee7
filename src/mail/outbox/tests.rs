//! What is laid in, what is told of it, and that the dot waits for the ledger.

use super::{Again, Outbox, Watch, has_only_crlf, lay_in};
use crate::clock::Clock;
use crate::config::{Credentials, MailSettings, deployment};
use crate::mail::{MailError, Outgoing};
use crate::warehouse::{Deliveries, DeliveryKind, DeliveryRecord, DeliveryState, Warehouse};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tempfile::TempDir;

#[derive(Default)]
struct Silent(Mutex<Vec<DeliveryState>>);

impl Watch for Silent {
    fn stop_asked(&self) -> bool {
        false
    }

    fn done(&self, record: &DeliveryRecord) {
        self.0.lock().unwrap().push(record.state);
    }

    fn note(&self, _: &str) {}
}

fn at() -> DateTime<Utc> {
    "2026-11-01T06:00:00Z".parse().unwrap()
}

fn outgoing(recipient: &str) -> Outgoing {
    Outgoing {
        edition: "e-2026-10-31".to_owned(),
        recipient: recipient.parse().unwrap(),
        message_id: format!("<e.{}@contoh.go.id>", recipient.len()),
        eml: b"Subject: x\r\n\r\nbody\r\n".to_vec(),
    }
}

fn settings(more: &str) -> MailSettings {
    deployment::parse("lumbung.toml", &format!("[mail]\n{more}"), &[]).unwrap().mail
}

fn house(folder: &TempDir) -> Warehouse {
    Warehouse::open(&folder.path().join("warehouse"), at()).unwrap()
}

fn none() -> Credentials {
    Credentials::Given(BTreeMap::new())
}

#[test]
fn what_would_be_lost_or_misread_is_not_laid_in() {
    let folder = TempDir::new().unwrap();
    let warehouse = house(&folder);
    let lay = |messages: &[Outgoing]| lay_in(&warehouse, DeliveryKind::Edition, messages, "budi", at());
    let other = Outgoing { message_id: "<other@contoh.go.id>".to_owned(), ..outgoing("SEKJEN@contoh.go.id") };
    let twice = lay(&[outgoing("sekjen@contoh.go.id"), other]).unwrap_err();
    assert!(matches!(twice, MailError::Twice { .. }) && !twice.to_string().contains("sekjen@"), "{twice}");
    let bare = Outgoing { eml: b"a\n.\r\nMAIL FROM:<x>\r\n".to_vec(), ..outgoing("a@contoh.go.id") };
    assert!(matches!(lay(&[bare]).unwrap_err(), MailError::BareLineEnd { .. }));
    assert_eq!(warehouse.deliveries(Deliveries::All).unwrap(), []);
    for (eml, good) in [("a\r\nb\r\n", true), ("a\nb", false), ("\n", false), ("a\rb", false), ("a\r", false)] {
        assert_eq!(has_only_crlf(eml.as_bytes()), good, "{eml:?}");
    }
}

#[tokio::test]
async fn files_are_a_delivery_only_where_somebody_says_so() {
    let folder = TempDir::new().unwrap();
    let warehouse = house(&folder);
    let open = |settings: &MailSettings| Outbox::open(&warehouse, settings, &none(), Clock::Fixed(at()));
    assert!(matches!(open(&settings("")).err(), Some(MailError::NoDelivery)));
    let target = folder.path().join("taken");
    let settings = settings(&format!("file_is_delivery = true\nfolder = \"{}\"\n", target.display()));
    lay_in(&warehouse, DeliveryKind::Edition, &[outgoing("sekjen@contoh.go.id")], "budi", at()).unwrap();
    let outbox = open(&settings).unwrap();
    for _ in 0..2 {
        assert_eq!(outbox.send(Deliveries::All, &Silent::default()).await.unwrap(), None);
    }
    assert_eq!(std::fs::read_dir(&target).unwrap().count(), 1);
    let record = warehouse.deliveries(Deliveries::All).unwrap().remove(0);
    assert_eq!((record.state, record.attempts), (DeliveryState::Accepted, 1));
    assert_eq!(outbox.again("e-2026-10-31", Again { failed: true, ambiguous: true }, "budi").unwrap(), []);
}

/// A server that nobody listens at: everything waits, is given up in time, and the operator is told once.
#[tokio::test]
async fn what_is_not_taken_in_time_is_given_up_and_told_once() {
    let folder = TempDir::new().unwrap();
    let warehouse = house(&folder);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "transport = \"smtp\"\nsmtp_url = \"smtp://{nobody}\"\noperator = \"operator@contoh.go.id\"\ngive_up_hours = 1\n"
    );
    let settings = settings(&text);
    lay_in(&warehouse, DeliveryKind::Edition, &[outgoing("sekjen@contoh.go.id")], "budi", at()).unwrap();
    let mut seen = Vec::new();
    for minutes in [0, 1, 61, 62] {
        let clock = Clock::Fixed(at() + TimeDelta::minutes(minutes));
        let outbox = Outbox::open(&warehouse, &settings, &none(), clock).unwrap();
        outbox.send(Deliveries::Edition("e-2026-10-31"), &Silent::default()).await.unwrap();
        let records = warehouse.deliveries(Deliveries::All).unwrap();
        seen.push(records.iter().map(|record| (record.kind, record.state)).collect::<Vec<_>>());
    }
    let edition = |state| (DeliveryKind::Edition, state);
    assert_eq!(seen[0], [edition(DeliveryState::Retry)]);
    assert_eq!(seen[1], seen[0], "not before its time");
    assert_eq!(seen[2], [edition(DeliveryState::GivenUp), (DeliveryKind::Alert, DeliveryState::Retry)]);
    assert_eq!(seen[3].len(), 2, "told once");
    let alert = warehouse.deliveries(Deliveries::All).unwrap().remove(1);
    assert_eq!(alert.recipient.expose(), "operator@contoh.go.id");
    let outbox = Outbox::open(&warehouse, &settings, &none(), Clock::Fixed(at())).unwrap();
    let text = String::from_utf8(outbox.log.message(&alert).unwrap()).unwrap();
    assert!(text.contains("to s…@contoh.go.id") || text.contains("=E2=80=A6"), "{text}");
    assert!(!text.contains("sekjen@"), "{text}");
}
