//! `--cluster`: the same SQL, its heavy parts on other machines.
//!
//! A query is planned here, as it always is. Then this machine looks through the plan for parts that read committed files and
//! group their rows ([`parts`]), and hands each of them ([`job`]) to a scheduler of Ballista (DataFusion's own distributed engine), whose
//! executors compute it in stages over the same files ([`remote`]). What comes back is small; what stands above it is computed here:
//! joins with what lies in memory alone, windows, orders, limits. So a part is either the plan that this machine would run
//! itself, operator by operator, or not sent at all, and the rows are the same.
//!
//! Scheduler and executors are this program, too ([`servers`]). An executor sees the warehouse's folder at whatever place it is
//! mounted there, reads committed Parquet files in it and nothing else ([`files`]), and writes only its own working folder.

mod files;
mod job;
mod parts;
mod remote;
mod servers;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use ballista_core::extension::SessionConfigExt;
use ballista_core::ids::new_instance_id;
use datafusion::execution::FunctionRegistry;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::prelude::SessionConfig;

use super::planned;
use super::store::CommittedFiles;

pub use servers::{ClusterFault, ExecutorOptions, SchedulerOptions, run_executor, run_scheduler};

/// Where a scheduler listens unless it is said otherwise.
pub const DEFAULT_PORT: u16 = 50_050;

/// Into how many pieces each stage of a part is cut: as many threads of all executors together can work on it.
const PARTITIONS: usize = 16;

/// Largest message between client, scheduler and executors, in bytes: a part's plan, with the tables in it that lie in memory.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// `df://host:port`: where a scheduler is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterAddress {
    /// A name or an address; an IPv6 one in brackets.
    pub host: String,
    /// [`DEFAULT_PORT`] where none is named.
    pub port: u16,
}

impl FromStr for ClusterAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address of a cluster; it looks like df://host:{DEFAULT_PORT}");
        let rest = text.strip_prefix("df://").ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (rest, DEFAULT_PORT),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_ipv6 = |host: &str| {
            let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
        };
        match !host.is_empty() && (host.chars().all(is_name) || is_ipv6(host)) {
            true => Ok(Self { host: host.to_owned(), port }),
            false => Err(wrong()),
        }
    }
}

impl fmt::Display for ClusterAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "df://{}:{}", self.host, self.port)
    }
}

/// A cluster as a session uses it.
#[derive(Debug, Clone)]
pub struct Cluster {
    address: ClusterAddress,
    /// The warehouse's folder: files are named from here on, because elsewhere it may have another place.
    warehouse: PathBuf,
    /// What the scheduler knows this session by.
    session: String,
}

impl Cluster {
    /// The cluster whose scheduler is at `address`, and the folder of the warehouse that it reads too.
    #[must_use]
    pub fn new(address: ClusterAddress, warehouse: PathBuf) -> Self {
        Self { address, warehouse, session: new_instance_id() }
    }

    /// That it did not answer; of a reason of many lines, the first.
    fn fault(&self, reason: &dyn fmt::Display) -> ClusterFault {
        let reason = reason.to_string();
        let reason = reason.lines().next().unwrap_or_default().to_owned();
        ClusterFault::Answer { address: self.address.to_string(), reason }
    }

    /// The rule that hands parts of a plan over. `store` knows where the files are.
    pub(super) fn rule(&self, store: Arc<CommittedFiles>) -> Arc<dyn PhysicalOptimizerRule + Send + Sync> {
        Arc::new(parts::PartsElsewhere { cluster: self.clone(), store })
    }
}

/// How a session plans of which parts run elsewhere: in stages of equal pieces, each join by its keys, because a table that is held
/// whole would have to be sent to every executor; and no filter that one operator learns and another one reads.
pub(super) fn plan_for_stages(config: &mut SessionConfig) {
    let options = config.options_mut();
    options.execution.target_partitions = PARTITIONS;
    options.optimizer.enable_round_robin_repartition = false;
    options.optimizer.enable_dynamic_filter_pushdown = false;
    options.optimizer.hash_join_single_partition_threshold = 0;
    options.optimizer.hash_join_single_partition_threshold_rows = 0;
}

/// The settings that client, scheduler and executors share. The plan is made by the client, so neither of the others changes it.
fn settings() -> SessionConfig {
    let mut config = SessionConfig::new_with_ballista()
        .with_ballista_adaptive_query_planner(false)
        .with_ballista_broadcast_join_threshold_bytes(0)
        .with_ballista_broadcast_join_threshold_rows(0)
        .with_ballista_grpc_client_max_message_size(MESSAGE_BYTES_MAX);
    plan_for_stages(&mut config);
    config
}

/// Our own functions, where plans are read.
fn register_functions(registry: &mut dyn FunctionRegistry) -> datafusion::error::Result<()> {
    registry.register_udf(Arc::new(planned::function())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::ClusterAddress;

    #[test]
    fn addresses_are_read_and_wrong_ones_named() {
        for (text, read) in [
            ("df://localhost:50050", "df://localhost:50050"),
            ("df://gudang-1.contoh.go.id", "df://gudang-1.contoh.go.id:50050"),
            ("df://10.1.2.3:6000/", "df://10.1.2.3:6000"),
            ("df://[::1]:7", "df://[::1]:7"),
            ("df://[::1]", "df://[::1]:50050"),
        ] {
            assert_eq!(text.parse::<ClusterAddress>().unwrap().to_string(), read, "{text}");
        }
        for text in [
            "",
            "localhost:50050",
            "http://a:1",
            "df://",
            "df://a:b",
            "df://a:99999",
            "df://a/b",
            "df://u@a",
            "df://[::",
        ] {
            let error = text.parse::<ClusterAddress>().unwrap_err();
            assert!(error.contains("df://host:50050"), "{text}: {error}");
        }
    }
}
