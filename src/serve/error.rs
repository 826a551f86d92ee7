//! Why serving cannot begin.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::catalog::CatalogError;
use crate::config::CredentialError;
use crate::decode::DecodeError;

/// What keeps `lumbung serve` from starting. Nothing that happens to one request is here: that is an answer.
#[derive(Debug, Error)]
pub enum ServeError {
    /// An address that others reach, without TLS.
    #[error(
        "plain HTTP on {address} would be read on the way: set serve.tls_cert and serve.tls_key, or bind to 127.0.0.1"
    )]
    Plain {
        /// The address.
        address: SocketAddr,
    },
    /// The same for the SQL port.
    #[error(
        "passwords and figures on {address} would be read on the way: set serve.postgres.tls_cert and serve.postgres.tls_key, \
         or bind to 127.0.0.1"
    )]
    PlainPort {
        /// The address.
        address: SocketAddr,
    },
    /// Nobody may use the SQL port.
    #[error(
        "nobody may connect to the SQL port: give it users, [serve.postgres.users.NAME] with a role and a password"
    )]
    NoPortUser,
    /// There is nowhere to spill.
    #[error("the SQL port cannot start: {0}")]
    Engine(CatalogError),
    /// The address is taken or not this machine's.
    #[error(
        "cannot listen on {address}: {source}; is another `lumbung serve` running? --http and --pg choose another address"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate or key file cannot be read.
    #[error("the file {} cannot be used for TLS: {reason}", path.display())]
    TlsFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Certificate and key do not make a server.
    #[error("the certificate {} with the key {} cannot be used for TLS: {reason}", cert.display(), key.display())]
    Tls {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        reason: String,
    },
    /// No source has what its inbox needs.
    #[error("no inbox is switched on; an inbox is switched on by its secrets: {}", variables.join("; "))]
    NoInbox {
        /// The variables of each source.
        variables: Vec<String>,
    },
    /// A source has some of its secrets and lacks another.
    #[error("the inbox of {source_name} lacks a secret: set {}", variables.join(" and "))]
    HalfSecret {
        /// The source.
        source_name: String,
        /// The variables that are empty.
        variables: Vec<String>,
    },
    /// A secret of an inbox cannot be used.
    #[error("the inbox of {source_name}: {source}")]
    Credential {
        /// The source.
        source_name: String,
        /// Why.
        source: CredentialError,
    },
    /// The contract of an inbox cannot be served.
    #[error("the inbox of {source_name}: {reason}")]
    Contract {
        /// The source.
        source_name: String,
        /// Why.
        reason: String,
    },
    /// A dataset cannot be inspected.
    #[error("the dataset {dataset} cannot be received: {source}")]
    Inspect {
        /// The dataset.
        dataset: String,
        /// Why.
        source: DecodeError,
    },
    /// The time of the load is not understood.
    #[error("inbox.load = \"{cron}\" is no schedule ({reason}): six fields, seconds first, e.g. \"0 */5 * * * *\"")]
    Schedule {
        /// What is configured.
        cron: String,
        /// Why.
        reason: String,
    },
}
