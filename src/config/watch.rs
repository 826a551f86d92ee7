//! `[watch]` of `lumbung.toml`: how old data may be, how the daemon says that it lives, and when somebody has to know.

use std::collections::BTreeMap;

use super::cron::{CRON_FIELDS, CronLine};
use super::document::{PlainValue, Section};
use super::mail::{MailSettings, MailTransport};

/// When somebody has to know.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// How the daemon says that it lives.
    pub heartbeat: HeartbeatRoad,
    /// When it does so by mail, in the deployment's zone.
    pub heartbeat_cron: CronLine,
    /// Seconds after which a daemon that said nothing is taken for dead.
    pub heartbeat_limit_secs: u64,
    /// How old, in hours, what a schedule loads may be where no report says so.
    pub age_hours: u64,
    /// Datasets (`source.dataset`) with an age of their own, in hours; 0 is never too old.
    pub datasets: BTreeMap<String, u64>,
}

/// How the daemon says that it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeartbeatRoad {
    /// Not at all.
    Off,
    /// By a file, every minute.
    File,
    /// By the file, and a mail to the operator once a day.
    Mail,
}

/// `[watch]`.
pub(super) fn watch(root: &Section<'_, '_>, mail: &MailSettings) -> WatchSettings {
    let mut settings = WatchSettings {
        heartbeat: HeartbeatRoad::File,
        heartbeat_cron: "0 0 7 * * *".parse().expect("it is a cron line"),
        heartbeat_limit_secs: 300,
        age_hours: 72,
        datasets: BTreeMap::new(),
    };
    let Some(section) = root.section("watch") else { return settings };
    let number = |key, range: std::ops::RangeInclusive<i64>, default: u64| {
        section.integer(key, range).map_or(default, i64::unsigned_abs)
    };
    settings.heartbeat_limit_secs = number("heartbeat_limit_secs", 60..=86_400, settings.heartbeat_limit_secs);
    settings.age_hours = number("age_hours", 1..=87_600, settings.age_hours);
    settings.heartbeat = road(&section, mail);
    if let Some(text) = section.text("heartbeat_cron") {
        match text.parse() {
            Ok(line) => settings.heartbeat_cron = line,
            Err(hint) => {
                let message = format!("`heartbeat_cron` = \"{text}\" is no schedule ({CRON_FIELDS})");
                section.problem("heartbeat_cron", message, hint);
            }
        }
    }
    settings.datasets = datasets(&section);
    section.finish();
    settings
}

fn road(section: &Section<'_, '_>, mail: &MailSettings) -> HeartbeatRoad {
    match section.text("heartbeat") {
        None | Some("file") => HeartbeatRoad::File,
        Some("off") => HeartbeatRoad::Off,
        Some("mail") => {
            if mail.operator.is_none() {
                section.problem("heartbeat", "`heartbeat` = \"mail\" has nobody to go to", "set mail.operator");
            } else if mail.transport == MailTransport::File && !mail.file_is_delivery {
                let hint = "set mail.transport = \"smtp\", or heartbeat = \"file\"";
                section.problem("heartbeat", "`heartbeat` = \"mail\", and no mail leaves this deployment", hint);
            }
            HeartbeatRoad::Mail
        }
        Some(other) => {
            section.problem("heartbeat", format!("`heartbeat` cannot be \"{other}\""), "file, mail or off");
            HeartbeatRoad::File
        }
    }
}

fn datasets(section: &Section<'_, '_>) -> BTreeMap<String, u64> {
    let mut datasets = BTreeMap::new();
    for (name, value) in section.plain_map("datasets") {
        let hours = if let PlainValue::One(text) = &value { text.parse().ok() } else { None };
        match hours.filter(|hours| *hours <= 87_600 && name.contains('.')) {
            Some(hours) => drop(datasets.insert(name, hours)),
            None => {
                let hint = "\"source.dataset\" = hours, e.g. \"simda.rka\" = 240; 0 for never too old";
                section.problem("datasets", format!("{name:?} in `watch.datasets` is no age"), hint);
            }
        }
    }
    datasets
}

#[cfg(test)]
mod tests {
    use super::HeartbeatRoad;
    use crate::config::deployment::parse;

    #[test]
    fn ages_and_the_heartbeat_are_read() {
        let text = "[mail]\noperator = \"op@contoh.go.id\"\nfile_is_delivery = true\n[watch]\nheartbeat = \"mail\"\n\
            heartbeat_cron = \"0 30 6 * * *\"\nage_hours = 48\ndatasets = { \"simda.rka\" = 240, \"sipp.p3ke\" = 0 }\n";
        let watch = parse("lumbung.toml", text, &[]).unwrap().watch;
        assert_eq!((watch.heartbeat, watch.heartbeat_cron.as_str()), (HeartbeatRoad::Mail, "0 30 6 * * *"));
        assert_eq!((watch.age_hours, watch.datasets["simda.rka"], watch.datasets["sipp.p3ke"]), (48, 240, 0));
        assert_eq!(watch.heartbeat_limit_secs, 300);
        let off = parse("lumbung.toml", "[watch]\nheartbeat = \"off\"\n", &[]).unwrap().watch;
        assert_eq!(off.heartbeat, HeartbeatRoad::Off);
    }

    #[test]
    fn what_cannot_be_is_told() {
        let text = "[watch]\nheartbeat = \"mail\"\nheartbeat_cron = \"daily\"\nage_hours = 0\n\
            datasets = { \"rka\" = 1, \"a.b\" = -1 }\nhearbeat = 1\n";
        let said = parse("lumbung.toml", text, &[]).unwrap_err().to_string();
        for words in [
            "lumbung.toml:2: `heartbeat` = \"mail\" has nobody to go to",
            "lumbung.toml:3: `heartbeat_cron` = \"daily\" is no schedule",
            "`watch.age_hours` is out of range",
            "\"rka\" in `watch.datasets` is no age",
            "\"a.b\" in `watch.datasets` is no age",
            "did you mean `heartbeat`?",
        ] {
            assert!(said.contains(words), "no {words:?} in\n{said}");
        }
        let silent = "[mail]\noperator = \"op@contoh.go.id\"\n[watch]\nheartbeat = \"mail\"\n";
        let said = parse("lumbung.toml", silent, &[]).unwrap_err().to_string();
        assert!(said.contains("no mail leaves this deployment"), "{said}");
        let wrong = parse("lumbung.toml", "[watch]\nheartbeat = \"post\"\n", &[]).unwrap_err().to_string();
        assert!(wrong.contains("file, mail or off"), "{wrong}");
    }
}
