//! A report's definition: what `config/reports/<name>.toml` says, typed and checked.
//!
//! Every problem of a file is found in one reading and given with its key and what to write instead.

use super::amount::Amount;
use super::id_id;
use chrono_tz::Tz;
use serde::Deserialize;
use std::fmt;

/// One thing wrong in a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the caller named it.
    pub path: String,
    /// The key, dotted; empty when the file is not TOML at all.
    pub key: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.key.is_empty() { "" } else { ": " };
        write!(f, "{}{separator}{}: {}", self.path, self.key, self.message)
    }
}

/// Who gets an edition: an office and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The office's form of address, e.g. `Yth. Sekretaris Jenderal`.
    pub name: String,
    /// The mail address.
    pub address: lettre::Address,
}

/// The definition of one report, ready to use.
#[derive(Debug, Clone)]
pub struct ReportDefinition {
    /// The report's key, e.g. `serapan-anggaran`.
    pub name: String,
    /// What leadership calls it.
    pub title: String,
    /// The unit that answers for it.
    pub unit: String,
    /// Raised when a figure's meaning changes.
    pub version: u32,
    /// The zone of every printed time.
    pub timezone: Tz,
    /// Six cron fields, from seconds to day of week, in `timezone`.
    pub cron: String,
    /// At least one.
    pub recipients: Vec<Recipient>,
    /// How many days the data date may lie before the report's date.
    pub max_age_days: i64,
    /// The datasets the figures stand on.
    pub datasets: Vec<String>,
    /// Planned cumulative absorption in percent at the end of each month.
    pub targets: [Amount; 12],
    /// When something needs attention.
    pub thresholds: Thresholds,
    /// How much is shown.
    pub rows: RowLimits,
}

/// When something needs attention.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// Points below target that make a satker "jauh di bawah target".
    pub satker_points: Amount,
    /// IKPA values below this are listed.
    pub ikpa_minimum: Amount,
    /// Smallest listed difference between postings and fund availability, rupiah.
    pub selisih_rupiah: Amount,
}

