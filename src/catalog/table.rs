//! One table of the catalog: its columns and exactly the files it consists of.
//!
//! DataFusion's own listing table reads folders, caches what it saw and takes partition values from paths. Here the
//! warehouse says which files are committed, so a scan opens these and no other; files whose partition values cannot
//! match are left out before anything is opened, and row groups are pruned by the Parquet reader.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Statistics, project_schema};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::listing::helpers::expr_applicable_for_cols;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::object_store::path::Path;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::scalar::ScalarValue;

use super::error::CatalogError;
use super::store::{CommittedFiles, STORE_URL};

/// SQL schema of all retained snapshots. Most sessions never ask for it, so its tables are put together when one does.
pub(crate) const HISTORY: &str = "history";

/// A table made of committed Parquet files.
#[derive(Debug, Clone)]
pub struct TableSource {
    /// SQL schema, the source's name: `omspan`, or `history`.
    pub schema: String,
    /// SQL table, the dataset's name.
    pub table: String,
    /// Columns of the contract. A file that lacks one reads as NULL there, so all count as nullable.
    pub columns: SchemaRef,
    /// Name and type of the columns that stand in the path, outermost first: `("tahun_anggaran", Int32)`.
    pub partition_columns: Vec<(String, DataType)>,
    /// Columns whose values seldom repeat: a key, the number of a person or a business. Joins and groupings by them are large.
    pub identifying: Vec<String>,
    /// Exactly the files to read; none makes an empty table.
    pub files: Vec<TableFile>,
    /// Why its rows are not those that are asked for: then it has its columns, and reading it is an error.
    pub refused: Option<String>,
}

/// One committed file.
#[derive(Debug, Clone)]
pub struct TableFile {
    /// Absolute, or relative to the working directory.
    pub path: PathBuf,
    /// Text of the partition values, in the order of [`TableSource::partition_columns`]: `["2026", "2026-10-31"]`.
    pub partition_values: Vec<String>,
    /// Size on disk; a file of another size fails to read.
    pub bytes: u64,
    /// Its rows, where they were counted: the smaller side of a join is built from them, and a count of all answered.
    pub rows: Option<u64>,
}

/// A table held in memory: the ledger's tables, reference lists.
#[derive(Debug, Clone)]
pub struct MemoryTable {
    /// SQL schema: `ops`, `ref`.
    pub schema: String,
    /// SQL table.
    pub table: String,
    /// Columns.
    pub columns: SchemaRef,
    /// Its rows.
    pub rows: Rows,
}

/// Rows of a [`MemoryTable`]; every batch has the schema of its columns.
#[derive(Clone)]
pub enum Rows {
    /// They are there.
    Held(Vec<RecordBatch>),
    /// They are read when somebody asks for them, once a session.
    Later(ReadRows),
}

/// Reads the rows of a table; it may block.
pub type ReadRows = Arc<dyn Fn() -> Result<Vec<RecordBatch>, Box<dyn std::error::Error + Send + Sync>> + Send + Sync>;

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Held(batches) => f.debug_tuple("Held").field(batches).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

/// The provider of a [`TableSource`].
#[derive(Debug)]
pub(crate) struct CommittedTable {
    schema: TableSchema,
    /// Only the partition columns.
    partitions: SchemaRef,
    /// [`TableSource::identifying`].
    identifying: Vec<String>,
    files: Vec<PartitionedFile>,
    /// [`TableSource::refused`].
    refused: Option<String>,
}

/// From so many files on a table is scattered,
const SCATTERED_FILES_MIN: usize = 32;
/// up to so many rows.
const SCATTERED_ROWS_MAX: usize = 1_000_000;

/// The rows of all these files, where all were counted.
fn counted(files: &[PartitionedFile]) -> Precision<usize> {
    let rows = files.iter().map(|file| match file.statistics.as_deref() {
        Some(Statistics { num_rows: Precision::Exact(rows), .. }) => Some(*rows),
        _ => None,
    });
    rows.sum::<Option<usize>>().map_or(Precision::Absent, Precision::Exact)
}

