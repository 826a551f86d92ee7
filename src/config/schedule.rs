//! `[schedule]` of `lumbung.toml`: when the daemon loads and mails by itself.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;

use super::cron::{CRON_FIELDS, CronLine};
use super::document::Section;

/// Zones that a schedule may be written in.
const ZONES: &str = "Asia/Jakarta (WIB), Asia/Pontianak (WIB), Asia/Makassar (WITA) or Asia/Jayapura (WIT)";

/// What the daemon does by itself.
#[derive(Debug, Clone)]
pub struct ScheduleSettings {
    /// Whether it does anything.
    pub enabled: bool,
    /// When sources are loaded that say nothing themselves; `None` for never.
    pub cron: Option<CronLine>,
    /// What holds for every job that says nothing else.
    pub defaults: JobSettings,
    /// Most loads at a time, each of another source.
    pub loads_max: usize,
    /// Most reports and makings of the marts at a time.
    pub queries_max: usize,
    /// How long a scheduler that says nothing is believed alive by other machines, in seconds.
    pub lease_secs: u64,
    /// Longest that running work is waited for on the way out, in seconds.
    pub drain_secs: u64,
    /// What sources have of their own, by name.
    pub sources: BTreeMap<String, JobSettings>,
    /// What datasets have of their own, by `source.dataset`.
    pub datasets: BTreeMap<String, JobSettings>,
    /// What reports have of their own, by name.
    pub reports: BTreeMap<String, JobSettings>,
}

/// What one job has of its own; what is absent is that of `[schedule]`, or of the report's definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobSettings {
    /// Whether it runs by itself at all.
    pub enabled: Option<bool>,
    /// When.
    pub cron: Option<CronLine>,
    /// The zone of `cron`.
    pub zone: Option<Tz>,
    /// On which days.
    pub days: Option<DayRule>,
    /// What becomes of times that nobody ran.
    pub misfire: Option<Misfire>,
    /// Seconds after which a time is missed, for [`Misfire::Skip`].
    pub grace_secs: Option<u64>,
    /// It begins up to so many seconds late.
    pub jitter_secs: Option<u64>,
    /// Longest that one attempt may take, in seconds.
    pub timeout_secs: Option<u64>,
    /// Attempts after the first.
    pub retries: Option<u32>,
    /// Seconds before the second attempt; doubling after that.
    pub backoff_secs: Option<u64>,
}

/// On which days something is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DayRule {
    /// On every day of the cron line.
    #[default]
    Any,
    /// Not on a free day.
    WorkingDays,
    /// On the first working day of each month.
    FirstWorkingDayOfMonth,
    /// On the next working day instead of a free day.
    NextWorkingDay,
}

impl DayRule {
    /// The words of a config file.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::WorkingDays => "only = working_days",
            Self::FirstWorkingDayOfMonth => "only = first_working_day_of_month",
            Self::NextWorkingDay => "shift = next_working_day",
        }
    }

    /// Reads `only` and `shift`, of which one may stand there.
    pub fn read(section: &Section<'_, '_>, cron: Option<&CronLine>) -> Option<Self> {
        let only = section.text("only");
        let shift = section.text("shift");
        if only.is_some() && shift.is_some() {
            section.problem("shift", "`only` and `shift` exclude one another", "keep one of them");
        }
        let rule = match (only, shift) {
            (None, None) => return None,
            (Some("working_days"), _) => Self::WorkingDays,
            (Some("first_working_day_of_month"), _) => Self::FirstWorkingDayOfMonth,
            (None, Some("next_working_day")) => Self::NextWorkingDay,
            (Some(other), _) => {
                let hint = "working_days or first_working_day_of_month";
                section.problem("only", format!("`only` cannot be \"{other}\""), hint);
                return None;
            }
            (None, Some(other)) => {
                section.problem("shift", format!("`shift` cannot be \"{other}\""), "next_working_day");
                return None;
            }
        };
        if rule == Self::FirstWorkingDayOfMonth && cron.is_some_and(|cron| !cron.is_any_day()) {
            let message = "`only` = \"first_working_day_of_month\" says the day, and so does `cron`";
            section.problem("cron", message, "write * for day-of-month and day-of-week, e.g. \"0 0 6 * * *\"");
        }
        Some(rule)
    }
}

/// What becomes of times that passed while nobody could run them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfire {
    /// They are skipped once they are older than the grace.
    Skip,
    /// The newest is made up for, the others are skipped.
    Last,
    /// The newest so many are made up for, oldest first.
    All(u32),
}

