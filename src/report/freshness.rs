//! Whether the data is as new as the definition demands, what is done where it is not, and what a reader must know either
//! way. Everything here is a pure function of the rule, the ledger's notes and the time.

use super::definition::ReportDefinition;
use super::id_id;
use super::inputs::SourceNote;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// How old the data of a report may be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FreshnessRule {
    /// What late data does.
    pub late: Late,
    /// How long a late edition waits after it was due, before it goes out with a banner.
    pub wait_hours: i64,
    /// How many days the newest data may lie before the day of the report; not judged where there is none.
    pub data_date_days: Option<i64>,
    /// Each dataset the figures stand on, and how many days old its snapshot may be.
    pub datasets: Vec<(String, i64)>,
}

/// What late data does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Late {
    /// Wait until the deadline, then go out with a banner that names what is late.
    #[default]
    Wait,
    /// Never go out; the operator is told.
    Hold,
}

impl std::str::FromStr for Late {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "wait" => Ok(Self::Wait),
            "hold" => Ok(Self::Hold),
            _ => Err("wait or hold".to_owned()),
        }
    }
}

/// What to do with an edition that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All data is new enough.
    Ready,
    /// Try again; at `until` it goes out all the same.
    Wait {
        /// The deadline.
        until: DateTime<Utc>,
        /// What is late, one Indonesian sentence each.
        why: Vec<String>,
    },
    /// The deadline has passed: it goes out and says what is late.
    SendWithBanner(Vec<String>),
    /// It does not go out.
    Hold(Vec<String>),
}

/// What to do at `now` with the edition of `day` that was due at `due`, by what was loaded for that day.
#[must_use]
pub fn judge(
    rule: &FreshnessRule,
    sources: &[SourceNote],
    day: NaiveDate,
    due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Verdict {
    let why = reasons(rule, sources, day);
    if why.is_empty() {
        return Verdict::Ready;
    }
    match rule.late {
        Late::Hold => Verdict::Hold(why),
        Late::Wait => match due + TimeDelta::hours(rule.wait_hours) {
            until if now < until => Verdict::Wait { until, why },
            _ => Verdict::SendWithBanner(why),
        },
    }
}

/// Which datasets are late on `day`: one sentence each, none when all is new enough. A dataset is late when it is missing,
/// when a later load of it failed or was held, or when its snapshot is older than the rule allows.
#[must_use]
pub fn reasons(rule: &FreshnessRule, sources: &[SourceNote], day: NaiveDate) -> Vec<String> {
    let late = |(dataset, days): &(String, i64)| match sources.iter().find(|source| source.dataset == *dataset) {
        None => Some(format!("Belum ada data {dataset}.")),
        Some(source) if source.stale => Some(outdated(source)),
        Some(source) => {
            let age = (day - source.snapshot_date).num_days();
            (age > *days).then(|| {
                format!(
                    "{} terakhir diperbarui {}, {} hari yang lalu; batasnya {} hari.",
                    source.title,
                    id_id::date_long(source.snapshot_date),
                    id_id::count(age),
                    id_id::count(*days),
                )
            })
        }
    };
    rule.datasets.iter().filter_map(late).collect()
}

/// That the newest data itself lies too far back: everything was loaded, but nothing new was in it.
pub(crate) fn old_data(rule: &FreshnessRule, newest: NaiveDate, day: NaiveDate) -> Option<String> {
    let (age, days) = ((day - newest).num_days(), rule.data_date_days?);
    (age > days).then(|| {
        format!(
            "Data terakhir per {}, {} hari sebelum tanggal laporan {}; batasnya {} hari.",
            id_id::date_long(newest),
            id_id::count(age),
            id_id::date_long(day),
            id_id::count(days),
        )
    })
}

/// Notes on the sources themselves, for "Catatan mutu data": the `reasons` of a stale edition, what was refused, or that all
/// is well. Only the datasets the report stands on are spoken of.
pub(crate) fn notes(definition: &ReportDefinition, sources: &[SourceNote], reasons: &[String]) -> Vec<String> {
    let mut notes = reasons.to_vec();
    notes.extend(used(definition, sources).filter(|source| source.quarantined > 0).map(|source| {
        format!(
            "{} dari {} baris {} ditahan karena tidak memenuhi kontrak data; nilainya tidak masuk angka di atas.",
            unsigned(source.quarantined),
            unsigned(source.quarantined.saturating_add(source.rows)),
            source.title,
        )
    }));
    if notes.is_empty() {
        notes.push("Semua sumber mutakhir dan tidak ada baris yang ditahan.".to_owned());
    }
    notes
}

/// The loads of the datasets a report stands on.
pub(crate) fn used<'a>(
    definition: &'a ReportDefinition,
    sources: &'a [SourceNote],
) -> impl Iterator<Item = &'a SourceNote> {
    let datasets = &definition.freshness.datasets;
    sources.iter().filter(|source| datasets.iter().any(|(dataset, _)| *dataset == source.dataset))
}

