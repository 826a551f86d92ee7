//! `[serve]` and `[inbox]` of `lumbung.toml`: where the daemon listens, and the limits of what it takes in.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::console::{self, ConsoleSettings};
use super::document::Section;
use super::postgres::{self, PostgresSettings};

/// Where the daemon listens, and how long it waits.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// The address.
    pub http: SocketAddr,
    /// PEM file with the certificate chain; with `tls_key`, TLS is spoken and nothing else.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's key.
    pub tls_key: Option<PathBuf>,
    /// Most connections at a time; further ones wait to be taken.
    pub connections_max: usize,
    /// Longest until the head of a request is there, and between two requests.
    pub header_timeout_secs: u64,
    /// Longest until its body is there.
    pub body_timeout_secs: u64,
    /// Longest that open requests are waited for on the way out.
    pub drain_secs: u64,
    /// Whether `/metrics` answers.
    pub metrics: bool,
    /// The environment variable with the token that whoever asks for figures must show; without one only this machine may ask.
    pub metrics_token_env: Option<String>,
    /// The pages in a browser.
    pub console: ConsoleSettings,
    /// The port for clients of PostgreSQL.
    pub postgres: PostgresSettings,
}

/// What the inbox takes in.
#[derive(Debug, Clone)]
pub struct InboxSettings {
    /// Whether the daemon has one.
    pub enabled: bool,
    /// Longest push, in bytes.
    pub body_bytes_max: usize,
    /// Most objects and lists within one another.
    pub depth_max: usize,
    /// Requests a client may make in a second, in the long run.
    pub requests_per_second: u32,
    /// Requests a client may make at once.
    pub burst: u32,
    /// Most that may wait to be loaded, in mebibytes.
    pub waiting_mb_max: u64,
    /// How long a token of yesterday or tomorrow holds, around midnight.
    pub token_tolerance_minutes: i64,
    /// When what waits is loaded: a cron line with seconds, in the deployment's zone.
    pub load: String,
    /// Days after which a push that comes again is taken for a new one.
    pub remember_days: u32,
    /// Refused pushes kept.
    pub refused_max: u64,
    /// Days they are kept.
    pub refused_days: u32,
}

/// `[serve]`.
pub(super) fn serve(root: &Section<'_, '_>) -> ServeSettings {
    let section = root.section("serve");
    let file = |key| section.as_ref().and_then(|section| section.text(key)).map(PathBuf::from);
    let seconds = |key, default: u64| {
        section.as_ref().and_then(|section| section.integer(key, 1..=3_600)).map_or(default, i64::unsigned_abs)
    };
    let address = section.as_ref().and_then(|section| section.text("http")).unwrap_or("127.0.0.1:8088");
    let http = address.parse().unwrap_or_else(|_| {
        let message = format!("`http` cannot be \"{address}\"");
        section.as_ref().unwrap_or(root).problem("http", message, "an address and a port such as 127.0.0.1:8088");
        SocketAddr::from(([127, 0, 0, 1], 0))
    });
    let connections = section.as_ref().and_then(|section| section.integer("connections_max", 1..=65_536));
    let serve = ServeSettings {
        http,
        tls_cert: file("tls_cert"),
        tls_key: file("tls_key"),
        connections_max: usize::try_from(connections.unwrap_or(512)).expect("at most 65536"),
        header_timeout_secs: seconds("header_timeout_secs", 10),
        body_timeout_secs: seconds("body_timeout_secs", 30),
        drain_secs: seconds("drain_secs", 30),
        metrics: section.as_ref().and_then(|section| section.flag("metrics")).unwrap_or(true),
        metrics_token_env: section.as_ref().and_then(|section| section.text("metrics_token_env")).map(str::to_owned),
        console: console::console(section.as_ref()),
        postgres: postgres::postgres(section.as_ref()),
    };
    if let Some(section) = section {
        if serve.tls_cert.is_some() != serve.tls_key.is_some() {
            section.problem("tls_cert", "`tls_cert` and `tls_key` go together", "two PEM files");
        }
        section.finish();
    }
    serve
}

/// `[inbox]`.
pub(super) fn inbox(root: &Section<'_, '_>) -> InboxSettings {
    let section = root.section("inbox");
    let number = |key, high: i64, default: i64| {
        section.as_ref().and_then(|section| section.integer(key, 1..=high)).unwrap_or(default)
    };
    let small = |key, high: i64, default: i64| u32::try_from(number(key, high, default)).expect("below 2^32");
    let inbox = InboxSettings {
        enabled: section.as_ref().and_then(|section| section.flag("enabled")).unwrap_or(true),
        body_bytes_max: usize::try_from(number("body_bytes_max", 32 << 20, 4 << 20)).expect("at most 32 MiB"),
        depth_max: usize::try_from(number("depth_max", 100, 32)).expect("at most 100"),
        requests_per_second: small("requests_per_second", 1_000_000, 200),
        burst: small("burst", 1_000_000, 400),
        waiting_mb_max: number("waiting_mb_max", 1 << 20, 2_048).unsigned_abs(),
        token_tolerance_minutes: number("token_tolerance_minutes", 720, 15),
        load: section.as_ref().and_then(|section| section.text("load")).unwrap_or("0 */5 * * * *").to_owned(),
        remember_days: small("remember_days", 36_500, 400),
        refused_max: number("refused_max", 1_000_000, 10_000).unsigned_abs(),
        refused_days: small("refused_days", 36_500, 30),
    };
    if let Some(section) = section {
        section.finish();
    }
    inbox
}
