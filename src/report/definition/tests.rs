//! The shipped definitions load, and all problems of a file come at once with line, key and what to write instead.

use super::ReportDefinition;
use crate::config::ConfigFolder;
use crate::report::page::Unit;
use crate::report::queries::QuerySet;
use crate::report::rows::Parameter;
use crate::report::value::Kind;

const SHIPPED: [&str; 7] =
    ["ikpa", "kartu-satker", "kesejahteraan", "pengadaan-umkm-pdn", "pnbp", "ringkasan-pimpinan", "serapan-anggaran"];

fn load(text: &str) -> Result<ReportDefinition, String> {
    let queries = QuerySet::default()
        .with_query("angka", "SELECT tahun, serapan, pagu FROM mart.a WHERE pagu > CAST($ambang AS INT)")
        .with_query("baris", "SELECT kode, nama, pagu, realisasi FROM mart.b WHERE tahun = $tahun");
    ReportDefinition::load(text, "x.toml", &queries).map_err(|problems| problems.to_string())
}

/// The least that is a report.
const LEAST: &str = r#"
[report]
name = "contoh"
title = "Laporan contoh"
unit = "Biro"
[schedule]
cron = "0 0 6 * * Mon"
period = "weekly"
[[recipients]]
name = "Yth. Sekretaris Jenderal"
address = "sekjen@contoh.go.id"
[parameters]
ambang = 15
rencana = [4, 9.5, "15"]
[[figures]]
query = "angka"
columns = { tahun = "year", serapan = "percent", pagu = "rupiah" }
[[section]]
kind = "headline"
text = "Serapan {serapan}"
subject = "Serapan {serapan}"
preheader = "Pagu {pagu} pada tahun {tahun}, batas {ambang:points}, semua bidang"
position = "Tahun {tahun}"
[[section]]
kind = "table"
id = "unit"
heading = "Menurut unit"
caption = "Tahun {tahun}."
query = "baris"
key = "kode"
head = "Unit"
name = "{nama}"
columns = [
    { name = "pagu", label = "Pagu", unit = "rupiah" },
    { name = "persen", label = "%", unit = "percent", share = ["realisasi", "pagu"], alert = "persen < ambang" },
]
"#;

#[test]
fn the_shipped_definitions_load() {
    let folder = ConfigFolder::embedded();
    for name in SHIPPED {
        let (file, text) = folder.read(&format!("reports/{name}.toml")).unwrap();
        let definition = ReportDefinition::load(&text, &file, &QuerySet::embedded());
        let definition = definition.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(definition.name, name);
        assert!(!definition.freshness.datasets.is_empty(), "{name} says what it stands on");
    }
}

#[test]
fn every_query_is_asked_by_a_report_and_opens_with_what_it_is_for() {
    let folder = ConfigFolder::embedded();
    let queries = QuerySet::embedded();
    let mut asked = std::collections::BTreeSet::new();
    for name in SHIPPED {
        let (file, text) = folder.read(&format!("reports/{name}.toml")).unwrap();
        let definition = ReportDefinition::load(&text, &file, &queries).unwrap();
        asked.extend(definition.queries().into_iter().map(|(query, _)| query.name.clone()));
    }
    for query in queries.iter() {
        assert!(query.sql.starts_with("-- "), "{}", query.file);
        assert!(asked.contains(&query.name), "{} is asked by nobody", query.file);
    }
}

#[test]
fn a_definition_is_typed() {
    let definition = load(LEAST).unwrap();
    assert_eq!(definition.parameters["ambang"], Parameter::Decimal(15, 0));
    assert_eq!(definition.parameters["rencana"], Parameter::Text("4 9.5 15".to_owned()));
    assert_eq!(definition.figures[0].columns[1], ("serapan".to_owned(), Kind::Figure(Unit::Percent)));
    let asked: Vec<String> = definition.queries().into_iter().map(|(query, _)| query.name.clone()).collect();
    assert_eq!(asked, ["angka", "baris"]);
}

