//! What a client may set and what SHOW shows: a closed list. Everything else (the engine's own settings among it) is unknown
//! here, whatever it is called.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;

use super::reply::Told;
use super::sqlstate::{BAD_SETTING, NOT_PERMITTED, UNKNOWN_OBJECT};
use crate::catalog::port::SERVER_VERSION;

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Anything: it changes nothing.
    Free,
    /// UTF8 in one of its spellings.
    Encoding,
    /// ISO, in any order of day and month: dates are written year first.
    DateStyle,
    /// An IANA zone.
    Zone,
    /// A span of time, at most the server's own.
    Timeout,
    /// One value only.
    Only,
    /// Shown, never set.
    Fixed,
}

/// Name as it is told, value at the beginning, what it takes, and whether clients are told of changes.
const KNOWN: [(&str, &str, Kind, bool); 51] = [
    ("application_name", "", Kind::Free, true),
    ("client_encoding", "UTF8", Kind::Encoding, true),
    ("DateStyle", "ISO, MDY", Kind::DateStyle, true),
    ("IntervalStyle", "postgres", Kind::Only, true),
    ("TimeZone", "UTC", Kind::Zone, true),
    ("standard_conforming_strings", "on", Kind::Only, true),
    ("search_path", "mart", Kind::Free, false),
    ("statement_timeout", "0", Kind::Timeout, false),
    ("default_transaction_read_only", "on", Kind::Only, true),
    ("transaction_read_only", "on", Kind::Only, false),
    ("server_version", SERVER_VERSION, Kind::Fixed, true),
    ("server_version_num", "160006", Kind::Fixed, false),
    ("server_encoding", "UTF8", Kind::Fixed, true),
    ("integer_datetimes", "on", Kind::Fixed, true),
    ("in_hot_standby", "off", Kind::Fixed, true),
    ("is_superuser", "off", Kind::Fixed, true),
    ("session_authorization", "", Kind::Fixed, true),
    ("max_identifier_length", "63", Kind::Fixed, false),
    ("max_index_keys", "32", Kind::Fixed, false),
    ("block_size", "8192", Kind::Fixed, false),
    ("ssl", "on", Kind::Fixed, false),
    ("lc_collate", "C.UTF-8", Kind::Fixed, false),
    ("lc_ctype", "C.UTF-8", Kind::Fixed, false),
    ("bytea_output", "hex", Kind::Only, false),
    ("transaction_isolation", "repeatable read", Kind::Free, false),
    ("default_transaction_isolation", "repeatable read", Kind::Free, false),
    ("transaction_deferrable", "off", Kind::Free, false),
    ("default_transaction_deferrable", "off", Kind::Free, false),
    ("extra_float_digits", "1", Kind::Free, false),
    ("client_min_messages", "notice", Kind::Free, false),
    ("lock_timeout", "0", Kind::Free, false),
    ("idle_in_transaction_session_timeout", "0", Kind::Free, false),
    ("idle_session_timeout", "0", Kind::Free, false),
    ("row_security", "on", Kind::Free, false),
    ("synchronous_commit", "on", Kind::Free, false),
    ("geqo", "on", Kind::Free, false),
    ("jit", "off", Kind::Free, false),
    ("max_parallel_workers_per_gather", "0", Kind::Free, false),
    ("work_mem", "4MB", Kind::Free, false),
    ("lc_messages", "C", Kind::Free, false),
    ("lc_monetary", "C", Kind::Free, false),
    ("lc_numeric", "C", Kind::Free, false),
    ("lc_time", "C", Kind::Free, false),
    ("xmloption", "content", Kind::Free, false),
    ("backslash_quote", "safe_encoding", Kind::Free, false),
    ("escape_string_warning", "on", Kind::Free, false),
    ("quote_all_identifiers", "off", Kind::Free, false),
    ("enable_seqscan", "on", Kind::Free, false),
    ("cursor_tuple_fraction", "0.1", Kind::Free, false),
    ("constraint_exclusion", "partition", Kind::Free, false),
    ("tcp_keepalives_idle", "0", Kind::Free, false),
];

/// Longest value, in characters.
const VALUE_CHARS_MAX: usize = 1_000;

/// The settings of one session.
#[derive(Debug, Clone)]
pub(super) struct ClientSettings {
    /// By name in lower case.
    values: BTreeMap<String, String>,
    /// What the server has, and RESET goes back to.
    beginning: BTreeMap<String, String>,
    timeout_max: Duration,
}