impl CommittedTable {
    /// Checks `source` and enters its files into `store`.
    pub(crate) fn new(source: &TableSource, store: &CommittedFiles) -> Result<Self, CatalogError> {
        let fail =
            |reason: String| CatalogError::Table { table: format!("{}.{}", source.schema, source.table), reason };
        let partitions: Vec<FieldRef> = source
            .partition_columns
            .iter()
            .map(|(name, data_type)| Arc::new(Field::new(name, data_type.clone(), false)))
            .collect();
        let mut seen = BTreeSet::new();
        let all = source.columns.fields().iter().chain(&partitions);
        if let Some(twice) = all.map(|f| f.name()).find(|name| !seen.insert(*name)) {
            return Err(fail(format!("column {twice} occurs twice; a partition column may not stand in the file")));
        }
        let columns: Vec<Field> =
            source.columns.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
        let all_columns =
            Schema::new(columns.iter().cloned().map(Arc::new).chain(partitions.iter().cloned()).collect::<Vec<_>>());
        let mut files = Vec::with_capacity(source.files.len());
        let mut places = BTreeSet::new();
        for file in &source.files {
            let (name, place) = names_of(source, file).map_err(fail)?;
            if !places.insert(place.clone()) || !store.add(name.clone(), place) {
                return Err(fail(format!("file {name} is listed twice and would count twice")));
            }
            let values = partition_values(source, file).map_err(fail)?;
            let mut listed = PartitionedFile::new(name.to_string(), file.bytes).with_partition_values(values);
            if let Some(rows) = file.rows.and_then(|rows| usize::try_from(rows).ok()) {
                let known = Statistics::new_unknown(&all_columns).with_num_rows(Precision::Exact(rows));
                listed = listed.with_statistics(Arc::new(known));
            }
            files.push(listed);
        }
        Ok(Self {
            schema: TableSchema::builder(Arc::new(Schema::new(columns)))
                .with_table_partition_cols(partitions.clone())
                .build(),
            partitions: Arc::new(Schema::new(partitions)),
            identifying: source.identifying.clone(),
            files,
            refused: source.refused.clone(),
        })
    }

    /// Whether it is few rows in many files: opening them costs more than holding the rows does.
    pub(super) fn is_scattered(&self) -> bool {
        let few = matches!(counted(&self.files), Precision::Exact(rows) if rows <= SCATTERED_ROWS_MAX);
        self.files.len() >= SCATTERED_FILES_MIN && few
    }

    /// What is known of `files` without opening one; it lets the smaller side of a join be the built one.
    fn statistics(&self, files: &[PartitionedFile]) -> Statistics {
        let schema = self.schema();
        let rows = counted(files);
        let bytes: u64 = files.iter().map(|f| f.object_meta.size).sum();
        let mut statistics = Statistics::new_unknown(&schema).with_num_rows(rows);
        statistics.total_byte_size = Precision::Inexact(usize::try_from(bytes).unwrap_or(usize::MAX));
        let first_partition = schema.fields().len() - self.partitions.fields().len();
        for (i, (column, field)) in statistics.column_statistics.iter_mut().zip(schema.fields()).enumerate() {
            column.distinct_count = match i.checked_sub(first_partition) {
                Some(partition) => {
                    let values: HashSet<_> = files.iter().map(|file| &file.partition_values[partition]).collect();
                    Precision::Inexact(values.len())
                }
                None if self.identifying.contains(field.name()) => rows.to_inexact(),
                // Most texts are codes and names that repeat. Without a number the engine takes a grouping by them to
                // give as many rows as it reads, and holds the wrong side of a join.
                None if field.data_type().is_string() => match rows {
                    Precision::Exact(rows) => Precision::Inexact(rows.isqrt()),
                    _ => Precision::Absent,
                },
                None => Precision::Absent,
            };
        }
        statistics
    }

