//! How a source is reached from here: the contract's word, and what this deployment says instead.

use std::time::Duration;

use thiserror::Error;

use super::auth::Signer;
use super::fetch::{FetchError, SourceClient};
use crate::config::{CredentialError, Credentials, SourceSettings};
use crate::contract::{AuthKind, Contract, Dataset, HttpLimits, Paging};

/// A source, as this deployment reaches it.
#[derive(Debug, Clone, Copy)]
pub struct Reach<'a> {
    /// What the source is.
    pub contract: &'a Contract,
    /// How it is reached here.
    pub settings: &'a SourceSettings,
    /// Where secrets come from.
    pub credentials: &'a Credentials,
}

/// A source that cannot even be asked.
#[derive(Debug, Error)]
pub enum ReachError {
    /// No usable secret.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A setting of this deployment is wrong.
    #[error("{0}")]
    Setting(String),
}

impl<'a> Reach<'a> {
    /// Where the source answers, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &'a str {
        self.settings.base_url.as_deref().unwrap_or(&self.contract.base_url)
    }

    /// The limits of the conversation.
    #[must_use]
    pub fn limits(&self) -> HttpLimits {
        let contract = self.contract.http;
        HttpLimits {
            attempts: self.settings.attempts.unwrap_or(contract.attempts),
            backoff_secs: self.settings.backoff_secs.unwrap_or(contract.backoff_secs),
            read_timeout_secs: self.settings.read_timeout_secs.unwrap_or(contract.read_timeout_secs),
            ..contract
        }
    }

    /// A client under these limits.
    ///
    /// # Errors
    /// [`FetchError::SetUp`] when the certificate authorities cannot be used.
    pub fn client(&self) -> Result<SourceClient, FetchError> {
        let client = SourceClient::new(self.limits(), self.settings.ca_bundle.as_deref())?;
        Ok(client.paced(Duration::from_millis(self.settings.pause_ms.unwrap_or(0))))
    }

    /// Who asks for rows of `fiscal_year`; `None` where keys are not per year.
    ///
    /// # Errors
    /// [`ReachError`] when a secret is missing, or the chosen way of proving who asks is unknown.
    pub fn signer(&self, fiscal_year: Option<i32>) -> Result<Signer, ReachError> {
        let source = &self.contract.source;
        let secret = self.credentials.token(source, &self.settings.token_env, fiscal_year)?;
        let ways = &self.contract.auth;
        let auth = self.settings.way_of(ways).cloned().ok_or_else(|| {
            let known: Vec<&str> = ways.iter().map(|way| way.name.as_str()).collect();
            let name = self.settings.auth.as_deref().unwrap_or_default();
            ReachError::Setting(format!("sources.{source}.auth cannot be \"{name}\"; known: {}", known.join(", ")))
        })?;
        let user = match auth.kind {
            AuthKind::Login(_) => self.credentials.user(source, &self.settings.user_env)?,
            _ => String::new(),
        };
        Ok(Signer::new(auth, secret, user))
    }

    /// The dataset with this deployment's page size.
    #[must_use]
    pub fn configured(&self, dataset: &Dataset) -> Dataset {
        let mut dataset = dataset.clone();
        let can_ask_whole = dataset.request.path_whole.is_some();
        match (&mut dataset.paging, self.settings.page_rows) {
            (Paging::RowRange { page_rows, .. }, Some(configured)) if configured > 0 || can_ask_whole => {
                *page_rows = configured;
            }
            (Paging::PageNumber { page_rows, .. }, Some(configured)) if configured > 0 => *page_rows = configured,
            _ => {}
        }
        dataset
    }
}
