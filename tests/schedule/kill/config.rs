//! The deployment of the daemon that is killed: three datasets, a report that costs little, a mart that changes with every load.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// Who gets each edition.
pub(super) const RECIPIENTS: usize = 5;

/// The datasets with times of their own.
pub(super) const DATASETS: [&str; 3] = ["omspan.detail_pnbp", "omspan.realisasi_belanja", "omspan.ketersediaan_dana"];

/// What runs on a day: each dataset, the report, and the removal of what is kept too long.
pub(super) const JOBS: usize = DATASETS.len() + 2;

/// A report that costs little, and a mart that changes with every load.
pub(super) fn write_config(folder: &Path) {
    let recipients: String = (0..RECIPIENTS)
        .map(|n| format!("[[recipients]]\nname = \"Yth. Kantor {n}\"\naddress = \"kantor{n}@lab.test\"\n\n"))
        .collect();
    let report = format!(
        r#"[report]
name = "harian"
title = "Laporan harian uji"
unit = "Biro Uji"
attachments = ["csv"]

[schedule]
cron = "0 0 5 * * *"
period = "daily"

{recipients}[freshness]
late = "wait"
wait_hours = 1
datasets = {{ "omspan.realisasi_belanja" = 2 }}

[[figures]]
query = "harian_total"
columns = {{ jumlah = "count", rupiah = "rupiah" }}

[[section]]
kind = "headline"
text = "Realisasi {{rupiah}} dalam {{jumlah}} baris"
subject = "Laporan harian uji: {{jumlah}} baris"
preheader = "Realisasi {{rupiah}} dalam {{jumlah}} baris, sebagaimana dimuat pada hari ini."
position = "Posisi data uji"

[[section]]
kind = "notes"

[[section.notes]]
text = "Angka uji."
"#
    );
    for (name, text) in [
        ("reports/harian.toml", report.as_str()),
        (
            "queries/report/harian_total.sql",
            "-- All postings.\nSELECT count(*) AS jumlah, coalesce(sum(amount), 0) AS rupiah FROM omspan.realisasi_belanja\n",
        ),
        (
            "queries/mart/uji_pnbp.sql",
            "-- Payments.\nSELECT count(*) AS jumlah, sum(rupiah) AS rupiah FROM omspan.detail_pnbp\n",
        ),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Keys of `lumbung.toml`, with a mail server at `address`.
pub(super) fn settings(address: &SocketAddr) -> Vec<String> {
    let mut settings = vec![
        "sources.omspan.fiscal_years=[2026]".to_owned(),
        "marts.after_load=true".to_owned(),
        "inbox.load=* * * * * *".to_owned(),
        "mail.transport=smtp".to_owned(),
        format!("mail.smtp_url=smtp://{address}"),
        "mail.operator=operator@lab.test".to_owned(),
        "mail.backoff_secs=1".to_owned(),
        // Days fly by: what was not sent on its day is sent on a later one.
        "mail.give_up_hours=8760".to_owned(),
        "schedule.sources.omspan.enabled=false".to_owned(),
        "schedule.backoff_secs=0".to_owned(),
        "schedule.retries=9".to_owned(),
        "schedule.lease_secs=120".to_owned(),
    ];
    settings.extend(DATASETS.map(|name| format!("schedule.datasets.{name}.cron=0 30 4 * * *")));
    let shipped = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/reports")).unwrap();
    for report in shipped.flatten() {
        let name = report.path().file_stem().unwrap().to_string_lossy().into_owned();
        settings.push(format!("schedule.reports.{name}.enabled=false"));
    }
    settings
}
