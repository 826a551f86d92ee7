//! Staging: record batches become one Parquet file aside, which is then counted again by another engine.

mod carry;

pub use carry::Carried;

use super::error::{Mismatch, WarehouseError};
use super::house::House;
use super::id::{DatasetId, RunId};
use super::partition::Partition;
use super::record::Sums;
use super::steps::Step;
use crate::quality::{self, ExactSum, Recount};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::sum_checked;
use arrow::datatypes::{DataType, Decimal128Type, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Level 1 was as small as makes a difference on code-heavy rows and leaves the time to the network.
const ZSTD_LEVEL: i32 = 1;
/// Rows of one row group at most: two million rows still make sixteen groups for readers to share out.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Encoded bytes of one row group at most. The group being built is held in memory; code-heavy rows stay far below this,
/// it is for texts that never repeat.
const ROW_GROUP_BYTES: usize = 16 << 20;
/// Bytes of a column's dictionary, held in memory with its index at three times the size. Codes fit many times over; a
/// column of numbers that never repeat gives it up early.
const DICTIONARY_BYTES: usize = 256 << 10;
/// Decimals from this precision on are amounts of money; narrower ones are scores, which repeat.
const MONEY_PRECISION: u8 = 20;
/// The writer hands over whole pages; the buffer only joins their headers to them.
const BUFFER_BYTES: usize = 256 * 1024;

/// What a writer must know of its run.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) run: RunId,
    pub(super) dataset: DatasetId,
    pub(super) contract_version: u32,
    /// The PII key its hashes were made with, where it has any.
    pub(super) key_id: Option<String>,
    pub(super) control: Vec<String>,
}

/// Writes one partition's file in staging. Memory is that of one row group.
pub struct StageWriter {
    house: Arc<House>,
    origin: Origin,
    partition: Partition,
    schema: SchemaRef,
    path: PathBuf,
    writer: ArrowWriter<BufWriter<File>>,
    control: Vec<Control>,
    rows: u64,
    carries_on: bool,
}

/// The running total of one money column.
#[derive(Debug)]
struct Control {
    column: String,
    index: usize,
    sum: ExactSum,
    nulls: u64,
}

/// A file that was written, made durable and counted again. [`super::Run::commit`] publishes it.
#[derive(Debug)]
pub struct StagedFile {
    pub(super) run: RunId,
    pub(super) path: PathBuf,
    pub(super) partition: Partition,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sums: Sums,
    /// Whether it holds the rows of the file that is current.
    pub(super) carries_on: bool,
}

impl StagedFile {
    /// Its partition.
    #[must_use]
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Rows in it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Control sums, recounted from the file.
    #[must_use]
    pub fn sums(&self) -> &Sums {
        &self.sums
    }

    /// Removes the file: what it holds is published already.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn discard(self) -> Result<(), WarehouseError> {
        super::disk::remove_file(&self.path)
    }
}

impl StageWriter {
    /// Opens the file `path` for rows of `schema`.
    pub(super) fn create(
        house: Arc<House>,
        origin: Origin,
        partition: Partition,
        schema: SchemaRef,
        (path, metadata): (PathBuf, Vec<(String, String)>),
    ) -> Result<Self, WarehouseError> {
        if let Some((key, _)) = partition.keys().iter().find(|(key, _)| schema.index_of(key).is_ok()) {
            let reason = format!("{key} is a folder key and a column; readers would not know which to believe");
            return Err(WarehouseError::Refused { dataset: origin.dataset, reason });
        }
        let control = controlled(&origin, &schema)?;
        let created = File::create_new(&path).map_err(|e| WarehouseError::io("create", &path, e))?;
        let sink = BufWriter::with_capacity(BUFFER_BYTES, created);
        let mut writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties(&schema)))
            .map_err(|e| WarehouseError::parquet("begin to write", &path, e))?;
        for (key, value) in metadata {
            writer.append_key_value_metadata(KeyValue::new(key, value));
        }
        Ok(Self { house, origin, partition, schema, path, writer, control, rows: 0, carries_on: false })
    }

    /// Appends the rows of `batch`.
    ///
    /// # Errors
    /// When the batch has another schema, a control sum leaves 38 digits, or the disk refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        if batch.schema_ref().fields() != self.schema.fields() {
            let reason = format!("a batch for {} does not have the schema the file was opened with", self.partition);
            return Err(WarehouseError::Refused { dataset: self.origin.dataset.clone(), reason });
        }
        for control in &mut self.control {
            control.add(batch, &self.origin.dataset)?;
        }
        self.writer.write(batch).map_err(|e| WarehouseError::parquet("write", &self.path, e))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Closes the file, makes it durable, and has it counted again by an engine that shares no code with the writer.
    ///
    /// # Errors
    /// When the disk refuses, or the file does not hold what was written: the column and both figures are named.
    pub fn finish(self) -> Result<StagedFile, WarehouseError> {
        let Self { house, origin, partition, path, mut writer, control, rows, carries_on, .. } = self;
        for (key, value) in closing_metadata(&origin, rows, &control) {
            writer.append_key_value_metadata(KeyValue::new(key, value));
        }
        let sink = writer.into_inner().map_err(|e| WarehouseError::parquet("close", &path, e))?;
        let io = |e| WarehouseError::io("make durable", &path, e);
        let file = sink.into_inner().map_err(|e| io(e.into_error()))?;
        file.sync_all().map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        drop(file);
        verify(&origin.dataset, &path, rows, &control)?;
        house.steps.reached(Step::Staged, &path)?;
        let sums = control.into_iter().map(|control| (control.column, control.sum)).collect();
        Ok(StagedFile { run: origin.run, path, partition, rows, bytes, sums, carries_on })
    }
}

