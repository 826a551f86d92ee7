//! Sending, record by record: into the ledger, out to the source, and the answer into the ledger.
//!
//! What stops everything: a key that is refused, a source that is down, too many answers in a row that are lost. What was
//! lost is asked for at the end, where the contract says how, and sent again only where it did not arrive.

mod pace;
mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::answer::{ANSWER_BYTES_MAX, Judgement, Outcome, Whole, judge};
use super::confirm::{self, Asking};
use super::judge::Ready;
use super::{SubmitError, Submitter};
use crate::source::auth::{Signature, Signer};
use crate::source::fetch::{FetchError, SourceClient, pause};
use crate::source::request::Request;
use crate::warehouse::{Begun, NewSubmission, OutboundLog, SubmissionAnswer, SubmissionRecord, SubmissionState};
use pace::Pace;
pub use stop::{Stop, Stopper};

/// Lost answers in a row after which nothing more is sent.
const LOST_IN_A_ROW_MAX: u32 = 3;

/// How often what was lost is asked for and sent again, in one run.
const ROUNDS_MAX: u32 = 2;

/// How records are sent.
#[derive(Debug, Clone)]
pub struct SendOptions {
    /// Records a second, at most.
    pub rate: u32,
    /// Send what may have arrived, where nobody can be asked.
    pub resend_ambiguous: bool,
    /// Who sends.
    pub operator: String,
}

/// How a record went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its place in the file; `None` for one that an earlier run left in doubt.
    pub row: Option<u64>,
    /// Its key: a JSON list.
    pub key: String,
    /// How it stands now.
    pub state: SubmissionState,
    /// HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// The source's code.
    pub code: Option<String>,
    /// What the source said, or why nobody knows; free of personal values.
    pub message: Option<String>,
}

/// Why sending ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// Somebody said so.
    Asked,
    /// The source refused who asks.
    Unauthorised(String),
    /// The source cannot be reached, or takes nothing now.
    Unavailable(String),
    /// Too many answers in a row were lost.
    Lost,
}

/// How it went.
#[derive(Debug, Default)]
pub struct SendReport {
    /// The records that were sent, or that nobody knows of, in the order of the file.
    pub sent: Vec<Sent>,
    /// Records that were not sent, because sending ended early.
    pub n_left: usize,
    /// Why it did.
    pub stopped: Option<Stopped>,
}

impl SendReport {
    /// How many records stand like this.
    #[must_use]
    pub fn count(&self, state: SubmissionState) -> usize {
        self.sent.iter().filter(|sent| sent.state == state).count()
    }
}

/// Who watches.
pub trait Sending: Sync {
    /// So many records are to be sent.
    fn begin(&self, n: usize);
    /// One is done, whatever became of it.
    fn done(&self, sent: &Sent);
    /// Something that a person should know; no personal value is in it.
    fn note(&self, text: &str);
    /// All is over.
    fn end(&self);
}

impl Submitter<'_> {
    /// Sends `records`, each with its place in the file. What went wrong with single ones is in the report.
    ///
    /// # Errors
    /// When nothing can be sent, or the ledger cannot be written: then nothing more is.
    pub async fn send(
        &self,
        log: &OutboundLog,
        records: Vec<(u64, Ready)>,
        options: &SendOptions,
        (progress, stop): (&dyn Sending, &Stop),
    ) -> Result<SendReport, SubmitError> {
        let client = self.reach.client()?;
        let signer = self.reach.signer(None)?;
        progress.begin(records.len());
        let pace = Pace::new(options.rate);
        let mut sender = Sender { submitter: self, log, client, signer, options, progress, stop, pace };
        let report = sender.run(records).await;
        progress.end();
        report
    }
}

/// One run.
struct Sender<'s, 'a> {
    submitter: &'s Submitter<'a>,
    log: &'s OutboundLog,
    client: SourceClient,
    signer: Signer,
    options: &'s SendOptions,
    progress: &'s dyn Sending,
    stop: &'s Stop,
    pace: Pace,
}

/// What one round left.
#[derive(Default)]
struct Round {
    /// Records whose answers were lost.
    lost: Vec<(u64, Ready)>,
    n_left: usize,
    stopped: Option<Stopped>,
}

