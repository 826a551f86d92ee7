//! Secrets, read from the environment when asked for and typed as secrets ever after.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use thiserror::Error;

use crate::privacy::{PII_KEY_ENV, PiiKey, PiiKeyError};

/// Longest key file read, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

/// A secret that is not there.
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
    #[error("the token in {variable} holds a character that no HTTP header may carry (a line break?)")]
    Malformed {
        /// The variable that holds it.
        variable: String,
    },
    /// Nothing says under which key personal values are hashed.
    #[error("no key for personal data: set {PII_KEY_ENV} or name a key file (make one with `openssl rand -hex 32`)")]
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
    #[error("no password for the mail server: set {SMTP_PASSWORD_ENV} or {SMTP_PASSWORD_FILE_ENV}")]
    NoSmtpPassword,
    /// A password that is soon guessed.
    #[error("the password of {user} has fewer than {PASSWORD_CHARS_MIN} characters")]
    ShortPassword {
        /// Whose it is.
        user: String,
    },
    /// The key file cannot be read.
    #[error("the file {} with a secret cannot be read: {reason}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The password of the mail server.
const SMTP_PASSWORD_ENV: &str = "LUMBUNG_SMTP_PASSWORD";

/// The file with it.
const SMTP_PASSWORD_FILE_ENV: &str = "LUMBUNG_SMTP_PASSWORD_FILE";

/// Fewest characters of a password.
const PASSWORD_CHARS_MIN: usize = 12;

/// Where secrets come from.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// The process environment.
    Environment,
    /// Given by the program itself (the demo's sandbox hands out its own tokens), by variable name.
    Given(BTreeMap<String, SecretString>),
}