impl FromStr for Misfire {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "\"skip\", \"last\" or \"all(7)\": the newest seven, at most 1000".to_owned();
        match text {
            "skip" => Ok(Self::Skip),
            "last" => Ok(Self::Last),
            _ => {
                let number = text.strip_prefix("all(").and_then(|rest| rest.strip_suffix(')'));
                let number = number.and_then(|number| number.trim().parse::<u32>().ok());
                number.filter(|n| (1..=1_000).contains(n)).map(Self::All).ok_or_else(wanted)
            }
        }
    }
}

impl fmt::Display for Misfire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip => f.write_str("skip"),
            Self::Last => f.write_str("last"),
            Self::All(n) => write!(f, "all({n})"),
        }
    }
}

/// `[schedule]`.
pub(super) fn schedule(root: &Section<'_, '_>) -> ScheduleSettings {
    let Some(section) = root.section("schedule") else { return default() };
    let mut settings = default();
    let count = |key, default: usize| {
        let found = section.integer(key, 1..=64);
        found.map_or(default, |n| usize::try_from(n).expect("at most 64"))
    };
    settings.enabled = section.flag("enabled").unwrap_or(settings.enabled);
    settings.loads_max = count("loads_max", settings.loads_max);
    settings.queries_max = count("queries_max", settings.queries_max);
    settings.lease_secs = section.integer("lease_secs", 120..=86_400).map_or(settings.lease_secs, i64::unsigned_abs);
    settings.drain_secs = section.integer("drain_secs", 1..=86_400).map_or(settings.drain_secs, i64::unsigned_abs);
    let own = job(&section);
    if section.text("cron").is_some_and(|text| text.trim().is_empty()) {
        settings.cron = None;
    } else if own.cron.is_some() {
        settings.cron = own.cron;
    }
    settings.defaults = JobSettings {
        enabled: None,
        cron: None,
        zone: own.zone,
        days: None,
        misfire: own.misfire.or(settings.defaults.misfire),
        grace_secs: own.grace_secs.or(settings.defaults.grace_secs),
        jitter_secs: own.jitter_secs.or(settings.defaults.jitter_secs),
        timeout_secs: own.timeout_secs.or(settings.defaults.timeout_secs),
        retries: own.retries.or(settings.defaults.retries),
        backoff_secs: own.backoff_secs.or(settings.defaults.backoff_secs),
    };
    settings.sources = section.section("sources").map(|all| own_settings(&all)).unwrap_or_default();
    settings.reports = section.section("reports").map(|all| own_settings(&all)).unwrap_or_default();
    for (source, datasets) in section.section("datasets").map(|all| all.named_sections()).unwrap_or_default() {
        let named = own_settings(&datasets).into_iter();
        settings.datasets.extend(named.map(|(dataset, own)| (format!("{source}.{dataset}"), own)));
    }
    section.finish();
    settings
}

fn default() -> ScheduleSettings {
    ScheduleSettings {
        enabled: true,
        cron: Some("0 30 4 * * *".parse().expect("it is a cron line")),
        defaults: JobSettings {
            misfire: Some(Misfire::Last),
            grace_secs: Some(3_600),
            jitter_secs: Some(0),
            timeout_secs: Some(14_400),
            retries: Some(4),
            backoff_secs: Some(300),
            ..JobSettings::default()
        },
        loads_max: 3,
        queries_max: 1,
        lease_secs: 300,
        drain_secs: 300,
        sources: BTreeMap::new(),
        datasets: BTreeMap::new(),
        reports: BTreeMap::new(),
    }
}

fn own_settings(all: &Section<'_, '_>) -> BTreeMap<String, JobSettings> {
    let one = |(name, section): (String, Section<'_, '_>)| {
        let mut settings = job(&section);
        settings.enabled = section.flag("enabled");
        settings.days = DayRule::read(&section, settings.cron.as_ref());
        section.finish();
        (name, settings)
    };
    all.named_sections().into_iter().map(one).collect()
}

