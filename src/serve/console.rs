//! The console: pages for people, on the same listener as the inbox.
//!
//! | file | what |
//! |---|---|
//! | [`access`] | every request: the host it names, who asks, the headers of the answer |
//! | [`users`], [`session`], [`guess`], [`sign_in`], [`proxy`] | who somebody is: accounts, sessions, the lock-out, the form, a proxy's word |
//! | [`signed`], [`checked`] | what handlers take: a user with rights, a form that is theirs |
//! | [`frame`], [`page`], [`problem`], [`assets`] | what every page has: the layout, the answer, errors, style and script |
//! | [`home`] ([`figures`], [`lights`]), [`editions`], [`data`], [`query`], [`operations`] | the sections, each with its routes |
//! | [`desk`] | what the level above does for them: reports are made and mailed there |
//! | [`shelf`], [`busy`] | the catalog, made once for a state of the warehouse, by one at a time |
//! | [`units`], [`words`] | figures and times in Indonesian |
//!
//! Pages work without the script and have no style or script of their own: the policy of [`headers`] forbids both.

mod access;
mod assets;
mod busy;
mod checked;
mod cookie;
mod data;
mod desk;
mod editions;
mod figures;
mod frame;
mod guess;
mod headers;
mod home;
mod lights;
mod operations;
mod page;
mod place;
mod problem;
mod proxy;
mod query;
mod session;
mod shelf;
mod sign_in;
mod signed;
mod units;
mod users;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::postgres::Desk;
use crate::catalog::ViewSet;
use crate::clock::Clock;
use crate::config::ConsoleSettings;
use crate::contract::Contract;
use crate::reference::Reference;
use crate::schedule::{AgeLimits, Plan};
use crate::warehouse::{AuditAct, AuditEntry, AuditOutcome, Warehouse};
use figures::FiguresShelf;
use guess::Guesses;
use problem::Problem;
use query::Questions;
use session::Sessions;
use shelf::Shelf;
use users::Users;

pub use desk::{
    ChangedFigure, ChangedSentence, DeskError, EditionChanges, EditionFile, FigureTile, Figures, OpenEdition,
    ReportCard, ReportDesk,
};
pub use frame::Section;
pub use signed::Right;

/// What the console shows, and whom to.
pub struct ConsoleParts {
    /// The warehouse, opened to read: pages wait for nobody's work.
    pub warehouse: Warehouse,
    /// The warehouse, opened to write: what people did is noted there.
    pub ledger: Arc<Warehouse>,
    /// Every contract of this deployment.
    pub contracts: Arc<[Contract]>,
    /// Its reference tables.
    pub reference: Reference,
    /// Its views.
    pub views: ViewSet,
    /// Where questions in SQL are answered, the SQL port's too.
    pub sql: Arc<Desk>,
    /// How old datasets may be.
    pub limits: AgeLimits,
    /// What runs by itself; `None` where the schedule is switched off.
    pub plan: Option<Plan>,
    /// Who makes, opens and mails reports.
    pub desk: Arc<dyn ReportDesk>,
    /// `[serve.console]`.
    pub settings: ConsoleSettings,
    /// The secret that a proxy shows, where `settings` names one.
    pub proxy_secret: Option<SecretString>,
    /// Longest until a form is there.
    pub body_timeout: Duration,
    /// Whether the listener speaks TLS.
    pub tls: bool,
    /// Whether only this machine reaches the listener.
    pub loopback: bool,
    /// Who owns the data, as pages say it.
    pub agency: String,
    /// The time.
    pub clock: Clock,
    /// The zone of every time that is shown.
    pub zone: Tz,
}

/// Answers browsers.
pub struct ConsoleServer {
    parts: ConsoleParts,
    users: Users,
    sessions: Sessions,
    guesses: Guesses,
    figures: FiguresShelf,
    /// Places for those whose password is checked.
    sign_ins: Arc<Semaphore>,
    shelf: Shelf,
    questions: Questions,
}

impl ConsoleServer {
    /// A console over these parts.
    #[must_use]
    pub fn new(parts: ConsoleParts) -> Arc<Self> {
        Arc::new(Self {
            users: Users::new(parts.ledger.accounts()),
            sessions: Sessions::new(&parts.settings),
            guesses: Guesses::default(),
            shelf: Shelf::default(),
            questions: Questions::default(),
            figures: FiguresShelf::default(),
            sign_ins: Arc::new(Semaphore::new(parts.settings.sign_ins_max)),
            parts,
        })
    }

    /// Its routes. What nobody knows is answered by a page, too.
    pub fn router(self: Arc<Self>) -> Router {
        let sections = [home::routes(), editions::routes(), data::routes(), query::routes(), operations::routes()];
        let all = sections.into_iter().fold(sign_in::routes().merge(assets::routes()), Router::merge);
        let guarded = axum::middleware::from_fn_with_state(Arc::clone(&self), access::guard);
        all.fallback(unknown).layer(guarded).with_state(self)
    }

    /// The time, as it is now.
    fn now(&self) -> DateTime<Utc> {
        self.parts.clock.now()
    }

    /// Whether browsers reach it by TLS, here or at a proxy.
    fn is_secure(&self) -> bool {
        self.parts.tls || self.parts.settings.origin.as_deref().is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Notes what `who` did. What cannot be noted is not done: call it before the act where the act cannot be undone.
    async fn note(
        self: &Arc<Self>,
        who: Option<&str>,
        act: AuditAct,
        target: Option<&str>,
        outcome: AuditOutcome,
    ) -> Result<(), Problem> {
        let (who, target) = (who.map(str::to_owned), target.map(str::to_owned));
        self.blocking(move |server| {
            let entry = AuditEntry { who: who.as_deref(), act, target: target.as_deref(), outcome };
            server.parts.ledger.audit(&entry, server.now()).map_err(|error| Problem::internal(&error))
        })
        .await
    }

    /// Does what reads the ledger or a file on a thread that may wait.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let server = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&server)).await;
        done.map_err(|error| Problem::internal(&error))?
    }
}

async fn unknown(uri: Uri) -> Problem {
    tracing::debug!(path = uri.path(), "the console has no such page");
    Problem::NotFound
}
