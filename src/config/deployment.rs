//! `lumbung.toml`: this deployment as typed structs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono_tz::Tz;

use super::credential::variable_name;
use super::document::{Document, Problem, Problems, Section};
use super::listening::{self, InboxSettings, ServeSettings};
use super::mail::{self, MailSettings};
use super::retention::{self, RetentionSettings, WarehouseSettings};
use super::schedule::{self, ScheduleSettings};
use super::watch::{self, WatchSettings};
use crate::contract::{self, Auth};
use crate::seal::Recipient;

/// Everything `lumbung.toml` says.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who this is.
    pub deployment: Deployment,
    /// One entry a source, by name.
    pub sources: BTreeMap<String, SourceSettings>,
    /// What is kept of the answers.
    pub archive: ArchiveSettings,
    /// How personal data is kept.
    pub privacy: PrivacySettings,
    /// How mail leaves.
    pub mail: MailSettings,
    /// Limits of queries.
    pub sql: SqlSettings,
    /// When the marts are materialised.
    pub marts: MartsSettings,
    /// Where the daemon listens.
    pub serve: ServeSettings,
    /// What the inbox takes in.
    pub inbox: InboxSettings,
    /// What the daemon does by itself.
    pub schedule: ScheduleSettings,
    /// How long what is kept.
    pub retention: RetentionSettings,
    /// The disk that the warehouse stands on.
    pub warehouse: WarehouseSettings,
    /// When somebody has to know.
    pub watch: WatchSettings,
}

/// Who the reports speak for.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The body.
    pub agency: String,
    /// The unit within it.
    pub unit: String,
    /// Where readers turn to: a unit's address.
    pub contact: String,
    /// Where others find the files of `warehouse/latest`, without a trailing slash: what `catalog --format dcat` names.
    pub data_url: String,
    /// The zone of printed times and of "today".
    pub timezone: Tz,
}

/// How one source is reached here.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// Whether `snapshot` without a name loads it.
    pub enabled: bool,
    /// Instead of the contract's.
    pub base_url: Option<String>,
    /// Instead of the contract's page size; 0 = everything in one answer.
    pub page_rows: Option<u64>,
    /// The environment variable that holds the token.
    pub token_env: String,
    /// Which of the contract's ways of proving who asks; `None` = its first.
    pub auth: Option<String>,
    /// The environment variable that holds the user, for a way that logs in.
    pub user_env: String,
    /// Files with the values that requests are repeated for, by the contract's name of the list.
    pub lists: BTreeMap<String, PathBuf>,
    /// Filters and required parameters of requests, by name.
    pub parameters: BTreeMap<String, String>,
    /// The folder that files are dropped into, for datasets that are read from files.
    pub folder: Option<PathBuf>,
    /// Fiscal years loaded by default; empty = the snapshot date's.
    pub fiscal_years: Vec<i32>,
    /// Tries of one request, instead of the contract's.
    pub attempts: Option<u32>,
    /// Seconds before the second try, instead of the contract's.
    pub backoff_secs: Option<u64>,
    /// Longest silence within one answer in seconds, instead of the contract's.
    pub read_timeout_secs: Option<u64>,
    /// Least milliseconds between an answer and the next request; `None` for none, but in a back-fill.
    pub pause_ms: Option<u64>,
    /// A PEM file with further certificate authorities.
    pub ca_bundle: Option<PathBuf>,
}

impl SourceSettings {
    /// What holds for a source that `lumbung.toml` does not mention.
    #[must_use]
    pub fn default_for(source: &str) -> Self {
        Self {
            enabled: true,
            base_url: None,
            page_rows: None,
            token_env: format!("LUMBUNG_{}_TOKEN", source.to_uppercase()),
            auth: None,
            user_env: format!("LUMBUNG_{}_USER", source.to_uppercase()),
            lists: BTreeMap::new(),
            parameters: BTreeMap::new(),
            folder: None,
            fiscal_years: Vec::new(),
            attempts: None,
            backoff_secs: None,
            read_timeout_secs: None,
            pause_ms: None,
            ca_bundle: None,
        }
    }
}

/// What is kept of the sources' answers, beside the rows.
#[derive(Debug, Clone)]
pub struct ArchiveSettings {
    /// Whether raw pages are kept.
    pub enabled: bool,
    /// Whom the pages and refused rows of personal datasets are sealed to; without one they are not kept.
    pub recipient: Option<Recipient>,
    /// How hard raw pages are compressed (zstd).
    pub level: i32,
}

/// How personal data is kept.
#[derive(Debug, Clone)]
pub struct PrivacySettings {
    /// The file with the PII key, where `LUMBUNG_PII_KEY` does not hold it.
    pub key_file: Option<PathBuf>,
}

