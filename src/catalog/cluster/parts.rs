//! The rule that finds the parts of a plan for the cluster and puts [`RemoteExec`] in their place.
//!
//! A part begins at a grouping (where a plan has none, at a filter) and reaches down to committed files. Everything in it is on a
//! short list of operators that are the same in stages on several machines as in threads of one: scans, filters, projections,
//! groupings, joins of both sides by their keys. A join that holds one side whole is not, nor is a union, an order, a window, a limit:
//! below such an operator the search goes on.

use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::object_store::path::Path;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;

use super::Cluster;
use super::remote::RemoteExec;
use crate::catalog::store::{CommittedFiles, STORE_URL};

/// Largest plan of a part that is sent, in bytes. It goes to an executor with each of its tasks, and so do the tables in it that
/// lie in memory.
const PLAN_BYTES_MAX: usize = 8 << 20;

/// The optimizer rule. It comes before our other ones: theirs are for what runs here.
#[derive(Debug)]
pub(super) struct PartsElsewhere {
    pub(super) cluster: Cluster,
    pub(super) store: Arc<CommittedFiles>,
}

impl PhysicalOptimizerRule for PartsElsewhere {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let grouped = self.replace(plan, groups)?;
        match grouped.transformed {
            true => Ok(grouped.data),
            false => self.replace(grouped.data, |plan| plan.is::<FilterExec>()).map(|filtered| filtered.data),
        }
    }

    fn name(&self) -> &'static str {
        "parts_elsewhere"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether `plan` gives the rows of a whole grouping, not of a first step of one.
fn groups(plan: &dyn ExecutionPlan) -> bool {
    let mode = plan.downcast_ref::<AggregateExec>().map(AggregateExec::mode);
    matches!(
        mode,
        Some(
            AggregateMode::Final
                | AggregateMode::FinalPartitioned
                | AggregateMode::Single
                | AggregateMode::SinglePartitioned
        )
    )
}

impl PartsElsewhere {
    /// `plan` with its topmost parts that begin where `begins` says in the cluster's hands.
    fn replace(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        begins: impl Fn(&dyn ExecutionPlan) -> bool,
    ) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
        plan.transform_down(|plan| {
            if !begins(plan.as_ref()) || plan.output_ordering().is_some() || !fits(&plan) || !reads_files(&plan) {
                return Ok(Transformed::no(plan));
            }
            Ok(match self.sent(&plan)? {
                Some(away) => Transformed::new(away, true, TreeNodeRecursion::Jump),
                None => Transformed::no(plan),
            })
        })
    }

    /// What stands for `part` in the plan; `None` where it is too large to be sent.
    fn sent(&self, part: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let named = Arc::clone(part).transform_up(|plan| self.with_names(plan))?.data;
        let mut bytes = Vec::new();
        PhysicalPlanNode::try_from_physical_plan(Arc::clone(&named), &BallistaPhysicalExtensionCodec::default())?
            .try_encode(&mut bytes)?;
        if bytes.len() > PLAN_BYTES_MAX {
            tracing::debug!(
                bytes = bytes.len(),
                "a part of the query is too large for the cluster and is computed here"
            );
            return Ok(None);
        }
        let away: Arc<dyn ExecutionPlan> = Arc::new(RemoteExec::new(self.cluster.clone(), named));
        // What stands above was planned for so many pieces, cut by these keys.
        Ok(Some(match part.output_partitioning() {
            whole if whole.partition_count() == 1 => away,
            Partitioning::Hash(keys, pieces) => {
                Arc::new(RepartitionExec::try_new(away, Partitioning::Hash(keys.clone(), *pieces))?)
            }
            cut => Arc::new(RepartitionExec::try_new(away, Partitioning::RoundRobinBatch(cut.partition_count()))?),
        }))
    }

    /// A scan with the names that its files have from the warehouse's folder on; everything else as it is.
    fn with_names(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
        let Some(scan) = file_scan(plan.as_ref()) else { return Ok(Transformed::no(plan)) };
        let group = |group: &FileGroup| {
            let files = group.files().iter().map(|file| self.named(file));
            files.collect::<Result<Vec<_>>>().map(FileGroup::new)
        };
        let groups = scan.file_groups.iter().map(group).collect::<Result<Vec<_>>>()?;
        let scan = FileScanConfigBuilder::from(scan.clone()).with_file_groups(groups).build();
        Ok(Transformed::yes(DataSourceExec::from_data_source(scan)))
    }

    fn named(&self, file: &PartitionedFile) -> Result<PartitionedFile> {
        let outside = || DataFusionError::Internal("a committed file is outside the warehouse's folder".to_owned());
        let place = self.store.place(&file.object_meta.location)?;
        let root = std::path::absolute(&self.cluster.warehouse)?;
        let root = Path::from_absolute_path(root).map_err(|_| outside())?;
        let parts = place.prefix_match(&root).ok_or_else(outside)?;
        let mut named = file.clone();
        named.object_meta.location = Path::from_iter(parts);
        // They are of the columns of the catalog; the executor needs none.
        named.statistics = None;
        Ok(named)
    }
}

/// The scan of committed files that `plan` is, if it is one.
fn file_scan(plan: &dyn ExecutionPlan) -> Option<&FileScanConfig> {
    let scan = plan.downcast_ref::<DataSourceExec>()?.data_source().downcast_ref::<FileScanConfig>()?;
    let ours = scan.object_store_url.as_str().trim_end_matches('/') == STORE_URL;
    (ours && scan.file_source().is::<ParquetSource>()).then_some(scan)
}

/// Whether `plan` and everything below it is the same in stages as in threads.
fn fits(plan: &Arc<dyn ExecutionPlan>) -> bool {
    does_fit(plan.as_ref()) && plan.children().into_iter().all(fits)
}

fn does_fit(plan: &dyn ExecutionPlan) -> bool {
    if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
        return file_scan(plan).is_some() || scan.data_source().is::<MemorySourceConfig>();
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        return *join.partition_mode() == PartitionMode::Partitioned && !join.null_aware;
    }
    if let Some(cut) = plan.downcast_ref::<RepartitionExec>() {
        return !cut.preserve_order();
    }
    if let Some(grouping) = plan.downcast_ref::<AggregateExec>() {
        return grouping.limit_options().is_none();
    }
    plan.is::<FilterExec>()
        || plan.is::<ProjectionExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<CooperativeExec>()
}

fn reads_files(plan: &Arc<dyn ExecutionPlan>) -> bool {
    file_scan(plan.as_ref()).is_some() || plan.children().into_iter().any(reads_files)
}
