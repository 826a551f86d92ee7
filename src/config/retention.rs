//! `[retention]` and `[warehouse]` of `lumbung.toml`: how long what is kept, and how much of the disk stays free.

use std::collections::BTreeMap;

use super::cron::{CRON_FIELDS, CronLine};
use super::document::Section;

/// Longest age that can be configured, in days: a hundred years.
const DAYS_MAX: i64 = 36_525;

/// How long what is kept.
#[derive(Debug, Clone)]
pub struct RetentionSettings {
    /// Whether the daemon removes what may go by itself.
    pub enabled: bool,
    /// When it does.
    pub cron: CronLine,
    /// What holds for every dataset that says nothing else.
    pub defaults: KeepSettings,
    /// Longest that personal data is kept, in days, whatever else says; 0 for no such limit.
    pub personal_max_days: u32,
    /// Days that recorded editions are kept; 0 for good.
    pub editions_days: u32,
    /// Days that the bytes of a mail stay after its delivery ended; 0 for good.
    pub outbox_days: u32,
    /// Days that the ledger tells what became of each time of a schedule; 0 for good.
    pub occurrences_days: u32,
    /// Days that the ledger tells of the answers of runs that published nothing, and of refused rows; 0 for good.
    pub runs_days: u32,
    /// What sources have of their own, by name.
    pub sources: BTreeMap<String, KeepOverride>,
    /// What datasets have of their own, by `source.dataset`.
    pub datasets: BTreeMap<String, KeepOverride>,
}

/// How long the data of one dataset is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepSettings {
    /// Days that every snapshot is kept.
    pub daily_days: u32,
    /// Months before the present one whose last snapshots are kept.
    pub month_ends: u32,
    /// Years before the present one whose last snapshots are kept.
    pub year_ends: u32,
    /// Days that the files of single days (PNBP, the inbox) are kept; 0 for good. They are the data itself.
    pub events_days: u32,
    /// Days that raw pages are kept at most; 0 for as long as what was made of them.
    pub raw_days: u32,
    /// Days that the originals of refused rows are kept; 0 for good.
    pub quarantine_days: u32,
}

/// What a source or a dataset has of its own; the rest is that of the level above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepOverride {
    daily_days: Option<u32>,
    month_ends: Option<u32>,
    year_ends: Option<u32>,
    events_days: Option<u32>,
    raw_days: Option<u32>,
    quarantine_days: Option<u32>,
}

impl KeepOverride {
    fn over(self, below: KeepSettings) -> KeepSettings {
        KeepSettings {
            daily_days: self.daily_days.unwrap_or(below.daily_days),
            month_ends: self.month_ends.unwrap_or(below.month_ends),
            year_ends: self.year_ends.unwrap_or(below.year_ends),
            events_days: self.events_days.unwrap_or(below.events_days),
            raw_days: self.raw_days.unwrap_or(below.raw_days),
            quarantine_days: self.quarantine_days.unwrap_or(below.quarantine_days),
        }
    }
}

impl RetentionSettings {
    /// What holds for a dataset.
    #[must_use]
    pub fn of(&self, source: &str, dataset: &str) -> KeepSettings {
        let of_source = self.sources.get(source).copied().unwrap_or_default();
        let own = self.datasets.get(&format!("{source}.{dataset}")).copied().unwrap_or_default();
        own.over(of_source.over(self.defaults))
    }
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            cron: "0 30 2 * * *".parse().expect("it is a cron line"),
            defaults: KeepSettings {
                daily_days: 90,
                month_ends: 24,
                year_ends: 100,
                events_days: 0,
                raw_days: 0,
                quarantine_days: 90,
            },
            personal_max_days: 1_825,
            editions_days: 3_650,
            outbox_days: 90,
            occurrences_days: 400,
            runs_days: 400,
            sources: BTreeMap::new(),
            datasets: BTreeMap::new(),
        }
    }
}

/// The disk that the warehouse stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarehouseSettings {
    /// Megabytes that a load leaves free: with less it does not begin. 0 switches the guard off.
    pub disk_free_min_mb: u64,
}

/// `[warehouse]`.
pub(super) fn warehouse(root: &Section<'_, '_>) -> WarehouseSettings {
    let default = WarehouseSettings { disk_free_min_mb: 1_024 };
    let Some(section) = root.section("warehouse") else { return default };
    let least = section.integer("disk_free_min_mb", 0..=1 << 30);
    section.finish();
    WarehouseSettings { disk_free_min_mb: least.map_or(default.disk_free_min_mb, i64::unsigned_abs) }
}

