//! The shipped definition loads, the defaults are what its comments say, and all problems come at once.

use super::ReportDefinition;
use crate::report::SERAPAN_ANGGARAN_TOML;
use crate::report::amount::Amount;

const LEAST: &str = r#"
[report]
name = "serapan-anggaran"
title = "Laporan"
unit = "Biro"
[[recipients]]
name = "Yth. Sekretaris Jenderal"
address = "sekjen@contoh.go.id"
[targets]
serapan = [4, 9, 15, 24, 33, 42.5, "51.25", 59, 67, 76, 85, 95]
"#;

#[test]
fn the_shipped_file_states_the_defaults() {
    let shipped = ReportDefinition::load(SERAPAN_ANGGARAN_TOML, "serapan-anggaran.toml").unwrap();
    let least = ReportDefinition::load(LEAST, "least.toml").unwrap();
    assert_eq!(shipped.name, "serapan-anggaran");
    assert_eq!(shipped.recipients.len(), 2);
    assert_eq!((shipped.version, &shipped.cron, shipped.timezone), (least.version, &least.cron, least.timezone));
    assert_eq!((shipped.max_age_days, &shipped.datasets), (least.max_age_days, &least.datasets));
    assert_eq!(format!("{:?}", shipped.thresholds), format!("{:?}", least.thresholds));
    assert_eq!(format!("{:?}", shipped.rows), format!("{:?}", least.rows));
}

#[test]
fn figures_may_be_written_three_ways() {
    let definition = ReportDefinition::load(LEAST, "least.toml").unwrap();
    assert_eq!(definition.targets[5], Amount::new(425, 1));
    assert_eq!(definition.targets[6], Amount::new(5125, 2));
}

#[test]
fn all_problems_are_reported_at_once() {
    let bad = r#"
[report]
name = "Serapan Anggaran"
title = " "
unit = "Biro"
timezone = "Europe/Berlin"
[schedule]
cron = "0 6 * * Mon"
[[recipients]]
name = "A"
address = "not an address"
[freshness]
max_age_days = -1
[targets]
serapan = [9, 4, 15, 24, 33, 42, 51, 59, 67, 76, 85, 101]
[thresholds]
satker_points = "1,5"
[rows]
exceptions = 11
changes = 0
"#;
    let problems = ReportDefinition::load(bad, "bad.toml").unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "report.name",
            "report.title",
            "report.timezone",
            "recipients[0].address",
            "schedule.cron",
            "freshness.max_age_days",
            "targets.serapan",
            "targets.serapan",
            "thresholds.satker_points",
            "rows.exceptions",
            "rows.changes",
        ]
    );
    assert_eq!(problems[9].to_string(), "bad.toml: rows.exceptions: write 1 to 10, not 11");
}

#[test]
fn an_unknown_key_is_a_problem() {
    let problems = ReportDefinition::load(&format!("{LEAST}\n[rows]\nsatker = 3\n"), "x.toml").unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("unknown field `satker`"), "{}", problems[0]);
}

#[test]
fn the_same_address_twice_is_a_problem() {
    let twice =
        LEAST.replace("[targets]", "[[recipients]]\nname = \"B\"\naddress = \"sekjen@contoh.go.id\"\n[targets]");
    let problems = ReportDefinition::load(&twice, "x.toml").unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "x.toml: recipients[1].address: sekjen@contoh.go.id stands twice: it would get the report twice"
    );
}
