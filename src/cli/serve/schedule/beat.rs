//! What the scheduler says of itself after each look: to monitors at once, by the heartbeat file every minute, and, where that is
//! asked for, by one mail a day.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Scheduled;
use super::work::tell_operator;
use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::health::{Look, Rules};
use crate::config::HeartbeatRoad;
use crate::contract::Contract;
use crate::schedule::Runner;
use crate::serve::watch::Beat;
use crate::warehouse::{Heartbeat, OccurrenceFilter, OccurrenceState, WarehouseError};

/// The file is written once a minute: looks come a little early or late.
const EVERY: TimeDelta = TimeDelta::seconds(55);

/// A daily note that could not be sent for so long is not sent any more: the next one comes.
const LATE_MAX: TimeDelta = TimeDelta::hours(24);

/// Says that the scheduler lives.
pub(super) struct Beats<'a> {
    context: &'a Context,
    contracts: &'a [Contract],
    scheduled: &'a Scheduled,
    last: Heartbeat,
    written: Option<DateTime<Utc>>,
    /// The day whose note is in the outbox.
    noted: Option<NaiveDate>,
}

impl<'a> Beats<'a> {
    pub(super) fn new(context: &'a Context, contracts: &'a [Contract], scheduled: &'a Scheduled) -> Self {
        let last = Heartbeat::of_this_process(scheduled.plan.jobs.len(), context.clock.now());
        Self { context, contracts, scheduled, last, written: None, noted: None }
    }

    /// Says how a look at `now` went.
    pub(super) fn looked(&mut self, runner: &Runner<'_>, error: Option<&WarehouseError>, now: DateTime<Utc>) {
        self.scheduled.pulse.beat(Beat {
            at: Some(now),
            in_charge: runner.is_in_charge(),
            elsewhere: runner.elsewhere().map(str::to_owned),
            running: runner.n_running(),
            error: error.map(ToString::to_string),
        });
        // One daemon speaks for a warehouse: the one that runs what is due.
        if !runner.is_in_charge() || self.context.config.watch.heartbeat == HeartbeatRoad::Off {
            return;
        }
        let is_early = self.written.is_some_and(|written| written <= now && now - written < EVERY);
        if is_early {
            return;
        }
        self.written = Some(now);
        self.last.at = now;
        self.last.running = runner.n_running();
        if let Err(error) = self.count().and_then(|()| self.scheduled.warehouse.beat(&self.last)) {
            tracing::error!(%error, "the heartbeat cannot be written");
        }
        if self.context.config.watch.heartbeat == HeartbeatRoad::Mail {
            self.note(now);
        }
    }

    /// Says that the daemon ends in good order.
    pub(super) fn ended(&mut self, now: DateTime<Utc>) {
        if self.written.is_none() {
            return;
        }
        self.last.stopped_at = Some(now);
        if let Err(error) = self.scheduled.warehouse.beat(&self.last) {
            tracing::error!(%error, "the last heartbeat cannot be written");
        }
    }

    fn count(&mut self) -> Result<(), WarehouseError> {
        let warehouse = &self.scheduled.warehouse;
        let open = warehouse.occurrences(&OccurrenceFilter { open: true, ..OccurrenceFilter::default() })?;
        self.last.waiting = open.iter().filter(|record| record.state != OccurrenceState::Running).count();
        self.last.mails = warehouse.open_deliveries()?.len();
        Ok(())
    }

    /// Lays the note of the day in the outbox when its time has come. It is known by its day: neither a restart nor another time of
    /// the day in `lumbung.toml` makes a second one.
    fn note(&mut self, now: DateTime<Utc>) {
        let zone = self.context.config.deployment.timezone;
        let Some(due) = self.context.config.watch.heartbeat_cron.last_until(now, zone) else { return };
        let day = due.with_timezone(&zone).date_naive();
        if self.noted == Some(day) || now - due > LATE_MAX {
            return;
        }
        let laid = self.words(now).and_then(|words| {
            let (subject, body) = words;
            Ok(tell_operator(self.context, &self.scheduled.warehouse, &format!("heartbeat {day}"), (&subject, body))?)
        });
        match laid {
            Ok(_) => self.noted = Some(day),
            Err(failure) => tracing::error!(reason = failure.message, "the daily note cannot be laid in the outbox"),
        }
    }

    /// Subject and text of the daily note.
    fn words(&self, now: DateTime<Utc>) -> Result<(String, String), Failure> {
        let (context, warehouse) = (self.context, &self.scheduled.warehouse);
        let look = Look::take(context, self.contracts, Rules::read(context, self.contracts)?, warehouse)?;
        let wrong = look.wrong(context);
        let (subject, first) = match wrong.len() {
            0 => ("lumbung: all is well".to_owned(), "All is well.".to_owned()),
            n => (format!("lumbung: {n} not well"), format!("Not well:\n- {}", wrong.join("\n- "))),
        };
        let ages = look.datasets();
        let fresh = ages.iter().filter(|age| age.word() == "fresh").count();
        let local =
            |at: DateTime<Utc>| at.with_timezone(&context.config.deployment.timezone).format("%Y-%m-%d %H:%M %Z");
        let Heartbeat { version, host, started_at, jobs, mails, .. } = &self.last;
        let body = format!(
            "{first}\n\n{fresh} of {} datasets are fresh, {jobs} jobs run by themselves, {mails} mails wait.\n\
             lumbung {version} on {host} runs since {}; this was written {}.\n\n\
             This note comes once a day (watch.heartbeat_cron). When it does not come, the daemon is gone: lumbung status.\n",
            ages.len(),
            local(*started_at),
            local(now)
        );
        Ok((subject, body))
    }
}
