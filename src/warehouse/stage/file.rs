//! One Parquet file on its way: written aside, made durable, and counted again by an engine that shares no code with the
//! writer. Snapshots and marts are written by it.

use crate::quality::{self, ExactSum, Recount};
use crate::warehouse::error::{Mismatch, WarehouseError};
use crate::warehouse::id::DatasetId;
use crate::warehouse::record::Sums;
use crate::warehouse::stage::group::{Compressor, DICTIONARY_BYTES, PAGE_ROWS, RowGroup};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::sum_checked;
use arrow::datatypes::{DataType, Decimal128Type, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Level 1 was as small as makes a difference on code-heavy rows and leaves the time to the network.
const ZSTD_LEVEL: i32 = 1;
/// Rows of one row group at most: two million rows still make sixteen groups for readers to share out.
pub(super) const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Encoded bytes of one row group at most. The group being built is held in memory; code-heavy rows stay far below this,
/// it is for texts that never repeat.
const ROW_GROUP_BYTES: usize = 16 << 20;
/// Decimals from this precision on are amounts of money; narrower ones are scores, which repeat.
pub(crate) const MONEY_PRECISION: u8 = 20;
/// The writer hands over whole pages; the buffer only joins their headers to them.
const BUFFER_BYTES: usize = 256 * 1024;

/// Writes one file. Memory is that of one row group.
pub(crate) struct FileWriter {
    /// What the file belongs to, for errors.
    dataset: DatasetId,
    pub(super) path: PathBuf,
    pub(super) schema: SchemaRef,
    pub(super) encoder: Encoder<BufWriter<File>>,
    pub(super) control: Vec<Control>,
    pub(super) rows: u64,
    /// NULLs of each column.
    nulls: Vec<u64>,
}

/// A file that was written, made durable and counted again.
#[derive(Debug)]
pub(crate) struct WrittenFile {
    pub(crate) path: PathBuf,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) sums: Sums,
    /// NULLs by column, as they were written.
    pub(crate) nulls: BTreeMap<String, u64>,
}

impl FileWriter {
    /// Opens the file `path` for rows of `schema`, whose `control` columns are summed; `metadata` stands in the file.
    pub(crate) fn create(
        dataset: DatasetId,
        schema: SchemaRef,
        control: &[String],
        (path, metadata): (PathBuf, Vec<(String, String)>),
    ) -> Result<Self, WarehouseError> {
        let control = controlled(&dataset, control, &schema)?;
        let created = File::create_new(&path).map_err(|e| WarehouseError::io("create", &path, e))?;
        let sink = BufWriter::with_capacity(BUFFER_BYTES, created);
        let encoder = Encoder::new(sink, Arc::clone(&schema))
            .map_err(|e| WarehouseError::parquet("begin to write", &path, e))?;
        let nulls = vec![0; schema.fields().len()];
        let mut file = Self { dataset, path, schema, encoder, control, rows: 0, nulls };
        file.say(metadata);
        Ok(file)
    }

    fn say(&mut self, metadata: Vec<(String, String)>) {
        for (key, value) in metadata {
            self.encoder.file.append_key_value_metadata(KeyValue::new(key, value));
        }
    }

    /// Appends the rows of `batch`, which has the schema.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        for control in &mut self.control {
            control.add(batch, &self.dataset)?;
        }
        for (nulls, column) in self.nulls.iter_mut().zip(batch.columns()) {
            *nulls += column.null_count() as u64;
        }
        self.encoder.write(batch).map_err(|e| WarehouseError::parquet("write", &self.path, e))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Closes the file, makes it durable and counts it again. Beside `metadata` stand its rows and sums in it.
    pub(crate) fn finish(mut self, metadata: Vec<(String, String)>) -> Result<WrittenFile, WarehouseError> {
        let sums = self.control.iter().map(|c| (format!("lumbung.sum.{}", c.column), c.sum.to_string())).collect();
        self.say(metadata);
        self.say(vec![("lumbung.row_count".to_owned(), self.rows.to_string())]);
        self.say(sums);
        let Self { dataset, path, schema, encoder, control, rows, nulls } = self;
        let sink = encoder.finish().map_err(|e| WarehouseError::parquet("close", &path, e))?;
        let io = |e| WarehouseError::io("make durable", &path, e);
        let file = sink.into_inner().map_err(|e| io(e.into_error()))?;
        file.sync_all().map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        drop(file);
        verify(&dataset, &path, rows, &control)?;
        let sums = control.into_iter().map(|control| (control.column, control.sum)).collect();
        let nulls = schema.fields().iter().map(|field| field.name().clone()).zip(nulls).collect();
        Ok(WrittenFile { path, rows, bytes, sums, nulls })
    }
}

