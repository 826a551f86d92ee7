//! Delivery into a folder: one `.eml` file an edition and recipient.

use super::{MailError, Outgoing};
use lettre::Transport;
use lettre::address::Envelope;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Lays messages in a folder, which is made when it is missing.
#[derive(Debug, Clone)]
pub struct FileTransport {
    folder: PathBuf,
}

impl FileTransport {
    /// A transport into `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Writes the message and returns its path. The name depends only on edition and recipient, so a second delivery
    /// replaces the first. lettre's transport writes it aside under a name of its own, and a rename makes it appear: a
    /// reader never meets half a mail.
    ///
    /// # Errors
    /// [`MailError::Write`] when the folder or file cannot be written.
    pub fn deliver(&self, message: &Outgoing) -> Result<PathBuf, MailError> {
        let aside = self.folder.join(ASIDE);
        let path = self.folder.join(file_name(message));
        let failed = |path: &Path, source: std::io::Error| MailError::Write { path: path.to_owned(), source };
        std::fs::create_dir_all(&aside).map_err(|source| failed(&self.folder, source))?;
        let envelope = Envelope::new(None, vec![message.recipient.clone()])
            .map_err(|error| failed(&path, std::io::Error::other(error)))?;
        let id = lettre::FileTransport::new(&aside)
            .send_raw(&envelope, &message.eml)
            .map_err(|error| failed(&aside, std::io::Error::other(error)))?;
        let written = aside.join(format!("{id}.eml"));
        let publish = || {
            std::fs::File::open(&written)?.sync_all()?;
            std::fs::rename(&written, &path)?;
            std::fs::remove_dir(&aside)
        };
        publish().map_err(|source| failed(&path, source))?;
        Ok(path)
    }
}

/// Where a message lies until it is whole.
const ASIDE: &str = ".writing";

/// `<edition>.<recipient>-<digest>.eml` in plain ASCII; the digest keeps `a.b@` and `a-b@` apart.
fn file_name(message: &Outgoing) -> String {
    let recipient = message.recipient.to_string().to_lowercase();
    let plain: String = recipient.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let digest = Sha256::digest(recipient.as_bytes());
    format!("{}.{plain}-{:02x}{:02x}{:02x}.eml", message.edition, digest[0], digest[1], digest[2])
}

#[cfg(test)]
mod tests {
    use super::FileTransport;
    use crate::mail::Outgoing;

    fn outgoing(recipient: &str, body: &str) -> Outgoing {
        Outgoing {
            edition: "serapan-anggaran-2026-11-02".to_owned(),
            recipient: recipient.parse().unwrap(),
            message_id: "<a@contoh.go.id>".to_owned(),
            eml: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_second_delivery_replaces_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let transport = FileTransport::new(folder.path().join("outbox"));
        let first = transport.deliver(&outgoing("a.b@contoh.go.id", "one")).unwrap();
        let second = transport.deliver(&outgoing("a.b@contoh.go.id", "two")).unwrap();
        let other = transport.deliver(&outgoing("a-b@contoh.go.id", "three")).unwrap();
        assert_eq!(first, second);
        assert_ne!(first, other);
        assert_eq!(std::fs::read(&first).unwrap(), b"two");
        let names: Vec<_> = std::fs::read_dir(folder.path().join("outbox")).unwrap().collect();
        assert_eq!(names.len(), 2, "nothing is left aside");
        let name = first.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("serapan-anggaran-2026-11-02.a-b-contoh-go-id-"), "{name}");
    }

    #[test]
    fn an_unwritable_outbox_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("outbox");
        std::fs::write(&blocked, "a file where the folder should be").unwrap();
        let error = FileTransport::new(&blocked).deliver(&outgoing("a@contoh.go.id", "x")).unwrap_err().to_string();
        assert!(error.contains("outbox") && error.ends_with("make the outbox folder writable"), "{error}");
    }
}
