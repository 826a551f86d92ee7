//! The one way a secret is found: the variable `NAME`, else the file that `NAME_FILE` names, else the credential `NAME` that
//! systemd handed over. Read each time it is asked for, so that a file that is replaced counts without a restart.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::{CredentialError, Credentials};

/// Longest secret file, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 64 * 1024;

/// What follows the name of a variable that names a file.
const FILE_SUFFIX: &str = "_FILE";

/// Where systemd puts the credentials of a service (`LoadCredential=`), a file each.
const SYSTEMD_FOLDER_ENV: &str = "CREDENTIALS_DIRECTORY";

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// A secret, and where it stood. It has no debug print.
pub(super) struct Found {
    /// The variable or the file, for messages.
    pub(super) place: String,
    /// The secret; line ends at the end of a file are left out. Never blank.
    pub(super) text: Zeroizing<String>,
}

impl Credentials {
    /// The secret called `name`; `None` where none of the three places has one. A blank variable is none.
    ///
    /// # Errors
    /// [`CredentialError::Twice`] where the variable and its `_FILE` are both set; what is wrong with the file.
    pub(super) fn find(&self, name: &str) -> Result<Option<Found>, CredentialError> {
        let file = self.variable(&format!("{name}{FILE_SUFFIX}"))?;
        match (self.variable(name)?, file) {
            (Some(_), Some(_)) => Err(CredentialError::Twice { variable: name.to_owned() }),
            (Some(text), None) => Ok(Some(Found { place: name.to_owned(), text })),
            (None, Some(path)) => read(Path::new(path.trim()), &format!("{name}{FILE_SUFFIX}")).map(Some),
            (None, None) => self.handed_over(name),
        }
    }

    /// As [`Credentials::find`], and where there is none the `file` that the setting `key` of the configuration names.
    pub(super) fn find_or_file(
        &self,
        name: &str,
        (key, file): (&str, Option<&Path>),
    ) -> Result<Option<Found>, CredentialError> {
        match (self.find(name)?, file) {
            (Some(found), _) => Ok(Some(found)),
            (None, Some(path)) => read(path, key).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The credential `name` of systemd. Only the service may enter that folder, whatever the modes of the files in it say.
    fn handed_over(&self, name: &str) -> Result<Option<Found>, CredentialError> {
        let Some(folder) = self.variable(SYSTEMD_FOLDER_ENV)? else { return Ok(None) };
        let path = PathBuf::from(folder.as_str()).join(name);
        if path.exists() { read_any(&path, SYSTEMD_FOLDER_ENV, true).map(Some) } else { Ok(None) }
    }

    /// What `name` holds, where that is more than blanks.
    #[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
    fn variable(&self, name: &str) -> Result<Option<Zeroizing<String>>, CredentialError> {
        let value = match self {
            Self::Environment => match std::env::var(name) {
                Ok(value) => Some(value),
                Err(std::env::VarError::NotPresent) => None,
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(CredentialError::NotText { variable: name.to_owned() });
                }
            },
            Self::Given(secrets) => {
                secrets.get(name).map(|secret| secrecy::ExposeSecret::expose_secret(secret).to_owned())
            }
        };
        Ok(value.map(Zeroizing::new).filter(|value| !value.trim().is_empty()))
    }
}

/// The secret in a file that its owner alone may read.
fn read(path: &Path, named_by: &str) -> Result<Found, CredentialError> {
    read_any(path, named_by, false)
}

fn read_any(path: &Path, named_by: &str, in_safe_keeping: bool) -> Result<Found, CredentialError> {
    let failed = |reason: String| CredentialError::File { path: path.to_owned(), reason };
    let unread = |error: std::io::Error| failed(error.to_string());
    // Opening a pipe would wait for a writer, and a second reading would find it empty.
    let absent =
        |error: std::io::Error| CredentialError::Absent { named_by: named_by.to_owned(), reason: error.to_string() };
    if !std::fs::metadata(path).map_err(absent)?.is_file() {
        return Err(failed("it is no file".to_owned()));
    }
    let file = File::open(path).map_err(unread)?;
    let about = file.metadata().map_err(unread)?;
    let mode = about.permissions().mode() & 0o7777;
    if !in_safe_keeping && mode & OTHERS != 0 {
        return Err(CredentialError::Open { path: path.to_owned(), mode });
    }
    if about.len() > FILE_BYTES_MAX {
        return Err(CredentialError::Long { path: path.to_owned() });
    }
    // Room for all of it at once: text that grows leaves copies of itself behind.
    let room = usize::try_from(FILE_BYTES_MAX).expect("64 KiB") + 1;
    let mut text = Zeroizing::new(String::with_capacity(room));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unread)?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    if text.trim().is_empty() {
        return Err(CredentialError::Empty { path: path.to_owned() });
    }
    Ok(Found { place: path.display().to_string(), text })
}
