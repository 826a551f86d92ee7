//! `lumbung cluster scheduler` and `lumbung cluster executor`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::catalog::cluster::{
    ClusterAddress, ClusterFault, DEFAULT_PORT, ExecutorOptions, SchedulerOptions, run_executor, run_scheduler,
};
use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::cli::output::print;
use crate::cli::signals::Signals;

/// Memory of an executor's tasks unless it is said otherwise, in MiB.
const MEMORY_MB: u64 = 1024;

/// Memory of an executor that is too small to be meant, in MiB.
const MEMORY_MB_MIN: u64 = 64;

/// The processes of a cluster: what `lumbung sql --cluster` hands its work to
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lumbung cluster scheduler\n  \
    lumbung cluster executor --scheduler df://127.0.0.1:50050\n  \
    lumbung sql --cluster df://127.0.0.1:50050 \"SELECT * FROM mart.serapan_satker\"")]
pub(crate) struct ClusterArgs {
    #[command(subcommand)]
    process: Process,
}

#[derive(Debug, Subcommand)]
enum Process {
    /// Takes in queries and shares their work out among the executors
    #[command(
        after_help = "Ctrl-C or SIGTERM ends it.\n\nExample:\n  lumbung cluster scheduler --listen 127.0.0.1:50050"
    )]
    Scheduler(SchedulerArgs),
    /// Does a scheduler's work over the committed files of the warehouse; start as many as there are machines
    #[command(after_help = "Ctrl-C or SIGTERM ends it in good order.\n\nExample:\n  \
        lumbung cluster executor --warehouse warehouse --scheduler df://127.0.0.1:50050 --threads 8")]
    Executor(ExecutorArgs),
}

#[derive(Debug, Args)]
struct SchedulerArgs {
    /// The address it listens on; port 0 takes any free one
    #[arg(long, default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_PORT))]
    listen: SocketAddr,
    /// An executor that says nothing for so long is lost, and others do its work again
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=3_600))]
    lost_after: u64,
    /// Listen where other machines reach it: they are asked for no name and may read every committed file
    #[arg(long)]
    trust_network: bool,
}

#[derive(Debug, Args)]
struct ExecutorArgs {
    /// The scheduler whose work it does
    #[arg(long, value_name = "URL", default_value_t = ClusterAddress { host: "127.0.0.1".to_owned(), port: DEFAULT_PORT })]
    scheduler: ClusterAddress,
    /// The address that scheduler, clients and other executors reach it at
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// So many tasks at a time [default: one a core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    threads: Option<u16>,
    /// Memory of all tasks together, in MiB
    #[arg(long, value_name = "MIB", default_value_t = MEMORY_MB, value_parser = clap::value_parser!(u64).range(MEMORY_MB_MIN..))]
    memory_mb: u64,
    /// Where it keeps what passes between tasks [default: a folder of its own among the temporary files]
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Listen where other machines reach it: they are asked for no name
    #[arg(long)]
    trust_network: bool,
}

/// What Ballista writes to its log goes to ours. The crate that does this for any program (tracing-log) switches on a feature of
/// tracing, and everything there is would be built anew.
struct Heard;

impl log::Log for Heard {
    fn enabled(&self, record: &log::Metadata) -> bool {
        record.target().starts_with("ballista")
    }

    fn log(&self, record: &log::Record) {
        if !self.enabled(record.metadata()) {
            return;
        }
        match record.level() {
            log::Level::Error => tracing::error!("{}", record.args()),
            log::Level::Warn => tracing::warn!("{}", record.args()),
            log::Level::Info => tracing::info!("{}", record.args()),
            log::Level::Debug | log::Level::Trace => tracing::debug!("{}", record.args()),
        }
    }

    fn flush(&self) {}
}

fn hear_the_library() {
    match log::set_logger(&Heard) {
        Ok(()) => log::set_max_level(log::LevelFilter::Debug),
        Err(error) => tracing::debug!(%error, "the log of the cluster's library is heard already"),
    }
}

/// Stack of a thread that reads plans: they are trees, and are read by functions that call themselves.
const STACK_BYTES: usize = 32 << 20;

/// Runs until the process is told to stop.
pub(crate) async fn run(context: &Context, args: &ClusterArgs) -> Result<(), Failure> {
    hear_the_library();
    let ended = match &args.process {
        Process::Scheduler(args) => {
            let options = SchedulerOptions {
                listen: args.listen,
                trust_network: args.trust_network,
                lost_after: Duration::from_secs(args.lost_after),
            };
            // The first line is for scripts: which port a 0 became.
            let ready = |address| drop(print(&format!("scheduler df://{address}\n")));
            let mut signals = Signals::new()?;
            tokio::select! {
                ended = on_deep_stacks(move || run_scheduler(options, ready)) => ended?,
                _ = signals.next() => Ok(()),
            }
        }
        Process::Executor(args) => executor(context, args).await?,
    };
    ended.map_err(|fault| match fault {
        ClusterFault::Open(_) => Failure::usage(fault).with_hint("--trust-network, on a network where that is meant"),
        _ => Failure::new(Code::Unavailable, fault),
    })
}

async fn executor(context: &Context, args: &ExecutorArgs) -> Result<Result<(), ClusterFault>, Failure> {
    if !context.warehouse.is_dir() {
        let place = context.warehouse.display();
        return Err(
            Failure::usage(format!("{place} is no folder")).with_hint("--warehouse names where it is mounted here")
        );
    }
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Removed when the executor ends; a folder that was named is the operator's.
    let own = match &args.work {
        Some(_) => None,
        None => Some(work_folder()?),
    };
    let work = args.work.clone().or_else(|| own.as_ref().map(|own| own.0.clone()));
    let options = ExecutorOptions {
        host: args.host,
        trust_network: args.trust_network,
        scheduler: args.scheduler.clone(),
        threads: args.threads.map_or_else(cores, usize::from),
        memory_bytes: args.memory_mb.saturating_mul(1 << 20),
        warehouse: context.warehouse.clone(),
        work: work.unwrap_or_default(),
    };
    on_deep_stacks(move || run_executor(options)).await
}

/// A folder that goes when this does.
struct WorkFolder(PathBuf);

impl Drop for WorkFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the working folder stays");
        }
    }
}

fn work_folder() -> Result<WorkFolder, Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let place = std::env::temp_dir().join(format!("lumbung-executor-{}", std::process::id()));
    let made = std::fs::DirBuilder::new().mode(0o700).create(&place);
    made.map_err(|error| Failure::new(Code::CannotWrite, format!("{}: {error}", place.display())))?;
    Ok(WorkFolder(place))
}

/// Runs a server on threads with room for deep plans.
async fn on_deep_stacks<T, F>(server: impl FnOnce() -> F + Send + 'static) -> Result<T, Failure>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let failed = |error: &dyn std::fmt::Display| Failure::internal(format!("no runtime: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK_BYTES).enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let (ended, end) = tokio::sync::oneshot::channel();
    // Not one of this runtime's own threads: it would wait for them when a signal ends the program.
    std::thread::spawn(move || drop(ended.send(runtime.block_on(server()))));
    end.await.map_err(|error| failed(&error))
}
