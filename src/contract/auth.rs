//! How requests prove who asks.

use super::JsonPath;

/// One way in which a source lets itself be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// What a deployment calls it (`sources.<name>.auth`).
    pub name: String,
    /// What it does.
    pub kind: AuthKind,
}

/// What a way of proving who asks does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthKind {
    /// `Authorization: Bearer <token>`.
    Bearer,
    /// The token in a header of this name.
    Header {
        /// The header's name.
        header: String,
    },
    /// A key that is asked for with user and password, and sent in a header until it expires.
    Login(Box<Login>),
}

/// How a key is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Path below the base URL; the request is a POST.
    pub path: String,
    /// JSON body with `{user}` and `{secret}`.
    pub body: String,
    /// The header that carries the key.
    pub header: String,
    /// Where the answer holds the key.
    pub key_at: Vec<JsonPath>,
    /// Where the answer says until when it holds, as `YYYY-MM-DD HH:MM:SS` in the source's zone.
    pub expires_at: Vec<JsonPath>,
}
