//! Staging: record batches become one Parquet file aside, which is then counted again by another engine.

mod carry;
mod file;
mod group;

pub use carry::Carried;
pub(crate) use file::{FileWriter, MONEY_PRECISION, WrittenFile};

use super::error::WarehouseError;
use super::house::House;
use super::id::{DatasetId, RunId};
use super::partition::Partition;
use super::record::Sums;
use super::steps::Step;
use crate::quality::Profile;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    file: FileWriter,
    carries_on: bool,
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
    pub(super) nulls: BTreeMap<String, u64>,
    /// Whether it holds the rows of the file that is current.
    pub(super) carries_on: bool,
    pub(super) profile: Option<Profile>,
}

impl StagedFile {
    /// Where it stands, to be looked at.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// This file with what its columns look like, which the commit writes down for the next one to be compared with.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        Self { profile: Some(profile), ..self }
    }

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

    /// NULLs by column, as they were written.
    #[must_use]
    pub fn nulls(&self) -> &BTreeMap<String, u64> {
        &self.nulls
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
        place: (PathBuf, Vec<(String, String)>),
    ) -> Result<Self, WarehouseError> {
        if let Some((key, _)) = partition.keys().iter().find(|(key, _)| schema.index_of(key).is_ok()) {
            let reason = format!("{key} is a folder key and a column; readers would not know which to believe");
            return Err(WarehouseError::Refused { dataset: origin.dataset, reason });
        }
        let file = FileWriter::create(origin.dataset.clone(), schema, &origin.control, place)?;
        Ok(Self { house, origin, partition, file, carries_on: false })
    }

    /// Appends the rows of `batch`.
    ///
    /// # Errors
    /// When the batch has another schema, a control sum leaves 38 digits, or the disk refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        if batch.schema_ref().fields() != self.file.schema.fields() {
            let reason = format!("a batch for {} does not have the schema the file was opened with", self.partition);
            return Err(WarehouseError::Refused { dataset: self.origin.dataset.clone(), reason });
        }
        self.file.write(batch)
    }

    /// Closes the file, makes it durable, and has it counted again by an engine that shares no code with the writer.
    ///
    /// # Errors
    /// When the disk refuses, or the file does not hold what was written: the column and both figures are named.
    pub fn finish(self) -> Result<StagedFile, WarehouseError> {
        let Self { house, origin, partition, file, carries_on } = self;
        let WrittenFile { path, rows, bytes, sums, nulls } = file.finish(closing_metadata(&origin))?;
        house.steps.reached(Step::Staged, &path)?;
        Ok(StagedFile { run: origin.run, path, partition, rows, bytes, sums, nulls, carries_on, profile: None })
    }
}

/// What stands in the file about itself, beside its rows and sums.
fn closing_metadata(origin: &Origin) -> Vec<(String, String)> {
    let fixed = [
        ("run_id", origin.run.to_string()),
        ("source", origin.dataset.source().to_owned()),
        ("dataset", origin.dataset.dataset().to_owned()),
        ("contract_version", origin.contract_version.to_string()),
    ];
    let key = origin.key_id.iter().map(|id| ("key_id", id.clone()));
    fixed.into_iter().chain(key).map(|(key, value)| (format!("lumbung.{key}"), value)).collect()
}

#[cfg(test)]
mod tests;
