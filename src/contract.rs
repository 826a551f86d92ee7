//! The source contract: what is asked of a system, what a good answer looks like, what its columns mean.
//!
//! A contract is data (`config/sources/<name>.toml`). Adding an endpoint or a column needs no Rust; only a new *kind* of
//! paging, authentication, envelope or row shape does. The grammar is described in `docs/contracts.md`.

mod auth;
mod column;
mod dataset;
mod drift;
mod envelope;
mod inbox;
mod method;
mod parse;
mod path;
mod reading;
mod request;
mod rule;
mod schema;
mod submit;

use chrono_tz::Tz;

pub use auth::{Auth, AuthKind, Login};
pub use column::{Class, Column, ColumnType, DateFormat, TimestampFormat, normalise_key};
pub use dataset::{Dataset, Direction, ForEach, Paging, RowShape, Transport};
pub use drift::{ColumnDrift, Drift};
pub use envelope::{DocumentEnvelope, Envelope, RuleVerdict, VerdictRule};
pub use inbox::{
    CHANGE, InboxAnswers, InboxAuth, InboxContract, PUSH_BODY, PUSH_ID, RECEIVED_AT, RECEIVED_ON, Receive,
};
pub use method::{Method, MethodDirection};
pub use parse::parse;
pub(crate) use parse::{check_base_url, shown_url};
pub use path::{JsonPath, PathStep};
pub use reading::{Extract, OneOf, Reading};
pub(crate) use request::words_in_braces;
pub use request::{HttpMethod, RequestTemplate};
pub use schema::{EXTRA_COLUMN, file_schema};
pub use submit::{ReferenceCheck, Submission};

/// The contract of one source system.
#[derive(Debug, Clone)]
pub struct Contract {
    /// The source's name: SQL schema, folder and config key.
    pub source: String,
    /// What people call the system.
    pub title: String,
    /// The document this contract transcribes.
    pub document: String,
    /// Raised when a column's meaning changes; stands in every file's metadata.
    pub version: u32,
    /// Where the system answers, without a trailing slash; empty where nothing is asked over HTTP.
    pub base_url: String,
    /// The zone of the source's dates.
    pub timezone: Tz,
    /// The ways in which requests can prove who asks; the first is the usual one. Empty where nothing is asked over HTTP.
    pub auth: Vec<Auth>,
    /// How the source's own calls are answered; `None` where it never calls.
    pub inbox: Option<InboxContract>,
    /// What the service says when it has no rows to give.
    pub answers: Answers,
    /// Limits of the HTTP conversation.
    pub http: HttpLimits,
    /// The endpoints.
    pub datasets: Vec<Dataset>,
    /// Every method the document lists, also those that nothing is loaded from.
    pub methods: Vec<Method>,
}

impl Contract {
    /// The dataset called `name`.
    #[must_use]
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }

    /// The method called `name`, without regard to case.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.name.eq_ignore_ascii_case(name))
    }

    /// The datasets that are pushed to us, each with its place.
    pub fn received(&self) -> impl Iterator<Item = (&Dataset, &Receive)> {
        self.datasets.iter().filter_map(|dataset| Some((dataset, dataset.receive.as_ref()?)))
    }

    /// The further tables of the answers that `dataset` asks for, in contract order.
    pub fn further_tables<'a>(&'a self, dataset: &'a Dataset) -> impl Iterator<Item = &'a Dataset> {
        self.datasets.iter().filter(|other| other.same_answer_as.as_deref() == Some(&dataset.name))
    }

    /// The dataset whose requests fill `dataset`: itself, or the one it shares its answers with.
    #[must_use]
    pub fn asked_with<'a>(&'a self, dataset: &'a Dataset) -> &'a Dataset {
        dataset.same_answer_as.as_deref().and_then(|name| self.dataset(name)).unwrap_or(dataset)
    }
}

/// Texts that tell the kinds of answer apart, compared without regard to case.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// There are no rows.
    pub empty: Vec<String>,
    /// The request was not understood.
    pub wrong_parameter: Vec<String>,
    /// The token was refused.
    pub unauthorised: Vec<String>,
}

/// Limits of the HTTP conversation.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Seconds to reach the server.
    pub connect_timeout_secs: u64,
    /// Longest silence within one answer, in seconds.
    pub read_timeout_secs: u64,
    /// Tries of one request, the first included.
    pub attempts: u32,
    /// Seconds before the second try; doubles with each further one.
    pub backoff_secs: u64,
    /// Longest body accepted, in bytes after decompression.
    pub body_bytes_max: u64,
}