/// A change that the client has to be told of.
pub(super) type Change = Option<(&'static str, String)>;

impl ClientSettings {
    /// Those of a new session of `user`; no statement may take longer than `timeout_max`.
    pub(super) fn new(user: &str, secure: bool, timeout_max: Duration) -> Self {
        let mut values: BTreeMap<String, String> =
            KNOWN.iter().map(|(name, value, ..)| (name.to_lowercase(), (*value).to_owned())).collect();
        values.insert("session_authorization".to_owned(), user.to_owned());
        values.insert("ssl".to_owned(), if secure { "on" } else { "off" }.to_owned());
        values.insert("statement_timeout".to_owned(), shown(timeout_max));
        Self { beginning: values.clone(), values, timeout_max }
    }

    /// Takes over what the client asked for when it connected. What is unknown or wrong there is passed over: a driver sends
    /// the zone of its machine, and nobody should have to stay outside for it.
    pub(super) fn opened_with(&mut self, parameters: &[(String, String)]) {
        for (name, value) in parameters {
            if name == "options" {
                let words = value.split("-c").filter_map(|pair| pair.trim().split_once('='));
                words.for_each(|(name, value)| drop(self.set(name.trim(), Some(value.trim()))));
            } else {
                drop(self.set(name, Some(value)));
            }
        }
        self.beginning = self.values.clone();
    }

    /// Sets `name`; `None` sets what it was at the beginning.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) -> Result<Change, Told> {
        let (told, kind, reported) = known(name)?;
        let key = told.to_lowercase();
        let value = match value {
            Some(value) => self.judged(told, kind, value)?,
            None => self.beginning.get(&key).cloned().unwrap_or_default(),
        };
        self.values.insert(key, value.clone());
        Ok(reported.then_some((told, value)))
    }

    fn judged(&self, name: &str, kind: Kind, value: &str) -> Result<String, Told> {
        let bad = || Told::error(BAD_SETTING, format!("{name} cannot be set to that here"));
        if value.chars().count() > VALUE_CHARS_MAX || value.chars().any(char::is_control) {
            return Err(bad());
        }
        match kind {
            Kind::Free => Ok(value.to_owned()),
            Kind::Fixed => Err(Told::error("55P02", format!("{name} cannot be changed"))),
            Kind::Encoding => match value.to_lowercase().replace(['-', '_', '\''], "").as_str() {
                "utf8" | "unicode" => Ok("UTF8".to_owned()),
                _ => Err(bad().with_hint("texts are UTF8")),
            },
            Kind::DateStyle => {
                let first = value.split(',').next().unwrap_or_default().trim();
                let order = value.split(',').nth(1).map_or("MDY".to_owned(), |order| order.trim().to_uppercase());
                match first.eq_ignore_ascii_case("iso") {
                    true => Ok(format!("ISO, {order}")),
                    false => Err(bad().with_hint("dates are written as ISO 8601")),
                }
            }
            Kind::Zone => zone_of(value).map(|zone| zone.name().to_owned()).ok_or_else(bad),
            Kind::Only => {
                let only = KNOWN.iter().find(|(known, ..)| *known == name).map_or("", |(_, only, ..)| *only);
                let yes = |text: &str| matches!(text.to_lowercase().as_str(), "on" | "true" | "1" | "yes");
                let same = value.eq_ignore_ascii_case(only) || (yes(value) && yes(only));
                if same { Ok(only.to_owned()) } else { Err(bad().with_hint(format!("it is {only}"))) }
            }
            Kind::Timeout => {
                let asked = span_of(value).ok_or_else(bad)?;
                let granted = if asked.is_zero() { self.timeout_max } else { asked.min(self.timeout_max) };
                Ok(shown(granted))
            }
        }
    }

    /// The value of `name`, and how it is called in an answer.
    pub(super) fn show(&self, name: &str) -> Result<(&'static str, String), Told> {
        let (told, ..) = known(match name {
            "time zone" => "timezone",
            "transaction isolation level" => "transaction_isolation",
            "session authorization" => "session_authorization",
            other => other,
        })?;
        Ok((told, self.values.get(&told.to_lowercase()).cloned().unwrap_or_default()))
    }

    /// Every setting with its value, as SHOW ALL lists them.
    pub(super) fn all(&self) -> Vec<(&'static str, String)> {
        KNOWN
            .iter()
            .map(|(name, ..)| (*name, self.values.get(&name.to_lowercase()).cloned().unwrap_or_default()))
            .collect()
    }

    /// What a client is told when it connects.
    pub(super) fn reported(&self) -> Vec<(&'static str, String)> {
        let told = KNOWN.iter().filter(|(.., reported)| *reported);
        told.filter_map(|(name, ..)| Some((*name, self.values.get(&name.to_lowercase())?.clone()))).collect()
    }

    /// Everything as at the beginning; the changes that the client is told of.
    pub(super) fn reset(&mut self) -> Vec<(&'static str, String)> {
        let before = self.values.clone();
        self.values.clone_from(&self.beginning);
        self.changed_from(&before)
    }

    /// What differs from `before` and is told.
    pub(super) fn changed_from(&self, before: &BTreeMap<String, String>) -> Vec<(&'static str, String)> {
        let mut told = self.reported();
        told.retain(|(name, value)| before.get(&name.to_lowercase()) != Some(value));
        told
    }

    /// All values, to come back to.
    pub(super) fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Comes back to `values`; the changes that the client is told of.
    pub(super) fn restore(&mut self, values: BTreeMap<String, String>) -> Vec<(&'static str, String)> {
        let before = std::mem::replace(&mut self.values, values);
        self.changed_from(&before)
    }

    /// Longest time that a statement may take.
    pub(super) fn statement_timeout(&self) -> Duration {
        let set = self.values.get("statement_timeout").and_then(|text| span_of(text));
        set.filter(|span| !span.is_zero()).unwrap_or(self.timeout_max).min(self.timeout_max)
    }

    /// The zone that instants are shown in.
    pub(super) fn zone(&self) -> Tz {
        self.values.get("timezone").and_then(|name| zone_of(name)).unwrap_or(Tz::UTC)
    }

    /// The schemas that names without one are looked for in.
    pub(super) fn search_path(&self) -> Vec<String> {
        let text = self.values.get("search_path").map(String::as_str).unwrap_or_default();
        text.split(',')
            .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|n| !n.is_empty())
            .collect()
    }
}

