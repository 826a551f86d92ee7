//! What scheduled jobs do: load, bring the marts up to date, lay reports in the outbox, send, tell the operator.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Scheduled, loads};
use crate::cli::exit::Failure;
use crate::cli::report::{self, Laid};
use crate::cli::{Context, gc, marts};
use crate::contract::Contract;
use crate::mail::outbox::{Outbox, Stopped, Watch, lay_in};
use crate::mail::{self, Address, MailError};
use crate::schedule::{Attempt, Ended, JobId, News, Outcome, Work};
use crate::warehouse::{Deliveries, DeliveryKind, DeliveryRecord, OccurrenceState, Warehouse, WarehouseError};

/// The work of every day.
pub(super) struct Daily<'a> {
    pub(super) context: &'a Context,
    pub(super) contracts: &'a [Contract],
    pub(super) scheduled: &'a Scheduled,
    /// Set when the daemon is told to stop: the mail at hand is finished, no other is begun.
    pub(super) stopping: &'a AtomicBool,
}

#[async_trait(?Send)]
impl Work for Daily<'_> {
    async fn attempt(&self, attempt: &Attempt) -> Ended {
        match &attempt.job.id {
            JobId::Report(name) => self.report(name, (attempt.due_at, attempt.started_at)).await,
            JobId::Gc => gc::scheduled(self.context, self.contracts, &self.scheduled.warehouse).await,
            JobId::Source(name) | JobId::Dataset(name) => {
                let ended = loads::load(self, name, attempt).await;
                if let (true, Some(server)) = (ended.changed, &self.scheduled.server) {
                    server.warehouse_changed().await;
                }
                ended
            }
        }
    }

    async fn marts(&self) {
        marts::after_commit(self.context, &self.scheduled.warehouse).await;
    }

    async fn mail(&self) {
        if !report::is_mailed(self.context) {
            return;
        }
        match self.send().await {
            Ok(None | Some(Stopped::Asked)) => {}
            Ok(Some(stopped)) => tracing::warn!(?stopped, "mail waits in the outbox, and is tried again"),
            Err(MailError::Warehouse(WarehouseError::OutboxLocked { by })) => {
                tracing::debug!(by, "somebody else sends");
            }
            Err(error) => tracing::error!(%error, "mail waits in the outbox, and is tried again"),
        }
    }

    fn tell(&self, news: &News) -> bool {
        let word = match news.state {
            OccurrenceState::Done => "is well again",
            OccurrenceState::Held => "was held",
            _ => "failed",
        };
        let reason = news.reason.as_deref().unwrap_or_default();
        if news.state == OccurrenceState::Done {
            tracing::warn!(job = %news.job, due_at = %news.due_at, "{word}");
        } else {
            tracing::error!(job = %news.job, due_at = %news.due_at, reason, "{word}");
        }
        match self.lay_in_note(news, word) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the operator could not be told by mail");
                // What the disk or the ledger refused goes in later; a wrong address stays wrong.
                !matches!(error, MailError::Warehouse(_) | MailError::Write { .. })
            }
        }
    }
}

impl Daily<'_> {
    async fn report(&self, name: &str, times: (DateTime<Utc>, DateTime<Utc>)) -> Ended {
        let laid = report::lay_in_due(self.context, &self.scheduled.warehouse, name, times).await;
        Ended::plain(match laid {
            Ok(Laid::In(mails)) => {
                Outcome::Done(Some(format!("{} mails laid in, {} stood there before", mails.new, mails.standing)))
            }
            Ok(Laid::Waits(until, why)) => Outcome::Wait { until, why },
            Ok(Laid::Held(why)) => Outcome::Held(why),
            Err(failure) => Outcome::Failed(said(&failure)),
        })
    }

    async fn send(&self) -> Result<Option<Stopped>, MailError> {
        let context = self.context;
        let outbox =
            Outbox::open(&self.scheduled.warehouse, &context.config.mail, &context.credentials, context.clock)?;
        outbox.send(Deliveries::All, self).await
    }

    /// Lays a note to the operator in the outbox, once for each occurrence and end; nobody is told where there is no address.
    fn lay_in_note(&self, news: &News, word: &str) -> Result<(), MailError> {
        let due = news.due_at.with_timezone(&self.context.config.deployment.timezone).format("%Y-%m-%d %H:%M %Z");
        let subject = format!("lumbung: {} {word}", news.job);
        let reason = news.reason.as_deref().unwrap_or("nothing more is known");
        let (reason, next) = match news.state {
            OccurrenceState::Done => ("", ""),
            _ if news.job.is_report() => (reason, "Each of its times that fails is told.\n"),
            _ => (reason, "The next note follows when it is well again.\n"),
        };
        let body = format!(
            "{} {word}. It was due {due}.\n\n{reason}\n\nlumbung status shows what stands, lumbung runs what was loaded.\n{next}",
            news.job
        );
        let about = format!("{} {} {}", news.job, news.due_at, news.state.word());
        tell_operator(self.context, &self.scheduled.warehouse, &about, (&subject, body)).map(|_| ())
    }
}

/// Lays a note to the operator in the outbox; whether there is anybody to tell. `about` tells notes apart: the same one, whoever
/// lays it in again and whenever, is one mail.
pub(super) fn tell_operator(
    context: &Context,
    warehouse: &Warehouse,
    about: &str,
    (subject, body): (&str, String),
) -> Result<bool, MailError> {
    let mail = &context.config.mail;
    let Some(operator) = mail.operator.as_deref().filter(|_| report::is_mailed(context)) else { return Ok(false) };
    let address = |key, text: &str| {
        text.parse::<Address>().map_err(|error| MailError::Address { key, reason: error.to_string() })
    };
    let (from, operator) = (address("from", &mail.from)?, address("operator", operator)?);
    let now = context.clock.now();
    let Some(note) = mail::note((&from, &operator), about, (subject, body), now) else { return Ok(false) };
    lay_in(warehouse, DeliveryKind::Alert, &[note], "lumbung", now)?;
    Ok(true)
}

impl Watch for Daily<'_> {
    fn stop_asked(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn done(&self, record: &DeliveryRecord) {
        tracing::info!(delivery = record.seq, edition = record.edition, state = record.state.word(), "mail");
    }

    fn note(&self, text: &str) {
        tracing::warn!("{text}");
    }
}

/// A failure in one line, with its hint.
pub(super) fn said(failure: &Failure) -> String {
    match failure.hint {
        Some(hint) => format!("{} (hint: {hint})", failure.message),
        None => failure.message.clone(),
    }
}
