//! A push from its first header to its answer.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};

use super::InboxServer;
use super::answer::{Fault, Voice, plain};
use super::auth::days_around;
use super::body::{self, Received};
use super::examine::{Findings, Opened};
use super::lookup::placeholders;
use super::route::{Route, Sender};
use super::strict;
use super::turned::Turned;
use crate::load::inbox::push_context;
use crate::serve::listener::Peer;
use crate::warehouse::{InboxError, NewPush, NewRefused, PushOutcome};

/// What content and key of a push are marked within.
const CONTENT_MARK: &[u8] = b"push";
const KEY_MARK: &[u8] = b"push key";

/// Columns that the ledger of refused pushes names.
const REFUSED_COLUMNS_MAX: usize = 50;

/// How a request ends that was not turned away.
enum Taken {
    /// It is on disk.
    Stored { known: bool },
    /// It is on disk, and what it asks for is unknown.
    NotFound { known: bool },
    /// Its columns do not fit; it is kept aside where its sender is known.
    Faulty { faults: Vec<Fault>, kept: bool },
}

/// A push that was judged.
enum Judged {
    Good {
        push: Box<NewPush>,
        question: Vec<(String, Option<String>)>,
    },
    /// `refused` is there where the sender proved who it is.
    Faulty {
        faults: Vec<Fault>,
        refused: Option<Box<NewRefused>>,
    },
}

/// Answers one request below `/inbox/`.
pub(super) async fn handle(
    State(inbox): State<Arc<InboxServer>>,
    Extension(Peer(peer)): Extension<Peer>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let Ok(Path((source, path))) = path else { return plain(StatusCode::NOT_FOUND, &Turned::Unknown.words()) };
    let sender = inbox.senders.get(&source).cloned();
    let route = sender.as_ref().and_then(|sender| sender.routes.get(&path)).cloned();
    let method = route.as_ref().map_or(path.as_str(), |route| &route.method);
    let voice = Voice { answers: sender.as_ref().map(|sender| &sender.answers), method };
    if let Err(wait) = inbox.clients.check(peer.ip()) {
        let turned = Turned::TooMany { wait };
        note_turned(&inbox, sender.as_deref().zip(route.as_deref()), turned);
        return voice.turned(turned);
    }
    let (Some(sender), Some(route)) = (&sender, &route) else { return voice.turned(Turned::Unknown) };
    match take(&inbox, sender, route, request).await {
        Ok(taken) => {
            note_taken(&inbox, sender, route, &taken);
            match taken {
                Taken::Stored { .. } => voice.accepted(),
                Taken::NotFound { .. } => voice.not_found(),
                Taken::Faulty { faults, .. } => voice.faulty(&faults),
            }
        }
        Err(turned) => {
            note_turned(&inbox, Some((sender, route)), turned);
            voice.turned(turned)
        }
    }
}

/// Takes one push, in the order of what is cheap to refuse.
async fn take(
    inbox: &Arc<InboxServer>,
    sender: &Arc<Sender>,
    route: &Arc<Route>,
    request: Request,
) -> Result<Taken, Turned> {
    if request.method() != Method::POST {
        return Err(Turned::Method);
    }
    body::check_headers(request.headers())?;
    let token = request.headers().get(&sender.header).map(|token| token.as_bytes().to_vec()).unwrap_or_default();
    let received = body::read(request.into_body(), &inbox.body).await?;
    match judge_aside(inbox, sender, route, received, token).await? {
        Judged::Good { push, question } => {
            let receipt = inbox.writer.put(*push).await.map_err(|error| turned_by(&error))?;
            match &route.lookup {
                None => Ok(Taken::Stored { known: receipt.known }),
                Some(sql) => match inbox.lookups.finds(sql, &question).await {
                    Ok(true) => Ok(Taken::Stored { known: receipt.known }),
                    Ok(false) => Ok(Taken::NotFound { known: receipt.known }),
                    Err(error) => {
                        tracing::warn!(dataset = %route.dataset, %error, "a question has no answer");
                        Err(Turned::NoAnswer)
                    }
                },
            }
        }
        Judged::Faulty { faults, refused } => {
            let kept = refused.is_some();
            if let Some(refused) = refused {
                inbox.writer.refuse(*refused).await.map_err(|error| turned_by(&error))?;
            }
            Ok(Taken::Faulty { faults, kept })
        }
    }
}

