//! `[mail]` of `lumbung.toml`: by which road mail leaves, how long each stage of a delivery may take, and when what was not taken
//! goes again.

use std::net::IpAddr;
use std::path::PathBuf;

use super::document::Section;

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// By which road.
    pub transport: MailTransport,
    /// Where the file transport writes, relative to the working folder.
    pub folder: PathBuf,
    /// Whether a file in that folder is a delivery, because another system takes it from there.
    pub file_is_delivery: bool,
    /// The sender.
    pub from: String,
    /// Who is told of deliveries that came to a bad end.
    pub operator: Option<String>,
    /// The server; only of [`MailTransport::Smtp`].
    pub smtp: Option<SmtpSettings>,
    /// When what was not taken goes again.
    pub retry: MailRetry,
}

/// By which road mail leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTransport {
    /// `.eml` files in a folder.
    File,
    /// A mail server.
    Smtp,
}

/// The mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpSettings {
    /// Its name or address; what its certificate must say.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: SmtpSecurity,
    /// Who logs in; the password is a secret of the environment.
    pub user: Option<String>,
    /// A PEM file with further certificate authorities.
    pub ca_bundle: Option<PathBuf>,
    /// What this machine calls itself; `None`: its host name.
    pub hello: Option<String>,
    /// Most messages on one connection.
    pub per_connection_max: u32,
    /// Longest that each stage may take.
    pub timeouts: SmtpTimeouts,
}

/// How a connection to the mail server is secured. Nothing falls back to less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (`smtps://`).
    Tls,
    /// STARTTLS, or nothing is sent (`smtp+starttls://`).
    StartTls,
    /// None: only to this machine (`smtp://`).
    Plain,
}

/// Longest that each stage of a delivery may take, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpTimeouts {
    /// Finding and reaching the server.
    pub connect: u64,
    /// Its greeting, and what it can do.
    pub greeting: u64,
    /// The TLS handshake.
    pub tls: u64,
    /// The login.
    pub auth: u64,
    /// The reply to `MAIL`.
    pub mail: u64,
    /// The reply to `RCPT`.
    pub rcpt: u64,
    /// The reply to `DATA`.
    pub data: u64,
    /// Writing the message.
    pub body: u64,
    /// The reply to the final dot. RFC 5321 asks for ten minutes: a client that waits less makes duplicates (RFC 1047).
    pub reply: u64,
    /// Taking leave.
    pub quit: u64,
}

impl SmtpTimeouts {
    /// Longest that a delivery can take, the way to the server included.
    #[must_use]
    pub fn total(&self) -> u64 {
        let way = self.connect + self.greeting + self.tls + self.auth;
        way + self.mail + self.rcpt + self.data + self.body + self.reply + self.quit
    }
}

/// When what was not taken goes again, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailRetry {
    /// Seconds before the second attempt; they double from attempt to attempt.
    pub backoff_secs: u64,
    /// The longest wait.
    pub backoff_max_secs: u64,
    /// A delivery that was not taken for so long is given up.
    pub give_up_hours: u64,
}

/// `[mail]`.
pub(super) fn mail(root: &Section<'_, '_>) -> MailSettings {
    let section = root.section("mail");
    let text = |key| section.as_ref().and_then(|section| section.text(key)).map(str::to_owned);
    let number = |key, high: i64, default: u64| {
        section.as_ref().and_then(|section| section.integer(key, 1..=high)).map_or(default, i64::unsigned_abs)
    };
    let transport = match text("transport").as_deref() {
        None | Some("file") => MailTransport::File,
        Some("smtp") => MailTransport::Smtp,
        Some(other) => {
            let place = section.as_ref().unwrap_or(root);
            place.problem("transport", format!("unknown mail transport \"{other}\""), "known: file, smtp");
            MailTransport::File
        }
    };
    let server = text("smtp_url").and_then(|url| match server(&url) {
        Ok(server) => Some(server),
        Err(hint) => {
            // The URL is not repeated: a password may stand in it.
            section.as_ref().unwrap_or(root).problem("smtp_url", "`smtp_url` cannot be used", hint);
            None
        }
    });
    // Read whether or not there is a server: a wrong limit is a problem at once.
    let (ca_bundle, hello) = (text("ca_bundle").map(PathBuf::from), text("hello"));
    let per_connection_max = u32::try_from(number("per_connection_max", 10_000, 100)).expect("at most 10000");
    let timeouts = timeouts(section.as_ref());
    let smtp = server.map(|(security, user, host, port)| SmtpSettings {
        host,
        port,
        security,
        user,
        ca_bundle,
        hello,
        per_connection_max,
        timeouts,
    });
    if transport == MailTransport::Smtp && smtp.is_none() && text("smtp_url").is_none() {
        let hint = "smtps://user@host, or smtp+starttls://user@host";
        section.as_ref().unwrap_or(root).problem("smtp_url", "`smtp_url` is missing in [mail]", hint);
    }
    let mail = MailSettings {
        transport,
        folder: PathBuf::from(text("folder").unwrap_or_else(|| "outbox".to_owned())),
        file_is_delivery: section.as_ref().and_then(|section| section.flag("file_is_delivery")).unwrap_or(false),
        from: text("from").unwrap_or_else(|| "lumbung@contoh.go.id".to_owned()),
        operator: text("operator"),
        smtp,
        retry: MailRetry {
            backoff_secs: number("backoff_secs", 86_400, 300),
            backoff_max_secs: number("backoff_max_secs", 86_400, 14_400),
            give_up_hours: number("give_up_hours", 8_760, 72),
        },
    };
    if let Some(section) = section {
        section.finish();
    }
    mail
}