impl Sender<'_, '_> {
    async fn run(&mut self, records: Vec<(u64, Ready)>) -> Result<SendReport, SubmitError> {
        let mut all: BTreeMap<String, Sent> = BTreeMap::new();
        for record in self.ask_for_lost().await? {
            all.insert(record.key.clone(), sent_of(None, &record));
        }
        let mut due = records;
        let mut report = SendReport::default();
        for round in 1..=ROUNDS_MAX {
            let Round { lost, n_left, stopped } = self.round(due, &mut all).await?;
            (report.n_left, report.stopped) = (n_left, stopped);
            if lost.is_empty() || self.stop.is_asked() || self.submitter.submission.confirm.is_none() {
                break;
            }
            // What is on the way gets a moment to arrive.
            self.stop.sleep(pause(self.client.limits(), 2, None)).await;
            let settled = self.ask_for_lost().await?;
            due = Vec::new();
            for (row, ready) in lost {
                let Some(record) = settled.iter().find(|record| record.key == ready.key) else { continue };
                all.insert(record.key.clone(), sent_of(Some(row), record));
                if record.state == SubmissionState::Pending {
                    due.push((row, ready));
                }
            }
            if due.is_empty() || report.stopped.is_some() || round == ROUNDS_MAX {
                break;
            }
        }
        report.sent = all.into_values().collect();
        // What an earlier run left comes first.
        report.sent.sort_by(|one, other| (one.row, &one.key).cmp(&(other.row, &other.key)));
        Ok(report)
    }

    /// Asks the source for everything of this method that is in doubt and notes the answer; nothing where the contract names
    /// no list. What stays in doubt is among what is returned.
    async fn ask_for_lost(&self) -> Result<Vec<SubmissionRecord>, SubmitError> {
        let mut doubtful = self.log.ambiguous()?;
        let Some(dataset) = self.submitter.submission.confirm.as_deref().filter(|_| !doubtful.is_empty()) else {
            return Ok(doubtful);
        };
        let wanted: BTreeSet<String> = doubtful.iter().map(|record| record.key.clone()).collect();
        self.progress.note(&format!("asking the source whether {} records arrived", wanted.len()));
        let asking =
            Asking { submitter: self.submitter, client: &self.client, signer: &self.signer, stop: self.stop };
        let found = match confirm::arrived(&asking, dataset, &wanted).await {
            Ok(found) => found,
            Err(reason) => {
                self.progress.note(&format!("whether they arrived is not known: {reason}"));
                return Ok(doubtful);
            }
        };
        for record in &mut doubtful {
            let (state, message) = if found.contains(&record.key) {
                (SubmissionState::Accepted, "its answer was lost; the source has it")
            } else {
                (SubmissionState::Pending, "its answer was lost; the source does not have it")
            };
            let code = record.code.as_deref();
            let answer = SubmissionAnswer { state, http_status: record.http_status, code, message: Some(message) };
            self.log.finish(record.seq, &answer, self.submitter.clock.now())?;
            (record.state, record.message) = (state, Some(message.to_owned()));
        }
        Ok(doubtful)
    }

    /// Sends every record once, with the tries that are safe.
    async fn round(
        &mut self,
        due: Vec<(u64, Ready)>,
        all: &mut BTreeMap<String, Sent>,
    ) -> Result<Round, SubmitError> {
        let mut round = Round::default();
        let mut lost_in_a_row = 0;
        let mut due = due.into_iter();
        while let Some((row, ready)) = due.next() {
            if self.stop.is_asked() || !self.pace.turn(self.stop).await {
                (round.stopped, round.n_left) = (Some(Stopped::Asked), due.len() + 1);
                return Ok(round);
            }
            let (sent, stopped) = self.record(row, &ready).await?;
            self.progress.done(&sent);
            let is_lost = sent.state == SubmissionState::Ambiguous;
            lost_in_a_row = if is_lost { lost_in_a_row + 1 } else { 0 };
            all.insert(sent.key.clone(), sent);
            if is_lost {
                round.lost.push((row, ready));
            }
            let too_many = (lost_in_a_row >= LOST_IN_A_ROW_MAX).then_some(Stopped::Lost);
            if let Some(why) = stopped.or(too_many.filter(|_| due.len() > 0)) {
                (round.stopped, round.n_left) = (Some(why), due.len());
                return Ok(round);
            }
        }
        Ok(round)
    }

