//! A file that appears when it is whole.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::exit::{Code, Failure};

/// A file being written beside its place, under the same name with `.part`. Dropped before [`Aside::publish`], also where
/// a query is stopped, it is gone.
pub(super) struct Aside {
    path: PathBuf,
    aside: PathBuf,
    file: BufWriter<File>,
    published: bool,
}

impl Aside {
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let aside = path.with_file_name(name);
        let file = File::create(&aside).map_err(|error| cannot_write(path, &error))?;
        Ok(Self { path: path.to_owned(), aside, file: BufWriter::new(file), published: false })
    }

    /// Puts the file in its place, where an older one is replaced.
    pub(super) fn publish(mut self) -> Result<(), Failure> {
        let done = self.file.flush().and_then(|()| std::fs::rename(&self.aside, &self.path));
        self.published = done.is_ok();
        done.map_err(|error| cannot_write(&self.path, &error))
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.published {
            // Nobody reads it: what cannot be removed is only in the way.
            let _ = std::fs::remove_file(&self.aside);
        }
    }
}

pub(super) fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::CannotWrite, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::Aside;
    use std::io::Write;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hasil.csv");
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut given_up = Aside::create(&path).unwrap();
        given_up.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(given_up);
        assert_eq!(names(), 0);
        let mut whole = Aside::create(&path).unwrap();
        whole.write_all(b"whole").unwrap();
        whole.publish().unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), names()), (b"whole".to_vec(), 1));
        assert!(Aside::create(&folder.path().join("no/folder.csv")).is_err());
    }
}
