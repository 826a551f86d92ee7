//! A physical plan as it travels: committed files by their names in the warehouse, tables held in memory as Arrow IPC
//! with only the columns that are read.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::memory::{DataSourceExec, MemorySourceConfig};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSource;
use datafusion::error::{DataFusionError, Result};
use datafusion::object_store::path::Path;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;

use super::envelope::{self, Codec};
use super::error::ClusterError;
use super::settings::{MEMORY_TABLE_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::catalog::table::Place;

/// What a message holds beside its plan: settings, names.
const ENVELOPE_BYTES: usize = 1024 * 1024;

/// The plan as bytes; `files` is the folder of committed files, as an object store writes absolute paths.
pub(super) fn pack(plan: Arc<dyn ExecutionPlan>, files: &Path) -> Result<Vec<u8>, ClusterError> {
    let not_shipped = |error: DataFusionError| ClusterError::NotShipped { reason: error.message().into_owned() };
    let mut held = 0;
    let portable = plan.transform_up(|node| portable(node, files, &mut held)).map_err(not_shipped)?.data;
    at_most("a table held in memory", held, MEMORY_TABLE_BYTES_MAX)?;
    let mut bytes = Vec::new();
    envelope::fold(portable)
        .and_then(|plan| PhysicalPlanNode::try_from_physical_plan(plan, &Codec::default()))
        .and_then(|message| message.try_encode(&mut bytes))
        .map_err(not_shipped)?;
    at_most("its plan", bytes.len(), MESSAGE_BYTES_MAX as usize - ENVELOPE_BYTES)?;
    Ok(bytes)
}

fn at_most(what: &'static str, bytes: usize, limit: usize) -> Result<(), ClusterError> {
    if bytes > limit { Err(ClusterError::TooLarge { what, bytes, limit }) } else { Ok(()) }
}

/// The node with portable names and slim tables; adds the bytes of the latter to `held`.
fn portable(
    node: Arc<dyn ExecutionPlan>,
    files: &Path,
    held: &mut usize,
) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let Some(source) = node.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source) else {
        return Ok(Transformed::no(node));
    };
    if let Some(scan) = source.downcast_ref::<FileScanConfig>() {
        return Ok(Transformed::yes(DataSourceExec::from_data_source(named(scan, files)?)));
    }
    if let Some(table) = source.downcast_ref::<MemorySourceConfig>() {
        let slim = slim(table)?;
        *held += slim.partitions().iter().flatten().map(RecordBatch::get_array_memory_size).sum::<usize>();
        return Ok(Transformed::yes(DataSourceExec::from_data_source(slim)));
    }
    Ok(Transformed::no(node))
}

/// The scan with every file under its name below `files`: the place differs from machine to machine, the name does not.
fn named(scan: &FileScanConfig, files: &Path) -> Result<FileScanConfig> {
    let mut scan = scan.clone();
    for group in &mut scan.file_groups {
        let renamed = group.files().iter().map(|file| {
            let mut file = file.clone();
            let name = file.extension::<Place>().and_then(|Place(place)| place.prefix_match(files));
            let name = name.map(|parts| parts.collect::<Path>()).ok_or_else(|| {
                let name = &file.object_meta.location;
                DataFusionError::Execution(format!("{name} does not lie below the committed files of the warehouse"))
            })?;
            file.object_meta.location = name;
            Ok(file)
        });
        *group = FileGroup::new(renamed.collect::<Result<Vec<_>>>()?);
    }
    Ok(scan)
}

/// The table with only the columns that are read. One that is sorted stays as it is: the order names its columns.
fn slim(table: &MemorySourceConfig) -> Result<MemorySourceConfig> {
    let Some(columns) = table.projection().as_ref().filter(|_| table.sort_information().is_empty()) else {
        return Ok(table.clone());
    };
    let project = |batch: &RecordBatch| Ok(batch.project(columns)?);
    let batches = table.partitions().iter().map(|batches| batches.iter().map(project).collect::<Result<Vec<_>>>());
    let schema = Arc::new(table.original_schema().project(columns)?);
    let slim = MemorySourceConfig::try_new(&batches.collect::<Result<Vec<_>>>()?, schema, None)?;
    Ok(slim.with_limit(table.fetch()).with_show_sizes(table.show_sizes()))
}
