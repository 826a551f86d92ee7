//! What others come in by: TLS, the inbox, the SQL port. Each is looked at where it is set up, whether or not the daemon runs.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::contract::Contract;
use crate::serve::inbox::InboxServer;
use crate::serve::listener;

/// Adds what is found.
pub(super) fn doors(context: &Context, contracts: &[Contract], findings: &mut Vec<Finding>) {
    let serve = &context.config.serve;
    let own = serve.postgres.tls_cert.as_deref().zip(serve.postgres.tls_key.as_deref());
    let common = serve.tls_cert.as_deref().zip(serve.tls_key.as_deref());
    for (what, files) in [("serve.tls_cert", common), ("serve.postgres.tls_cert", own)] {
        findings.extend(files.map(|(cert, key)| Finding::new(what, tls(cert, key))));
    }
    if context.config.inbox.enabled {
        contracts.iter().for_each(|contract| findings.extend(inbox(context, contract)));
        findings.extend(all_closed(context, contracts));
    }
    for (name, user) in &serve.postgres.users {
        let password = context.credentials.password(name, &user.password_env, user.password_file.as_deref());
        let result = password.map(|_| ()).map_err(|error| (Code::Configuration, error.to_string()));
        findings.push(Finding::new(format!("serve.postgres.users.{name}"), result));
    }
}

/// The daemon does not start with an inbox that nobody can use, unless it has the SQL port to serve.
fn all_closed(context: &Context, contracts: &[Contract]) -> Option<Finding> {
    if context.config.serve.postgres.listen.is_some() || InboxServer::has_secrets(contracts, &context.credentials) {
        return None;
    }
    let remark = "ok, but `lumbung serve` will not start: set the secrets of one, or inbox.enabled = false";
    Some(Finding::remark("inbox", remark))
}

/// Whether certificate and key make a server, and nobody else can read the key.
fn tls(cert: &Path, key: &Path) -> Result<(), (Code, String)> {
    listener::acceptor(cert, key, listener::HTTP).map_err(|error| {
        let failure = Failure::from(error);
        (failure.code, failure.message)
    })?;
    let mode = std::fs::metadata(key).map_or(0, |about| about.permissions().mode() & 0o777);
    // A group for certificates is usual.
    if mode & 0o007 == 0 {
        return Ok(());
    }
    let key = key.display();
    Err((Code::Configuration, format!("everybody may read the key {key} (mode {mode:04o}): chmod o= {key}")))
}

/// Whether a source's inbox would open.
fn inbox(context: &Context, contract: &Contract) -> Option<Finding> {
    let variables = InboxServer::variables(contract)?;
    let what = format!("inbox of {}", contract.source);
    Some(match InboxServer::opens(contract, &context.credentials) {
        Ok(true) => Finding::new(what, Ok(())),
        Ok(false) => Finding::remark(what, format!("ok, closed; {} would open it", variables.join(" and "))),
        Err(error) => {
            let failure = Failure::from(error);
            Finding::new(what, Err((failure.code, failure.message)))
        }
    })
}