impl SourceSettings {
    /// The folder that files of a dataset are dropped into.
    #[must_use]
    pub fn drop_folder(&self, source: &str, dataset: &str) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| PathBuf::from("drop").join(source)).join(dataset)
    }

    /// The way of proving who asks that this deployment chose, else the contract's first; `None` where it chose one that
    /// the contract does not have.
    #[must_use]
    pub fn way_of<'a>(&self, ways: &'a [Auth]) -> Option<&'a Auth> {
        match &self.auth {
            Some(name) => ways.iter().find(|way| way.name == *name),
            None => ways.first(),
        }
    }
}

/// Limits of queries.
#[derive(Debug, Clone, Copy)]
pub struct SqlSettings {
    /// Longest a query may run.
    pub timeout_secs: u64,
    /// Memory its operators may hold.
    pub memory_mb: u64,
    /// Most rows it may give.
    pub rows_max: u64,
}

/// When the marts are materialised.
#[derive(Debug, Clone, Copy)]
pub struct MartsSettings {
    /// Whether after every load that committed something; else only by `lumbung marts`.
    pub after_load: bool,
}

/// Reads `lumbung.toml`, with `overrides` (`key=value` of `--set`) on top.
///
/// # Errors
/// Every problem found, each with its line and a hint.
pub fn parse(file: &str, text: &str, overrides: &[String]) -> Result<Config, Problems> {
    let mut document = Document::parse(file, text);
    for pair in overrides {
        document.set(pair);
    }
    let root = document.root();
    let mail = mail::mail(&root);
    let config = Config {
        deployment: deployment(&root),
        sources: sources(&root),
        archive: archive(&root),
        privacy: privacy(&root),
        watch: watch::watch(&root, &mail),
        mail,
        sql: sql(&root),
        marts: marts(&root),
        serve: listening::serve(&root),
        inbox: listening::inbox(&root),
        schedule: schedule::schedule(&root),
        retention: retention::retention(&root),
        warehouse: retention::warehouse(&root),
    };
    root.finish();
    let problems: Vec<Problem> = document.into_problems();
    if problems.is_empty() { Ok(config) } else { Err(Problems(problems)) }
}

fn deployment(root: &Section<'_, '_>) -> Deployment {
    let section = root.section("deployment");
    let text =
        |key, default: &str| section.as_ref().and_then(|section| section.text(key)).unwrap_or(default).to_owned();
    let zone = text("timezone", "Asia/Jakarta");
    let timezone = zone.parse().unwrap_or_else(|_| {
        let place = section.as_ref().unwrap_or(root);
        place.problem("timezone", format!("\"{zone}\" is not a time zone"), "an IANA name such as Asia/Jakarta");
        chrono_tz::UTC
    });
    let deployment = Deployment {
        agency: text("agency", "Kementerian Contoh"),
        unit: text("unit", "Biro Perencanaan dan Keuangan"),
        contact: text("contact", "datalumbung@contoh.go.id"),
        data_url: text("data_url", "https://data.contoh.go.id/lumbung").trim_end_matches('/').to_owned(),
        timezone,
    };
    if let Some(section) = section {
        section.finish();
    }
    deployment
}

fn sources(root: &Section<'_, '_>) -> BTreeMap<String, SourceSettings> {
    let Some(all) = root.section("sources") else { return BTreeMap::new() };
    let mut sources = BTreeMap::new();
    for (name, section) in all.named_sections() {
        let default = SourceSettings::default_for(&name);
        let base_url = section.text("base_url").and_then(|url| match contract::check_base_url(url) {
            Ok(url) => Some(url),
            Err(hint) => {
                section.problem("base_url", format!("`base_url` cannot be \"{}\"", contract::shown_url(url)), hint);
                None
            }
        });
        let years = section.integers("fiscal_years", &(2_000..=2_100));
        let settings = SourceSettings {
            enabled: section.flag("enabled").unwrap_or(default.enabled),
            base_url,
            page_rows: section.integer("page_rows", 0..=10_000_000).map(i64::unsigned_abs),
            token_env: variable_name(&section, "token_env", default.token_env),
            auth: section.text("auth").map(str::to_owned),
            user_env: variable_name(&section, "user_env", default.user_env),
            lists: section.text_map("lists").into_iter().map(|(name, path)| (name, PathBuf::from(path))).collect(),
            parameters: section.text_map("parameters").into_iter().collect(),
            folder: section.text("folder").map(PathBuf::from),
            fiscal_years: years.into_iter().map(|year| i32::try_from(year).expect("2000 to 2100")).collect(),
            attempts: section.integer("attempts", 1..=20).map(|n| u32::try_from(n).expect("at most 20")),
            backoff_secs: section.integer("backoff_secs", 0..=600).map(i64::unsigned_abs),
            read_timeout_secs: section.integer("read_timeout_secs", 1..=7_200).map(i64::unsigned_abs),
            pause_ms: section.integer("pause_ms", 0..=600_000).map(i64::unsigned_abs),
            ca_bundle: section.text("ca_bundle").map(PathBuf::from),
        };
        section.finish();
        sources.insert(name, settings);
    }
    sources
}

