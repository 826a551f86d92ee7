//! The warehouse's folder as an executor sees it: committed Parquet files by their place in the folder, and nothing else.
//!
//! Whoever reaches a scheduler can send it any plan, so what a plan can name is limited here: no other store is known to an
//! executor, not even that of its own disk.

use std::path::Path as Folder;
use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use crate::catalog::store::{CommittedFiles, STORE_URL};

/// The one store of committed files, and no other.
fn only(files: Arc<CommittedFiles>) -> Result<Arc<DefaultObjectStoreRegistry>> {
    let stores = DefaultObjectStoreRegistry::new();
    stores.deregister_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    stores.register_store(ObjectStoreUrl::parse(STORE_URL)?.as_ref(), files);
    Ok(Arc::new(stores))
}

/// What a scheduler reads plans with: it knows the name of the store and not one file.
pub(super) fn names_only() -> Result<Arc<RuntimeEnv>> {
    RuntimeEnvBuilder::new().with_object_store_registry(only(CommittedFiles::new())?).build_arc()
}

/// What the tasks of an executor run with: the files of `warehouse`, and `work` for rows that do not fit into memory.
pub(super) fn runtime(warehouse: &Folder, work: &Folder) -> Result<Arc<RuntimeEnv>> {
    RuntimeEnvBuilder::new()
        .with_object_store_registry(only(CommittedFiles::below(warehouse)?)?)
        .with_temp_file_path(work)
        .build_arc()
}

#[cfg(test)]
mod tests {
    use super::runtime;
    use crate::catalog::store::STORE_URL;
    use datafusion::execution::object_store::ObjectStoreUrl;
    use datafusion::object_store::ObjectStoreExt;
    use datafusion::object_store::path::Path;

    #[tokio::test]
    async fn an_executor_reads_parquet_files_of_the_warehouse_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (warehouse, work) = (folder.path().join("warehouse"), folder.path().join("work"));
        for place in ["state/files/omspan/a.parquet", "state/files/omspan/a.json", "state/b.parquet", "raw/c.parquet"]
        {
            let file = warehouse.join(place);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, b"0123").unwrap();
        }
        std::fs::write(folder.path().join("d.parquet"), b"0123").unwrap();
        let runtime = runtime(&warehouse, &work).unwrap();
        let store = runtime.object_store(ObjectStoreUrl::parse(STORE_URL).unwrap()).unwrap();
        let read = async |name: &str| store.get(&Path::from(name)).await.is_ok();
        assert!(read("state/files/omspan/a.parquet").await);
        for name in ["state/files/omspan/a.json", "state/b.parquet", "raw/c.parquet", "d.parquet", "../d.parquet"] {
            assert!(!read(name).await, "{name}");
        }
        assert!(!read("state/files/../../../d.parquet").await);
        for other in ["file://", "s3://bucket", "http://localhost"] {
            assert!(runtime.object_store(ObjectStoreUrl::parse(other).unwrap()).is_err(), "{other}");
        }
    }
}
