//! SMTP, stage by stage, so that what fails before the final dot of a message and what fails after it are told apart.
//!
//! lettre's one-shot `send` gives the same error for both. Its connection has the single commands; this module gives each of
//! them a deadline of its own and says of every end how far it came. Deadlines are for the whole stage: a server that sends a
//! byte a minute does not keep us.

mod parts;
mod wire;

use super::state::Outcome;
use super::{Letter, MailError};
use crate::config::{SmtpSecurity, SmtpSettings};
use crate::warehouse::DeliveryStage as Stage;
use futures::FutureExt;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use parts::{DotNote, Parts};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;
use wire::Wire;

/// The reply with which a server says that it closes the connection.
const CLOSING: u16 = 421;

/// Replies that mean who sends, not the message.
const UNAUTHORISED: [u16; 4] = [530, 534, 535, 538];

/// What a stage failed of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The server said so.
    Reply { code: u16, text: String },
    /// Nothing came for so many seconds.
    Late(u64),
    /// The connection broke, or what came is no SMTP.
    Lost(String),
    /// We may not go on.
    Unsafe(String),
    /// The server does not offer what the message needs.
    Unfit(&'static str),
}

/// A stage that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) stage: Stage,
    pub(crate) cause: Cause,
}

impl Fault {
    fn new(stage: Stage, cause: Cause) -> Self {
        Self { stage, cause }
    }

    /// The server's code, where it said something.
    pub(crate) fn code(&self) -> Option<u16> {
        if let Cause::Reply { code, .. } = self.cause { Some(code) } else { None }
    }

    /// Whether the server refuses who sends.
    pub(crate) fn is_unauthorised(&self) -> bool {
        let refused =
            self.stage == Stage::Auth && matches!(self.cause, Cause::Unsafe(_) | Cause::Reply { code: 500.., .. });
        refused || self.code().is_some_and(|code| UNAUTHORISED.contains(&code))
    }

    /// In words, without the stage and the code.
    pub(crate) fn text(&self) -> String {
        match &self.cause {
            Cause::Reply { text, .. } | Cause::Lost(text) | Cause::Unsafe(text) => text.clone(),
            Cause::Unfit(text) => (*text).to_owned(),
            Cause::Late(seconds) => format!("no reply within {seconds} s"),
        }
    }
}

/// How an attempt at a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) stage: Stage,
    /// The server's code, where it said something.
    pub(crate) code: Option<u16>,
    /// What it said, or what failed.
    pub(crate) text: String,
    /// Whether the connection can take the next message.
    pub(crate) usable: bool,
    /// Whether the server refuses who sends, whatever the message.
    pub(crate) unauthorised: bool,
}

/// What a failed stage means for the message; `dot_is_out`: whether the final dot left.
fn judged(fault: &Fault, dot_is_out: bool) -> Ended {
    let unauthorised = fault.stage <= Stage::Rcpt && fault.is_unauthorised();
    let (outcome, usable) = match fault.cause {
        Cause::Reply { code: 400..=499, .. } => (Outcome::NotTaken, fault.code() != Some(CLOSING)),
        Cause::Reply { code: 500..=599, .. } if unauthorised => (Outcome::NotTaken, false),
        Cause::Reply { code: 500..=599, .. } | Cause::Unfit(_) => (Outcome::Refused, true),
        // Neither yes nor no, or nothing at all: only the dot decides.
        _ if dot_is_out => (Outcome::Unknown, false),
        _ => (Outcome::NotTaken, false),
    };
    Ended { outcome, stage: fault.stage, code: fault.code(), text: fault.text(), usable, unauthorised }
}

/// The mail server of this deployment.
pub(crate) struct Server {
    settings: SmtpSettings,
    password: Option<SecretString>,
    tls: Option<TlsParameters>,
    hello: ClientId,
}

