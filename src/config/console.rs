//! `[serve.console]` of `lumbung.toml`: the pages in a browser, who reaches them and for how long somebody stays signed in.
//!
//! Users are not here: `lumbung user add` writes them, with a hash of their password, to a file of their own.

use std::net::IpAddr;

use super::document::Section;

/// The console.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {
    /// Whether the listener of `serve.http` has one.
    pub enabled: bool,
    /// How browsers reach it where that is not the listener's own address, e.g. `https://lumbung.contoh.go.id` of a proxy.
    pub origin: Option<String>,
    /// A session ends after so long without a request.
    pub idle_minutes: u32,
    /// And after so long in any case.
    pub session_hours: u32,
    /// Most sessions of a user; one more ends the oldest.
    pub sessions_max: usize,
    /// Passwords checked at a time: each takes 19 MiB and some tens of milliseconds of a core.
    pub sign_ins_max: usize,
    /// The header in which a proxy names the user it has signed in; `None`: nobody signs in by a header.
    pub proxy_header: Option<String>,
    /// The proxies that may.
    pub proxy_from: Vec<IpAddr>,
    /// The environment variable with the secret that they show in `X-Lumbung-Proxy-Secret`.
    pub proxy_secret_env: Option<String>,
}

/// What somebody may do in the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsoleRole {
    /// Reads reports.
    Leader,
    /// Reads reports and data, and asks in SQL.
    Analyst,
    /// Everything.
    Operator,
}

impl ConsoleRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Leader, Self::Analyst, Self::Operator];

    /// Its name on the command line and in the file of users.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Analyst => "analyst",
            Self::Operator => "operator",
        }
    }

    /// The role that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// `[serve.console]` within `serve`.
pub(super) fn console(serve: Option<&Section<'_, '_>>) -> ConsoleSettings {
    let section = serve.and_then(|serve| serve.section("console"));
    let number = |key, high: i64, default: u32| {
        let found = section.as_ref().and_then(|section| section.integer(key, 1..=high));
        found.map_or(default, |n| u32::try_from(n).expect("below 2^32"))
    };
    let text = |key| section.as_ref().and_then(|section| section.text(key)).map(str::to_owned);
    let settings = ConsoleSettings {
        enabled: section.as_ref().and_then(|section| section.flag("enabled")).unwrap_or(true),
        origin: text("origin"),
        idle_minutes: number("idle_minutes", 1_440, 60),
        session_hours: number("session_hours", 168, 12),
        sessions_max: number("sessions_max", 100, 5) as usize,
        sign_ins_max: number("sign_ins_max", 64, 2) as usize,
        proxy_header: text("proxy_header"),
        proxy_from: section.as_ref().map(addresses).unwrap_or_default(),
        proxy_secret_env: text("proxy_secret_env"),
    };
    if let Some(section) = section {
        judge(&section, &settings);
        section.finish();
    }
    settings
}

/// Problems that no single key shows.
fn judge(section: &Section<'_, '_>, settings: &ConsoleSettings) {
    if let Some(origin) = &settings.origin
        && !is_origin(origin)
    {
        let message = format!("`origin` cannot be \"{origin}\"");
        section.problem(
            "origin",
            message,
            "scheme and host as browsers show them, such as https://lumbung.contoh.go.id",
        );
    }
    let Some(header) = &settings.proxy_header else {
        if !settings.proxy_from.is_empty() || settings.proxy_secret_env.is_some() {
            let message = "`proxy_from` and `proxy_secret_env` say nothing without `proxy_header`";
            section.problem("proxy_from", message, "proxy_header = \"X-Remote-User\"");
        }
        return;
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !header.starts_with(['X', 'x']) || !header.chars().all(fits) {
        let message = format!("`proxy_header` cannot be \"{header}\"");
        section.problem("proxy_header", message, "a header of the proxy's own, such as X-Remote-User");
    }
    if settings.proxy_from.is_empty() {
        let message = "`proxy_header` needs `proxy_from`: anybody else can write a header, too";
        section.problem("proxy_header", message, "proxy_from = [\"127.0.0.1\"]");
    }
    let is_remote = settings.proxy_from.iter().any(|address| !address.is_loopback());
    if is_remote && settings.proxy_secret_env.is_none() {
        let message = "a proxy on another machine has to show a secret: `proxy_secret_env` is missing";
        section.problem("proxy_from", message, "proxy_secret_env = \"LUMBUNG_CONSOLE_PROXY_SECRET\"");
    }
}

/// Scheme and host, a port where it is not the scheme's own, and nothing after it.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '[' | ']');
    host.is_some_and(|host| !host.is_empty() && host.chars().all(fits))
}

fn addresses(section: &Section<'_, '_>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for text in section.texts("proxy_from") {
        match text.parse::<IpAddr>() {
            Ok(address) => addresses.push(address.to_canonical()),
            Err(_) => section.problem("proxy_from", format!("\"{text}\" is no address"), "such as 127.0.0.1"),
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use crate::config::DEFAULT_CONFIG;
    use crate::config::deployment::parse;

    fn set(pairs: &[&str]) -> Result<super::ConsoleSettings, String> {
        let pairs: Vec<String> = pairs.iter().map(ToString::to_string).collect();
        parse("lumbung.toml", DEFAULT_CONFIG, &pairs)
            .map(|config| config.serve.console)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_shipped_console_is_on_and_believes_no_header() {
        let shipped = set(&[]).unwrap();
        assert!(shipped.enabled && shipped.proxy_header.is_none() && shipped.origin.is_none());
        assert_eq!((shipped.idle_minutes, shipped.session_hours, shipped.sessions_max), (60, 12, 5));
    }

    #[test]
    fn a_header_is_believed_from_named_proxies_only() {
        let header = "serve.console.proxy_header=X-Remote-User";
        let here = "serve.console.proxy_from=[\"127.0.0.1\"]";
        let there = "serve.console.proxy_from=[\"10.0.0.7\"]";
        let secret = "serve.console.proxy_secret_env=LUMBUNG_CONSOLE_PROXY_SECRET";
        assert_eq!(set(&[header, here]).unwrap().proxy_from, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
        assert!(set(&[header, there, secret]).is_ok());
        assert!(set(&[header]).unwrap_err().contains("needs `proxy_from`"));
        assert!(set(&[header, there]).unwrap_err().contains("`proxy_secret_env` is missing"));
        assert!(set(&[here]).unwrap_err().contains("say nothing without `proxy_header`"));
        assert!(set(&["serve.console.proxy_header=Authorization", here]).unwrap_err().contains("cannot be"));
        assert!(set(&[header, "serve.console.proxy_from=[\"proxy\"]"]).unwrap_err().contains("is no address"));
    }

    #[test]
    fn an_origin_is_scheme_and_host() {
        assert!(set(&["serve.console.origin=https://lumbung.contoh.go.id"]).is_ok());
        for wrong in ["lumbung.contoh.go.id", "https://", "https://a.id/x", "ftp://a.id", "https://A.id"] {
            let refused = set(&[&format!("serve.console.origin={wrong}")]).unwrap_err();
            assert!(refused.contains("`origin` cannot be"), "{wrong}: {refused}");
        }
    }
}