    /// Sends one record until it is known how it stands, or no try is left; says what stops everything.
    async fn record(&self, row: u64, ready: &Ready) -> Result<(Sent, Option<Stopped>), SubmitError> {
        let limits = *self.client.limits();
        let (mut attempt, mut renewed) = (1, false);
        loop {
            let signature = self.signature().await;
            let seq = match self.begin(ready)? {
                Begun::Sending(seq) => seq,
                Begun::Stands(record) => return Ok((sent_of(Some(row), &record), None)),
            };
            let judgement = match signature {
                Ok(signature) => self.exchange(ready, &signature).await,
                Err(judgement) => judgement,
            };
            let sent = self.finish(seq, row, ready, &judgement)?;
            match judgement.outcome {
                // A key that a login handed out may have ended early.
                Outcome::Unauthorised if !renewed && self.signer.renew() => renewed = true,
                Outcome::Unauthorised => {
                    let reason = judgement.message.unwrap_or_default();
                    return Ok((sent, Some(Stopped::Unauthorised(reason))));
                }
                Outcome::NotTaken(wait) if attempt < limits.attempts && !self.stop.is_asked() => {
                    attempt += 1;
                    let wait = pause(&limits, attempt, wait);
                    let why = judgement.message.unwrap_or_default();
                    let seconds = wait.as_secs();
                    self.progress.note(&format!("{why}; try {attempt} of {} in {seconds} s", limits.attempts));
                    self.stop.sleep(wait).await;
                }
                Outcome::NotTaken(_) => {
                    let reason = judgement.message.unwrap_or_default();
                    return Ok((sent, Some(Stopped::Unavailable(reason))));
                }
                Outcome::Accepted | Outcome::Refused | Outcome::Ambiguous => return Ok((sent, None)),
            }
        }
    }

    /// What the next request carries to prove who asks; without it no request leaves.
    async fn signature(&self) -> Result<Signature, Judgement> {
        let (reach, now) = (&self.submitter.reach, self.submitter.clock.now());
        let signature = self.signer.signature(&self.client, reach.contract, reach.base_url(), now).await;
        signature.map_err(|error| {
            let outcome = match error {
                FetchError::Login { .. } => Outcome::Unauthorised,
                _ => Outcome::NotTaken(error.retry_after()),
            };
            Judgement::ours(outcome, None, error.to_string())
        })
    }

    fn begin(&self, ready: &Ready) -> Result<Begun, SubmitError> {
        let new = NewSubmission {
            key: &ready.key,
            mark: &ready.mark,
            log: &ready.log,
            operator: &self.options.operator,
            although_ambiguous: self.options.resend_ambiguous,
        };
        Ok(self.log.begin(&new, self.submitter.clock.now())?)
    }

    /// One request and its answer.
    async fn exchange(&self, ready: &Ready, signature: &Signature) -> Judgement {
        let submitter = self.submitter;
        let url = format!("{}/{}", submitter.reach.base_url(), submitter.submission.path);
        let method = submitter.submission.http;
        let request = Request { method, shown: url.clone(), url, body: Some(ready.body.clone()) };
        let limits = self.client.limits();
        let longest = Duration::from_secs(limits.connect_timeout_secs + 2 * limits.read_timeout_secs);
        let exchanged = tokio::time::timeout(longest, async {
            let mut answer = match self.client.deliver(&request, signature).await {
                Ok(answer) => answer,
                Err(unanswered) => {
                    let outcome = if unanswered.never_left { Outcome::NotTaken(None) } else { Outcome::Ambiguous };
                    return Judgement::ours(outcome, None, unanswered.to_string());
                }
            };
            let (status, retry_after) = (answer.status, answer.retry_after);
            match answer.whole(ANSWER_BYTES_MAX).await {
                Ok(body) => {
                    let whole = Whole { status, retry_after, body: &body };
                    judge(submitter.contract(), submitter.submission, &whole)
                }
                Err(error) => Judgement::ours(Outcome::Ambiguous, Some(status), error.to_string()),
            }
        });
        let late = || format!("no whole answer within {} s", longest.as_secs());
        exchanged.await.unwrap_or_else(|_| Judgement::ours(Outcome::Ambiguous, None, late()))
    }

    /// Notes in the ledger how a request went.
    fn finish(&self, seq: u64, row: u64, ready: &Ready, judgement: &Judgement) -> Result<Sent, SubmitError> {
        let state = match judgement.outcome {
            Outcome::Accepted => SubmissionState::Accepted,
            Outcome::Refused => SubmissionState::Refused,
            Outcome::NotTaken(_) | Outcome::Unauthorised => SubmissionState::Pending,
            Outcome::Ambiguous => SubmissionState::Ambiguous,
        };
        let Judgement { status, code, message, .. } = judgement;
        let answer =
            SubmissionAnswer { state, http_status: *status, code: code.as_deref(), message: message.as_deref() };
        self.log.finish(seq, &answer, self.submitter.clock.now())?;
        Ok(Sent {
            row: Some(row),
            key: ready.key.clone(),
            state,
            http_status: *status,
            code: code.clone(),
            message: message.clone(),
        })
    }
}

fn sent_of(row: Option<u64>, record: &SubmissionRecord) -> Sent {
    Sent {
        row,
        key: record.key.clone(),
        state: record.state,
        http_status: record.http_status,
        code: record.code.clone(),
        message: record.message.clone(),
    }
}

#[cfg(test)]
mod tests;
