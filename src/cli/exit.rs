//! Failures as people and scripts see them: one line, a hint, and a documented exit code.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use crate::catalog::{self, CatalogError};
use crate::config::{CredentialError, Problems};
use crate::load::{LoadError, LoadErrorKind};
use crate::mail::MailError;
use crate::report::ReportError;
use crate::sandbox::SandboxError;
use crate::seal::SealError;
use crate::serve::ServeError;
use crate::source::reach::ReachError;
use crate::submit::SubmitError;
use crate::warehouse::{self, WarehouseError};

/// Why a command failed, by what the caller has to do. The numbers are sysexits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// The command line is wrong.
    Usage = 2,
    /// Data refused by contract or quality gate.
    Data = 65,
    /// A source or server is unavailable.
    Unavailable = 69,
    /// A bug.
    Internal = 70,
    /// The warehouse cannot be written.
    CannotWrite = 73,
    /// Whether something arrived is not known, or it has to be sent later.
    Deferred = 75,
    /// Not authorised.
    NotAuthorised = 77,
    /// Configuration.
    Configuration = 78,
    /// Interrupted from the keyboard.
    Interrupted = 130,
    /// Told to end by SIGTERM.
    Terminated = 143,
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) hint: Option<&'static str>,
    /// The message was printed already, as part of the results.
    pub(crate) printed: bool,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string(), hint: None, printed: false }
    }

    pub(crate) fn internal(message: impl Display) -> Self {
        Self::new(Code::Internal, message)
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Code::Usage, message)
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Code::Interrupted, "interrupted; what was published before is as it was")
    }

    /// A command that was told to stop, and stopped in good order or at once.
    pub(crate) fn interrupted_by(code: Code) -> Self {
        Self { code, ..Self::interrupted() }
    }

    /// A failure that the results have told already.
    pub(crate) fn told(code: Code) -> Self {
        Self { code, message: String::new(), hint: None, printed: true }
    }

    pub(crate) fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// The exit code of a load error.
pub(crate) fn code_of(kind: LoadErrorKind) -> Code {
    match kind {
        LoadErrorKind::Usage => Code::Usage,
        LoadErrorKind::Configuration => Code::Configuration,
        LoadErrorKind::NotAuthorised => Code::NotAuthorised,
        LoadErrorKind::Unavailable => Code::Unavailable,
        LoadErrorKind::DataRefused | LoadErrorKind::Held => Code::Data,
        LoadErrorKind::CannotWrite => Code::CannotWrite,
        LoadErrorKind::Internal => Code::Internal,
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        Self::new(Code::Configuration, error)
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Self::new(Code::Configuration, error)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::new(Code::Configuration, problems)
    }
}

impl From<WarehouseError> for Failure {
    fn from(error: WarehouseError) -> Self {
        let code = match error.kind() {
            warehouse::ErrorKind::DataRefused => Code::Data,
            warehouse::ErrorKind::Internal => Code::Internal,
            warehouse::ErrorKind::NoWarehouse | warehouse::ErrorKind::Configuration => Code::Configuration,
            warehouse::ErrorKind::NotAuthorised => Code::NotAuthorised,
            warehouse::ErrorKind::CannotWrite | warehouse::ErrorKind::Locked => Code::CannotWrite,
        };
        Self::new(code, error)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::new(code_of(error.kind()), error)
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        let code = match error.kind() {
            catalog::ErrorKind::Usage | catalog::ErrorKind::Limit => Code::Usage,
            catalog::ErrorKind::Storage => Code::CannotWrite,
            catalog::ErrorKind::Unavailable => Code::Unavailable,
            catalog::ErrorKind::Internal => Code::Internal,
        };
        Self::new(code, error)
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        let code = if matches!(error, SandboxError::World(_)) { Code::Internal } else { Code::Usage };
        Self::new(code, error)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let code = match &error {
            ServeError::Bind { .. } => Code::Unavailable,
            _ => Code::Configuration,
        };
        Self::new(code, error)
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let code = match &error {
            ReportError::Recipients(_) => Code::Configuration,
            ReportError::NoFigures { .. } => Code::Data,
            _ => Code::Internal,
        };
        Self::new(code, error)
    }
}

impl From<SubmitError> for Failure {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Warehouse(error) => error.into(),
            SubmitError::Contract(_) => Self::usage(error),
            SubmitError::Credential(_)
            | SubmitError::Fetch(_)
            | SubmitError::Decode(_)
            | SubmitError::Reach(ReachError::Credential(_) | ReachError::Setting(_)) => {
                Self::new(Code::Configuration, error)
            }
        }
    }
}

impl From<MailError> for Failure {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Warehouse(error) => error.into(),
            MailError::Write { .. } => Self::new(Code::CannotWrite, error),
            MailError::Twice { .. } | MailError::BareLineEnd { .. } => Self::new(Code::Data, error),
            MailError::Credential(_)
            | MailError::NoDelivery
            | MailError::Address { .. }
            | MailError::CaBundle { .. }
            | MailError::Tls { .. } => Self::new(Code::Configuration, error),
        }
    }
}

/// Prints a failure and returns its exit code.
pub(crate) fn report(failure: &Failure) -> ExitCode {
    let mut err = std::io::stderr().lock();
    if !failure.printed {
        // Nobody reads a stderr that is closed; the exit code still tells.
        let _ = writeln!(err, "error: {}", failure.message);
        if let Some(hint) = failure.hint {
            let _ = writeln!(err, "hint: {hint}");
        }
    }
    ExitCode::from(failure.code as u8)
}

/// Prints what clap has to say: help on stdout with success, a usage error on stderr with 2.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is no reason to fail.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(Code::Usage as u8) } else { ExitCode::SUCCESS }
}