/// Judges and seals off the threads that serve connections: a large push is a matter of many milliseconds. As many at a
/// time as there are cores.
async fn judge_aside(
    inbox: &Arc<InboxServer>,
    sender: &Arc<Sender>,
    route: &Arc<Route>,
    received: Received,
    token: Vec<u8>,
) -> Result<Judged, Turned> {
    let place = Arc::clone(&inbox.judging).acquire_owned().await.map_err(|_| Turned::Failed)?;
    let (inbox, sender, route) = (Arc::clone(inbox), Arc::clone(sender), Arc::clone(route));
    let judged = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also where the sender has gone meanwhile.
        let _place = place;
        let now = inbox.clock.now();
        Judging { inbox: &inbox, sender: &sender, route: &route, now }.judge(&received.bytes, &token)
    });
    judged.await.unwrap_or_else(|error| {
        tracing::error!(%error, "judging a push ended by a bug");
        Err(Turned::Failed)
    })
}

/// One push being judged.
struct Judging<'a> {
    inbox: &'a InboxServer,
    sender: &'a Sender,
    route: &'a Route,
    now: DateTime<Utc>,
}

impl Judging<'_> {
    fn judge(&self, body: &[u8], token: &[u8]) -> Result<Judged, Turned> {
        let depth_max = self.inbox.depth_max;
        strict::check(body, depth_max).map_err(|found| Turned::from((found, depth_max)))?;
        let days = days_around(self.now, self.inbox.token_tolerance, self.sender.zone);
        let proof = &self.sender.proof;
        if !proof.reads_columns() && !proof.holds(token, &days, |_| None) {
            return Err(Turned::Token);
        }
        let opened = self.route.tables.open(body).map_err(|(dataset, error)| {
            tracing::error!(dataset, %error, "pushes cannot be judged");
            Turned::Failed
        })?;
        let is_proven =
            !proof.reads_columns() || proof.holds(token, &days, |column| opened.text(column).map(str::to_owned));
        // Without a row there is nothing to make the token from; saying so tells a stranger nothing.
        if !is_proven && opened.has_rows() {
            return Err(Turned::Token);
        }
        let key = self.key_mark(&opened);
        let question = self.question(&opened);
        let Findings { faults, unknown_keys } = opened.judge();
        if !unknown_keys.is_empty() {
            let n = unknown_keys.len();
            tracing::info!(dataset = %self.route.dataset, n, keys = %listed(&unknown_keys), "a push has unknown keys");
        }
        if faults.is_empty() {
            return Ok(Judged::Good { push: Box::new(self.push(body, key)), question });
        }
        let refused = is_proven.then(|| Box::new(self.refused(body, &faults)));
        Ok(Judged::Faulty { faults, refused })
    }

    /// The values of the columns that the route's question names.
    fn question(&self, opened: &Opened<'_>) -> Vec<(String, Option<String>)> {
        let names = self.route.lookup.as_deref().map(placeholders).unwrap_or_default();
        names.into_iter().map(|name| (name.clone(), opened.text(&name).map(str::to_owned))).collect()
    }

    /// The mark of what the push is about; `None` where a key column is empty.
    fn key_mark(&self, opened: &Opened<'_>) -> Option<[u8; 32]> {
        let texts = opened.texts(&self.route.key)?;
        let id = &self.route.dataset;
        let parts: Vec<&[u8]> = [id.source().as_bytes(), id.dataset().as_bytes()]
            .into_iter()
            .chain(texts.iter().map(|t| t.as_bytes()))
            .collect();
        Some(self.inbox.key.mark(KEY_MARK, &parts))
    }

    fn push(&self, body: &[u8], key: Option<[u8; 32]>) -> NewPush {
        let id = &self.route.dataset;
        NewPush {
            dataset: id.clone(),
            day: self.day(),
            received_at: self.now,
            content: self.inbox.key.mark(CONTENT_MARK, &[id.source().as_bytes(), id.dataset().as_bytes(), body]),
            key,
            key_id: self.inbox.vault.key_id().to_owned(),
            sealed: self.inbox.vault.seal(&push_context(id.source(), id.dataset()), body),
        }
    }

    fn refused(&self, body: &[u8], faults: &[Fault]) -> NewRefused {
        let each: Vec<String> = faults
            .iter()
            .take(REFUSED_COLUMNS_MAX)
            .map(|fault| format!("{} ({})", fault.column, fault.reason))
            .collect();
        let id = &self.route.dataset;
        NewRefused {
            dataset: id.clone(),
            received_at: self.now,
            columns: faults.iter().take(REFUSED_COLUMNS_MAX).map(|fault| fault.column.clone()).collect(),
            reason: each.join(", "),
            key_id: self.inbox.vault.key_id().to_owned(),
            sealed: self.inbox.vault.seal(&push_context(id.source(), id.dataset()), body),
        }
    }

    fn day(&self) -> NaiveDate {
        self.now.with_timezone(&self.sender.zone).date_naive()
    }
}