/// A number of rows, grouped.
pub(crate) fn unsigned(number: u64) -> String {
    id_id::count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn outdated(source: &SourceNote) -> String {
    format!("{} belum diperbarui: laporan memakai snapshot {}.", source.title, id_id::date_long(source.snapshot_date))
}

#[cfg(test)]
mod tests {
    use super::{FreshnessRule, Late, Verdict, judge};
    use crate::report::fixture::{date, sources};
    use chrono::{DateTime, Utc};
    use chrono_tz::Asia::Jakarta;

    fn rule(late: Late, wait_hours: i64) -> FreshnessRule {
        let datasets = vec![("omspan.dipa_belanja".to_owned(), 7), ("omspan.realisasi_belanja".to_owned(), 1)];
        FreshnessRule { late, wait_hours, data_date_days: None, datasets }
    }

    /// Due on 2 November 2026 at 06.00 WIB; the sources were loaded that morning unless `age` says otherwise.
    fn verdict(rule: &FreshnessRule, now: &str, age: Option<i64>) -> String {
        let mut sources = sources();
        match age {
            None => drop(sources.remove(1)),
            Some(days) => sources[1].snapshot_date = date("2026-11-02") - chrono::TimeDelta::days(days),
        }
        let due = "2026-11-01T23:00:00Z".parse().unwrap();
        let now: DateTime<Utc> = now.parse().unwrap();
        match judge(rule, &sources, now.with_timezone(&Jakarta).date_naive(), due, now) {
            Verdict::Ready => "ready".to_owned(),
            Verdict::Wait { until, why } => format!("wait until {until}: {}", why.join(" ")),
            Verdict::SendWithBanner(why) => format!("banner: {}", why.join(" ")),
            Verdict::Hold(why) => format!("hold: {}", why.join(" ")),
        }
    }

    #[test]
    fn late_data_waits_then_goes_out_with_a_banner_or_is_held() {
        let old = "Realisasi Belanja terakhir diperbarui 31 Oktober 2026, 2 hari yang lalu; batasnya 1 hari.";
        let missing = "Belum ada data omspan.realisasi_belanja.";
        let (wait, hold) = (rule(Late::Wait, 6), rule(Late::Hold, 6));
        for (rule, now, age, expected) in [
            (&wait, "2026-11-01T23:00:00Z", Some(0), "ready".to_owned()),
            (&wait, "2026-11-01T23:00:00Z", Some(1), "ready".to_owned()),
            (&wait, "2026-11-01T23:00:00Z", Some(2), format!("wait until 2026-11-02 05:00:00 UTC: {old}")),
            (&wait, "2026-11-02T04:59:59Z", Some(2), format!("wait until 2026-11-02 05:00:00 UTC: {old}")),
            (&wait, "2026-11-02T05:00:00Z", Some(2), format!("banner: {old}")),
            (&wait, "2026-11-02T05:00:00Z", None, format!("banner: {missing}")),
            (&hold, "2026-11-01T23:00:00Z", Some(2), format!("hold: {old}")),
            (&hold, "2026-11-09T23:00:00Z", None, {
                let dipa = "DIPA Belanja terakhir diperbarui 2 November 2026, 8 hari yang lalu; batasnya 7 hari.";
                format!("hold: {dipa} {missing}")
            }),
            (&rule(Late::Wait, 0), "2026-11-01T23:00:00Z", Some(2), format!("banner: {old}")),
        ] {
            assert_eq!(verdict(rule, now, age), expected, "{now} {age:?}");
        }
    }

    #[test]
    fn a_failed_later_load_is_late_however_young_the_snapshot_is() {
        let mut sources = sources();
        sources[0].stale = true;
        let now = "2026-11-01T23:00:00Z".parse().unwrap();
        let Verdict::Hold(why) = judge(&rule(Late::Hold, 0), &sources, date("2026-11-02"), now, now) else {
            panic!("not held")
        };
        assert_eq!(why, ["DIPA Belanja belum diperbarui: laporan memakai snapshot 2 November 2026."]);
    }
}