    /// The filters that only ask about partition columns: they decide on whole files.
    fn is_about_partitions(&self, filter: &Expr) -> bool {
        let names: Vec<&str> = self.partitions.fields().iter().map(|f| f.name().as_str()).collect();
        !names.is_empty() && !filter.is_volatile() && expr_applicable_for_cols(&names, filter)
    }

    /// The files whose partition values pass every filter on partition columns.
    fn matching(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>> {
        let filters: Vec<&Expr> = filters.iter().filter(|f| self.is_about_partitions(f)).collect();
        if filters.is_empty() || self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let columns = (0..self.partitions.fields().len())
            .map(|i| ScalarValue::iter_to_array(self.files.iter().map(|f| f.partition_values[i].clone())))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(self.files.len()));
        let values = RecordBatch::try_new_with_options(Arc::clone(&self.partitions), columns, &rows)?;
        let schema = DFSchema::try_from(Arc::clone(&self.partitions))?;
        let mut keep = vec![true; self.files.len()];
        for filter in filters {
            let filter = state.create_physical_expr(filter.clone(), &schema)?;
            let passes = filter.evaluate(&values)?.into_array(self.files.len())?;
            let passes = passes.as_any().downcast_ref::<BooleanArray>().ok_or_else(|| {
                DataFusionError::Internal("a filter on partition columns is not a condition".to_owned())
            })?;
            for (keep, passes) in keep.iter_mut().zip(passes) {
                *keep &= passes == Some(true);
            }
        }
        Ok(self.files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect())
    }
}

/// The file's name in the catalog and its place on disk.
fn names_of(source: &TableSource, file: &TableFile) -> Result<(Path, Path), String> {
    let absolute = std::path::absolute(&file.path).map_err(|e| format!("{}: {e}", file.path.display()))?;
    let place = Path::from_absolute_path(&absolute).map_err(|e| format!("{}: {e}", absolute.display()))?;
    let mut parts = vec![source.schema.clone(), source.table.clone()];
    let values = source.partition_columns.iter().zip(&file.partition_values);
    parts.extend(values.map(|((column, _), value)| format!("{column}={value}")));
    parts.extend(place.filename().map(str::to_owned));
    // PartitionedFile parses its name again, so the name has to be in its parsed form already.
    Ok((Path::from(parts.join("/")), place))
}

fn partition_values(source: &TableSource, file: &TableFile) -> Result<Vec<ScalarValue>, String> {
    let (expected, found) = (source.partition_columns.len(), file.partition_values.len());
    if expected != found {
        return Err(format!("{}: {found} partition values for {expected} columns", file.path.display()));
    }
    let pairs = source.partition_columns.iter().zip(&file.partition_values);
    pairs
        .map(|((column, data_type), value)| {
            ScalarValue::try_from_string(value.clone(), data_type)
                .ok()
                .filter(|parsed| !parsed.is_null())
                .ok_or_else(|| format!("{}: {column}={value} is not {data_type}", file.path.display()))
        })
        .collect()
}

#[async_trait::async_trait]
impl TableProvider for CommittedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(reason) = &self.refused {
            return Err(DataFusionError::Execution(reason.clone()));
        }
        let files = self.matching(state, filters)?;
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(&self.schema(), projection)?)));
        }
        let statistics = self.statistics(&files);
        let mut options = state.table_options().parquet.clone();
        if self.is_scattered() {
            // To find out that a file of a few hundred rows is needed takes longer than to read it.
            options.global.pruning = false;
            options.global.enable_page_index = false;
            options.global.bloom_filter_on_read = false;
        }
        let format = ParquetFormat::default().with_options(options);
        let source = format.file_source(self.schema.clone());
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let scan = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORE_URL)?, source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        format.create_physical_plan(state, scan).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let judge = |filter: &&Expr| match self.is_about_partitions(filter) {
            true => TableProviderFilterPushDown::Exact,
            // The engine hands these to the Parquet reader for pruning and filters again itself.
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(judge).collect())
    }
}
