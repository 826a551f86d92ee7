//! One session: its messages in their order, its transaction, its prepared statements and cursors.
//!
//! | file | what |
//! |---|---|
//! | `simple` | SQL that is answered at once |
//! | `extended` | statements that are prepared, bound and executed step by step |
//! | `perform` | statements that are no questions: SET, SHOW, BEGIN, DECLARE and the like |
//! | `rows` | questions: planned, answered and sent within their limits |

mod extended;
mod perform;
mod rows;
mod simple;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Server;
use super::cancel::Cancelled;
use super::channel::{Channel, Ended, SEND_BYTES, Trouble};
use super::generation::State;
use super::journal::{self, Asker, Entry};
use super::reply::{Standing, Told};
use super::settings::ClientSettings;
use super::sqlstate::{FAILED_TRANSACTION, NOT_OFFERED, PROTOCOL, SHUTTING_DOWN};
use super::wire::Message;
use crate::catalog::port::{Planned, Port, SessionFacts};
use crate::config::PostgresRole;
use crate::serve::listener::Stop;
use extended::{Portal, Prepared};

/// Longest that a transaction may hold a state of the warehouse: files that a commit replaced stay for twice as long.
const AGE_MAX: Duration = Duration::from_secs(12 * 3_600);

/// A session whose client has proved who it is.
pub(super) struct Session {
    server: Arc<Server>,
    channel: Channel,
    role: PostgresRole,
    asker: Asker,
    cancelled: Cancelled,
    settings: ClientSettings,
    transaction: Transaction,
    /// Prepared statements by name; the unnamed one is "".
    statements: HashMap<String, Arc<Prepared>>,
    /// Portals and cursors by name.
    portals: HashMap<String, Portal>,
    /// Plans of prepared statements, as long as their state is held.
    plans: HashMap<String, Arc<Planned>>,
    /// Between two groups of messages: a request to cancel that comes now is too late for the one and too early for the other.
    at_rest: bool,
}

/// Where the session stands.
struct Transaction {
    standing: Standing,
    /// The state that its statements see, and since when.
    pinned: Option<(Arc<State>, Instant)>,
    savepoints: Vec<String>,
    /// The settings that a ROLLBACK brings back.
    before: Option<BTreeMap<String, String>>,
    /// What SET LOCAL changed, with the values from before.
    local: BTreeMap<String, String>,
}

impl Session {
    /// A session of `user` over `channel`.
    pub(super) fn new(
        server: Arc<Server>,
        channel: Channel,
        user: super::PortUser,
        (cancelled, settings): (Cancelled, ClientSettings),
    ) -> Self {
        let asker = Asker { user: user.name, role: user.role.word(), process: cancelled.process };
        let transaction = Transaction {
            standing: Standing::Idle,
            pinned: None,
            savepoints: Vec::new(),
            before: None,
            local: BTreeMap::new(),
        };
        Self {
            server,
            channel,
            role: user.role,
            asker,
            cancelled,
            settings,
            transaction,
            statements: HashMap::new(),
            portals: HashMap::new(),
            plans: HashMap::new(),
            at_rest: true,
        }
    }

    /// Answers messages until the client goes, falls silent for too long, or the server stops.
    pub(super) async fn run(mut self, mut stop: Stop) {
        let mut skipping = false;
        self.greet();
        let ended = loop {
            // A client that sends a group of messages at once gets the answers at once.
            if (!self.channel.has_message() || self.channel.replies.len() >= SEND_BYTES)
                && let Err(ended) = self.channel.flush().await
            {
                break ended;
            }
            let message = match self.next(&mut stop).await {
                Ok(message) => message,
                Err(Trouble::Ended(ended)) => break ended,
                Err(Trouble::Told(told)) => {
                    self.channel.replies.error(&told);
                    return self.channel.close().await;
                }
            };
            // After a failure the rest of a group of messages is passed over.
            if skipping && !matches!(message, Message::Sync | Message::Terminate) {
                continue;
            }
            if message == Message::Sync {
                skipping = false;
            }
            if std::mem::take(&mut self.at_rest) {
                self.cancelled.begin();
            }
            match self.answer(message).await {
                Ok(true) => {}
                Ok(false) => return self.channel.close().await,
                Err(Trouble::Ended(ended)) => break ended,
                Err(Trouble::Told(told)) => {
                    self.failed(&told);
                    if told.fatal {
                        return self.channel.close().await;
                    }
                    skipping = true;
                }
            }
        };
        match ended {
            Ended::Malformed(_) | Ended::TooLong(_) => {
                tracing::info!(user = self.asker.user, %ended, "a connection was closed");
                self.channel.replies.error(&Told::fatal(PROTOCOL, ended.to_string()));
                self.channel.close().await;
            }
            Ended::Closed | Ended::Io(_) => tracing::debug!(user = self.asker.user, %ended, "a connection ended"),
        }
    }

    /// What a client is told once it is in.
    fn greet(&mut self) {
        self.channel.replies.authentication_ok();
        for (name, value) in self.settings.reported() {
            self.channel.replies.parameter(name, &value);
        }
        self.channel.replies.cancel_key(self.cancelled.process, self.cancelled.secret);
        self.channel.replies.ready(Standing::Idle);
    }

