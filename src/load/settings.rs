//! What this deployment makes of a contract: addresses, limits, secrets, folders, and what is kept.

use std::path::PathBuf;

use super::{LoadError, Loader};
use crate::contract::{Auth, AuthKind, Dataset, HttpLimits, Paging};
use crate::source::auth::Signer;
use crate::warehouse::{Keeping, Seal};

impl Loader<'_> {
    /// The dataset with this deployment's page size.
    pub(super) fn configured(&self, dataset: &Dataset) -> Dataset {
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

    /// Who asks for rows of `fiscal_year`.
    pub(super) fn signer(&self, fiscal_year: Option<i32>) -> Result<Signer, LoadError> {
        let source = &self.contract.source;
        let secret = self.credentials.token(source, &self.settings.token_env, fiscal_year)?;
        let auth = self.auth()?;
        let user = match auth.kind {
            AuthKind::Login(_) => self.credentials.user(source, &self.settings.user_env)?,
            _ => String::new(),
        };
        Ok(Signer::new(auth, secret, user))
    }

    /// The way of proving who asks that this deployment chose, else the contract's first.
    fn auth(&self) -> Result<Auth, LoadError> {
        let ways = &self.contract.auth;
        self.settings.way_of(ways).cloned().ok_or_else(|| {
            let known: Vec<&str> = ways.iter().map(|way| way.name.as_str()).collect();
            let source = &self.contract.source;
            let name = self.settings.auth.as_deref().unwrap_or_default();
            LoadError::Setting(format!("sources.{source}.auth cannot be \"{name}\"; known: {}", known.join(", ")))
        })
    }

    /// What may be kept of the answers: of personal ones nothing that is not sealed.
    /// `pages` says whether raw pages are, which are kept once for all tables that they fill.
    pub(super) fn keeping(&self, personal: bool, pages: bool) -> Keeping {
        let seal = match &self.archive.recipient {
            _ if !personal => Seal::Open,
            Some(recipient) => Seal::To(recipient.clone()),
            None => Seal::Nothing,
        };
        Keeping { seal, level: (self.archive.enabled && pages).then_some(self.archive.level) }
    }

    /// The folder that files of `dataset` are dropped into.
    pub(super) fn drop_folder(&self, dataset: &Dataset) -> PathBuf {
        self.settings.drop_folder(&self.contract.source, &dataset.name)
    }

    pub(super) fn base_url(&self) -> &str {
        self.settings.base_url.as_deref().unwrap_or(&self.contract.base_url)
    }

    pub(super) fn http_limits(&self) -> HttpLimits {
        let contract = self.contract.http;
        HttpLimits {
            attempts: self.settings.attempts.unwrap_or(contract.attempts),
            backoff_secs: self.settings.backoff_secs.unwrap_or(contract.backoff_secs),
            read_timeout_secs: self.settings.read_timeout_secs.unwrap_or(contract.read_timeout_secs),
            ..contract
        }
    }
}
