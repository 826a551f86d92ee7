//! What this deployment makes of a contract: addresses, limits, secrets, folders, and what is kept.

use std::path::PathBuf;

use super::{LoadError, Loader};
use crate::contract::{Dataset, HttpLimits};
use crate::source::auth::Signer;
use crate::source::fetch::{FetchError, SourceClient};
use crate::source::reach::Reach;
use crate::warehouse::{Keeping, Seal};

impl Loader<'_> {
    fn reach(&self) -> Reach<'_> {
        Reach { contract: self.contract, settings: self.settings, credentials: self.credentials }
    }

    /// The dataset with this deployment's page size.
    pub(super) fn configured(&self, dataset: &Dataset) -> Dataset {
        self.reach().configured(dataset)
    }

    /// Who asks for rows of `fiscal_year`.
    pub(super) fn signer(&self, fiscal_year: Option<i32>) -> Result<Signer, LoadError> {
        Ok(self.reach().signer(fiscal_year)?)
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

    /// Who talks to the source, as fast as this deployment lets it.
    pub(super) fn client(&self) -> Result<SourceClient, FetchError> {
        self.reach().client()
    }

    pub(super) fn http_limits(&self) -> HttpLimits {
        self.reach().limits()
    }
}