/// The keys that `[schedule]` and every job have.
fn job(section: &Section<'_, '_>) -> JobSettings {
    let seconds = |key, high| section.integer(key, 0..=high).map(i64::unsigned_abs);
    JobSettings {
        enabled: None,
        cron: cron(section),
        zone: zone(section),
        days: None,
        misfire: section.parsed("misfire"),
        grace_secs: seconds("grace_secs", 864_000),
        jitter_secs: seconds("jitter_secs", 86_400),
        timeout_secs: section.integer("timeout_secs", 1..=604_800).map(i64::unsigned_abs),
        retries: section.integer("retries", 0..=100).map(|n| u32::try_from(n).expect("at most 100")),
        backoff_secs: seconds("backoff_secs", 86_400),
    }
}

fn cron(section: &Section<'_, '_>) -> Option<CronLine> {
    let text = section.text("cron").filter(|text| !text.trim().is_empty())?;
    match text.parse() {
        Ok(line) => Some(line),
        Err(hint) => {
            section.problem("cron", format!("`cron` = \"{text}\" is no schedule ({CRON_FIELDS})"), hint);
            None
        }
    }
}

fn zone(section: &Section<'_, '_>) -> Option<Tz> {
    let text = section.text("zone")?;
    let zone = text.parse::<Tz>().ok().filter(|zone| {
        matches!(zone, Tz::Asia__Jakarta | Tz::Asia__Pontianak | Tz::Asia__Makassar | Tz::Asia__Jayapura)
    });
    if zone.is_none() {
        section.problem("zone", format!("`zone` = \"{text}\" is not an Indonesian zone"), ZONES);
    }
    zone
}

#[cfg(test)]
mod tests {
    use super::{DayRule, Misfire};
    use crate::config::deployment::parse;

    #[test]
    fn jobs_say_what_is_their_own() {
        let text = r#"
            [schedule]
            cron = "0 0 3 * * *"
            zone = "Asia/Makassar"
            retries = 2
            [schedule.sources.padi]
            cron = "0 0 */2 * * *"
            jitter_secs = 90
            [schedule.datasets.omspan.detail_pnbp]
            only = "working_days"
            misfire = "all(3)"
            [schedule.reports.pnbp]
            enabled = false
            shift = "next_working_day"
        "#;
        let settings = parse("lumbung.toml", text, &["schedule.datasets.omspan.detail_pnbp.retries=7".to_owned()]);
        let settings = settings.unwrap().schedule;
        assert_eq!(settings.cron.as_ref().map(ToString::to_string).as_deref(), Some("0 0 3 * * *"));
        assert_eq!((settings.defaults.zone, settings.defaults.retries), (Some(chrono_tz::Asia::Makassar), Some(2)));
        assert_eq!(settings.defaults.misfire, Some(Misfire::Last));
        assert_eq!(settings.sources["padi"].jitter_secs, Some(90));
        let pnbp = &settings.datasets["omspan.detail_pnbp"];
        assert_eq!(
            (pnbp.days, pnbp.misfire, pnbp.retries),
            (Some(DayRule::WorkingDays), Some(Misfire::All(3)), Some(7))
        );
        let report = &settings.reports["pnbp"];
        assert_eq!((report.enabled, report.days), (Some(false), Some(DayRule::NextWorkingDay)));
        let never = parse("lumbung.toml", "[schedule]\ncron = \"\"\n", &[]).unwrap().schedule;
        assert_eq!(never.cron, None);
    }

    #[test]
    fn every_problem_of_a_schedule_is_told() {
        let text = "[schedule]\ncron = \"every day\"\nzone = \"Europe/Berlin\"\nmisfire = \"all\"\nloads_max = 0\n\
            only = \"working_days\"\n[schedule.reports.x]\nonly = \"holidays\"\n[schedule.reports.y]\n\
            only = \"working_days\"\nshift = \"next_working_day\"\n[schedule.reports.z]\ncron = \"0 0 6 1 * *\"\n\
            only = \"first_working_day_of_month\"\nshitf = \"x\"\n";
        let said = parse("lumbung.toml", text, &[]).unwrap_err().to_string();
        for words in [
            "lumbung.toml:2: `cron` = \"every day\" is no schedule",
            "lumbung.toml:3: `zone` = \"Europe/Berlin\" is not an Indonesian zone",
            "\"all(7)\"",
            "lumbung.toml:5: `schedule.loads_max` is out of range",
            "lumbung.toml:6: unknown key `schedule.only`",
            "`only` cannot be \"holidays\"",
            "`only` and `shift` exclude one another",
            "lumbung.toml:13: `only` = \"first_working_day_of_month\" says the day, and so does `cron`",
            "did you mean `shift`?",
        ] {
            assert!(said.contains(words), "no {words:?} in\n{said}");
        }
    }
}
