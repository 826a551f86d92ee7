//! Why a secret cannot be had. No message repeats what was found.

use std::path::PathBuf;

use thiserror::Error;

use super::{SMTP_PASSWORD_ENV, place};
use crate::privacy::{PII_KEY_ENV, PiiKeyError};

/// A secret that is not there, or cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CredentialError {
    /// No variable holds it.
    #[error("no token for {source_name}: set {}", variables.join(" or "))]
    Missing {
        /// The source that wants it.
        source_name: String,
        /// The variables looked at, in order.
        variables: Vec<String>,
    },
    /// The value cannot be a header.
    #[error("the token in {place} holds a character that no HTTP header may carry (a line break?)")]
    Malformed {
        /// The variable, file or credential that holds it.
        place: String,
    },
    /// Nothing says under which key personal values are hashed.
    #[error("no key for personal data: set {PII_KEY_ENV} or name a key file (make one with `lumbung key new FILE`)")]
    NoPiiKey,
    /// What is there cannot be the key.
    #[error("{place} cannot be the key for personal data: {error}")]
    PiiKey {
        /// The variable or the file.
        place: String,
        /// Why.
        #[source]
        error: PiiKeyError,
    },
    /// A password is not there.
    #[error("no password for {user}: set {variable} or name a password_file")]
    NoPassword {
        /// Whose it is.
        user: String,
        /// The variable looked at.
        variable: String,
    },
    /// Nobody said with what to log in at the mail server.
    #[error("no password for the mail server: set {SMTP_PASSWORD_ENV} or {SMTP_PASSWORD_ENV}_FILE")]
    NoSmtpPassword,
    /// A password that is soon guessed.
    #[error("the password of {user} has fewer than {} characters", super::PASSWORD_CHARS_MIN)]
    ShortPassword {
        /// Whose it is.
        user: String,
    },
    /// Two places for one secret, and nobody knows which was meant.
    #[error("{variable} and {variable}_FILE are both set: unset one of them")]
    Twice {
        /// The variable.
        variable: String,
    },
    /// A variable that is no text.
    #[error("the value of {variable} is not UTF-8")]
    NotText {
        /// The variable.
        variable: String,
    },
    /// The file is not there. What was written as its name is not repeated: it may be the secret itself.
    #[error("the file with a secret that {named_by} names cannot be read: {reason}")]
    Absent {
        /// The variable or the setting that names it.
        named_by: String,
        /// Why.
        reason: String,
    },
    /// The file cannot be read.
    #[error("the file {} with a secret cannot be read: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file holds nothing.
    #[error("the file {} should hold a secret and is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is too long to be a secret.
    #[error("the file {} is longer than {} bytes: that is no secret", path.display(), place::FILE_BYTES_MAX)]
    Long {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read or change the file.
    #[error("others may read or change the file {} with a secret (mode {mode:04o}): chmod 600 {}", path.display(), path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}