fn archive(root: &Section<'_, '_>) -> ArchiveSettings {
    let section = root.section("archive");
    let mut archive = ArchiveSettings { enabled: true, recipient: None, level: 1 };
    let Some(section) = section else { return archive };
    archive.enabled = section.flag("enabled").unwrap_or(archive.enabled);
    if let Some(level) = section.integer("level", 1..=19) {
        archive.level = i32::try_from(level).expect("at most 19");
    }
    match section.text("recipient").map(str::parse::<Recipient>) {
        Some(Ok(recipient)) => archive.recipient = Some(recipient),
        Some(Err(error)) => {
            let hint = "`lumbung key identity FILE` prints the recipient; keep FILE off this machine";
            section.problem("recipient", format!("`recipient` {error}"), hint);
        }
        None => {}
    }
    section.finish();
    archive
}

fn privacy(root: &Section<'_, '_>) -> PrivacySettings {
    let section = root.section("privacy");
    let key_file = section.as_ref().and_then(|section| section.text("key_file")).map(PathBuf::from);
    if let Some(section) = section {
        section.finish();
    }
    PrivacySettings { key_file }
}

fn sql(root: &Section<'_, '_>) -> SqlSettings {
    let section = root.section("sql");
    let number = |key, high: i64, default: u64| {
        section.as_ref().and_then(|section| section.integer(key, 1..=high)).map_or(default, i64::unsigned_abs)
    };
    let sql = SqlSettings {
        timeout_secs: number("timeout_secs", 86_400, 300),
        memory_mb: number("memory_mb", 1 << 20, 1_024),
        rows_max: number("rows_max", i64::MAX, 10_000_000),
    };
    if let Some(section) = section {
        section.finish();
    }
    sql
}

fn marts(root: &Section<'_, '_>) -> MartsSettings {
    let Some(section) = root.section("marts") else { return MartsSettings { after_load: true } };
    let marts = MartsSettings { after_load: section.flag("after_load").unwrap_or(true) };
    section.finish();
    marts
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::config::DEFAULT_CONFIG;

    #[test]
    fn the_shipped_file_states_the_defaults() {
        let shipped = parse("lumbung.toml", DEFAULT_CONFIG, &[]).unwrap();
        let off =
            ["oss", "padi", "simda", "sipp", "sirup"].map(|name| format!("[sources.{name}]\nenabled = false\n"));
        let empty = parse("lumbung.toml", &format!("[sources.omspan]\n{}", off.concat()), &[]).unwrap();
        assert_eq!(format!("{shipped:?}"), format!("{empty:?}"));
    }

    #[test]
    fn set_overrides_and_reports_what_it_cannot_read() {
        let set = |pairs: &[&str]| {
            let pairs: Vec<String> = pairs.iter().map(ToString::to_string).collect();
            parse("lumbung.toml", DEFAULT_CONFIG, &pairs)
        };
        let config =
            set(&["sources.omspan.base_url=http://127.0.0.1:8080", "sources.omspan.page_rows=7", "mail.folder=x"])
                .unwrap();
        assert_eq!(config.sources["omspan"].base_url.as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(config.sources["omspan"].page_rows, Some(7));
        assert_eq!(config.mail.folder.to_str(), Some("x"));
        let identity = crate::seal::Identity::generate().recipients()[0].to_string();
        let sealed =
            set(&[&format!("archive.recipient={identity}"), "archive.level=3", "privacy.key_file=k"]).unwrap();
        assert_eq!(sealed.archive.recipient.map(|recipient| recipient.to_string()), Some(identity));
        assert_eq!((sealed.archive.level, sealed.privacy.key_file), (3, Some("k".into())));
        let refused = set(&["archive.recipient=AGE-SECRET-KEY-1ABC"]).unwrap_err().to_string();
        assert!(refused.contains("secret identity") && !refused.contains("1ABC"), "{refused}");
        let problems = set(&["sources.omspan.page_rows=many", "sql.timeout=3", "nonsense"]).unwrap_err().to_string();
        assert!(problems.contains("--set: `sources.omspan.page_rows` must be a whole number"), "{problems}");
        assert!(problems.contains("unknown key `sql.timeout`"), "{problems}");
        assert!(problems.contains("\"nonsense\" is no key=value"), "{problems}");
    }
}
