//! Sealing to a public key: whoever holds only the recipient can write, only the holder of the identity can read. The
//! format is age v1 with X25519 keys, so the `age` tool opens what lumbung sealed. The one module that names `age`.
//! What this machine has to read again itself, it keeps in a [`vault`].

pub mod vault;

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::iter;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Decryptor, Encryptor, x25519};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Largest identity file read, in bytes.
const IDENTITY_BYTES_MAX: u64 = 64 << 10;

/// What a key is refused for, or a sealed file not opened.
#[derive(Debug, Error)]
pub enum SealError {
    /// Not a recipient. The text is not repeated: it may be a secret.
    #[error("is no age recipient: one begins with age1, and `lumbung key identity FILE` makes one")]
    Recipient,
    /// An identity where a recipient belongs.
    #[error("is a secret identity: keep that away from this machine and give its recipient (age1…) here")]
    Secret,
    /// The identity file cannot be read.
    #[error("the identity file {path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The identity file holds something else.
    #[error("the identity file {path}, line {line}: no age identity (AGE-SECRET-KEY-1…)")]
    Identity {
        /// The file.
        path: PathBuf,
        /// From 1; 0 where there is no line with an identity.
        line: usize,
    },
    /// Sealed to someone else.
    #[error("the identity is not the one it was sealed to")]
    NoMatch,
    /// Not a sealed file, or not a whole one.
    #[error("{0}")]
    Damaged(String),
    /// The sealed file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Whom something is sealed to: a public key, `age1…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        let text = text.trim();
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err(SealError::Secret);
        }
        text.parse().map(Self).map_err(|_| SealError::Recipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What opens sealed things: one or several secret keys.
pub struct Identity(Vec<x25519::Identity>);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("n_keys", &self.0.len()).finish_non_exhaustive()
    }
}

impl Identity {
    /// A new secret key, from the system's random source.
    #[must_use]
    pub fn generate() -> Self {
        Self(vec![x25519::Identity::generate()])
    }

    /// Reads an identity file: a key a line, `#` begins a comment.
    ///
    /// # Errors
    /// When the file cannot be read or a line is no key; what stands in it is never repeated.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        let failed = |source| SealError::Read { path: path.to_path_buf(), source };
        let mut text = String::new();
        File::open(path).map_err(failed)?.take(IDENTITY_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        let mut keys = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refused = |_| SealError::Identity { path: path.to_path_buf(), line: i + 1 };
            keys.push(line.parse::<x25519::Identity>().map_err(refused)?);
        }
        if keys.is_empty() {
            return Err(SealError::Identity { path: path.to_path_buf(), line: 0 });
        }
        Ok(Self(keys))
    }

    /// The public keys.
    #[must_use]
    pub fn recipients(&self) -> Vec<Recipient> {
        self.0.iter().map(|key| Recipient(key.to_public())).collect()
    }

    /// An identity file with these keys, each under its recipient.
    #[must_use]
    pub fn to_file(&self) -> SecretString {
        let mut text = String::new();
        for key in &self.0 {
            text.push_str(&format!("# recipient: {}\n{}\n", key.to_public(), key.to_string().expose_secret()));
        }
        text.into()
    }
}

/// Seals what is written to it. [`Sealing::finish`] makes it whole; without that it cannot be opened.
pub struct Sealing<W: Write>(StreamWriter<W>);

impl<W: Write> fmt::Debug for Sealing<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealing")
    }
}

impl<W: Write> Sealing<W> {
    /// Begins a sealed file in `output`.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn new(recipient: &Recipient, output: W) -> io::Result<Self> {
        let recipients = iter::once(&recipient.0 as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        Ok(Self(encryptor.wrap_output(output)?))
    }

    /// Writes the end and gives the output back.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What was sealed, as it is opened. Reading to the end also proves that nothing was changed or cut off.
pub struct Opened<R: Read>(StreamReader<R>);

impl<R: Read> fmt::Debug for Opened<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Opens what was sealed.
///
/// # Errors
/// [`SealError::NoMatch`] for another's seal, [`SealError::Damaged`] where the beginning is no seal at all.
pub fn open<R: Read>(input: R, identity: &Identity) -> Result<Opened<R>, SealError> {
    let keys = identity.0.iter().map(|key| key as &dyn age::Identity);
    match Decryptor::new(input).and_then(|sealed| sealed.decrypt(keys)) {
        Ok(opened) => Ok(Opened(opened)),
        Err(DecryptError::NoMatchingKeys) => Err(SealError::NoMatch),
        Err(DecryptError::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(SealError::Io(error)),
        Err(error) => Err(SealError::Damaged(format!("it is no whole age file ({error})"))),
    }
}

#[cfg(test)]
mod tests;
