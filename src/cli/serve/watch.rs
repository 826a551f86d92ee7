//! What monitors of the daemon are told, and who may ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Receiving;
use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::contract::Contract;
use crate::schedule::{AgeLimits, Plan};
use crate::serve::listener::Stop;
use crate::serve::watch::{Access, Pulse, WatchParts, WatchServer};
use crate::warehouse::Warehouse;

/// What is told of a deployment.
pub(super) struct Watched<'a> {
    pub(super) contracts: &'a [Contract],
    pub(super) limits: AgeLimits,
    pub(super) plan: Option<&'a Plan>,
    pub(super) pulse: Option<Arc<Pulse>>,
    pub(super) receiving: Option<&'a Receiving>,
}

/// What answers monitors.
pub(super) fn server(context: &Context, watched: Watched<'_>, stop: &Stop) -> Result<Arc<WatchServer>, Failure> {
    // One more connection to the ledger: what monitors ask waits for nobody here, and nobody waits for them.
    let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
    let inbox = match watched.receiving {
        Some(receiving) => Some((warehouse.inbox()?, receiving.writer.clone())),
        None => None,
    };
    let names = watched
        .contracts
        .iter()
        .flat_map(|contract| contract.datasets.iter().map(|dataset| format!("{}.{}", contract.source, dataset.name)));
    let parts = WatchParts {
        warehouse,
        inbox,
        datasets: names.collect::<BTreeSet<String>>(),
        limits: watched.limits,
        jobs: watched.plan.map(|plan| plan.jobs.iter().map(|job| job.id.to_string()).collect()).unwrap_or_default(),
        pulse: watched.pulse,
        clock: context.clock,
        started_at: context.clock.now(),
        disk_free_min: context.config.warehouse.disk_free_min_mb.saturating_mul(1 << 20),
        access: access(context)?,
        stop: stop.clone(),
    };
    Ok(WatchServer::new(parts))
}

fn access(context: &Context) -> Result<Access, Failure> {
    let settings = &context.config.serve;
    let token = match &settings.metrics_token_env {
        None => None,
        Some(variable) => Some(context.credentials.secret(variable)?.ok_or_else(|| {
            let message = format!("serve.metrics_token_env names {variable}, and it holds nothing");
            Failure::new(Code::Configuration, message).with_hint("set it, or take the key out of lumbung.toml")
        })?),
    };
    Ok(Access { metrics: settings.metrics, token })
}