impl Credentials {
    /// The bearer token of `source`: `<token_env>_<fiscal_year>` first, then `<token_env>`.
    ///
    /// # Errors
    /// [`CredentialError`] when neither variable holds a usable value.
    pub fn token(
        &self,
        source: &str,
        token_env: &str,
        fiscal_year: Option<i32>,
    ) -> Result<SecretString, CredentialError> {
        let mut variables: Vec<String> = fiscal_year.map(|year| format!("{token_env}_{year}")).into_iter().collect();
        variables.push(token_env.to_owned());
        for variable in &variables {
            let Some(value) = self.variable(variable) else { continue };
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            if !value.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
                return Err(CredentialError::Malformed { variable: variable.clone() });
            }
            return Ok(SecretString::from(value.to_owned()));
        }
        Err(CredentialError::Missing { source_name: source.to_owned(), variables })
    }

    /// Who logs in to `source`.
    ///
    /// # Errors
    /// [`CredentialError::Missing`] when the variable holds nothing.
    pub fn user(&self, source: &str, user_env: &str) -> Result<String, CredentialError> {
        let user = self.variable(user_env).map(|user| user.trim().to_owned()).filter(|user| !user.is_empty());
        let missing =
            || CredentialError::Missing { source_name: source.to_owned(), variables: vec![user_env.to_owned()] };
        user.ok_or_else(missing)
    }

    /// The secret in `variable`; `None` when it holds nothing.
    #[must_use]
    pub fn secret(&self, variable: &str) -> Option<SecretString> {
        let value = Zeroizing::new(self.variable(variable)?);
        let value = value.trim();
        (!value.is_empty()).then(|| SecretString::from(value.to_owned()))
    }

    /// The password of `user`: from `variable`, else from `file`, whose last line break does not count.
    ///
    /// # Errors
    /// [`CredentialError`] when there is none, it is too short or the file cannot be read.
    pub fn password(&self, user: &str, variable: &str, file: Option<&Path>) -> Result<SecretString, CredentialError> {
        let given = self.variable(variable).map(Zeroizing::new).filter(|text| !text.is_empty());
        let text = match (given, file) {
            (Some(text), _) => text,
            (None, Some(path)) => key_file_text(path)
                .map_err(|error| CredentialError::KeyFile { path: path.to_owned(), reason: error.to_string() })?,
            (None, None) => {
                return Err(CredentialError::NoPassword { user: user.to_owned(), variable: variable.to_owned() });
            }
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.chars().count() < PASSWORD_CHARS_MIN {
            return Err(CredentialError::ShortPassword { user: user.to_owned() });
        }
        Ok(SecretString::from(text.to_owned()))
    }

    /// The password of the mail server: from [`SMTP_PASSWORD_ENV`], else from the file that [`SMTP_PASSWORD_FILE_ENV`] names, whose
    /// last line break does not count.
    ///
    /// # Errors
    /// [`CredentialError`] when there is none, or the file cannot be read.
    pub fn smtp_password(&self) -> Result<SecretString, CredentialError> {
        let given = self.variable(SMTP_PASSWORD_ENV).map(Zeroizing::new).filter(|text| !text.is_empty());
        let file = self.variable(SMTP_PASSWORD_FILE_ENV).filter(|path| !path.is_empty()).map(PathBuf::from);
        let text = match (given, file) {
            (Some(text), _) => text,
            (None, Some(path)) => {
                key_file_text(&path).map_err(|error| CredentialError::KeyFile { path, reason: error.to_string() })?
            }
            (None, None) => return Err(CredentialError::NoSmtpPassword),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() { Err(CredentialError::NoSmtpPassword) } else { Ok(SecretString::from(text.to_owned())) }
    }

    /// The secret under which personal values are hashed: from `LUMBUNG_PII_KEY`, else from `key_file`.
    ///
    /// # Errors
    /// [`CredentialError`] when there is none, or what is there is too short or not readable.
    pub fn pii_key(&self, key_file: Option<&Path>) -> Result<PiiKey, CredentialError> {
        let variable = self.variable(PII_KEY_ENV).map(Zeroizing::new);
        if let Some(text) = variable.filter(|text| !text.trim().is_empty()) {
            return PiiKey::from_text(&text)
                .map_err(|error| CredentialError::PiiKey { place: PII_KEY_ENV.to_owned(), error });
        }
        let path = key_file.ok_or(CredentialError::NoPiiKey)?;
        let text = key_file_text(path)
            .map_err(|error| CredentialError::KeyFile { path: path.to_owned(), reason: error.to_string() })?;
        PiiKey::from_text(&text).map_err(|error| CredentialError::PiiKey { place: path.display().to_string(), error })
    }

    #[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
    fn variable(&self, name: &str) -> Option<String> {
        match self {
            Self::Environment => std::env::var(name).ok(),
            Self::Given(secrets) => {
                secrets.get(name).map(|secret| secrecy::ExposeSecret::expose_secret(secret).to_owned())
            }
        }
    }
}

fn key_file_text(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(path)?.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether the environment asks for output without colour (`NO_COLOR`, any non-empty value).
#[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Who is at work, for the ledger: `LUMBUNG_OPERATOR`, else the user of the machine.
#[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
#[must_use]
pub fn operator() -> String {
    let named = ["LUMBUNG_OPERATOR", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let printable = |name: String| name.trim().chars().filter(|c| !c.is_control()).take(OPERATOR_CHARS_MAX).collect();
    named.map(printable).find(|name: &String| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// Longest name of an operator in the ledger, in characters.
const OPERATOR_CHARS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::{CredentialError, Credentials, PII_KEY_ENV};
    use secrecy::ExposeSecret;
    use std::collections::BTreeMap;

    #[test]
    fn the_year_comes_first_and_a_missing_one_names_the_variables() {
        let given: BTreeMap<String, _> = [("T_2026", "year"), ("T", "any"), ("BAD", "two\nlines")]
            .map(|(name, value)| (name.to_owned(), value.to_owned().into()))
            .into();
        let credentials = Credentials::Given(given);
        let token = |env: &str, year| credentials.token("omspan", env, year).map(|t| t.expose_secret().to_owned());
        assert_eq!(token("T", Some(2026)).as_deref(), Ok("year"));
        assert_eq!(token("T", Some(2025)).as_deref(), Ok("any"));
        assert_eq!(token("BAD", None), Err(CredentialError::Malformed { variable: "BAD".to_owned() }));
        let missing = token("NONE", Some(2026)).unwrap_err().to_string();
        assert_eq!(missing, "no token for omspan: set NONE_2026 or NONE");
    }
    #[test]
    fn the_key_for_personal_data_comes_from_the_variable_or_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pii.key");
        std::fs::write(&file, format!("{}\n", "07".repeat(32))).unwrap();
        let none = Credentials::Given(BTreeMap::new());
        let from_file = none.pii_key(Some(&file)).unwrap();
        let given = |text: &str| Credentials::Given([(PII_KEY_ENV.to_owned(), text.to_owned().into())].into());
        assert_eq!(given(&"07".repeat(32)).pii_key(None).unwrap().key_id(), from_file.key_id());
        assert_ne!(given(&"08".repeat(32)).pii_key(Some(&file)).unwrap().key_id(), from_file.key_id());
        assert_eq!(given(" ").pii_key(Some(&file)).unwrap().key_id(), from_file.key_id());
        assert_eq!(none.pii_key(None).err(), Some(CredentialError::NoPiiKey));
        let short = given("too short").pii_key(Some(&file)).unwrap_err().to_string();
        assert!(short.starts_with("LUMBUNG_PII_KEY cannot be the key") && !short.contains("too short"), "{short}");
        let absent = none.pii_key(Some(&folder.path().join("absent"))).unwrap_err().to_string();
        assert!(absent.contains("cannot be read"), "{absent}");
    }
}
