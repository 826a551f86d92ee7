//! The committed files as an object store: only the files a catalog was built from, under names that tell nothing
//! about the machine (`omspan/dipa_belanja/tahun_anggaran=2026/<run>.parquet`).
//!
//! What is not in the list does not exist, whatever SQL asks for; listing, writing and deleting are not offered. The
//! names are what EXPLAIN prints and what errors say.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::StreamExt;
use futures::stream::BoxStream;

/// URL under which a session finds its [`CommittedFiles`].
pub(crate) const STORE_URL: &str = "lumbung://warehouse";

/// A read-only store of exactly the registered files.
#[derive(Debug)]
pub(crate) struct CommittedFiles {
    disk: LocalFileSystem,
    names: Names,
}

/// Which names there are.
#[derive(Debug)]
enum Names {
    /// Name in the catalog -> place on disk.
    Listed(RwLock<BTreeMap<Path, Path>>),
    /// The committed files of the warehouse in this folder, by their place in it: another machine's session has the list.
    #[cfg(feature = "cluster")]
    Below(Path),
}

/// Where in the warehouse's folder the files are that sessions open (docs/storage.md).
#[cfg(feature = "cluster")]
const FILES_FOLDER: &str = "state/files/";

impl CommittedFiles {
    /// A store without a file.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { disk: LocalFileSystem::new(), names: Names::Listed(RwLock::default()) })
    }

    /// The store of all committed files below the folder of a warehouse, whose list is elsewhere.
    #[cfg(feature = "cluster")]
    pub(crate) fn below(warehouse: &std::path::Path) -> Result<Arc<Self>> {
        let fail = |error: std::io::Error| Error::Generic { store: "warehouse", source: Box::new(error) };
        let root = Path::from_absolute_path(std::path::absolute(warehouse).map_err(fail)?)?;
        Ok(Arc::new(Self { disk: LocalFileSystem::new(), names: Names::Below(root) }))
    }

    /// Enters a file: its name in the catalog and its place on disk. False when the name is taken.
    pub(crate) fn add(&self, name: Path, place: Path) -> bool {
        match &self.names {
            Names::Listed(files) => {
                files.write().unwrap_or_else(PoisonError::into_inner).insert(name, place).is_none()
            }
            #[cfg(feature = "cluster")]
            Names::Below(_) => false,
        }
    }

    /// Where on disk the file of this name is.
    pub(super) fn place(&self, name: &Path) -> Result<Path> {
        let place = match &self.names {
            Names::Listed(files) => files.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned(),
            #[cfg(feature = "cluster")]
            Names::Below(root) => {
                let is_file = name.as_ref().starts_with(FILES_FOLDER) && name.extension() == Some("parquet");
                is_file.then(|| root.parts().chain(name.parts()).collect())
            }
        };
        place.ok_or_else(|| Error::NotFound {
            path: name.to_string(),
            source: "it is not one of the committed files of this session".into(),
        })
    }
}

impl fmt::Display for CommittedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("warehouse")
    }
}

/// Says what happened to `name` without the place on disk, which the disk's own errors print.
fn without_place(name: &Path, error: &Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut reason = "it cannot be read".to_owned();
    while let Some(e) = cause {
        if let Some(io) = e.downcast_ref::<std::io::Error>() {
            reason = io.kind().to_string();
        }
        cause = e.source();
    }
    match error {
        Error::NotFound { .. } => Error::NotFound {
            path: name.to_string(),
            source: "the file is gone from disk; start again to see the current snapshots".into(),
        },
        _ => Error::Generic { store: "warehouse", source: format!("{name}: {reason}").into() },
    }
}

fn read_only() -> Error {
    Error::NotSupported { source: "committed files are read-only".into() }
}

#[async_trait::async_trait]
impl ObjectStore for CommittedFiles {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let place = self.place(location)?;
        let mut found = self.disk.get_opts(&place, options).await.map_err(|e| without_place(location, &e))?;
        found.meta.location = location.clone();
        Ok(found)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let place = self.place(location)?;
        self.disk.get_ranges(&place, ranges).await.map_err(|e| without_place(location, &e))
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
    use super::CommittedFiles;
    use datafusion::object_store::path::Path;
    use datafusion::object_store::{ObjectStore, ObjectStoreExt};
    use futures::StreamExt;

    #[tokio::test]
    async fn only_registered_files_exist_and_errors_hide_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.parquet");
        std::fs::write(&file, b"0123").unwrap();
        let name = Path::from("omspan/x/a.parquet");
        let place = Path::from_absolute_path(&file).unwrap();
        let store = CommittedFiles::new();
        assert!(store.add(name.clone(), place.clone()) && !store.add(name.clone(), place.clone()));

        assert_eq!(store.get(&name).await.unwrap().bytes().await.unwrap().as_ref(), b"0123");
        assert_eq!(store.get_range(&name, 1..3).await.unwrap().as_ref(), b"12");
        assert!(store.get(&place).await.is_err(), "the place on disk is not a name");
        assert!(store.put(&name, "x".into()).await.is_err());
        assert!(store.delete(&name).await.is_err());
        assert!(store.list(None).next().await.unwrap().is_err());

        std::fs::remove_file(&file).unwrap();
        let gone = store.get(&name).await.unwrap_err().to_string();
        assert!(gone.contains("omspan/x/a.parquet") && !gone.contains(&place.to_string()), "{gone}");
    }
}
