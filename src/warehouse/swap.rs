//! Making one folder of `history` or `latest` show a new file, or all of `marts` new ones, in one step for whoever looks.

use super::disk;
use super::error::WarehouseError;
use super::steps::{Step, Steps};
use std::path::{Path, PathBuf};

/// A folder that is to show one file and nothing else.
#[derive(Debug)]
pub(crate) struct Swap {
    /// The file, as the ledger's readers open it.
    pub(crate) file: PathBuf,
    /// Where the new folder is built, on the same file system; afterwards the old one stands here.
    pub(crate) aside: PathBuf,
    /// The folder in the published tree.
    pub(crate) target: PathBuf,
}

impl Swap {
    /// Whether the folder shows the file already: a commit that is taken up again skips it.
    pub(crate) fn is_done(&self) -> Result<bool, WarehouseError> {
        disk::exists(&self.target.join(self.file_name()))
    }

    /// Builds the new folder aside.
    pub(crate) fn prepare(&self) -> Result<(), WarehouseError> {
        disk::remove_folder(&self.aside)?;
        disk::create_folder(&self.aside)?;
        disk::link(&self.file, &self.aside.join(self.file_name()))
    }

    /// Puts the new folder in place.
    pub(crate) fn publish(&self, steps: &Steps) -> Result<(), WarehouseError> {
        put_in_place(&self.aside, &self.target, steps)
    }

    fn file_name(&self) -> &Path {
        self.file.file_name().map(Path::new).expect("a committed file has a name")
    }
}

/// Puts the folder `aside` in the place of `target`: a rename where nothing stands, an exchange where an older one does,
/// which then stands aside.
pub(crate) fn put_in_place(aside: &Path, target: &Path, steps: &Steps) -> Result<(), WarehouseError> {
    if !disk::exists(target)? {
        if let Some(parent) = target.parent() {
            disk::create_folder(parent)?;
        }
        return disk::rename(aside, target);
    }
    if !steps.without_exchange() && disk::exchange(aside, target)? {
        return Ok(());
    }
    replace_in_two_steps(aside, target, steps)
}

/// For a moment a reader finds no folder; it never finds two files.
fn replace_in_two_steps(aside: &Path, target: &Path, steps: &Steps) -> Result<(), WarehouseError> {
    let path = target.display();
    tracing::warn!(%path, "the file system cannot exchange folders: a reader may miss this one for a moment");
    let old = aside.with_extension("old");
    disk::remove_folder(&old)?;
    disk::rename(target, &old)?;
    steps.reached(Step::OldMovedOut, target)?;
    disk::rename(aside, target)
}
