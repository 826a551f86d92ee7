//! Who may push what: the sources whose inbox is open, and the methods of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::HeaderName;
use chrono_tz::Tz;

use super::auth::Proof;
use super::examine::Tables;
use crate::config::Credentials;
use crate::contract::{Contract, Dataset, InboxAnswers, InboxAuth};
use crate::decode::DecodeSettings;
use crate::privacy::PiiKey;
use crate::serve::ServeError;
use crate::warehouse::DatasetId;

/// A source whose inbox is open.
pub(crate) struct Sender {
    /// Its name.
    pub(crate) source: String,
    /// The zone of its days.
    pub(crate) zone: Tz,
    /// The header with the token.
    pub(crate) header: HeaderName,
    /// What the token is checked against.
    pub(crate) proof: Proof,
    /// What it is told.
    pub(crate) answers: InboxAnswers,
    /// Its methods, by their path.
    pub(crate) routes: BTreeMap<String, Arc<Route>>,
}

/// One method of a source.
pub(crate) struct Route {
    /// The method, as the document writes it.
    pub(crate) method: String,
    /// The dataset that its pushes fill.
    pub(crate) dataset: DatasetId,
    /// The columns that tell one thing from another.
    pub(crate) key: Vec<String>,
    /// What the answer depends on, where it does: SQL with columns of the push as `{placeholders}`.
    pub(crate) lookup: Option<String>,
    /// What judges its pushes.
    pub(crate) tables: Tables,
}

/// The sources whose secrets are set, by name.
///
/// # Errors
/// [`ServeError::Credential`] where a secret cannot be used,
/// [`ServeError::NoInbox`] where no source has its secrets, [`ServeError::HalfSecret`] where one has only some, and what
/// keeps a dataset from being received.
pub(crate) fn senders(
    contracts: &[Contract],
    credentials: &Credentials,
    key: &Arc<PiiKey>,
) -> Result<BTreeMap<String, Arc<Sender>>, ServeError> {
    let mut senders = BTreeMap::new();
    let mut off = Vec::new();
    for contract in contracts {
        let Some(inbox) = &contract.inbox else { continue };
        let Some(proof) = proof(&contract.source, &inbox.auth, credentials)? else {
            off.push(format!("{} by {}", contract.source, variables(&contract.source, &inbox.auth).join(" and ")));
            continue;
        };
        let (InboxAuth::Header { header } | InboxAuth::DailySha1 { header, .. }) = &inbox.auth;
        let header = HeaderName::try_from(header.as_str()).map_err(|error| ServeError::Contract {
            source_name: contract.source.clone(),
            reason: format!("the header \"{header}\" cannot be one: {error}"),
        })?;
        let sender = Sender {
            source: contract.source.clone(),
            zone: contract.timezone,
            header,
            proof,
            answers: inbox.answers.clone(),
            routes: routes(contract, key)?,
        };
        senders.insert(contract.source.clone(), Arc::new(sender));
    }
    if senders.is_empty() { Err(ServeError::NoInbox { variables: off }) } else { Ok(senders) }
}

fn routes(contract: &Contract, key: &Arc<PiiKey>) -> Result<BTreeMap<String, Arc<Route>>, ServeError> {
    let mut routes = BTreeMap::new();
    for dataset in &contract.datasets {
        let Some(receive) = &dataset.receive else { continue };
        let id = DatasetId::new(&contract.source, &dataset.name).map_err(|error| ServeError::Contract {
            source_name: contract.source.clone(),
            reason: error.to_string(),
        })?;
        let datasets: Vec<Dataset> =
            std::iter::once(dataset).chain(contract.further_tables(dataset)).cloned().collect();
        let settings = DecodeSettings { zone: contract.timezone, pii_key: Some(Arc::clone(key)) };
        let tables = Tables::new(datasets, settings).map_err(|(dataset, source)| ServeError::Inspect {
            dataset: format!("{}.{dataset}", contract.source),
            source,
        })?;
        let route = Route {
            method: receive.method.clone(),
            dataset: id,
            key: receive.key.clone(),
            lookup: receive.lookup.clone(),
            tables,
        };
        if let Some(other) = routes.insert(receive.path.clone(), Arc::new(route)) {
            let reason = format!("{} and {} have the same path \"{}\"", other.dataset, dataset.name, receive.path);
            return Err(ServeError::Contract { source_name: contract.source.clone(), reason });
        }
    }
    Ok(routes)
}

/// The environment variables that hold the secrets of a source's inbox.
pub(crate) fn variables(source: &str, auth: &InboxAuth) -> Vec<String> {
    let kinds: &[&str] = match auth {
        InboxAuth::Header { .. } => &["TOKEN"],
        InboxAuth::DailySha1 { .. } => &["USER", "PASSWORD"],
    };
    kinds.iter().map(|kind| format!("LUMBUNG_INBOX_{}_{kind}", source.to_uppercase())).collect()
}

/// What tokens of `source` are checked against; `None` where none of its secrets is set.
pub(crate) fn proof(source: &str, auth: &InboxAuth, credentials: &Credentials) -> Result<Option<Proof>, ServeError> {
    let variables = variables(source, auth);
    let secrets: Result<Vec<_>, _> = variables.iter().map(|variable| credentials.secret(variable)).collect();
    let mut secrets =
        secrets.map_err(|error| ServeError::Credential { source_name: source.to_owned(), source: error })?;
    if secrets.iter().all(Option::is_none) {
        return Ok(None);
    }
    let missing = |variables: &[String], secrets: &[Option<_>]| ServeError::HalfSecret {
        source_name: source.to_owned(),
        variables: variables
            .iter()
            .zip(secrets)
            .filter(|(_, secret)| secret.is_none())
            .map(|(v, _)| v.clone())
            .collect(),
    };
    if secrets.iter().any(Option::is_none) {
        return Err(missing(&variables, &secrets));
    }
    let mut next = || secrets.remove(0).expect("all were found to be there");
    Ok(Some(match auth {
        InboxAuth::Header { .. } => Proof::Plain(next()),
        InboxAuth::DailySha1 { digest, .. } => {
            Proof::DailySha1 { digest: digest.clone(), user: next(), password: next() }
        }
    }))
}
