//! The process that takes plans, cuts them into stages and hands their tasks to executors. It reads no data itself.

use std::net::SocketAddr;
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use ballista_scheduler::scheduler_server::SchedulerServer;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;

use super::address::ClusterAddress;
use super::envelope::Codec;
use super::error::ClusterError;
use super::settings::{self, EXPIRY_SECS, GRACE_SECS, LEFT_ROWS_SECS, MESSAGE_BYTES_MAX};
use crate::catalog::store::CommittedFiles;

/// How a scheduler is started.
#[derive(Debug, Clone)]
pub struct SchedulerOptions {
    /// Where to listen; port 0 takes any free one.
    pub bind: SocketAddr,
    /// The host by which executors reach it; without one the address it listens at, which then has to be one.
    pub advertise: Option<String>,
    /// An executor that says nothing for so many seconds is given up, and its work done again elsewhere.
    pub executor_timeout_secs: u64,
}

/// A scheduler that listens already.
pub struct Scheduler {
    listener: TcpListener,
    address: ClusterAddress,
    server: SchedulerServer<LogicalPlanNode, PhysicalPlanNode>,
}

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scheduler").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Scheduler {
    /// Binds the port. Nobody is answered before [`Scheduler::serve`].
    ///
    /// # Errors
    /// When the port is taken, or nobody could find the scheduler.
    pub async fn bind(options: &SchedulerOptions) -> Result<Self, ClusterError> {
        let start = |error: &dyn std::fmt::Display| {
            ClusterError::Start(format!("the scheduler cannot listen at {}: {error}", options.bind))
        };
        let host = options.advertise.clone().or_else(|| host_of(options.bind)).ok_or_else(|| {
            start(&"every address of this machine; say with --advertise which one executors find it by")
        })?;
        let listener = TcpListener::bind(options.bind).await.map_err(|error| start(&error))?;
        let port = listener.local_addr().map_err(|error| start(&error))?.port();
        let config = config(options, &host, port);
        let cluster = BallistaCluster::new_from_config(&config).await.map_err(|error| start(&error))?;
        let server = create_scheduler(cluster, Arc::new(config)).await.map_err(|error| start(&error))?;
        Ok(Self { listener, address: ClusterAddress::new(host, port), server })
    }

    /// What clients and executors are told to look for.
    #[must_use]
    pub fn address(&self) -> &ClusterAddress {
        &self.address
    }

    /// Answers until the future is dropped.
    ///
    /// # Errors
    /// When it cannot go on.
    pub async fn serve(self) -> Result<(), ClusterError> {
        let ended = start_grpc_service_with_listener(self.listener, self.server).await;
        let reason = ended.err().map_or_else(|| "without a reason".to_owned(), |error| error.to_string());
        Err(ClusterError::Ended(format!("the scheduler ended: {reason}")))
    }
}

/// The address as a host, unless it stands for every address of the machine.
pub(super) fn host_of(address: SocketAddr) -> Option<String> {
    match address {
        _ if address.ip().is_unspecified() => None,
        SocketAddr::V4(address) => Some(address.ip().to_string()),
        SocketAddr::V6(address) => Some(format!("[{}]", address.ip())),
    }
}

fn config(options: &SchedulerOptions, host: &str, port: u16) -> SchedulerConfig {
    SchedulerConfig {
        external_host: host.to_owned(),
        bind_host: options.bind.ip().to_string(),
        bind_port: port,
        scheduling_policy: TaskSchedulingPolicy::PushStaged,
        // Two executors with one slot each are to share a stage, not to take turns.
        task_distribution: TaskDistributionPolicy::RoundRobin,
        grpc_server_max_decoding_message_size: MESSAGE_BYTES_MAX,
        grpc_server_max_encoding_message_size: MESSAGE_BYTES_MAX,
        grpc_client_max_message_size: MESSAGE_BYTES_MAX,
        executor_timeout_seconds: options.executor_timeout_secs,
        expire_dead_executor_interval_seconds: EXPIRY_SECS,
        no_executors_grace_period_seconds: GRACE_SECS.max(options.executor_timeout_secs),
        finished_job_data_clean_up_interval_seconds: LEFT_ROWS_SECS,
        finished_job_state_clean_up_interval_seconds: LEFT_ROWS_SECS,
        override_physical_codec: Some(Arc::new(Codec::default())),
        override_session_builder: Some(Arc::new(|config| {
            // Plans name files; the scheduler hands the names on and opens none.
            settings::reading(config, CommittedFiles::new())
        })),
        ..SchedulerConfig::default()
    }
}
