//! The engine of a session: its settings, its memory, and the rules that plans go through.

use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::prelude::SessionConfig;

use super::super::error::CatalogError;
use super::super::in_turn::LongUnions;
use super::super::one_row::OneRowStays;
use super::super::shared::{SharedColumns, SharedParts};
use super::super::store::{CommittedFiles, STORE_URL};
use super::super::viewed::ViewedTexts;
use super::super::views::MART;
use super::super::yielding::YieldingJoins;
use super::{CATALOG, SessionLimits};

/// An engine within `limits` that reads the files of `store`.
pub(super) fn state(limits: &SessionLimits, store: &Arc<CommittedFiles>) -> Result<SessionState, CatalogError> {
    let mut state = SessionStateBuilder::new()
        .with_config(config(limits))
        .with_runtime_env(runtime(limits, Arc::clone(store))?)
        .with_default_features()
        .with_optimizer_rules(optimizer_rules());
    #[cfg(feature = "cluster")]
    if let Some(cluster) = &limits.cluster {
        state = state.with_physical_optimizer_rule(cluster.rule(Arc::clone(store)));
    }
    for rule in physical_rules() {
        state = state.with_physical_optimizer_rule(rule);
    }
    Ok(state.build())
}

/// Our own rule, and the engine's but one: the rewriting of a single `count(DISTINCT …)` sums decimals twice, which widens them after
/// the types were settled, and whatever compares such a sum then fails ("Invalid comparison operation: Decimal128(38, 2)
/// == Decimal128(32, 2)", DataFusion 55.2).
fn optimizer_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let rules = Optimizer::new().rules;
    let rules = rules.into_iter().filter(|rule| rule.name() != "single_distinct_aggregation_to_group_by");
    // Before the others: a view that is read in two places looks the same in both until filters are pushed into it.
    let ours: [Arc<dyn OptimizerRule + Send + Sync>; 2] = [Arc::new(SharedParts), Arc::new(OneRowStays)];
    let last: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(SharedColumns);
    ours.into_iter().chain(rules).chain([last]).collect()
}

/// Our own rules for how a plan runs on this machine; they come after the engine's.
fn physical_rules() -> [Arc<dyn PhysicalOptimizerRule + Send + Sync>; 3] {
    [Arc::new(YieldingJoins), Arc::new(LongUnions), Arc::new(ViewedTexts)]
}

fn config(limits: &SessionLimits) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, MART)
        .with_information_schema(true)
        .with_target_partitions(limits.threads.max(1));
    let options = config.options_mut();
    // `amount * 0.1` stays exact.
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.schema_force_view_types = false;
    #[cfg(feature = "cluster")]
    if limits.cluster.is_some() {
        super::super::cluster::plan_for_stages(&mut config);
    }
    config
}

fn runtime(limits: &SessionLimits, store: Arc<CommittedFiles>) -> Result<Arc<RuntimeEnv>, CatalogError> {
    if let Some(engine) = &limits.engine {
        return engine.runtime(store).map_err(|e| CatalogError::from_engine(&e));
    }
    let spill = match &limits.spill_dir {
        Some(dir) => DiskManagerMode::Directories(vec![dir.clone()]),
        None => DiskManagerMode::Disabled,
    };
    let build = || -> Result<Arc<RuntimeEnv>, DataFusionError> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_limit(limits.memory_bytes, 1.0)
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(spill))
            .build_arc()?;
        let url = ObjectStoreUrl::parse(STORE_URL)?;
        runtime.register_object_store(url.as_ref(), store);
        Ok(runtime)
    };
    build().map_err(|e| CatalogError::from_engine(&e))
}
