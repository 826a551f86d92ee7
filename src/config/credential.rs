//! Secrets, found when asked for and typed as secrets ever after. Where they stand: docs/operate.md, *Secrets*.
//!
//! | file | what |
//! |---|---|
//! | `place` | the one way a secret is found: variable, file, systemd |
//! | `name` | names of variables that a deployment may choose |
//! | `error` | what can be wrong with one |

mod error;
mod name;
mod place;

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::SecretString;

pub use error::CredentialError;
pub(super) use name::variable_name;

use crate::privacy::{PII_KEY_ENV, PiiKey};

/// The password of the mail server.
const SMTP_PASSWORD_ENV: &str = "LUMBUNG_SMTP_PASSWORD";

/// Fewest characters of a password.
const PASSWORD_CHARS_MIN: usize = 12;

/// Where secrets come from. Whatever a secret is called, `NAME`, `NAME_FILE` and the credential `NAME` of systemd are looked at
/// in this order.
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
    /// [`CredentialError`] when neither is a usable value.
    pub fn token(
        &self,
        source: &str,
        token_env: &str,
        fiscal_year: Option<i32>,
    ) -> Result<SecretString, CredentialError> {
        let mut variables: Vec<String> = fiscal_year.map(|year| format!("{token_env}_{year}")).into_iter().collect();
        variables.push(token_env.to_owned());
        for variable in &variables {
            let Some(found) = self.find(variable)? else { continue };
            let value = found.text.trim();
            if !value.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
                return Err(CredentialError::Malformed { place: found.place });
            }
            return Ok(SecretString::from(value.to_owned()));
        }
        Err(CredentialError::Missing { source_name: source.to_owned(), variables })
    }

    /// Who logs in to `source`.
    ///
    /// # Errors
    /// [`CredentialError::Missing`] when there is none.
    pub fn user(&self, source: &str, user_env: &str) -> Result<String, CredentialError> {
        let missing =
            || CredentialError::Missing { source_name: source.to_owned(), variables: vec![user_env.to_owned()] };
        self.find(user_env)?.map(|found| found.text.trim().to_owned()).ok_or_else(missing)
    }

    /// The secret called `variable`; `None` when nobody set it.
    ///
    /// # Errors
    /// [`CredentialError`] when its file cannot be used.
    pub fn secret(&self, variable: &str) -> Result<Option<SecretString>, CredentialError> {
        Ok(self.find(variable)?.map(|found| SecretString::from(found.text.trim().to_owned())))
    }

    /// Whether somebody set the secret called `variable`, usable or not.
    #[must_use]
    pub fn has(&self, variable: &str) -> bool {
        !matches!(self.find(variable), Ok(None))
    }

    /// The password of `user`: `variable`, else what the configured `file` holds.
    ///
    /// # Errors
    /// [`CredentialError`] when there is none, it is too short or the file cannot be used.
    pub fn password(&self, user: &str, variable: &str, file: Option<&Path>) -> Result<SecretString, CredentialError> {
        let missing = || CredentialError::NoPassword { user: user.to_owned(), variable: variable.to_owned() };
        let found =
            self.find_or_file(variable, (format!("password_file of {user}").as_str(), file))?.ok_or_else(missing)?;
        let text = found.text.trim_end_matches(['\r', '\n']);
        if text.chars().count() < PASSWORD_CHARS_MIN {
            return Err(CredentialError::ShortPassword { user: user.to_owned() });
        }
        Ok(SecretString::from(text.to_owned()))
    }

    /// The password of the mail server.
    ///
    /// # Errors
    /// [`CredentialError`] when there is none, or its file cannot be used.
    pub fn smtp_password(&self) -> Result<SecretString, CredentialError> {
        let found = self.find(SMTP_PASSWORD_ENV)?.ok_or(CredentialError::NoSmtpPassword)?;
        Ok(SecretString::from(found.text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// The secret under which personal values are hashed: `LUMBUNG_PII_KEY`, else what the configured `key_file` holds.
    ///
    /// # Errors
    /// [`CredentialError`] when there is none, or what is there is too short or not readable.
    pub fn pii_key(&self, key_file: Option<&Path>) -> Result<PiiKey, CredentialError> {
        let found =
            self.find_or_file(PII_KEY_ENV, ("privacy.key_file", key_file))?.ok_or(CredentialError::NoPiiKey)?;
        PiiKey::from_text(&found.text).map_err(|error| CredentialError::PiiKey { place: found.place, error })
    }
}

#[cfg(test)]
mod tests;