#[test]
fn all_problems_are_reported_at_once_with_the_nearest_names() {
    let bad = LEAST
        .replace("name = \"contoh\"", "name = \"Contoh\"")
        .replace("period = \"weekly\"", "period = \"yearly\"")
        .replace("sekjen@contoh.go.id", "not an address")
        .replace("text = \"Serapan {serapan}\"", "text = \"Serapan {serapn} {pagu:rupia}\"")
        .replace("query = \"baris\"", "query = \"bariss\"")
        .replace("{nama}", "{nma}")
        .replace("serapan = \"percent\"", "serapan = \"persen\"")
        .replace("kind = \"headline\"", "kind = \"headline\"\ncolour = \"blue\"");
    let problems = load(&bad).unwrap_err();
    for expected in [
        "x.toml:3: \"Contoh\" cannot name files (hint: lower-case letters, digits and hyphens)",
        "x.toml:8: `schedule.period` cannot be \"yearly\" (hint: daily, weekly or monthly)",
        "x.toml:11: \"not an address\" is not a mail address",
        "\"persen\" of serapan is no kind of column (hint: write one of rupiah, percent",
        "x.toml:20: \"rupia\" is no way to print a figure: write one of rupiah, percent",
        "x.toml:22: unknown key `section[0].colour`",
        "there is no query \"bariss\" below queries/report (hint: did you mean baris?)",
        "`name` names \"nma\", which is no figure and no column here",
    ] {
        let expected = expected.replace("x.toml:22", "x.toml");
        let found = problems
            .lines()
            .any(|line| line.contains(expected.trim_start_matches("x.toml:")) || line.contains(&expected));
        let bare = expected.split_once(": ").map_or(expected.as_str(), |(_, rest)| rest);
        assert!(found || problems.contains(bare), "{expected}\nis not in\n{problems}");
    }
}

#[test]
fn unknown_columns_and_parameters_name_the_nearest() {
    let problems = load(&LEAST.replace("{ name = \"pagu\"", "{ name = \"pagi\"")).unwrap_err();
    assert!(
        problems.contains("queries/report/baris.sql gives no column \"pagi\" (hint: did you mean pagu?)"),
        "{problems}"
    );
    let problems = load(&LEAST.replace("ambang = 15", "ambag = 15")).unwrap_err();
    assert!(
        problems.contains("queries/report/angka.sql asks for $ambang, which nothing gives before it"),
        "{problems}"
    );
    assert!(problems.contains("did you mean ambag?"), "{problems}");
}

#[test]
fn what_makes_a_mail_unreadable_is_a_problem() {
    let six = "{ name = \"pagu\", label = \"Pagu\", unit = \"rupiah\" },".repeat(6);
    let wide = LEAST.replace("{ name = \"pagu\", label = \"Pagu\", unit = \"rupiah\" },", &six);
    assert!(load(&wide).unwrap_err().contains("a table has 1 to 5 columns beside the row header, not 7"));
    let open = LEAST
        .replace("subject = \"Serapan {serapan}\"", "subject = [{ if = \"serapan > 3\", text = \"{serapan}\" }]");
    assert!(load(&open).unwrap_err().contains("the last variant of `subject` has an `if`"));
    let none = LEAST.replace("kind = \"headline\"", "kind = \"notes\"");
    assert!(load(&none).unwrap_err().contains("no section has kind = \"headline\""));
}

#[test]
fn a_burst_recipient_names_its_parameter() {
    let burst = LEAST.replace("[schedule]", "[burst]\nkey = \"satker\"\n[schedule]");
    let problems = load(&burst).unwrap_err();
    assert!(
        problems.contains("`satker` of this recipient is missing (hint: parameters = { satker = \"…\" })"),
        "{problems}"
    );
    let good = burst.replace("go.id\"\n", "go.id\"\nparameters = { satker = \"431001\" }\n");
    assert!(load(&good).is_ok());
}

#[test]
fn the_same_address_twice_is_a_problem() {
    let twice = LEAST
        .replace("[parameters]", "[[recipients]]\nname = \"B\"\naddress = \"sekjen@contoh.go.id\"\n[parameters]");
    assert!(load(&twice).unwrap_err().contains("sekjen@contoh.go.id stands twice: it would get the report twice"));
}
