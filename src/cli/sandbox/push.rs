//! `lumbung sandbox --push URL`: the simulated OSS and PaDi buyer call an inbox, and what became of it.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::output::{OutputFormat, Table, grouped, print, print_json};
use crate::cli::progress::talk;
use crate::config::Credentials;
use crate::sandbox::{
    Extent, OssUser, PushCredentials, PushError, PushKind, PushOptions, PushReport, Pusher, Sandbox,
};

/// Where the inbox's secrets stand: the same variables that the inbox itself reads.
const OSS_USER: &str = "LUMBUNG_INBOX_OSS_USER";
const OSS_PASSWORD: &str = "LUMBUNG_INBOX_OSS_PASSWORD";
const PADI_TOKEN: &str = "LUMBUNG_INBOX_PADI_TOKEN";

/// How often pushing without end says how far it is.
const TALK_EVERY: Duration = Duration::from_secs(10);

/// The sandbox as the caller of an inbox.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pushing to an inbox")]
pub(super) struct PushArgs {
    /// Push to this inbox, e.g. http://127.0.0.1:8088/inbox, as LUMBUNG_INBOX_OSS_USER and _PASSWORD and with
    /// LUMBUNG_INBOX_PADI_TOKEN
    #[arg(long = "push", value_name = "URL")]
    url: Option<String>,
    /// Pushes in all, then the report and the end; without it, pushes go on while the systems are served
    #[arg(long = "push-count", value_name = "N", requires = "url")]
    count: Option<u64>,
    /// Pushes a second [default: as fast as they are answered]
    #[arg(long = "push-rate", value_name = "N", requires = "url")]
    rate: Option<NonZeroU32>,
    /// How many push at the same time
    #[arg(long = "push-clients", value_name = "N", default_value = "4", requires = "url")]
    clients: NonZeroUsize,
    /// Only this method (repeatable) [default: all that the variables allow]
    #[arg(long = "push-kind", value_name = "METHOD", requires = "url",
          value_parser = PossibleValuesParser::new(PushKind::ALL.map(PushKind::method)))]
    kinds: Vec<String>,
    /// Of 1,000 pushes so many are sent twice, half of these at the same moment
    #[arg(long = "push-twice", value_name = "N", default_value_t = 50, requires = "url",
          value_parser = clap::value_parser!(u16).range(0..=1000))]
    twice: u16,
    /// Of 1,000 NIBs so many come again changed
    #[arg(long = "push-changed", value_name = "N", default_value_t = 100, requires = "url",
          value_parser = clap::value_parser!(u16).range(0..=1000))]
    changed: u16,
    /// Certificate authorities to trust besides the machine's (PEM)
    #[arg(long = "push-ca", value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
}

impl From<PushError> for Failure {
    fn from(error: PushError) -> Self {
        let code = match error {
            PushError::Address(_) => Code::Usage,
            PushError::Credential { .. } | PushError::Client(_) => Code::Configuration,
        };
        Self::new(code, error)
    }
}

impl PushArgs {
    /// Whether the command is over when the pushes are.
    pub(super) fn ends(&self) -> bool {
        self.url.is_some() && self.count.is_some()
    }

    /// The pusher that was asked for.
    pub(super) fn pusher(&self, context: &Context, sandbox: &Sandbox, seed: u64) -> Result<Option<Pusher>, Failure> {
        let Some(url) = &self.url else { return Ok(None) };
        let credentials = credentials(&context.credentials);
        let kinds = self.kinds(&credentials)?;
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
        };
        let options = PushOptions {
            extent: self.count.map_or(Extent::Endless, Extent::Count),
            per_second: self.rate,
            clients: self.clients,
            twice_per_mille: self.twice,
            seed,
            ca: self.ca.as_ref().map(read).transpose()?,
            ..PushOptions::new(url, credentials, context.clock)
        };
        Ok(Some(Pusher::new(sandbox.pushes(&kinds, self.changed), options)?))
    }

    /// The methods asked for, or all that there are credentials for.
    fn kinds(&self, credentials: &PushCredentials) -> Result<Vec<PushKind>, Failure> {
        let named: Vec<PushKind> = self.kinds.iter().filter_map(|name| PushKind::named(name)).collect();
        if !named.is_empty() {
            return Ok(named);
        }
        let has = |kind: &PushKind| match kind.source() {
            "oss" => credentials.oss.is_some(),
            _ => credentials.padi.is_some(),
        };
        let kinds: Vec<PushKind> = PushKind::ALL.into_iter().filter(has).collect();
        if kinds.is_empty() {
            let message = format!("nobody to push as: set {OSS_USER} and {OSS_PASSWORD}, or {PADI_TOKEN}");
            return Err(Failure::new(Code::Configuration, message));
        }
        Ok(kinds)
    }
}

fn credentials(from: &Credentials) -> PushCredentials {
    let user = from.user("oss", OSS_USER).ok();
    let password = from.token("oss", OSS_PASSWORD, None).ok();
    PushCredentials {
        oss: user.zip(password).map(|(user, password)| OssUser { user, password }),
        padi: from.token("padi", PADI_TOKEN, None).ok(),
    }
}

/// Pushes what was asked for and prints what became of it.
pub(super) async fn to_the_end(context: &Context, pusher: &Pusher) -> Result<(), Failure> {
    let report = pusher.run().await;
    if context.output == OutputFormat::Json {
        as_json(&report)?;
    } else {
        print(&as_text(&report))?;
    }
    match report.totals.unanswered {
        0 => Ok(()),
        count => Err(Failure::new(Code::Unavailable, format!("nobody answered {} pushes", grouped(count)))),
    }
}

/// Pushes for as long as the program runs.
pub(super) async fn without_end(context: &Context, pusher: &Pusher) {
    let talking = async {
        loop {
            tokio::time::sleep(TALK_EVERY).await;
            if !context.quiet {
                talk(&format!("{} pushes acknowledged", grouped(pusher.acknowledged())));
            }
        }
    };
    tokio::select! {
        _ = pusher.run() => {}
        () = talking => {}
    }
}

/// One line a push, and the totals.
fn as_json(report: &PushReport) -> Result<(), Failure> {
    let value = |value: serde_json::Result<Value>| value.map_err(Failure::internal);
    for push in &report.pushes {
        print_json(&json!({ "push": value(serde_json::to_value(push))? }))?;
    }
    print_json(&json!({ "totals": value(serde_json::to_value(&report.totals))? }))
}

fn as_text(report: &PushReport) -> String {
    let totals = &report.totals;
    let mut table = Table::new(&["method", ">pushes", ">acknowledged"]);
    for (kind, of_kind) in &totals.kinds {
        table.row(vec![(*kind).to_owned(), grouped(of_kind.pushes), grouped(of_kind.acknowledged)]);
    }
    format!(
        "{}\n{} pushes, {} acknowledged, {} refused, {} unanswered; {} sent twice, {} of them answered differently\n\
         {:.1} s, {:.0} acknowledged a second, half within {:.1} ms, 99 of 100 within {:.1} ms, {} tries\n",
        table.render(),
        grouped(totals.pushes),
        grouped(totals.acknowledged),
        grouped(totals.refused),
        grouped(totals.unanswered),
        grouped(totals.sent_twice),
        grouped(totals.answered_differently),
        totals.seconds,
        totals.acknowledged_per_second,
        totals.p50_ms,
        totals.p99_ms,
        grouped(totals.attempts),
    )
}
