//! TLS by rustls: a chain of certificates and its key, as PEM files.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::super::ServeError;

/// HTTP/1.1 within TLS.
pub const HTTP: &[u8] = b"http/1.1";

/// Reads the chain (the server's own certificate first) and the key, and gives what takes handshakes with them. `protocol` is
/// what is spoken within, as TLS names it (ALPN).
///
/// # Errors
/// [`ServeError::TlsFile`] for a file that is missing or broken, [`ServeError::Tls`] where the two do not belong together.
/// What stands in the key file is never repeated.
pub fn acceptor(cert: &Path, key: &Path, protocol: &[u8]) -> Result<TlsAcceptor, ServeError> {
    let broken = |path: &Path, error: &pem::Error| ServeError::TlsFile {
        path: path.to_owned(),
        reason: match error {
            pem::Error::Io(error) => error.to_string(),
            pem::Error::NoItemsFound => "there is none of what is looked for in it".to_owned(),
            _ => "it is no PEM file".to_owned(),
        },
    };
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(cert).and_then(Iterator::collect).map_err(|error| broken(cert, &error))?;
    if chain.is_empty() {
        return Err(broken(cert, &pem::Error::NoItemsFound));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| broken(key, &error))?;
    let refused = |error: rustls::Error| ServeError::Tls {
        cert: cert.to_owned(),
        key: key.to_owned(),
        reason: error.to_string(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(refused)?;
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::HTTP;
    use std::path::Path;

    fn acceptor(cert: &Path, key: &Path) -> Result<tokio_rustls::TlsAcceptor, super::ServeError> {
        super::acceptor(cert, key, HTTP)
    }

    #[test]
    fn a_broken_file_is_named_and_a_strangers_key_refused() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (ours, other) = (made(), made());
        let cert = write("cert.pem", &ours.cert.pem());
        let key = write("key.pem", &ours.signing_key.serialize_pem());
        assert!(acceptor(&cert, &key).is_ok());
        let refused = |cert: &std::path::Path, key: &std::path::Path| acceptor(cert, key).err().unwrap().to_string();
        let strange = write("strange.pem", &other.signing_key.serialize_pem());
        assert!(refused(&cert, &strange).contains("cert.pem"), "{}", refused(&cert, &strange));
        let text = write("text.pem", "secret words");
        for broken in [&text, &folder.path().join("absent.pem")] {
            let name = broken.file_name().unwrap().to_str().unwrap();
            assert!(refused(broken, &key).contains(name));
            assert!(refused(&cert, broken).contains(name));
            assert!(!refused(&cert, broken).contains("secret words"));
        }
    }
}
