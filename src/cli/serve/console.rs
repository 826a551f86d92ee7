//! What the console of the daemon is made of.

use std::sync::Arc;
use std::time::Duration;

use super::tls_files;
use crate::cli::exit::{Code, Failure};
use crate::cli::report::Desk;
use crate::cli::{Context, session};
use crate::contract::Contract;
use crate::reference::Reference;
use crate::schedule::{AgeLimits, Plan};
use crate::serve::console::{ConsoleParts, ConsoleServer};
use crate::serve::listener::{Listener, Stop};
use crate::serve::postgres;
use crate::warehouse::Warehouse;

/// What the console shows of a deployment.
pub(super) struct Shown<'a> {
    pub(super) contracts: &'a [Contract],
    pub(super) limits: AgeLimits,
    pub(super) plan: Option<Plan>,
    pub(super) ledger: Arc<Warehouse>,
    pub(super) sql: Arc<postgres::Desk>,
    pub(super) stop: Stop,
}

/// The console behind `listener`; `None` where there is no listener or `serve.console.enabled` says so.
pub(super) fn server(
    context: &Context,
    shown: Shown<'_>,
    listener: Option<&Listener>,
) -> Result<Option<Arc<ConsoleServer>>, Failure> {
    let settings = &context.config.serve.console;
    let Some(listener) = listener.filter(|_| settings.enabled) else { return Ok(None) };
    let proxy_secret = match &settings.proxy_secret_env {
        None => None,
        Some(variable) => Some(context.credentials.secret(variable)?.ok_or_else(|| {
            let message = format!("serve.console.proxy_secret_env names {variable}, and it holds nothing");
            Failure::new(Code::Configuration, message).with_hint("set it, or take the key out of lumbung.toml")
        })?),
    };
    let parts = ConsoleParts {
        // A connection of its own: a page waits for no load, and no load for a page.
        warehouse: Warehouse::open_for_reading(&context.warehouse)?,
        desk: Arc::new(Desk::new(context, Arc::clone(&shown.ledger), shown.stop)?),
        ledger: shown.ledger,
        contracts: shown.contracts.into(),
        reference: Reference::load(&context.folder)?,
        views: session::views(context)?,
        sql: shown.sql,
        limits: shown.limits,
        plan: shown.plan,
        settings: settings.clone(),
        proxy_secret,
        body_timeout: Duration::from_secs(context.config.serve.body_timeout_secs),
        tls: tls_files(context).is_some(),
        loopback: listener.address().ip().is_loopback(),
        agency: context.config.deployment.agency.clone(),
        clock: context.clock,
        zone: context.config.deployment.timezone,
    };
    Ok(Some(ConsoleServer::new(parts)))
}
