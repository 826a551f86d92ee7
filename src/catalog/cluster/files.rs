//! The committed files below an executor's own warehouse, as an object store.
//!
//! Whoever reaches the executor's port can send it a plan, so the plan is not believed: what is not a Parquet file below
//! the folder of committed files does not exist, wherever a link points.

use std::fmt;
use std::ops::Range;
use std::path::{Path as DiskPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::catalog::store::{read_only, without_place};

/// A read-only store of the committed files of one warehouse, under their names below its folder of them.
#[derive(Debug)]
pub(super) struct WarehouseFiles {
    disk: LocalFileSystem,
    /// The folder, absolute and without links.
    folder: PathBuf,
}

impl WarehouseFiles {
    /// A store of what lies below `folder`, which has to exist.
    pub(super) fn new(folder: &DiskPath) -> std::io::Result<Arc<Self>> {
        let folder = std::fs::canonicalize(folder)?;
        let disk = LocalFileSystem::new_with_prefix(&folder).map_err(std::io::Error::other)?;
        Ok(Arc::new(Self { disk, folder }))
    }

    /// Fails unless `name` is a Parquet file that really lies below the folder.
    async fn check(&self, name: &Path) -> Result<()> {
        let absent = |reason: &str| Error::NotFound { path: name.to_string(), source: reason.into() };
        if name.extension() != Some("parquet") {
            return Err(absent("it is not a committed file"));
        }
        let place = self.disk.path_to_filesystem(name).map_err(|e| without_place(name, &e))?;
        let real = tokio::fs::canonicalize(place).await;
        let real = real.map_err(|_| absent("there is no such committed file below this executor's warehouse"))?;
        if real.starts_with(&self.folder) { Ok(()) } else { Err(absent("it leads out of the warehouse")) }
    }
}

impl fmt::Display for WarehouseFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("warehouse")
    }
}

#[async_trait::async_trait]
impl ObjectStore for WarehouseFiles {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.check(location).await?;
        self.disk.get_opts(location, options).await.map_err(|e| without_place(location, &e))
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.check(location).await?;
        self.disk.get_ranges(location, ranges).await.map_err(|e| without_place(location, &e))
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        futures::stream::once(async { Err(read_only()) }).boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> Result<ListResult> {
        Err(read_only())
    }

    async fn put_opts(&self, _location: &Path, _payload: PutPayload, _opts: PutOptions) -> Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(&self, _locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        futures::stream::once(async { Err(read_only()) }).boxed()
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(read_only())
    }
}

#[cfg(test)]
mod tests {
    use super::WarehouseFiles;
    use crate::catalog::cluster::settings::confine;
    use datafusion::execution::object_store::ObjectStoreUrl;
    use datafusion::execution::runtime_env::RuntimeEnv;
    use datafusion::object_store::path::Path;
    use datafusion::object_store::{ObjectStore, ObjectStoreExt};
    use futures::StreamExt;
    use std::fs;

    #[tokio::test]
    async fn only_committed_files_exist() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("state/files");
        fs::create_dir_all(folder.join("omspan")).unwrap();
        fs::write(folder.join("omspan/a.parquet"), b"0123").unwrap();
        fs::write(folder.join("omspan/a.csv"), b"no").unwrap();
        fs::write(dir.path().join("state/ledger.db"), b"no").unwrap();
        fs::write(dir.path().join("outside.parquet"), b"no").unwrap();
        std::os::unix::fs::symlink(dir.path().join("outside.parquet"), folder.join("omspan/link.parquet")).unwrap();
        let store = WarehouseFiles::new(&folder).unwrap();

        let name = Path::from("omspan/a.parquet");
        assert_eq!(store.get(&name).await.unwrap().bytes().await.unwrap().as_ref(), b"0123");
        assert_eq!(store.get_range(&name, 1..3).await.unwrap().as_ref(), b"12");
        let outside = Path::from_absolute_path(dir.path().join("outside.parquet")).unwrap();
        let ledger = Path::from_absolute_path(dir.path().join("state/ledger.db")).unwrap();
        for refused in [
            Path::from("omspan/a.csv"),
            Path::from("omspan/link.parquet"),
            Path::from("omspan/none.parquet"),
            Path::from("../ledger.db"),
            Path::from("../../outside.parquet"),
            outside,
            ledger,
        ] {
            let error = store.get(&refused).await.unwrap_err().to_string();
            assert!(!error.contains(dir.path().to_str().unwrap()), "{error}");
            assert!(store.get_range(&refused, 0..1).await.is_err(), "{refused}");
        }
        assert!(Path::parse("../ledger.db").is_err(), "as a plan from elsewhere is read");
        assert!(store.put(&name, "x".into()).await.is_err() && store.delete(&name).await.is_err());
        assert!(store.list(None).next().await.unwrap().is_err());
    }

    #[test]
    fn a_confined_process_has_no_other_store() {
        let dir = tempfile::tempdir().unwrap();
        let runtime = RuntimeEnv::default();
        let any = ObjectStoreUrl::local_filesystem();
        assert!(runtime.object_store(&any).is_ok(), "the engine opens any file unless it is told otherwise");
        confine(&runtime, WarehouseFiles::new(dir.path()).unwrap()).unwrap();
        assert!(runtime.object_store(&any).is_err());
        assert!(runtime.object_store(ObjectStoreUrl::parse("lumbung://warehouse").unwrap()).is_ok());
    }
}