/// How much of each section is shown.
#[derive(Debug, Clone, Copy)]
pub struct RowLimits {
    /// Lines under "Perlu perhatian".
    pub exceptions: usize,
    /// Of one kind.
    pub exceptions_per_kind: usize,
    /// Lines under "Yang berubah sejak laporan lalu".
    pub changes: usize,
    /// Rows of the eselon 1 table.
    pub eselon1: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    report: Head,
    #[serde(default)]
    schedule: Schedule,
    #[serde(default)]
    recipients: Vec<RecipientEntry>,
    #[serde(default)]
    freshness: Freshness,
    targets: Targets,
    #[serde(default)]
    thresholds: ThresholdEntries,
    #[serde(default)]
    rows: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    name: String,
    title: String,
    unit: String,
    #[serde(default = "one")]
    version: u32,
    #[serde(default = "jakarta")]
    timezone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    cron: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipientEntry {
    name: String,
    address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Freshness {
    max_age_days: i64,
    datasets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Targets {
    serapan: Vec<Figure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ThresholdEntries {
    satker_points: Figure,
    ikpa_minimum: Figure,
    selisih_rupiah: Figure,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    exceptions: usize,
    exceptions_per_kind: usize,
    changes: usize,
    eselon1: usize,
}

/// A figure as TOML may write it: `76`, `76.5` or `"76.5"`. A TOML float is read by its shortest text, so `76.5` is
/// exactly 76.5.
#[derive(Deserialize)]
#[serde(untagged)]
enum Figure {
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Figure {
    fn amount(&self) -> Option<Amount> {
        match self {
            Self::Integer(number) => Some(Amount::whole(i128::from(*number))),
            Self::Float(number) => Amount::parse(&number.to_string()),
            Self::Text(text) => Amount::parse(text),
        }
    }
}

fn one() -> u32 {
    1
}

fn jakarta() -> String {
    "Asia/Jakarta".to_owned()
}

impl Default for Schedule {
    fn default() -> Self {
        Self { cron: "0 0 6 * * Mon".to_owned() }
    }
}

impl Default for Freshness {
    fn default() -> Self {
        let datasets = ["omspan.dipa_belanja", "omspan.realisasi_belanja"];
        Self { max_age_days: 7, datasets: datasets.map(str::to_owned).to_vec() }
    }
}

impl Default for ThresholdEntries {
    fn default() -> Self {
        Self {
            satker_points: Figure::Integer(15),
            ikpa_minimum: Figure::Integer(70),
            selisih_rupiah: Figure::Integer(1_000_000),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { exceptions: 10, exceptions_per_kind: 4, changes: 5, eselon1: 12 }
    }
}

impl ReportDefinition {
    /// Reads a definition. `path` only names the file in the problems.
    ///
    /// # Errors
    /// Every problem of the file; text that is not TOML, or of another shape, is one problem.
    pub fn load(toml_text: &str, path: &str) -> Result<Self, Vec<Problem>> {
        let file: File = toml::from_str(toml_text).map_err(|error| {
            vec![Problem { path: path.to_owned(), key: String::new(), message: error.to_string().trim().to_owned() }]
        })?;
        let mut check = Check { path, problems: Vec::new() };
        let definition = check.definition(file);
        match definition {
            Some(definition) if check.problems.is_empty() => Ok(definition),
            _ => Err(check.problems),
        }
    }
}

/// Collects the problems while the typed definition is put together.
struct Check<'a> {
    path: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn definition(&mut self, file: File) -> Option<ReportDefinition> {
        self.head(&file.report);
        let timezone = self.timezone(&file.report.timezone);
        let recipients = self.recipients(file.recipients);
        if file.schedule.cron.split_whitespace().count() != 6 {
            self.problem("schedule.cron", "write six fields: second minute hour day-of-month month day-of-week");
        }
        if file.freshness.max_age_days < 0 {
            self.problem("freshness.max_age_days", "write 0 or more days");
        }
        let targets = self.targets(&file.targets.serapan);
        let thresholds = self.thresholds(&file.thresholds);
        let rows = self.limits(&file.rows);
        Some(ReportDefinition {
            name: file.report.name,
            title: file.report.title,
            unit: file.report.unit,
            version: file.report.version,
            timezone: timezone?,
            cron: file.schedule.cron,
            recipients,
            max_age_days: file.freshness.max_age_days,
            datasets: file.freshness.datasets,
            targets: targets?,
            thresholds: thresholds?,
            rows,
        })
    }

    fn problem(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem { path: self.path.to_owned(), key: key.to_owned(), message: message.into() });
    }

    fn head(&mut self, head: &Head) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if head.name.is_empty() || !head.name.chars().all(plain) {
            self.problem("report.name", "write lower-case letters, digits and hyphens: it names files");
        }
        for (key, text) in [("report.title", &head.title), ("report.unit", &head.unit)] {
            if text.trim().is_empty() {
                self.problem(key, "write a text, it is printed");
            }
        }
    }

    fn timezone(&mut self, name: &str) -> Option<Tz> {
        let zone = name.parse::<Tz>().ok().filter(|zone| id_id::zone_name(*zone).is_some());
        if zone.is_none() {
            let zones = "Asia/Jakarta, Asia/Pontianak, Asia/Makassar or Asia/Jayapura";
            self.problem("report.timezone", format!("{name:?} is not an Indonesian zone: write {zones}"));
        }
        zone
    }

    fn recipients(&mut self, entries: Vec<RecipientEntry>) -> Vec<Recipient> {
        if entries.is_empty() {
            self.problem("recipients", "name at least one office: [[recipients]] with name and address");
        }
        let mut recipients: Vec<Recipient> = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let key = format!("recipients[{index}]");
            match entry.address.parse::<lettre::Address>() {
                Err(error) => {
                    let message = format!("{:?} is not a mail address ({error})", entry.address);
                    self.problem(&format!("{key}.address"), message);
                }
                Ok(address) if recipients.iter().any(|known| known.address == address) => {
                    let message = format!("{address} stands twice: it would get the report twice");
                    self.problem(&format!("{key}.address"), message);
                }
                Ok(address) => recipients.push(Recipient { name: entry.name, address }),
            }
        }
        recipients
    }

    fn targets(&mut self, figures: &[Figure]) -> Option<[Amount; 12]> {
        let key = "targets.serapan";
        let amounts: Option<Vec<Amount>> = figures.iter().map(Figure::amount).collect();
        let targets: Option<[Amount; 12]> = amounts.and_then(|amounts| amounts.try_into().ok());
        let Some(targets) = targets else {
            self.problem(key, format!("write twelve figures in percent, January to December, not {}", figures.len()));
            return None;
        };
        if targets.iter().any(|target| *target < Amount::ZERO || *target > Amount::whole(100)) {
            self.problem(key, "write percentages from 0 to 100");
        }
        if !targets.is_sorted() {
            self.problem(key, "a cumulative target never falls from one month to the next");
        }
        Some(targets)
    }

    fn thresholds(&mut self, entries: &ThresholdEntries) -> Option<Thresholds> {
        let mut figure = |key: &str, figure: &Figure| {
            let amount = figure.amount().filter(|amount| !amount.is_negative());
            if amount.is_none() {
                self.problem(key, "write a figure of 0 or more, such as 15 or 15.5");
            }
            amount
        };
        let satker_points = figure("thresholds.satker_points", &entries.satker_points);
        let ikpa_minimum = figure("thresholds.ikpa_minimum", &entries.ikpa_minimum);
        let selisih_rupiah = figure("thresholds.selisih_rupiah", &entries.selisih_rupiah);
        Some(Thresholds {
            satker_points: satker_points?,
            ikpa_minimum: ikpa_minimum?,
            selisih_rupiah: selisih_rupiah?,
        })
    }

    fn limits(&mut self, limits: &Limits) -> RowLimits {
        for (key, value, most) in [
            ("rows.exceptions", limits.exceptions, 10),
            ("rows.exceptions_per_kind", limits.exceptions_per_kind, 10),
            ("rows.changes", limits.changes, 5),
            ("rows.eselon1", limits.eselon1, 15),
        ] {
            if !(1..=most).contains(&value) {
                self.problem(key, format!("write 1 to {most}, not {value}"));
            }
        }
        RowLimits {
            exceptions: limits.exceptions,
            exceptions_per_kind: limits.exceptions_per_kind,
            changes: limits.changes,
            eselon1: limits.eselon1,
        }
    }
}

#[cfg(test)]
mod tests;