    /// The next message, within the time that a client may be silent.
    async fn next(&mut self, stop: &mut Stop) -> Result<Message, Trouble> {
        let idle = self.transaction.standing == Standing::Idle;
        let limits = &self.server.limits;
        let patience = if idle { limits.idle } else { limits.transaction_idle };
        tokio::select! {
            biased;
            () = stop.ordered() => {
                Err(Told::fatal(SHUTTING_DOWN, "terminating connection: the server is going down").into())
            }
            read = tokio::time::timeout(patience, self.channel.read()) => match read {
                Ok(read) => Ok(read?),
                Err(_) if idle => Err(Told::fatal("57P05", "terminating connection due to idle-session timeout").into()),
                Err(_) => {
                    let text = "terminating connection due to idle-in-transaction timeout";
                    Err(Told::fatal("25P03", text).into())
                }
            },
        }
    }

    /// Answers one message; false at the end of the session.
    async fn answer(&mut self, message: Message) -> Result<bool, Trouble> {
        match message {
            Message::Query(sql) => self.query(&sql).await?,
            Message::Parse { name, sql, types } => self.parse(name, sql, types).await?,
            Message::Bind(bind) => self.bind(bind).await?,
            Message::Describe { of, name } => self.describe(of, &name).await?,
            Message::Execute { portal, rows } => self.execute(&portal, rows).await?,
            Message::Close { of, name } => self.close(of, &name),
            // Answers are sent before the next message is read.
            Message::Flush => {}
            Message::Sync => self.ready(),
            Message::Terminate => return Ok(false),
            Message::Password(_) => return Err(Told::fatal(PROTOCOL, "nobody was asked for a password").into()),
            // Rows of a COPY that was refused.
            Message::NotOffered("COPY") => {}
            Message::NotOffered(what) => {
                self.failed(&Told::error(NOT_OFFERED, format!("{what} is not offered")));
                self.ready();
            }
        }
        Ok(true)
    }

    /// Tells the client of a failure; a transaction fails with it.
    fn failed(&mut self, told: &Told) {
        self.channel.replies.error(told);
        if self.transaction.standing == Standing::InTransaction {
            self.transaction.standing = Standing::Failed;
        }
    }

    /// Ends a group of messages. Outside a transaction nothing is held on to any longer.
    fn ready(&mut self) {
        if self.transaction.standing == Standing::Idle {
            self.let_go();
        }
        self.channel.replies.ready(self.transaction.standing);
        self.at_rest = true;
    }

    /// Lets go of the state of the warehouse and of everything that was made from it.
    fn let_go(&mut self) {
        self.transaction.pinned = None;
        self.plans.clear();
        self.portals.retain(|_, portal| portal.hold);
    }

    /// In a transaction that failed only its end is heard.
    fn in_order(&self) -> Result<(), Told> {
        match self.transaction.standing {
            Standing::Failed => Err(Told::error(
                FAILED_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            )),
            _ => Ok(()),
        }
    }

    /// The state that this statement sees, as the session's role sees it.
    async fn port(&mut self, deadline: Instant) -> Result<(Arc<State>, Arc<Port>), Trouble> {
        let state = match &self.transaction.pinned {
            Some((_, since)) if since.elapsed() > AGE_MAX => {
                return Err(Told::error("72000", "snapshot too old: the transaction has lasted too long").into());
            }
            Some((state, _)) => Arc::clone(state),
            None => {
                let server = Arc::clone(&self.server);
                let asked = async { server.desk.generations.newest().await.map_err(Trouble::from) };
                let state = rows::within(&mut self.cancelled, &mut self.channel, deadline, asked).await?;
                self.transaction.pinned = Some((Arc::clone(&state), Instant::now()));
                state
            }
        };
        let port = self.server.desk.generations.port(&state, self.role)?;
        Ok((state, port))
    }

    /// What a statement may learn of this session.
    fn facts(&self) -> SessionFacts {
        SessionFacts {
            user: self.asker.user.clone(),
            process: self.cancelled.process,
            search_path: self.settings.search_path(),
            settings: self.settings.values().clone(),
        }
    }

    /// Enters a statement into the log.
    fn log(&self, sql: &str, clock: &Clock, failed: Option<&Told>) {
        let entry = Entry {
            sql,
            rows: clock.rows,
            took: clock.began.elapsed(),
            waited: clock.waited,
            mark: self.transaction.pinned.as_ref().map(|(state, _)| state.mark),
            failed: failed.map(|told| told.state),
        };
        journal::enter(&self.asker, &entry);
    }
}

/// What is measured of a statement.
struct Clock {
    began: Instant,
    /// When it has to be done.
    deadline: Instant,
    waited: Duration,
    rows: u64,
}

impl Clock {
    /// A statement begins, with so much time.
    fn start(limit: Duration) -> Self {
        let began = Instant::now();
        Self { began, deadline: began + limit, waited: Duration::ZERO, rows: 0 }
    }
}
