//! The outbox against real servers on the loopback interface: the misbehaving laboratory in all its modes, Postfix where it is
//! installed, TLS with right and wrong certificates, a process that is killed again and again, and the commands themselves.

mod command;
mod fence;
mod kill;
mod lab;
mod postfix;
mod sink;
mod tls;

pub(crate) use sink::Sink;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use lumbung::clock::Clock;
use lumbung::config::{Credentials, MailSettings, deployment};
use lumbung::mail::outbox::{Outbox, Stopped, Watch, lay_in};
use lumbung::mail::{MailError, Outgoing};
use lumbung::warehouse::{Deliveries, DeliveryKind, DeliveryRecord, DeliveryState, Warehouse};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The edition of all tests.
const EDITION: &str = "uji-2026-10-31";

/// When every test begins.
fn at() -> DateTime<Utc> {
    "2026-11-01T06:00:00Z".parse().unwrap()
}

/// A warehouse with an outbox, and the settings it is sent by.
struct Post {
    folder: TempDir,
    settings: String,
    password: Option<&'static str>,
}

struct Nobody;

impl Watch for Nobody {
    fn stop_asked(&self) -> bool {
        false
    }

    fn done(&self, _: &DeliveryRecord) {}

    fn note(&self, _: &str) {}
}

impl Post {
    /// An empty outbox; `settings` are lines of `[mail]`.
    fn new(url: &str, settings: &str) -> Self {
        let settings = format!(
            "[mail]\ntransport = \"smtp\"\nsmtp_url = \"{url}\"\nfrom = \"lumbung@lab.test\"\n{settings}\n[mail.timeouts]\n\
            greeting_secs = 10\nmail_secs = 10\nrcpt_secs = 10\ndata_secs = 10\nbody_secs = 10\nreply_secs = 2\n"
        );
        Self { folder: TempDir::new().unwrap(), settings, password: None }
    }

    fn warehouse(&self) -> Warehouse {
        Warehouse::open(&self.folder.path().join("warehouse"), at()).unwrap()
    }

    fn mail(&self) -> MailSettings {
        deployment::parse("lumbung.toml", &self.settings, &[]).unwrap().mail
    }

    fn lay(&self, messages: &[Outgoing]) {
        lay_in(&self.warehouse(), DeliveryKind::Edition, messages, "penguji", at()).unwrap();
    }

    /// Sends what is due so many minutes after the beginning.
    fn send(&self, minutes: i64) -> Result<Option<Stopped>, MailError> {
        let password = self.password.map(|password| ("LUMBUNG_SMTP_PASSWORD".to_owned(), password.into()));
        let credentials = Credentials::Given(password.into_iter().collect::<BTreeMap<_, _>>());
        let clock = Clock::Fixed(at() + TimeDelta::minutes(minutes));
        let outbox = Outbox::open(&self.warehouse(), &self.mail(), &credentials, clock)?;
        Runtime::new().unwrap().block_on(outbox.send(Deliveries::Edition(EDITION), &Nobody))
    }

    fn records(&self) -> Vec<DeliveryRecord> {
        self.warehouse().deliveries(Deliveries::Edition(EDITION)).unwrap()
    }

    fn states(&self) -> Vec<DeliveryState> {
        self.records().iter().map(|record| record.state).collect()
    }
}

/// A message to `recipient`, with lines that begin with dots and `bytes` of content.
fn message(recipient: &str, bytes: usize) -> Outgoing {
    let local = recipient.split('@').next().unwrap();
    let message_id = format!("<{EDITION}.{local}@lab.test>");
    let filling = "isi laporan\r\n.\r\n..titik\r\n".repeat(bytes / 24 + 1);
    let eml = format!(
        "From: lumbung@lab.test\r\nTo: {recipient}\r\nMessage-ID: {message_id}\r\nSubject: Uji\r\n\
        Date: Sun, 01 Nov 2026 06:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{filling}"
    );
    Outgoing { edition: EDITION.to_owned(), recipient: recipient.parse().unwrap(), message_id, eml: eml.into() }
}

/// The folder named by LUMBUNG_SHARED, or the word that the test is skipped.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where that folder is")]
fn shared() -> Option<std::path::PathBuf> {
    let found = std::env::var_os("LUMBUNG_SHARED").map(std::path::PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: needs LUMBUNG_SHARED");
    }
    found
}