/// `[mail.timeouts]`.
fn timeouts(mail: Option<&Section<'_, '_>>) -> SmtpTimeouts {
    let section = mail.and_then(|mail| mail.section("timeouts"));
    let seconds = |key, default: u64| {
        section.as_ref().and_then(|section| section.integer(key, 1..=3_600)).map_or(default, i64::unsigned_abs)
    };
    let timeouts = SmtpTimeouts {
        connect: seconds("connect_secs", 30),
        greeting: seconds("greeting_secs", 300),
        tls: seconds("tls_secs", 30),
        auth: seconds("auth_secs", 60),
        mail: seconds("mail_secs", 300),
        rcpt: seconds("rcpt_secs", 300),
        data: seconds("data_secs", 120),
        body: seconds("body_secs", 300),
        reply: seconds("reply_secs", 600),
        quit: seconds("quit_secs", 5),
    };
    if let Some(section) = section {
        section.finish();
    }
    timeouts
}

/// Security, user, host and port of `scheme://[user@]host[:port]`.
fn server(url: &str) -> Result<(SmtpSecurity, Option<String>, String, u16), &'static str> {
    const SHAPE: &str =
        "smtps://user@host[:465], smtp+starttls://user@host[:587], or smtp://127.0.0.1[:25] to this machine";
    let (scheme, rest) = url.trim().split_once("://").ok_or(SHAPE)?;
    let (security, default_port) = match scheme {
        "smtps" => (SmtpSecurity::Tls, 465),
        "smtp+starttls" => (SmtpSecurity::StartTls, 587),
        "smtp" => (SmtpSecurity::Plain, 25),
        _ => return Err(SHAPE),
    };
    let rest = rest.trim_end_matches('/');
    // Many log in with a mail address: the last sign parts user and host.
    let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    if user.is_some_and(|user| user.contains(':')) {
        return Err("no password in the URL: it belongs in LUMBUNG_SMTP_PASSWORD or LUMBUNG_SMTP_PASSWORD_FILE");
    }
    let user = user.map(decoded).transpose()?.filter(|user| !user.is_empty());
    let (host, port) = match place.rsplit_once(':') {
        // An address of IPv6 stands in brackets.
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| SHAPE)?),
        _ => (place, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() || host.contains(['/', '?', '#', ' ']) {
        return Err(SHAPE);
    }
    if security == SmtpSecurity::Plain && !is_this_machine(&host) {
        return Err("without TLS only to this machine: use smtps:// or smtp+starttls://");
    }
    if security == SmtpSecurity::Plain && user.is_some() {
        return Err("a login needs TLS: use smtps:// or smtp+starttls://");
    }
    Ok((security, user, host, port))
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Undoes `%40` and the like.
fn decoded(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let pair: Vec<u8> = rest.by_ref().take(2).collect();
        let value = std::str::from_utf8(&pair).ok().filter(|pair| pair.len() == 2);
        bytes.push(value.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or("a percent sign is %25")?);
    }
    String::from_utf8(bytes).map_err(|_| "the user is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::{MailTransport, SmtpSecurity, server};
    use crate::config::deployment::parse;

    #[test]
    fn urls_name_server_and_security() {
        for (url, security, user, host, port) in [
            ("smtps://lumbung@mail.contoh.go.id", SmtpSecurity::Tls, Some("lumbung"), "mail.contoh.go.id", 465),
            ("smtp+starttls://a@contoh.go.id@m:2525/", SmtpSecurity::StartTls, Some("a@contoh.go.id"), "m", 2525),
            ("smtps://a%40x%25@[2001:db8::1]:465", SmtpSecurity::Tls, Some("a@x%"), "2001:db8::1", 465),
            ("smtp://127.0.0.1", SmtpSecurity::Plain, None, "127.0.0.1", 25),
            ("smtp://[::1]", SmtpSecurity::Plain, None, "::1", 25),
            ("smtp://localhost:2526", SmtpSecurity::Plain, None, "localhost", 2526),
        ] {
            let expected = (security, user.map(str::to_owned), host.to_owned(), port);
            assert_eq!(server(url), Ok(expected), "{url}");
        }
        for url in [
            "mail.contoh.go.id",
            "http://mail",
            "smtps://",
            "smtps://h:99999",
            "smtp://mail.contoh.go.id",
            "smtp://10.0.0.1:25",
            "smtp://u@127.0.0.1",
            "smtps://u%4@h",
        ] {
            assert!(server(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        let text = "[mail]\ntransport = \"smtp\"\nsmtp_url = \"smtps://lumbung:rahasia@mail.contoh.go.id\"\n";
        let problems = parse("lumbung.toml", text, &[]).unwrap_err().to_string();
        assert!(problems.contains("LUMBUNG_SMTP_PASSWORD") && !problems.contains("rahasia"), "{problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
        let none = parse("lumbung.toml", "[mail]\ntransport = \"smtp\"\n", &[]).unwrap_err().to_string();
        assert!(none.contains("`smtp_url` is missing"), "{none}");
        let unknown = parse("lumbung.toml", "[mail]\ntransport = \"pigeon\"\n", &[]).unwrap_err().to_string();
        assert!(unknown.contains("known: file, smtp"), "{unknown}");
    }

    #[test]
    fn stages_have_their_own_limits() {
        let text = "[mail]\ntransport = \"smtp\"\nsmtp_url = \"smtp://127.0.0.1\"\n[mail.timeouts]\nreply_secs = 2\n";
        let mail = parse("lumbung.toml", text, &[]).unwrap().mail;
        let server = mail.smtp.unwrap();
        assert_eq!((mail.transport, server.timeouts.reply, server.timeouts.mail), (MailTransport::Smtp, 2, 300));
        assert!(parse("lumbung.toml", "[mail.timeouts]\nrepply_secs = 2\n", &[]).is_err());
    }
}
