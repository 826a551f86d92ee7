//! Secrets, read from the environment when asked for and typed as secrets ever after.

use std::collections::BTreeMap;

use secrecy::SecretString;
use thiserror::Error;

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
}

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

/// Whether the environment asks for output without colour (`NO_COLOR`, any non-empty value).
#[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{CredentialError, Credentials};
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
}