impl Server {
    /// Gets ready to connect; nobody is asked yet.
    pub(crate) fn new(settings: &SmtpSettings, password: Option<SecretString>) -> Result<Self, MailError> {
        let tls = match settings.security {
            SmtpSecurity::Plain => None,
            SmtpSecurity::Tls | SmtpSecurity::StartTls => Some(tls_parameters(settings)?),
        };
        let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self { settings: settings.clone(), password, tls, hello })
    }

    /// Connects, secures the connection and logs in.
    pub(crate) async fn open(&self) -> Result<Session, Fault> {
        let mut connection = match (self.settings.security, &self.tls) {
            (SmtpSecurity::Tls, Some(tls)) => self.connect_tls(tls).await?,
            _ => self.connect().await?,
        };
        let timeouts = &self.settings.timeouts;
        if self.settings.security == SmtpSecurity::StartTls
            && let Some(tls) = &self.tls
        {
            if !connection.can_starttls() {
                let text = "the server offers no STARTTLS: nothing is sent without TLS";
                return Err(Fault::new(Stage::Tls, Cause::Unsafe(text.to_owned())));
            }
            within(Stage::Tls, timeouts.tls, connection.starttls(tls.clone(), &self.hello)).await?;
        }
        if let (Some(user), Some(password)) = (&self.settings.user, &self.password) {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            if !DEFAULT_MECHANISMS.iter().any(|way| connection.server_info().supports_auth_mechanism(*way)) {
                let text = "the server offers no way to log in (PLAIN, LOGIN)";
                return Err(Fault::new(Stage::Auth, Cause::Unsafe(text.to_owned())));
            }
            let reply = within(Stage::Auth, timeouts.auth, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
            expect(Stage::Auth, &reply, 200)?;
        }
        Ok(Session { connection, settings: self.settings.clone(), n_sent: 0 })
    }

    /// TLS from the first byte: finding the server, the handshake and the greeting are one step of lettre's.
    async fn connect_tls(&self, tls: &TlsParameters) -> Result<AsyncSmtpConnection, Fault> {
        let SmtpSettings { host, port, timeouts, .. } = &self.settings;
        let connect = Duration::from_secs(timeouts.connect);
        let place = (host.as_str(), *port);
        let opened = AsyncSmtpConnection::connect_tokio1(place, Some(connect), &self.hello, Some(tls.clone()), None);
        within(Stage::Connect, timeouts.connect + timeouts.tls + timeouts.greeting, opened).await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let SmtpSettings { host, port, timeouts, security, .. } = &self.settings;
        let lost = |error: &dyn Error| Fault::new(Stage::Connect, Cause::Lost(error.to_string()));
        let opened = timeout(Duration::from_secs(timeouts.connect), TcpStream::connect((host.as_str(), *port))).await;
        let late = |_| Fault::new(Stage::Connect, Cause::Late(timeouts.connect));
        let stream = opened.map_err(late)?.map_err(|error| lost(&error))?;
        // The dot is a small packet after large ones: it must not wait for their acknowledgement.
        stream.set_nodelay(true).map_err(|error| lost(&error))?;
        let peer = stream.peer_addr().map_err(|error| lost(&error))?;
        if *security == SmtpSecurity::Plain && !peer.ip().is_loopback() {
            let text = format!("{host} is not this machine: nothing is sent to it without TLS");
            return Err(Fault::new(Stage::Connect, Cause::Unsafe(text)));
        }
        let wire = Box::new(Wire::new(stream, *security == SmtpSecurity::StartTls));
        let greeted = AsyncSmtpConnection::connect_with_transport(wire, &self.hello);
        within(Stage::Greeting, timeouts.greeting, greeted).await
    }
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, MailError> {
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_bundle {
        let unusable = |reason: String| MailError::CaBundle { path: path.clone(), reason };
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let authorities = Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
        parameters = parameters.add_root_certificate(authorities);
    }
    parameters.build().map_err(|error| MailError::Tls { reason: error.to_string() })
}

/// A connection that takes messages.
pub(crate) struct Session {
    connection: AsyncSmtpConnection,
    settings: SmtpSettings,
    n_sent: u32,
}

impl Session {
    /// Whether no message was sent through it yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.n_sent == 0
    }

    /// Whether it may take another message.
    pub(crate) fn has_room(&self) -> bool {
        self.n_sent < self.settings.per_connection_max
    }

    /// Sends one message. `at_dot` is called when all of it is out but the final dot, which only leaves when it succeeds.
    ///
    /// # Errors
    /// What `at_dot` failed of: the server has not taken the message, and the connection cannot be used any more.
    pub(crate) async fn deliver<E>(
        &mut self,
        letter: &Letter<'_>,
        at_dot: impl FnOnce() -> Result<(), E>,
    ) -> Result<Ended, E> {
        self.n_sent += 1;
        if let Err(fault) = self.envelope(letter).await {
            let mut ended = judged(&fault, false);
            ended.usable = ended.usable && self.reset().await;
            return Ok(ended);
        }
        self.content(letter, at_dot).await
    }

    /// `MAIL`, `RCPT` and `DATA`, each with its reply.
    async fn envelope(&mut self, letter: &Letter<'_>) -> Result<(), Fault> {
        let timeouts = self.settings.timeouts;
        let parameters = self.parameters(letter)?;
        let mail = Mail::new(Some(letter.from.clone()), parameters);
        let reply = within(Stage::Mail, timeouts.mail, self.connection.command(mail)).await?;
        expect(Stage::Mail, &reply, 200)?;
        let rcpt = Rcpt::new(letter.to.clone(), Vec::new());
        let reply = within(Stage::Rcpt, timeouts.rcpt, self.connection.command(rcpt)).await?;
        expect(Stage::Rcpt, &reply, 200)?;
        let reply = within(Stage::Data, timeouts.data, self.connection.command(Data)).await?;
        expect(Stage::Data, &reply, 300)
    }

    /// What the message asks of the server, which has to offer it.
    fn parameters(&self, letter: &Letter<'_>) -> Result<Vec<MailParameter>, Fault> {
        let offers = |extension| self.connection.server_info().supports_feature(extension);
        let unfit = |text| Fault::new(Stage::Mail, Cause::Unfit(text));
        let mut parameters = Vec::new();
        if ![letter.from, letter.to].iter().all(|address| address.to_string().is_ascii()) {
            if !offers(Extension::SmtpUtfEight) {
                return Err(unfit("the server takes ASCII addresses only (no SMTPUTF8)"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !letter.eml.is_ascii() {
            if !offers(Extension::EightBitMime) {
                return Err(unfit("the server takes ASCII messages only (no 8BITMIME)"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// The message, the dot and the reply to it.
    async fn content<E>(&mut self, letter: &Letter<'_>, at_dot: impl FnOnce() -> Result<(), E>) -> Result<Ended, E> {
        let timeouts = self.settings.timeouts;
        let note = DotNote::default();
        let began = Instant::now();
        let replied = {
            // What the parts unwind with is caught here: it is how they keep lettre from writing the dot.
            let sending = AssertUnwindSafe(self.connection.message_iter(Parts::new(letter.eml, at_dot, &note)));
            let mut sending = pin!(sending.catch_unwind().with_subscriber(NoSubscriber::default()));
            loop {
                let dot_out_at = note.out_at();
                let deadline = match dot_out_at {
                    None => began + Duration::from_secs(timeouts.body),
                    Some(at) => at + Duration::from_secs(timeouts.reply),
                };
                match timeout_at(deadline, &mut sending).await {
                    Ok(replied) => break Some(replied),
                    // The dot left meanwhile: from there another time runs.
                    Err(_) if dot_out_at != note.out_at() => {}
                    Err(_) => break None,
                }
            }
        };
        let dot_is_out = note.out_at().is_some();
        let stage = if dot_is_out { Stage::Dot } else { Stage::Body };
        let result = match replied {
            Some(Ok(Ok(reply))) => expect(stage, &reply, 200).map(|()| reply),
            Some(Ok(Err(error))) => Err(Fault::new(stage, cause_of(&error))),
            Some(Err(panic)) => match note.into_failure() {
                Some(failure) => return Err(failure),
                None => std::panic::resume_unwind(panic),
            },
            None => Err(Fault::new(stage, Cause::Late(if dot_is_out { timeouts.reply } else { timeouts.body }))),
        };
        Ok(match result {
            Ok(reply) => accepted(&reply),
            Err(fault) => judged(&fault, dot_is_out),
        })
    }

    /// Forgets the message at hand; whether the connection still answers.
    async fn reset(&mut self) -> bool {
        within(Stage::Mail, self.settings.timeouts.mail, self.connection.command(Rset)).await.is_ok()
    }

    /// Takes leave. Whether the server heard it does not matter: every message has its reply.
    pub(crate) async fn close(mut self) {
        let left = within(Stage::Connect, self.settings.timeouts.quit, self.connection.quit()).await;
        drop(left);
    }
}

fn accepted(reply: &Response) -> Ended {
    Ended {
        outcome: Outcome::Accepted,
        stage: Stage::Dot,
        code: Some(reply.code().into()),
        text: reply.message().collect::<Vec<_>>().join(" "),
        usable: true,
        unauthorised: false,
    }
}

/// Whether a reply is of the wanted hundred; lettre calls 2xx and 3xx good alike.
fn expect(stage: Stage, reply: &Response, hundred: u16) -> Result<(), Fault> {
    let code = u16::from(reply.code());
    if code / 100 * 100 == hundred {
        return Ok(());
    }
    Err(Fault::new(stage, Cause::Lost(format!("the server answered {code} out of turn"))))
}

/// A step of lettre's under its deadline. lettre logs every line, the login and the message among them: nobody listens.
async fn within<T>(
    stage: Stage,
    seconds: u64,
    step: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Fault> {
    let step = step.with_subscriber(NoSubscriber::default());
    match timeout(Duration::from_secs(seconds), step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Fault::new(stage, cause_of(&error))),
        Err(_) => Err(Fault::new(stage, Cause::Late(seconds))),
    }
}

fn cause_of(error: &lettre::transport::smtp::Error) -> Cause {
    match error.status() {
        Some(code) => {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            Cause::Reply { code: code.into(), text }
        }
        None => Cause::Lost(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