/// Rows to the bytes of a file, one row group after the other.
pub(super) struct Encoder<W: Write + Send> {
    schema: SchemaRef,
    file: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    compressor: Compressor,
    group: Option<RowGroup>,
}

impl<W: Write + Send> Encoder<W> {
    pub(super) fn new(sink: W, schema: SchemaRef) -> ParquetResult<Self> {
        // The crate makes the file's schema, and notes what Arrow readers must know.
        let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties(&schema)))?;
        let (file, factory) = writer.into_serialized_writer()?;
        Ok(Self { schema, file, factory, compressor: Compressor::new()?, group: None })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> ParquetResult<()> {
        let mut at = 0;
        while at < batch.num_rows() {
            let mut group = match self.group.take() {
                Some(group) => group,
                None => {
                    let index = self.file.flushed_row_groups().len();
                    RowGroup::new(&self.schema, self.file.schema_descr(), &self.factory, index)?
                }
            };
            let n = (batch.num_rows() - at).min(ROW_GROUP_ROWS - group.n_rows());
            group.write(&batch.slice(at, n), &mut self.compressor)?;
            at += n;
            let is_full = group.n_rows() >= ROW_GROUP_ROWS || group.n_bytes() >= ROW_GROUP_BYTES;
            self.group = Some(group);
            if is_full {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Ends the row group that is being built.
    pub(super) fn end_group(&mut self) -> ParquetResult<()> {
        match self.group.take() {
            Some(group) => group.finish(&mut self.file, &mut self.compressor),
            None => Ok(()),
        }
    }

    /// Bytes of the row group that is being built.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.group.as_ref().map_or(0, RowGroup::memory)
    }

    /// Ends the file and gives back what it was written to.
    pub(super) fn finish(mut self) -> ParquetResult<W> {
        self.end_group()?;
        // Here, because the crate's `into_inner` makes a text of what the disk says.
        self.file.flush()?;
        self.file.into_inner()
    }
}

/// The running total of one money column.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) column: String,
    pub(super) index: usize,
    pub(super) sum: ExactSum,
    pub(super) nulls: u64,
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
fn controlled(dataset: &DatasetId, control: &[String], schema: &SchemaRef) -> Result<Vec<Control>, WarehouseError> {
    let of = |column: &String| {
        let found = schema.index_of(column).ok().map(|index| (index, schema.field(index).data_type()));
        if let Some((index, DataType::Decimal128(_, scale))) = found
            && let Ok(scale) = u8::try_from(*scale)
        {
            return Ok(Control { column: column.clone(), index, sum: ExactSum { unscaled: 0, scale }, nulls: 0 });
        }
        let reason = format!("control column {column} is not a Decimal128 column of the schema");
        Err(WarehouseError::Refused { dataset: dataset.clone(), reason })
    };
    control.iter().map(of).collect()
}

/// How hard pages are compressed.
pub(super) fn zstd_level() -> ZstdLevel {
    ZstdLevel::try_new(ZSTD_LEVEL).expect("level 1 is within zstd's levels")
}

/// How the columns are written that [`RowGroup`] leaves to the parquet crate. Running numbers hardly repeat: looking every
/// one up costs a third of the writing time and makes the file larger (measured: docs/speed.md).
pub(super) fn properties(schema: &SchemaRef) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(zstd_level()))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS);
    for field in schema.fields() {
        let column = ColumnPath::from(field.name().as_str());
        if *field.data_type() == DataType::Int64 {
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
        }
    }
    properties.build()
}

/// Counts the written file again and compares.
fn verify(dataset: &DatasetId, path: &Path, rows: u64, control: &[Control]) -> Result<(), WarehouseError> {
    let columns: Vec<String> = control.iter().map(|control| control.column.clone()).collect();
    compare(dataset, path, (rows, control), &quality::recount(path, &columns)?)
}

pub(super) fn compare(
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
