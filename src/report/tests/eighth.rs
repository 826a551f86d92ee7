//! A new report out of the existing kinds needs no Rust: an eighth one, written into a folder as an operator would.

use super::super::fixture::{World, audiences_of, deployment, inputs, sources};
use super::super::rows::Session;
use super::super::{ReportDefinition, compose};
use crate::config::ConfigFolder;
use crate::report::queries::QuerySet;

const DEFINITION: &str = r#"
[report]
name = "blokir"
title = "Laporan dana diblokir"
unit = "Biro Perencanaan dan Keuangan"
[schedule]
cron = "0 0 8 * * Mon"
period = "weekly"
[[recipients]]
csv = "recipients/blokir.csv"
[freshness]
late = "hold"
datasets = { "omspan.ketersediaan_dana" = 3 }
[parameters]
ambang = 1
[[figures]]
query = "blokir_total"
columns = { blokir = "rupiah", pagu = "rupiah", bagian = "percent", satker = "count" }
[[section]]
kind = "headline"
text = "Dana diblokir {blokir} pada {satker} satker"
subject = "Blokir {bagian} dari pagu: {satker} satker"
preheader = "Dana diblokir {blokir} dari pagu {pagu}, yaitu {bagian}; batas {ambang:percent}."
position = "Data ketersediaan dana"
[[section]]
kind = "tiles"
[[section.tiles]]
label = "Blokir"
value = "{bagian}"
detail = "{blokir} dari {pagu}; batas {ambang:percent}"
alert = "bagian > ambang"
[[section]]
kind = "table"
id = "satker"
heading = "Satker dengan blokir"
caption = "Terbesar lebih dahulu."
query = "blokir_satker"
key = "kdsatker"
head = "Satker"
name = "{nmsatker}"
total = "Jumlah"
columns = [
    { name = "pagu", label = "Pagu", unit = "rupiah" },
    { name = "blokir", label = "Blokir", unit = "rupiah" },
    { name = "persen", label = "%", unit = "percent", share = ["blokir", "pagu"], bar = true },
]
[[section]]
kind = "notes"
roles = ["keuangan"]
[[section.notes]]
text = "Hanya untuk bagian keuangan: rincian surat blokir ada pada SAKTI."
"#;

const TOTAL: &str = "-- Blocked money of 2026.
SELECT sum(blokir) AS blokir, sum(pagu) AS pagu, sum(blokir) * 100 / sum(pagu) AS bagian,
    count(*) FILTER (WHERE blokir > 0) AS satker
FROM mart.serapan_satker WHERE tahun_anggaran = date_part('year', CAST($tanggal AS DATE))";

const BY_SATKER: &str = "-- Satkers with blocked money.
SELECT kdsatker, nmsatker, pagu, blokir FROM mart.serapan_satker
WHERE blokir > 0 AND tahun_anggaran = date_part('year', CAST($tanggal AS DATE)) ORDER BY blokir DESC";

const RECIPIENTS: &str = "name,address,roles
Yth. Sekretaris Jenderal,sekjen@contoh.go.id,
Yth. Kepala Biro,karo.keuangan@contoh.go.id,keuangan
";

#[tokio::test]
async fn an_eighth_report_needs_no_rust() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("reports/blokir.toml", DEFINITION),
        ("queries/report/blokir_total.sql", TOTAL),
        ("queries/report/blokir_satker.sql", BY_SATKER),
        ("recipients/blokir.csv", RECIPIENTS),
    ] {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let config = ConfigFolder::locate(Some(folder.path())).unwrap();
    assert_eq!(config.list("reports", "toml").len(), 8);
    let queries = QuerySet::embedded().with_overrides(&folder.path().join("queries/report")).unwrap();
    let (file, text) = config.read("reports/blokir.toml").unwrap();
    let definition = ReportDefinition::load(&text, &file, &queries).unwrap_or_else(|problems| panic!("{problems}"));

    let world = World::october().await;
    let session = Session::new(&world);
    let (sources, deployment) = (sources(), deployment());
    let inputs = inputs(&definition, (&session, None), &sources, &deployment);
    let read_csv = |name: &str| config.read(name).map(|(_, text)| text).map_err(|problems| problems.to_string());
    let offices = crate::report::recipients(&definition, &session, &read_csv).await.unwrap();
    let audiences = crate::report::audiences(&definition, offices);
    assert_eq!(audiences.len(), 2, "two offices see different sections");
    let mut editions = Vec::new();
    for audience in &audiences {
        editions.push(compose(&definition, &inputs, audience).await.unwrap());
    }
    // Rp12,0 miliar of Rp1,50 triliun: 0,8 percent.
    assert_eq!(editions[0].subject, "Blokir 0,8% dari pagu: 1 satker");
    assert_eq!(editions[0].id(), "blokir-2026-11-01");
    assert_eq!(editions[1].id(), "blokir-2026-11-01-keuangan");
    let text = editions[0].text.replace('\u{a0}', " ");
    for line in [
        "Dana diblokir Rp12,0 miliar pada 1 satker",
        "Blokir: 0,8% (Rp12,0 miliar dari Rp1,50 triliun; batas 1,0%)",
        "  Pagu: 600,0; Blokir: 12,0; %: 2,0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
    let only = "Hanya untuk bagian keuangan";
    assert!(!editions[0].html.contains(only) && editions[1].html.contains(only) && editions[1].text.contains(only));
    editions.iter().for_each(super::assert_promises);
    // The fixture's helper reads no CSV; a missing file names itself.
    let error = crate::report::recipients(&definition, &session, &|_| Err("does not exist".to_owned())).await;
    assert_eq!(error.unwrap_err().to_string(), "recipients/blokir.csv: does not exist");
    let shipped = super::definition("serapan-anggaran");
    assert_eq!(audiences_of(&shipped, &session).await.len(), 1, "roles that no section asks for make no difference");
}
