//! Scheduler and executor: the processes of a cluster.
//!
//! Ballista's own protocol asks for no name and no secret: whoever reaches a scheduler or an executor reads every committed file.
//! So both listen on this machine alone unless the operator says that the network is trusted.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::error::DataFusionError;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;

use super::{ClusterAddress, MESSAGE_BYTES_MAX, files, register_functions, settings};

/// How often an executor says that it lives. One that is silent for [`SchedulerOptions::lost_after`] is given up.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How often the scheduler looks for executors that are silent.
const LOOK: Duration = Duration::from_secs(1);

/// How long an executor tries to reach the scheduler before it gives up.
const CONNECT: Duration = Duration::from_secs(60);

/// How long the rows of a part lie ready to be fetched, and what an executor wrote on the way.
const ROWS_KEPT: Duration = Duration::from_secs(300);

/// What is wrong with a cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterFault {
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// An address that others reach, and nobody said that they may.
    #[error("{0} can be reached from other machines, and a cluster asks nobody for a name")]
    Open(IpAddr),
    /// A scheduler or executor that ended, in the words of its library.
    #[error("{what} ended: {reason}")]
    Ended {
        /// Which.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A query that the cluster did not answer.
    #[error("the cluster {address} did not answer: {reason}")]
    Answer {
        /// Which.
        address: String,
        /// Why not.
        reason: String,
    },
}

/// How a scheduler runs.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerOptions {
    /// Where it listens; port 0 is any free one.
    pub listen: SocketAddr,
    /// Whether other machines may reach it.
    pub trust_network: bool,
    /// An executor that says nothing for so long is lost, and what it did is done again by others.
    pub lost_after: Duration,
}

/// How an executor runs.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// The address it is reached at by the scheduler, by other executors and by clients. It takes two free ports.
    pub host: IpAddr,
    /// Whether other machines may reach it.
    pub trust_network: bool,
    /// Whose work it does.
    pub scheduler: ClusterAddress,
    /// So many tasks at a time.
    pub threads: usize,
    /// Memory of all tasks together, in bytes; what does not fit is written to `work`.
    pub memory_bytes: u64,
    /// The warehouse's folder, wherever it is mounted here.
    pub warehouse: PathBuf,
    /// A folder of its own for what passes between tasks.
    pub work: PathBuf,
}

impl From<ClusterFault> for DataFusionError {
    fn from(fault: ClusterFault) -> Self {
        Self::External(fault.into())
    }
}

fn may_listen(address: IpAddr, trust_network: bool) -> Result<(), ClusterFault> {
    match address.is_loopback() || trust_network {
        true => Ok(()),
        false => Err(ClusterFault::Open(address)),
    }
}

/// Runs a scheduler until the process is told to stop; `ready` is told where it listens.
///
/// # Errors
/// [`ClusterFault`].
pub async fn run_scheduler(options: SchedulerOptions, ready: impl FnOnce(SocketAddr)) -> Result<(), ClusterFault> {
    may_listen(options.listen.ip(), options.trust_network)?;
    let failed = |source| ClusterFault::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let message_bytes = u32::try_from(MESSAGE_BYTES_MAX).expect("64 MiB fits into 32 bits");
    let config = SchedulerConfig {
        external_host: address.ip().to_string(),
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        executor_timeout_seconds: options.lost_after.as_secs(),
        no_executors_grace_period_seconds: options.lost_after.as_secs(),
        expire_dead_executor_interval_seconds: LOOK.as_secs(),
        finished_job_data_clean_up_interval_seconds: ROWS_KEPT.as_secs(),
        finished_job_state_clean_up_interval_seconds: ROWS_KEPT.as_secs(),
        grpc_server_max_decoding_message_size: message_bytes,
        grpc_server_max_encoding_message_size: message_bytes,
        grpc_client_max_message_size: message_bytes,
        override_config_producer: Some(Arc::new(settings)),
        override_session_builder: Some(Arc::new(session)),
        ..SchedulerConfig::default()
    };
    let ended =
        |error: &dyn std::fmt::Display| ClusterFault::Ended { what: "the scheduler", reason: error.to_string() };
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(|error| ended(&error))?;
    let scheduler = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config)).await;
    let scheduler = scheduler.map_err(|error| ended(&error))?;
    ready(address);
    start_grpc_service_with_listener(listener, scheduler).await.map_err(|error| ended(&error))
}

/// What the scheduler reads plans with. It makes none itself.
fn session(config: SessionConfig) -> Result<SessionState, DataFusionError> {
    let state = SessionStateBuilder::new().with_config(config).with_runtime_env(files::names_only()?);
    let mut state = state.with_default_features().build();
    register_functions(&mut state)?;
    Ok(state)
}

/// Runs an executor until the process is told to stop.
///
/// # Errors
/// [`ClusterFault`].
pub async fn run_executor(options: ExecutorOptions) -> Result<(), ClusterFault> {
    may_listen(options.host, options.trust_network)?;
    let mut functions = BallistaFunctionRegistry::default();
    let planned = super::planned::function();
    functions.scalar_functions.insert(planned.name().to_owned(), Arc::new(planned));
    let message_bytes = u32::try_from(MESSAGE_BYTES_MAX).expect("64 MiB fits into 32 bits");
    let (warehouse, work) = (options.warehouse, options.work);
    let work_dir = Some(work.display().to_string());
    let config = ExecutorProcessConfig {
        bind_host: options.host.to_string(),
        external_host: Some(options.host.to_string()),
        port: free_port(options.host).await?,
        grpc_port: free_port(options.host).await?,
        scheduler_host: options.scheduler.host,
        scheduler_port: options.scheduler.port,
        scheduler_connect_timeout_seconds: u16::try_from(CONNECT.as_secs()).expect("a minute fits into 16 bits"),
        vcores: options.threads,
        memory_pool_size: Some(options.memory_bytes),
        work_dir,
        job_data_ttl_seconds: ROWS_KEPT.as_secs() * 2,
        job_data_clean_up_interval_seconds: ROWS_KEPT.as_secs(),
        grpc_max_decoding_message_size: message_bytes,
        grpc_max_encoding_message_size: message_bytes,
        executor_heartbeat_interval_seconds: HEARTBEAT.as_secs(),
        override_config_producer: Some(Arc::new(settings)),
        override_runtime_producer: Some(Arc::new(move |_| files::runtime(&warehouse, &work))),
        override_function_registry: Some(Arc::new(functions)),
        ..ExecutorProcessConfig::default()
    };
    let ended = start_executor_process(Arc::new(config)).await;
    ended.map_err(|error| ClusterFault::Ended { what: "the executor", reason: error.to_string() })
}

/// A port that is free now: the executor's library takes numbers, not sockets.
async fn free_port(host: IpAddr) -> Result<u16, ClusterFault> {
    let address = SocketAddr::new(host, 0);
    let failed = |source| ClusterFault::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    listener.local_addr().map(|address| address.port()).map_err(failed)
}
