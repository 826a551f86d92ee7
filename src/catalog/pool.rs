//! What the sessions of one process share: one pool of memory, one folder to spill into.
//!
//! A catalog alone has a pool of its own. A server that keeps several (one for each state of the warehouse that somebody
//! still reads) would then hold as many pools, and no limit would mean anything.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, PeakRecordingPool};
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use super::error::CatalogError;
use super::store::{CommittedFiles, STORE_URL};

/// Memory and spill space of every session that is built with it.
pub struct SharedEngine {
    base: RuntimeEnv,
    pool: Arc<PeakRecordingPool>,
}

impl std::fmt::Debug for SharedEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedEngine").field("peak_reserved", &self.peak_reserved()).finish_non_exhaustive()
    }
}

impl SharedEngine {
    /// A pool of `memory_bytes` for sorts, joins and aggregates together. What does not fit is spilled, at most
    /// `spill_bytes` at a time, into `spill_dir` or the system's folder for temporary files; files are of the process's
    /// user alone and gone with the query.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn new(memory_bytes: usize, spill_dir: Option<PathBuf>, spill_bytes: u64) -> Result<Arc<Self>, CatalogError> {
        let pool = Arc::new(PeakRecordingPool::new(Arc::new(GreedyMemoryPool::new(memory_bytes))));
        let mode = match spill_dir {
            Some(dir) => DiskManagerMode::Directories(vec![dir]),
            None => DiskManagerMode::OsTmpDirectory,
        };
        let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(spill_bytes);
        let base = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::clone(&pool) as _)
            .with_disk_manager_builder(disk)
            .build()
            .map_err(|e| CatalogError::from_engine(&e))?;
        Ok(Arc::new(Self { base, pool }))
    }

    /// Most bytes that were reserved at a time so far.
    #[must_use]
    pub fn peak_reserved(&self) -> usize {
        self.pool.max_reserved()
    }

    /// The runtime of a session that sees the files of `store` and no others.
    pub(super) fn runtime(&self, store: Arc<CommittedFiles>) -> Result<Arc<RuntimeEnv>, DataFusionError> {
        let mut runtime = self.base.clone();
        // The registry is what sessions must not share: it says which files there are.
        runtime.object_store_registry = Arc::new(DefaultObjectStoreRegistry::new());
        let url = ObjectStoreUrl::parse(STORE_URL)?;
        runtime.register_object_store(url.as_ref(), store);
        Ok(Arc::new(runtime))
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::CommittedFiles;
    use super::SharedEngine;
    use datafusion::execution::memory_pool::MemoryConsumer;

    #[test]
    fn two_runtimes_draw_on_one_pool() {
        let engine = SharedEngine::new(1_000, None, 1 << 20).unwrap();
        let (a, b) = (engine.runtime(CommittedFiles::new()).unwrap(), engine.runtime(CommittedFiles::new()).unwrap());
        let first = MemoryConsumer::new("first").register(&a.memory_pool);
        first.try_grow(800).unwrap();
        let second = MemoryConsumer::new("second").register(&b.memory_pool);
        assert!(second.try_grow(300).is_err());
        first.free();
        second.try_grow(300).unwrap();
        assert_eq!(engine.peak_reserved(), 800);
    }
}
