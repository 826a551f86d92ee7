//! `[serve.postgres]` of `lumbung.toml`: the port that BI tools speak PostgreSQL to, its users and its limits.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::credential::variable_name;
use super::document::Section;

/// The port for clients of PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    /// Where it listens; `None`: only where `--pg` says.
    pub listen: Option<SocketAddr>,
    /// PEM file with the certificate chain; with `tls_key`, whoever does not speak TLS is refused. Default: that of `[serve]`.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's key.
    pub tls_key: Option<PathBuf>,
    /// Who may connect, by name.
    pub users: BTreeMap<String, PostgresUser>,
    /// Whether the role `bi` sees datasets about persons (under hashed numbers) and what is computed from them row by row.
    pub bi_sees_persons: bool,
    /// Most connections at a time; further ones are told so.
    pub connections_max: usize,
    /// Most statements that run at a time; further ones wait.
    pub statements_max: usize,
    /// Longest wait for a place among them.
    pub queue_secs: u64,
    /// Longest time a statement may take. A client may ask for less.
    pub statement_timeout_secs: u64,
    /// Longest wait until a client has proved who it is.
    pub login_timeout_secs: u64,
    /// Longest silence of a client.
    pub idle_timeout_secs: u64,
    /// Longest silence of a client within a transaction: it holds a state of the warehouse.
    pub transaction_idle_secs: u64,
    /// Most rows of a statement.
    pub rows_max: u64,
    /// Longest SQL text, in bytes.
    pub sql_bytes_max: usize,
    /// Most prepared statements, and most open cursors, of a connection.
    pub prepared_max: usize,
    /// Memory of all statements together.
    pub memory_mb: u64,
    /// Disk space that all statements together may spill into.
    pub spill_mb: u64,
    /// Where; default: the system's folder for temporary files.
    pub spill_dir: Option<PathBuf>,
}

/// A user of the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresUser {
    /// What it may see.
    pub role: PostgresRole,
    /// The environment variable with its password.
    pub password_env: String,
    /// The file with its password, where the variable holds none.
    pub password_file: Option<PathBuf>,
}

/// What a user of the port may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PostgresRole {
    /// Everything.
    Analyst,
    /// The latest of every source, the lists and the views.
    Bi,
    /// The views that are made for leaders.
    Leader,
}

impl PostgresRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Analyst, Self::Bi, Self::Leader];

    /// Its name in `lumbung.toml`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Analyst => "analyst",
            Self::Bi => "bi",
            Self::Leader => "leader",
        }
    }
}

/// `[serve.postgres]` within `serve`.
pub(super) fn postgres(serve: Option<&Section<'_, '_>>) -> PostgresSettings {
    let section = serve.and_then(|serve| serve.section("postgres"));
    let number = |key, range: std::ops::RangeInclusive<i64>, default: u64| {
        section.as_ref().and_then(|section| section.integer(key, range)).map_or(default, i64::unsigned_abs)
    };
    let count = |key, high: i64, default: u64| usize::try_from(number(key, 1..=high, default)).expect("below 2^32");
    let seconds = |key, default| number(key, 1..=86_400, default);
    let file = |key| section.as_ref().and_then(|section| section.text(key)).map(PathBuf::from);
    let settings = PostgresSettings {
        listen: section.as_ref().and_then(address),
        tls_cert: file("tls_cert"),
        tls_key: file("tls_key"),
        users: section.as_ref().map(users).unwrap_or_default(),
        bi_sees_persons: section.as_ref().and_then(|section| section.flag("bi_sees_persons")).unwrap_or(true),
        connections_max: count("connections_max", 10_000, 64),
        statements_max: count("statements_max", 1_000, 4),
        queue_secs: seconds("queue_secs", 60),
        statement_timeout_secs: seconds("statement_timeout_secs", 300),
        login_timeout_secs: seconds("login_timeout_secs", 15),
        idle_timeout_secs: seconds("idle_timeout_secs", 3_600),
        transaction_idle_secs: seconds("transaction_idle_secs", 300),
        rows_max: number("rows_max", 1..=i64::MAX, 10_000_000),
        sql_bytes_max: count("sql_bytes_max", 16 << 20, 256 << 10),
        prepared_max: count("prepared_max", 100_000, 1_000),
        memory_mb: number("memory_mb", 16..=1 << 20, 1_024),
        spill_mb: number("spill_mb", 1..=1 << 24, 10_240),
        spill_dir: file("spill_dir"),
    };
    if let Some(section) = section {
        if settings.tls_cert.is_some() != settings.tls_key.is_some() {
            section.problem("tls_cert", "`tls_cert` and `tls_key` go together", "two PEM files");
        }
        section.finish();
    }
    settings
}

fn address(section: &Section<'_, '_>) -> Option<SocketAddr> {
    let text = section.text("listen")?;
    let parsed = text.parse();
    if parsed.is_err() {
        let message = format!("`listen` cannot be \"{text}\"");
        section.problem("listen", message, "an address and a port such as 127.0.0.1:5432");
    }
    parsed.ok()
}

fn users(section: &Section<'_, '_>) -> BTreeMap<String, PostgresUser> {
    let Some(all) = section.section("users") else { return BTreeMap::new() };
    let mut users = BTreeMap::new();
    for (name, user) in all.named_sections() {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(fits) {
            user.problem("role", format!("a user cannot be called \"{name}\""), "a-z, 0-9 and _");
        }
        let word = user.required_text("role", "analyst, bi or leader");
        let role = PostgresRole::ALL.into_iter().find(|role| role.word() == word);
        if role.is_none() && !word.is_empty() {
            user.problem("role", format!("unknown role \"{word}\""), "analyst, bi or leader");
        }
        let default = format!("LUMBUNG_PG_{}_PASSWORD", name.to_uppercase());
        let made = PostgresUser {
            role: role.unwrap_or(PostgresRole::Leader),
            password_env: variable_name(&user, "password_env", default),
            password_file: user.text("password_file").map(PathBuf::from),
        };
        user.finish();
        users.insert(name, made);
    }
    users
}

#[cfg(test)]
mod tests {
    use super::PostgresRole;
    use crate::config::DEFAULT_CONFIG;
    use crate::config::deployment::parse;

    fn set(pairs: &[&str]) -> Result<super::PostgresSettings, String> {
        let pairs: Vec<String> = pairs.iter().map(ToString::to_string).collect();
        parse("lumbung.toml", DEFAULT_CONFIG, &pairs)
            .map(|config| config.serve.postgres)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn users_have_a_role_and_a_place_for_their_password() {
        let users = "serve.postgres.users.metabase.role=bi";
        let settings = set(&[users, "serve.postgres.users.metabase.password_file=m.pw"]).unwrap();
        let user = &settings.users["metabase"];
        assert_eq!((user.role, user.password_env.as_str()), (PostgresRole::Bi, "LUMBUNG_PG_METABASE_PASSWORD"));
        assert_eq!(user.password_file.as_deref(), Some(std::path::Path::new("m.pw")));
        assert!(set(&["serve.postgres.users.a.role=root"]).unwrap_err().contains("unknown role"));
        assert!(set(&["serve.postgres.users.A.role=bi"]).unwrap_err().contains("cannot be called"));
        assert!(set(&["serve.postgres.users.a.password_env=X"]).unwrap_err().contains("`role` is missing"));
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert!(set(&["serve.postgres.listen=everywhere"]).unwrap_err().contains("cannot be"));
        assert!(set(&["serve.postgres.tls_cert=a.pem"]).unwrap_err().contains("go together"));
        assert!(set(&["serve.postgres.statements_max=0"]).unwrap_err().contains("out of range"));
    }
}