impl Control {
    fn add(&mut self, batch: &RecordBatch, dataset: &DatasetId) -> Result<(), WarehouseError> {
        let column = batch.column(self.index).as_primitive::<Decimal128Type>();
        self.nulls += column.null_count() as u64;
        let of_batch = sum_checked(column).map(Option::unwrap_or_default).ok();
        let total = of_batch.and_then(|sum| self.sum.unscaled.checked_add(sum));
        self.sum.unscaled = total.filter(|sum| sum.unsigned_abs() < 10_u128.pow(38)).ok_or_else(|| {
            let reason = format!("the sum of column {} needs more than 38 digits", self.column);
            WarehouseError::Refused { dataset: dataset.clone(), reason }
        })?;
        Ok(())
    }
}

/// The money columns of `schema` whose sums are controlled.
fn controlled(origin: &Origin, schema: &SchemaRef) -> Result<Vec<Control>, WarehouseError> {
    let of = |column: &String| {
        let found = schema.index_of(column).ok().map(|index| (index, schema.field(index).data_type()));
        if let Some((index, DataType::Decimal128(_, scale))) = found
            && let Ok(scale) = u8::try_from(*scale)
        {
            return Ok(Control { column: column.clone(), index, sum: ExactSum { unscaled: 0, scale }, nulls: 0 });
        }
        let reason = format!("control column {column} is not a Decimal128 column of the schema");
        Err(WarehouseError::Refused { dataset: origin.dataset.clone(), reason })
    };
    origin.control.iter().map(of).collect()
}

/// Codes repeat and are kept as dictionaries. Money and running numbers hardly do: looking every value up costs a third
/// of the writing time and makes the file larger (measured: docs/speed.md).
fn properties(schema: &SchemaRef) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("level 1 is within zstd's levels");
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES);
    for field in schema.fields() {
        let column = ColumnPath::from(field.name().as_str());
        match field.data_type() {
            DataType::Int64 => {
                properties = properties
                    .set_column_dictionary_enabled(column.clone(), false)
                    .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
            }
            DataType::Decimal128(precision, _) if *precision >= MONEY_PRECISION => {
                properties = properties.set_column_dictionary_enabled(column, false);
            }
            _ => {}
        }
    }
    properties.build()
}

/// What stands in the file about itself.
fn closing_metadata(origin: &Origin, rows: u64, control: &[Control]) -> Vec<(String, String)> {
    let fixed = [
        ("run_id", origin.run.to_string()),
        ("source", origin.dataset.source().to_owned()),
        ("dataset", origin.dataset.dataset().to_owned()),
        ("contract_version", origin.contract_version.to_string()),
        ("row_count", rows.to_string()),
    ];
    let key = origin.key_id.iter().map(|id| ("key_id", id.clone()));
    let named = fixed.into_iter().chain(key).map(|(key, value)| (format!("lumbung.{key}"), value));
    named.chain(control.iter().map(|c| (format!("lumbung.sum.{}", c.column), c.sum.to_string()))).collect()
}

/// Counts the written file again and compares.
fn verify(dataset: &DatasetId, path: &Path, rows: u64, control: &[Control]) -> Result<(), WarehouseError> {
    let columns: Vec<String> = control.iter().map(|control| control.column.clone()).collect();
    compare(dataset, path, (rows, control), &quality::recount(path, &columns)?)
}

fn compare(
    dataset: &DatasetId,
    path: &Path,
    (rows, control): (u64, &[Control]),
    counted: &Recount,
) -> Result<(), WarehouseError> {
    let differs = |what: String, written: String, counted: String| {
        let (dataset, path) = (dataset.clone(), path.to_path_buf());
        Err(WarehouseError::Mismatch(Box::new(Mismatch { dataset, what, written, counted, path })))
    };
    if rows != counted.rows {
        return differs("rows".to_owned(), rows.to_string(), counted.rows.to_string());
    }
    for (wrote, found) in control.iter().zip(&counted.columns) {
        if wrote.sum != found.sum {
            return differs(
                format!("the sum of column {}", wrote.column),
                wrote.sum.to_string(),
                found.sum.to_string(),
            );
        }
        if wrote.nulls != found.nulls {
            let what = format!("empty values in column {}", wrote.column);
            return differs(what, wrote.nulls.to_string(), found.nulls.to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
