//! Where a scheduler listens: `df://host:port`.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::error::ClusterError;

/// The port of a URL that names none.
pub const DEFAULT_PORT: u16 = 50050;

const SCHEME: &str = "df://";

/// The address of a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterAddress {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    host: String,
    port: u16,
}

impl ClusterAddress {
    /// The address of `host` (an IPv6 address in brackets) and `port`.
    #[must_use]
    pub(super) fn new(host: String, port: u16) -> Self {
        Self { host, port }
    }

    /// As gRPC wants it.
    pub(super) fn http(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for ClusterAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}:{}", self.host, self.port)
    }
}

impl FromStr for ClusterAddress {
    type Err = ClusterError;

    /// Reads `df://host`, `df://host:port`, `df://[::1]:port`.
    fn from_str(url: &str) -> Result<Self, ClusterError> {
        let fail = |reason: &str| ClusterError::Address { url: url.to_owned(), reason: reason.to_owned() };
        let rest = url.strip_prefix(SCHEME).ok_or_else(|| fail("it has to begin with df://"))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // The colon of the port stands behind the brackets of an IPv6 address.
        let end_of_host = rest.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match rest[end_of_host..].rfind(':').map(|colon| end_of_host + colon) {
            Some(colon) => (&rest[..colon], Some(&rest[colon + 1..])),
            None => (rest, None),
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(|| fail("that is no port"))?,
        };
        if !is_host(host) {
            return Err(fail("only a host and a port follow df://"));
        }
        Ok(Self::new(host.to_owned(), port))
    }
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')),
    }
}

#[cfg(test)]
mod tests {
    use super::ClusterAddress;

    #[test]
    fn a_url_names_a_host_and_perhaps_a_port() {
        let read = |url: &str| url.parse::<ClusterAddress>().map(|address| address.to_string());
        for (url, same) in [
            ("df://10.0.0.5:6000", "df://10.0.0.5:6000"),
            ("df://gudang-1.internal", "df://gudang-1.internal:50050"),
            ("df://[::1]:7", "df://[::1]:7"),
            ("df://[::1]", "df://[::1]:50050"),
            ("df://host:50050/", "df://host:50050"),
        ] {
            assert_eq!(read(url).unwrap(), same);
        }
        for url in [
            "",
            "host",
            "http://host",
            "df://",
            "df://host:",
            "df://host:0",
            "df://host:65536",
            "df://host/db",
            "df://a@b",
            "df://::1",
            "df://host?x",
            "df://[::1",
            "df://[host]",
        ] {
            assert!(read(url).unwrap_err().to_string().contains("df://host:50050"), "{url}");
        }
    }
}
