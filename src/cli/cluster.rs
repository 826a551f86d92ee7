//! `lumbung cluster`: the processes that `lumbung sql --cluster` runs its queries on.
//!
//! The commands are there in every build, so that help and scripts are the same; a build without the feature `cluster`
//! says what it lacks.

#[cfg(not(feature = "cluster"))]
mod absent;
#[cfg(feature = "cluster")]
mod present;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Context;
use super::exit::Failure;
use crate::catalog::Catalog;
use crate::warehouse::Warehouse;
#[cfg(not(feature = "cluster"))]
use absent as feature;
#[cfg(feature = "cluster")]
use present as feature;

/// The processes of a cluster that runs SQL on several machines
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung cluster scheduler\n  \
    lumbung --warehouse /srv/warehouse cluster executor --scheduler df://127.0.0.1:50050\n  \
    lumbung sql --cluster df://127.0.0.1:50050 \"SELECT * FROM mart.serapan_eselon1\"\n\n\
    One scheduler, any number of executors; all of them see the same warehouse. Neither authentication nor encryption: \
    keep them in a private network. docs/cluster.md")]
pub(crate) struct ClusterArgs {
    #[command(subcommand)]
    command: ClusterCommand,
}

#[derive(Debug, Subcommand)]
enum ClusterCommand {
    /// Take queries, cut them into stages and hand their tasks to executors
    #[command(after_help = "Examples:\n  lumbung cluster scheduler\n  \
        lumbung cluster scheduler --bind 10.0.0.5:50050\n  lumbung cluster scheduler --bind 127.0.0.1:0 --output json\n\n\
        It reads no data. SIGTERM or Ctrl-C ends it; queries that run then fail.")]
    Scheduler(SchedulerArgs),
    /// Run tasks over the committed files of --warehouse
    #[command(after_help = "Examples:\n  lumbung cluster executor --scheduler df://127.0.0.1:50050\n  \
        lumbung --warehouse /srv/warehouse cluster executor --scheduler df://10.0.0.5 --bind 10.0.0.6:50051 --slots 8\n\n\
        It opens committed files below --warehouse and nothing else. sql.memory_mb is shared by its slots. SIGTERM or \
        Ctrl-C ends it when its tasks are done.")]
    Executor(ExecutorArgs),
}

/// How the scheduler is started.
#[derive(Debug, Args)]
struct SchedulerArgs {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50050")]
    bind: SocketAddr,
    /// The host by which executors find it [default: the address of --bind]
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Give up an executor that said nothing for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(3..=3600))]
    executor_timeout: u64,
}

/// How an executor is started.
#[derive(Debug, Args)]
struct ExecutorArgs {
    /// The scheduler whose tasks it takes
    #[arg(long, value_name = "URL")]
    scheduler: String,
    /// Where rows are fetched; tasks come in at the port behind it; port 0 takes any two free ones
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50051")]
    bind: SocketAddr,
    /// The host by which others reach it [default: the address of --bind]
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,
    /// Tasks that run at the same time [default: the processor's threads]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    slots: Option<u16>,
    /// Folder for rows between stages [default: one below the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
}

/// Runs one process until it is told to stop.
pub(crate) async fn run(context: &Context, args: &ClusterArgs) -> Result<(), Failure> {
    match &args.command {
        ClusterCommand::Scheduler(args) => feature::scheduler(context, args).await,
        ClusterCommand::Executor(args) => feature::executor(context, args).await,
    }
}

/// The session, running its queries on the cluster at `url`; itself without one.
pub(super) fn attach(
    context: &Context,
    warehouse: &Warehouse,
    catalog: Catalog,
    url: Option<&str>,
) -> Result<Catalog, Failure> {
    match url {
        Some(url) => feature::attach(context, warehouse, catalog, url),
        None => Ok(catalog),
    }
}
