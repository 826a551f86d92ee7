//! Carrying on: the rows that a partition's current file holds, copied before the new ones. A day that fills bit by bit, as
//! the inbox does, stays one file a partition this way.

use super::StageWriter;
use super::file::Control;
use crate::warehouse::error::{Mismatch, WarehouseError};
use crate::warehouse::record::{CommittedFile, Sums};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::sync::Arc;

/// Rows of a batch on their way from the old file into the new one.
const BATCH_ROWS: usize = 8 * 1024;
/// Names the PII key in a file's metadata.
const KEY_ID: &str = "lumbung.key_id";

/// What was copied out of the file that is current.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// Rows; 0 where the partition has no file yet.
    pub rows: u64,
    /// Control sums over them.
    pub sums: Sums,
}

impl StageWriter {
    /// Appends the rows of the file that is current for the same dataset and partition, before any new row. Columns are
    /// found by name; one that the old file lacks is NULL. The run holds the dataset's lock, so the file stays current until
    /// the commit. Memory is that of one batch.
    ///
    /// # Errors
    /// When rows were written before, the old file has a column that the schema has not or has with another type, its hashes
    /// were made under another PII key, it does not hold what the ledger says, or it cannot be read.
    pub fn carry(&mut self) -> Result<Carried, WarehouseError> {
        if self.file.rows > 0 {
            let what =
                format!("{}: rows of {} were written before the old ones", self.origin.dataset, self.partition);
            return Err(WarehouseError::Misuse(what));
        }
        let current = {
            let ledger = self.house.ledger();
            ledger.current_file(&self.house.layout, &self.origin.dataset, &self.partition)?
        };
        let Some(current) = current else { return Ok(self.carried()) };
        let failed = |e| WarehouseError::parquet("read", &current.path, e);
        let file = File::open(&current.path).map_err(|e| WarehouseError::io("open", &current.path, e))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
        let said = builder.metadata().file_metadata().key_value_metadata();
        let key_id =
            said.into_iter().flatten().find(|said| said.key == KEY_ID).and_then(|said| said.value.as_deref());
        if key_id != self.origin.key_id.as_deref() {
            return Err(self.refused(format!(
                "the file so far of {} was hashed under another key ({}, now {}); lumbung key rotate first",
                self.partition,
                key_id.unwrap_or("none"),
                self.origin.key_id.as_deref().unwrap_or("none")
            )));
        }
        let places = self.places(builder.schema())?;
        for batch in builder.with_batch_size(BATCH_ROWS).build().map_err(failed)? {
            let batch = batch.map_err(|e| failed(e.into()))?;
            let conformed = self.conform(&batch, &places)?;
            self.write(&conformed)?;
        }
        self.prove(&current)?;
        self.carries_on = true;
        Ok(self.carried())
    }

    /// Where each column of the schema stands in the old file; `None` where the old file lacks it.
    fn places(&self, old: &SchemaRef) -> Result<Vec<Option<usize>>, WarehouseError> {
        let gone = |field: &&Arc<Field>| self.file.schema.index_of(field.name()).is_err();
        if let Some(field) = old.fields().iter().find(gone) {
            let (name, partition) = (field.name(), &self.partition);
            let what = format!("column {name} of the file so far of {partition} is not in the contract any more");
            return Err(self.refused(what));
        }
        self.file.schema.fields().iter().map(|field| self.place(field, old)).collect()
    }

    fn place(&self, field: &Field, old: &Schema) -> Result<Option<usize>, WarehouseError> {
        let Ok(index) = old.index_of(field.name()) else { return Ok(None) };
        let found = old.field(index).data_type();
        if found == field.data_type() {
            return Ok(Some(index));
        }
        let (name, partition, wanted) = (field.name(), &self.partition, field.data_type());
        Err(self.refused(format!("column {name} is {found} in the file so far of {partition} and {wanted} now")))
    }

    /// A batch of the old file in the schema of the new one.
    fn conform(&self, batch: &RecordBatch, places: &[Option<usize>]) -> Result<RecordBatch, WarehouseError> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(places.len());
        for (field, place) in self.file.schema.fields().iter().zip(places) {
            let column = match place {
                Some(index) => Arc::clone(batch.column(*index)),
                None => new_null_array(field.data_type(), batch.num_rows()),
            };
            if !field.is_nullable() && column.logical_null_count() > 0 {
                let (name, partition) = (field.name(), &self.partition);
                let what = format!("column {name} may not be empty and is in rows of the file so far of {partition}");
                return Err(self.refused(what));
            }
            columns.push(column);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.file.schema), columns, &options)
            .map_err(|e| self.refused(format!("the file so far of {} does not fit the schema: {e}", self.partition)))
    }

    /// What was read is what the ledger says was published: a file that was changed since is not carried on.
    fn prove(&self, current: &CommittedFile) -> Result<(), WarehouseError> {
        let differs = |what: String, written: String, counted: String| {
            let (dataset, path) = (self.origin.dataset.clone(), current.path.clone());
            Err(WarehouseError::Mismatch(Box::new(Mismatch { dataset, what, written, counted, path })))
        };
        if self.file.rows != current.rows {
            return differs("rows".to_owned(), current.rows.to_string(), self.file.rows.to_string());
        }
        for Control { column, sum, .. } in &self.file.control {
            if let Some(published) = current.sums.get(column).filter(|published| *published != sum) {
                return differs(format!("the sum of column {column}"), published.to_string(), sum.to_string());
            }
        }
        Ok(())
    }

    fn carried(&self) -> Carried {
        let sums = self.file.control.iter().map(|control| (control.column.clone(), control.sum)).collect();
        Carried { rows: self.file.rows, sums }
    }

    fn refused(&self, reason: String) -> WarehouseError {
        WarehouseError::Refused { dataset: self.origin.dataset.clone(), reason }
    }
}