/// Names that a sender wrote, as a log line may have them: a few, short, without anything that moves a cursor.
fn listed(names: &[String]) -> String {
    let clean = |name: &String| name.chars().filter(|c| c.is_ascii_graphic()).take(40).collect::<String>();
    names.iter().take(10).map(clean).collect::<Vec<_>>().join(", ")
}

/// What the store's refusal is to the sender.
fn turned_by(error: &InboxError) -> Turned {
    match error {
        InboxError::Full { .. } => Turned::Full,
        InboxError::Stopped => Turned::Busy,
        InboxError::Store(_) => Turned::Failed,
    }
}

fn note_taken(inbox: &InboxServer, sender: &Sender, route: &Route, taken: &Taken) {
    let (outcome, word) = match taken {
        Taken::Stored { known: false } => (PushOutcome::Accepted, "accepted"),
        Taken::Stored { known: true } => (PushOutcome::Known, "known"),
        Taken::NotFound { known: false } => (PushOutcome::Accepted, "not_found"),
        Taken::NotFound { known: true } => (PushOutcome::Known, "not_found"),
        Taken::Faulty { kept: true, .. } => (PushOutcome::Refused, "refused"),
        Taken::Faulty { kept: false, .. } => (PushOutcome::Malformed, "no_rows"),
    };
    count(inbox, (sender, route), outcome);
    match taken {
        Taken::Faulty { faults, .. } => {
            tracing::info!(dataset = %route.dataset, outcome = word, n_faults = faults.len(), "push");
        }
        Taken::Stored { .. } | Taken::NotFound { .. } => {
            tracing::debug!(dataset = %route.dataset, outcome = word, "push");
        }
    }
}

/// Logs and counts what was turned away. An address that is no method's is only answered: its name is the caller's own.
fn note_turned(inbox: &InboxServer, place: Option<(&Sender, &Route)>, turned: Turned) {
    let Some((sender, route)) = place else { return };
    tracing::info!(dataset = %route.dataset, outcome = turned.word(), "push");
    if let Some(outcome) = turned.outcome() {
        count(inbox, (sender, route), outcome);
    }
}

fn count(inbox: &InboxServer, (sender, route): (&Sender, &Route), outcome: PushOutcome) {
    let day = inbox.clock.today(sender.zone);
    inbox.writer.tally(&sender.source, &route.method, day, outcome);
}