/// `[retention]`.
pub(super) fn retention(root: &Section<'_, '_>) -> RetentionSettings {
    let mut settings = RetentionSettings::default();
    let Some(section) = root.section("retention") else { return settings };
    settings.enabled = section.flag("enabled").unwrap_or(settings.enabled);
    if let Some(line) = cron(&section) {
        settings.cron = line;
    }
    settings.defaults = keep(&section).over(settings.defaults);
    for (key, place) in [
        ("personal_max_days", &mut settings.personal_max_days),
        ("editions_days", &mut settings.editions_days),
        ("outbox_days", &mut settings.outbox_days),
        ("occurrences_days", &mut settings.occurrences_days),
        ("runs_days", &mut settings.runs_days),
    ] {
        *place = number(&section, key, DAYS_MAX).unwrap_or(*place);
    }
    for (name, own) in section.section("sources").map(|all| all.named_sections()).unwrap_or_default() {
        settings.sources.insert(name, keep(&own));
        own.finish();
    }
    for (name, own) in section.section("datasets").map(|all| all.named_sections()).unwrap_or_default() {
        if name.contains('.') {
            settings.datasets.insert(name, keep(&own));
            own.finish();
            continue;
        }
        // [retention.datasets.omspan.dipa_belanja], as --set writes it.
        for (dataset, own) in own.named_sections() {
            settings.datasets.insert(format!("{name}.{dataset}"), keep(&own));
            own.finish();
        }
    }
    section.finish();
    settings
}

fn keep(section: &Section<'_, '_>) -> KeepOverride {
    KeepOverride {
        // One day at least: what was loaded today is never too old.
        daily_days: section.integer("daily_days", 1..=DAYS_MAX).map(small),
        month_ends: number(section, "month_ends", 1_200),
        year_ends: number(section, "year_ends", 100),
        events_days: number(section, "events_days", DAYS_MAX),
        raw_days: number(section, "raw_days", DAYS_MAX),
        quarantine_days: number(section, "quarantine_days", DAYS_MAX),
    }
}

fn number(section: &Section<'_, '_>, key: &'static str, high: i64) -> Option<u32> {
    section.integer(key, 0..=high).map(small)
}

fn small(number: i64) -> u32 {
    u32::try_from(number).expect("its range is far below")
}

fn cron(section: &Section<'_, '_>) -> Option<CronLine> {
    let text = section.text("cron")?;
    match text.parse() {
        Ok(line) => Some(line),
        Err(hint) => {
            section.problem("cron", format!("`cron` = \"{text}\" is no schedule ({CRON_FIELDS})"), hint);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::deployment::parse;

    #[test]
    fn a_dataset_goes_before_its_source_and_that_before_all() {
        let text = r#"
            [retention]
            daily_days = 30
            year_ends = 5
            personal_max_days = 0
            [retention.sources.omspan]
            daily_days = 60
            month_ends = 0
            [retention.datasets."omspan.dipa_belanja"]
            month_ends = 36
            [warehouse]
            disk_free_min_mb = 50
        "#;
        let set = ["retention.datasets.omspan.detail_pnbp.events_days=800".to_owned()];
        let config = parse("lumbung.toml", text, &set).unwrap();
        let keeps = |source: &str, dataset: &str| {
            let keep = config.retention.of(source, dataset);
            (keep.daily_days, keep.month_ends, keep.year_ends, keep.events_days)
        };
        assert_eq!(keeps("omspan", "dipa_belanja"), (60, 36, 5, 0));
        assert_eq!(keeps("omspan", "detail_pnbp"), (60, 0, 5, 800));
        assert_eq!(keeps("sipp", "p3ke"), (30, 24, 5, 0));
        assert_eq!((config.retention.personal_max_days, config.warehouse.disk_free_min_mb), (0, 50));
    }

    #[test]
    fn every_problem_of_a_retention_is_told() {
        let text = "[retention]\ncron = \"daily\"\ndaily_days = 0\nmonth_end = 3\n[retention.sources.omspan]\nyear_ends = -1\n";
        let said = parse("lumbung.toml", text, &[]).unwrap_err().to_string();
        for words in [
            "lumbung.toml:2: `cron` = \"daily\" is no schedule",
            "lumbung.toml:3: `retention.daily_days` is out of range",
            "did you mean `month_ends`?",
            "`retention.sources.omspan.year_ends` is out of range",
        ] {
            assert!(said.contains(words), "no {words:?} in\n{said}");
        }
    }
}
