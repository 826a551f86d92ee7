//! What a source that calls us has to prove and wants to hear, and what becomes of what it sends.

/// How a source's calls are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxContract {
    /// How a caller proves who it is.
    pub auth: InboxAuth,
    /// What it is told.
    pub answers: InboxAnswers,
}

/// How a caller proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxAuth {
    /// A header holds the secret itself.
    Header {
        /// Its name.
        header: String,
    },
    /// A header holds the SHA-1, in hex, of a text that changes with the day and the push.
    DailySha1 {
        /// Its name.
        header: String,
        /// The text: `{user}`, `{password}`, `{date}` (Ymd in the source's zone), and columns of the push.
        digest: String,
    },
}

/// The bodies of answers. Placeholders: `{method}`, `{code}`, `{message}`, and `{faults}`, a JSON list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxAnswers {
    /// The push is taken.
    pub accepted: String,
    /// It is not.
    pub refused: String,
    /// A question whose answer is no; as `refused` where not stated.
    pub not_found: String,
    /// The message of an accepted push.
    pub message: String,
    /// Longest message, in characters.
    pub message_chars_max: usize,
}

/// What becomes of the pushes of one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receive {
    /// The method, as the document writes it.
    pub method: String,
    /// Where it is served, below `/inbox/<source>/`.
    pub path: String,
    /// The columns that tell one thing from another: a later push of the same ones changes it.
    pub key: Vec<String>,
    /// Asks the warehouse what the answer is: a row is yes, none is no. Placeholders are columns of the push.
    pub lookup: Option<String>,
}

/// The step under which the push as it came stands in a page of the inbox.
pub const PUSH_BODY: &str = "isi";
/// The column with the name of a push.
pub const PUSH_ID: &str = "push_id";
/// The column with the instant a push came in.
pub const RECEIVED_AT: &str = "diterima_pada";
/// The column that counts the pushes of the same key before this one.
pub const CHANGE: &str = "perubahan_ke";
/// The partition key of what is pushed: the day it came in, in the source's zone.
pub const RECEIVED_ON: &str = "tanggal_diterima";
