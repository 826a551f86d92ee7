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

#[cfg(test)]
mod tests {
    use super::pack;
    use crate::catalog::cluster::envelope::Codec;
    use crate::catalog::cluster::error::ClusterError;
    use crate::catalog::table::Place;
    use arrow::array::{Int64Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::catalog::memory::{DataSourceExec, MemorySourceConfig};
    use datafusion::datasource::listing::PartitionedFile;
    use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
    use datafusion::execution::object_store::ObjectStoreUrl;
    use datafusion::object_store::memory::InMemory;
    use datafusion::object_store::path::Path;
    use datafusion::physical_plan::{ExecutionPlan, displayable};
    use datafusion::prelude::SessionContext;
    use datafusion_proto::physical_plan::AsExecutionPlan;
    use datafusion_proto::protobuf::PhysicalPlanNode;
    use std::sync::Arc;

    const STORE: &str = "lumbung://warehouse";

    /// The plan as it is read at the other end.
    fn unpacked(bytes: &[u8]) -> String {
        let context = SessionContext::new();
        context.register_object_store(ObjectStoreUrl::parse(STORE).unwrap().as_ref(), Arc::new(InMemory::new()));
        let plan = PhysicalPlanNode::try_decode(bytes).unwrap();
        let plan = plan.try_into_physical_plan(&context.task_ctx(), &Codec::default()).unwrap();
        displayable(plan.as_ref()).indent(true).to_string()
    }

    fn scan(place: &str) -> Arc<dyn ExecutionPlan> {
        let schema = Arc::new(Schema::new(vec![Field::new("akun", DataType::Utf8, true)]));
        let file = PartitionedFile::new("omspan/x/snapshot_date=2026-01-31/r.parquet", 9);
        let file = file.with_extension(Place(Path::from(place))).with_range(0, 9);
        let scan =
            FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE).unwrap(), Arc::new(ParquetSource::new(schema)));
        DataSourceExec::from_data_source(scan.with_file(file).build())
    }

    #[test]
    fn files_travel_under_their_names_in_the_warehouse() {
        let folder = Path::from("srv/warehouse/state/files");
        let bytes = pack(scan("srv/warehouse/state/files/omspan/x/r.parquet"), &folder).unwrap();
        let arrived = unpacked(&bytes);
        assert!(arrived.contains("[omspan/x/r.parquet:0..9]") && !arrived.contains("srv"), "{arrived}");
        for outside in ["srv/warehouse/state/ledger.parquet", "srv/warehouse/state/files-of-others/r.parquet"] {
            let error = pack(scan(outside), &folder).unwrap_err().to_string();
            assert!(error.contains("omspan/x/snapshot_date") && error.contains("without --cluster"), "{error}");
        }
    }

    #[test]
    fn tables_in_memory_travel_with_the_columns_that_are_read_up_to_a_limit() {
        let schema = Arc::new(Schema::new(vec![
            Field::new("n", DataType::Int64, false),
            Field::new("text", DataType::Utf8, false),
        ]));
        let table = |bytes: usize, columns: Vec<usize>| {
            let text = StringArray::from(vec!["x".repeat(bytes)]);
            let batch =
                RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(vec![1])), Arc::new(text)]);
            let table = MemorySourceConfig::try_new(&[vec![batch.unwrap()]], Arc::clone(&schema), Some(columns));
            DataSourceExec::from_data_source(table.unwrap()) as Arc<dyn ExecutionPlan>
        };
        let files = Path::from("none");
        let large = 33 * 1024 * 1024;
        let bytes = pack(table(large, vec![0]), &files).unwrap();
        assert!(bytes.len() < 4096, "the column that is not read travels: {} bytes", bytes.len());
        assert!(unpacked(&bytes).contains("partitions=1"));
        match pack(table(large, vec![0, 1]), &files).unwrap_err() {
            ClusterError::TooLarge { bytes, limit, .. } => assert!(bytes > limit && limit == 32 * 1024 * 1024),
            other => panic!("{other}"),
        }
    }
}
