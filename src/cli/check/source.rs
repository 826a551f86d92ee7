//! Whether the sources that are switched on could be asked: folders, lists, secrets, and somebody who listens.

use std::path::Path;
use std::time::Duration;

use chrono::Datelike;

use super::Finding;
use crate::cli::Context;
use crate::cli::exit::Code;
use crate::config::{CredentialError, SourceSettings};
use crate::contract::{AuthKind, Contract, Transport};
use crate::source::reach::Reach;

/// Seconds to wait for a source to accept a connection.
const REACH_SECS: u64 = 5;

/// Adds what is found of one source.
pub(super) async fn source(context: &Context, contract: &Contract, offline: bool, findings: &mut Vec<Finding>) {
    let name = &contract.source;
    let default = || SourceSettings::default_for(name);
    let settings = context.config.sources.get(name).cloned().unwrap_or_else(default);
    if !settings.enabled {
        return;
    }
    folders(contract, &settings, findings);
    if contract.datasets.iter().all(|dataset| dataset.transport == Transport::Folder) {
        return;
    }
    credentials(context, contract, &settings, findings);
    files(context, contract, &settings, findings);
    if !offline {
        let url = settings.base_url.as_deref().unwrap_or(&contract.base_url);
        findings.push(Finding::new(format!("{name} reachable"), reach(url).await));
    }
}

/// The folders that files of a source are dropped into.
fn folders(contract: &Contract, settings: &SourceSettings, findings: &mut Vec<Finding>) {
    for dataset in contract.datasets.iter().filter(|dataset| dataset.transport == Transport::Folder) {
        if dataset.same_answer_as.is_some() {
            continue;
        }
        let folder = settings.drop_folder(&contract.source, &dataset.name);
        let there = folder.read_dir().map(|_| ()).map_err(|error| {
            let hint = format!("make the folder, or set sources.{}.folder in lumbung.toml", contract.source);
            (Code::Configuration, format!("{}: {error}; {hint}", folder.display()))
        });
        findings.push(Finding::new(format!("drop folder of {}.{}", contract.source, dataset.name), there));
    }
}

/// The files that the settings of a source name: certificate authorities, and lists that requests are repeated for.
fn files(context: &Context, contract: &Contract, settings: &SourceSettings, findings: &mut Vec<Finding>) {
    let name = &contract.source;
    if settings.ca_bundle.is_some() {
        let reach = Reach { contract, settings, credentials: &context.credentials };
        let made = reach.client().map(|_| ()).map_err(|error| (Code::Configuration, error.to_string()));
        findings.push(Finding::new(format!("sources.{name}.ca_bundle"), made));
    }
    for (list, path) in &settings.lists {
        findings.push(Finding::new(format!("sources.{name}.lists.{list}"), readable(path)));
    }
}

fn readable(path: &Path) -> Result<(), (Code, String)> {
    let failed = |reason: String| (Code::Configuration, format!("{}: {reason}", path.display()));
    let about =
        std::fs::File::open(path).and_then(|file| file.metadata()).map_err(|error| failed(error.to_string()))?;
    if about.is_file() { Ok(()) } else { Err(failed("is no file".to_owned())) }
}

/// The tokens of a source, each fiscal year's, and who logs in where its way of asking needs that.
fn credentials(context: &Context, contract: &Contract, settings: &SourceSettings, findings: &mut Vec<Finding>) {
    let name = &contract.source;
    let configuration = |error: CredentialError| (Code::Configuration, error.to_string());
    let this_year = context.clock.today(context.config.deployment.timezone).year();
    let yearly = contract.datasets.iter().any(|dataset| dataset.fiscal_year);
    let mut years: Vec<Option<i32>> = match settings.fiscal_years.as_slice() {
        [] => vec![Some(this_year)],
        years => years.iter().copied().map(Some).collect(),
    };
    years.retain(|_| yearly);
    // What has no fiscal year is asked for with the token of none.
    if contract.datasets.iter().any(|dataset| !dataset.fiscal_year && dataset.transport == Transport::Http) {
        years.push(None);
    }
    for year in years {
        let what = match year {
            Some(year) => format!("token of {name} for {year}"),
            None => format!("token of {name}"),
        };
        let token = context.credentials.token(name, &settings.token_env, year);
        findings.push(Finding::new(what, token.map(|_| ()).map_err(configuration)));
    }
    let way = settings.way_of(&contract.auth);
    if way.is_some_and(|way| matches!(way.kind, AuthKind::Login(_))) {
        let user = context.credentials.user(name, &settings.user_env);
        findings.push(Finding::new(format!("user of {name}"), user.map(|_| ()).map_err(configuration)));
    }
    if let (None, Some(chosen)) = (way, &settings.auth) {
        let message = format!("the contract has no way of authentication called \"{chosen}\"");
        findings.push(Finding::new(format!("sources.{name}.auth"), Err((Code::Configuration, message))));
    }
}

/// Whether somebody listens where `url` points; no request is sent, so no token is spent.
async fn reach(url: &str) -> Result<(), (Code, String)> {
    let unavailable = |reason: String| (Code::Unavailable, format!("{url}: {reason}"));
    let parsed = reqwest::Url::parse(url).map_err(|error| unavailable(error.to_string()))?;
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = parsed.port_or_known_default().unwrap_or(443);
    let connect = tokio::net::TcpStream::connect((host, port));
    match tokio::time::timeout(Duration::from_secs(REACH_SECS), connect).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unavailable(format!("{error}; check base_url, DNS and the firewall"))),
        Err(_) => Err(unavailable(format!("no answer within {REACH_SECS} s; check the firewall"))),
    }
}
