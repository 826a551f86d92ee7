//! The processes of the cluster, and sessions that use it.

use std::num::NonZero;
use std::sync::Arc;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::super::Context;
use super::super::exit::Failure;
use super::super::output::{OutputFormat, print, print_json};
use super::super::progress::talk;
use super::{ExecutorArgs, SchedulerArgs};
use crate::catalog::cluster::executor::{self, ExecutorOptions, Started};
use crate::catalog::cluster::scheduler::{Scheduler, SchedulerOptions};
use crate::catalog::cluster::{Cluster, ClusterError};
use crate::catalog::{Catalog, CatalogError};
use crate::warehouse::Warehouse;

pub(super) async fn scheduler(context: &Context, args: &SchedulerArgs) -> Result<(), Failure> {
    let options = SchedulerOptions {
        bind: args.bind,
        advertise: args.advertise.clone(),
        executor_timeout_secs: args.executor_timeout,
    };
    let scheduler = Scheduler::bind(&options).await.map_err(failure)?;
    let mut terminate = signal(SignalKind::terminate())
        .map_err(|error| Failure::internal(format!("signals cannot be heard: {error}")))?;
    if !context.quiet {
        talk("the scheduler takes queries without asking who sends them; Ctrl-C ends it");
    }
    let url = scheduler.address().to_string();
    match context.output {
        OutputFormat::Json => print_json(&json!({ "scheduler": url }))?,
        OutputFormat::Table => print(&format!("{url}\n"))?,
    }
    tokio::select! {
        ended = scheduler.serve() => ended.map_err(failure),
        _ = terminate.recv() => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

pub(super) async fn executor(context: &Context, args: &ExecutorArgs) -> Result<(), Failure> {
    let files = Warehouse::files_folder(&context.warehouse)?;
    let slots = args.slots.map_or_else(threads, usize::from);
    let options = ExecutorOptions {
        scheduler: args.scheduler.parse().map_err(failure)?,
        bind: args.bind,
        advertise: args.advertise.clone(),
        slots,
        memory_bytes: context.config.sql.memory_mb.saturating_mul(1 << 20),
        work_folder: args.work_dir.clone(),
        files,
    };
    let ready = |started: &Started| {
        if !context.quiet {
            talk(&format!("the executor takes tasks of {}, {slots} at a time; Ctrl-C ends it", options.scheduler));
        }
        let printed = match context.output {
            OutputFormat::Json => print_json(&json!({
                "executor": started.rows.to_string(),
                "tasks": started.tasks.to_string(),
                "scheduler": options.scheduler.to_string(),
                "slots": slots,
                "work_dir": started.work_folder,
            })),
            OutputFormat::Table => print(&format!("{}\n", started.rows)),
        };
        if let Err(failure) = printed {
            tracing::warn!(reason = failure.message, "nobody reads where the executor listens");
        }
    };
    executor::run(&options, ready).await.map_err(failure)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

pub(super) fn attach(
    context: &Context,
    warehouse: &Warehouse,
    catalog: Catalog,
    url: &str,
) -> Result<Catalog, Failure> {
    let address = url.parse().map_err(failure)?;
    let files = Warehouse::files_folder(warehouse.root())?;
    let parts = usize::try_from(context.config.sql.cluster_parts).unwrap_or(usize::MAX);
    let cluster = Cluster::new(address, &files, parts).map_err(failure)?;
    Ok(catalog.with_engine(Arc::new(cluster)))
}

fn failure(error: ClusterError) -> Failure {
    CatalogError::from(error).into()
}
