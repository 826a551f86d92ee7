//! What client, scheduler and executors agree on: sizes, times, and the settings of the engine.

use std::sync::Arc;
use std::time::Duration;

use ballista_core::config::{
    BALLISTA_CLIENT_GRPC_CONNECT_TIMEOUT_SECONDS, BALLISTA_CLIENT_GRPC_TIMEOUT_SECONDS,
    BALLISTA_CLIENT_IO_RETRIES_TIMES, BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS, BallistaConfig,
};
use ballista_core::extension::SessionConfigExt;
use ballista_core::utils::GrpcClientConfig;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::object_store::ObjectStore;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;

use crate::catalog::shared::SHARED_PARTS;
use crate::catalog::store::STORE_URL;

/// Longest message between two processes, in bytes; a plan with its tables held in memory has to fit into one.
pub(super) const MESSAGE_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// Most bytes of tables held in memory (`ops.*`, `ref.*` of the config) that travel with one plan.
pub(super) const MEMORY_TABLE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Longest time to reach a process, and for it to take a request.
const CONNECT_SECS: u64 = 10;
const REQUEST_SECS: u64 = 20;

/// How often rows of another executor are asked for, and the time between; then the stage that made them runs again.
pub(super) const FETCH_TRIES: u8 = 2;
pub(super) const FETCH_PAUSE: Duration = Duration::from_millis(250);

/// How often an executor says that it lives.
pub(super) const HEARTBEAT_SECS: u64 = 1;
/// How often the scheduler looks who does not.
pub(super) const EXPIRY_SECS: u64 = 1;
/// How long a scheduler without any executor keeps its running jobs, and an executor looks for its scheduler at the start.
pub(super) const GRACE_SECS: u64 = 30;

/// How long the rows of a job are kept that nobody cleared away, and how often executors look for such.
pub(super) const LEFT_ROWS_SECS: u64 = 600;

/// The state in which a query is optimised and planned that is to be shipped: the session's own, within what can be run
/// in stages, with rows in so many `parts` between them. It says what is computed exactly as the session's does; only how
/// may differ.
pub(super) fn shipping(state: SessionState, parts: usize) -> SessionState {
    let config = state.config().clone().upgrade_for_ballista().with_target_partitions(parts);
    let config = config
        .with_ballista_grpc_client_max_message_size(MESSAGE_BYTES_MAX as usize)
        .set_u64(BALLISTA_CLIENT_GRPC_CONNECT_TIMEOUT_SECONDS, CONNECT_SECS)
        .set_u64(BALLISTA_CLIENT_GRPC_TIMEOUT_SECONDS, REQUEST_SECS)
        .set_u64(BALLISTA_CLIENT_IO_RETRIES_TIMES, u64::from(FETCH_TRIES))
        .set_u64(BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS, FETCH_PAUSE.as_millis() as u64)
        // Ballista sorts and merges because hash joins cannot spill. Ours run in bounded memory here as well, and most
        // tables of a mart are small: sent whole to every task they need no exchange of rows.
        .set_bool("datafusion.optimizer.prefer_hash_join", true);
    let rules = ballista_core::optimizer::with_ballista_optimizer_rules(state.optimizers());
    // What a session computes once and holds cannot travel.
    let rules = rules.into_iter().filter(|rule| rule.name() != SHARED_PARTS).collect();
    SessionStateBuilder::new_from_existing(state)
        .with_config(config)
        .with_optimizer_rules(rules)
        // The engine's own: what a session adds to stop joins in time is of no use in another process, and hides the
        // joins from the scheduler.
        .with_physical_optimizer_rules(PhysicalOptimizer::new().rules)
        .build()
}

/// The state in which a scheduler or an executor reads a plan.
pub(super) fn reading(config: SessionConfig, store: Arc<dyn ObjectStore>) -> Result<SessionState> {
    let state = ballista_core::utils::default_session_builder(config)?;
    confine(state.runtime_env(), store)?;
    Ok(state)
}

/// Leaves `store` as the only place where files can be read: the engine's own would open any path a plan names.
pub(super) fn confine(runtime: &RuntimeEnv, store: Arc<dyn ObjectStore>) -> Result<()> {
    runtime.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    runtime.register_object_store(ObjectStoreUrl::parse(STORE_URL)?.as_ref(), store);
    Ok(())
}

/// How this process talks to another.
pub(super) fn grpc_client() -> GrpcClientConfig {
    GrpcClientConfig {
        connect_timeout_seconds: CONNECT_SECS,
        timeout_seconds: REQUEST_SECS,
        max_message_size: MESSAGE_BYTES_MAX as usize,
        ..GrpcClientConfig::from(&BallistaConfig::default())
    }
}