/// The known setting called `name`.
fn known(name: &str) -> Result<(&'static str, Kind, bool), Told> {
    let found = KNOWN.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
    found.map(|(name, _, kind, reported)| (*name, *kind, *reported)).ok_or_else(|| {
        let text: String = name.chars().filter(|c| !c.is_control()).take(63).collect();
        // Names of several parts are the engine's; SHOW loses the full stops between them.
        match text.contains(['.', ' ']) {
            true => Told::error(NOT_PERMITTED, "permission denied: the engine's settings are the server's"),
            false => Told::error(UNKNOWN_OBJECT, format!("unrecognized configuration parameter \"{text}\"")),
        }
    })
}

fn zone_of(name: &str) -> Option<Tz> {
    match name.to_uppercase().as_str() {
        "UTC" | "GMT" | "Z" | "ETC/UTC" => Some(Tz::UTC),
        _ => name.parse().ok(),
    }
}

/// `5000`, `5000ms`, `5s`, `2min`.
fn span_of(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    let millis = match text[end..].trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

fn shown(span: Duration) -> String {
    format!("{}ms", span.as_millis())
}

#[cfg(test)]
mod tests {
    use super::ClientSettings;
    use std::time::Duration;

    fn settings() -> ClientSettings {
        ClientSettings::new("ana", true, Duration::from_secs(300))
    }

    #[test]
    fn a_client_may_ask_for_less_time_never_for_more() {
        let mut settings = settings();
        settings.set("statement_timeout", Some("5s")).unwrap();
        assert_eq!(settings.statement_timeout(), Duration::from_secs(5));
        for more in ["0", "1h", "999999999"] {
            settings.set("statement_timeout", Some(more)).unwrap();
            assert_eq!(settings.statement_timeout(), Duration::from_secs(300), "{more}");
        }
        assert_eq!(settings.set("statement_timeout", Some("soon")).unwrap_err().state, "22023");
    }

    #[test]
    fn what_matters_cannot_be_set() {
        let mut settings = settings();
        for (name, value, state) in [
            ("execution.batch_size", "1", "42501"),
            ("data_directory", "/", "42704"),
            ("default_transaction_read_only", "off", "22023"),
            ("client_encoding", "LATIN1", "22023"),
            ("server_version", "99", "55P02"),
            ("timezone", "Nowhere", "22023"),
            ("standard_conforming_strings", "off", "22023"),
        ] {
            assert_eq!(settings.set(name, Some(value)).unwrap_err().state, state, "{name}");
        }
        assert_eq!(settings.set("DATESTYLE", Some("iso, dmy")).unwrap(), Some(("DateStyle", "ISO, DMY".to_owned())));
        assert_eq!(settings.show("time zone").unwrap(), ("TimeZone", "UTC".to_owned()));
        assert_eq!(settings.show("nothing").unwrap_err().state, "42704");
    }

    #[test]
    fn a_client_opens_with_its_own_and_comes_back_to_them() {
        let mut settings = settings();
        let given = [("TimeZone", "Asia/Jakarta"), ("user", "ana"), ("options", "-c search_path=omspan -c x=y")];
        settings.opened_with(&given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!((settings.zone(), settings.search_path()), (chrono_tz::Asia::Jakarta, vec!["omspan".to_owned()]));
        settings.set("timezone", Some("UTC")).unwrap();
        assert_eq!(settings.reset(), [("TimeZone", "Asia/Jakarta".to_owned())]);
    }
}
