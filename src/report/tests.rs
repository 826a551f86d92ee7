//! Whole editions of the shipped reports against figures checked by hand, and the promises every edition keeps.
//!
//! The small ministry of `fixture.rs` spent Rp1,071 triliun of Rp1,50 triliun by 31 October 2026 (71,4 percent; the plan says
//! 76,0), booked Rp12,5 miliar of Rp17,0 miliar revenue, ordered for Rp250 juta and reaches 16 of 42 of the poorest families.

mod burst;
mod eighth;

use super::definition::ReportDefinition;
use super::fixture::{World, audiences_of, date, definition, deployment, inputs, sources};
use super::rows::Session;
use super::{Edition, ReportError, compose};
use std::collections::HashSet;

const REPORTS: [&str; 7] =
    ["ringkasan-pimpinan", "serapan-anggaran", "pnbp", "pengadaan-umkm-pdn", "kesejahteraan", "ikpa", "kartu-satker"];

/// The first audience's edition.
async fn edition(definition: &ReportDefinition, sessions: (&Session<'_>, Option<&Session<'_>>)) -> Edition {
    let (sources, deployment) = (sources(), deployment());
    let audience = audiences_of(definition, sessions.0).await.remove(0);
    compose(definition, &inputs(definition, sessions, &sources, &deployment), &audience).await.unwrap()
}

/// Snapshots without machine paths or expressions, beside this file.
fn snapshot(name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, content));
}

/// The words of an HTML page, tags and the style sheet taken out, entities decoded.
fn words(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let mut text = String::new();
    let mut inside = true;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    for (entity, plain) in
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&#38;", "&")]
    {
        text = text.replace(entity, plain);
    }
    text
}

/// Every run of digits, points and commas that holds a digit.
fn figures(text: &str) -> Vec<&str> {
    let figure = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    text.split(|c| !figure(c))
        .map(|run| run.trim_matches(['.', ',']))
        .filter(|run| run.chars().any(|c| c.is_ascii_digit()))
        .collect()
}

/// The ids in the HTML.
fn ids(html: &str) -> HashSet<&str> {
    html.split("data-figure=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

fn assert_promises(edition: &Edition) {
    let name = edition.id();
    let length = edition.subject.chars().count();
    assert!(length <= 60, "{name}: {length}: {}", edition.subject);
    assert!((40..=130).contains(&edition.page.preheader.chars().count()), "{name}: {}", edition.page.preheader);
    assert!(edition.html.len() < 60_000, "{name}: {} bytes", edition.html.len());
    assert!(edition.html.contains("Catatan mutu data") && edition.text.contains("CATATAN MUTU DATA"), "{name}");
    let text: HashSet<&str> = figures(&edition.text).into_iter().collect();
    let html = words(&edition.html);
    let html = html.replace(&edition.page.preheader, "");
    let missing: Vec<&str> = figures(&html).into_iter().filter(|figure| !text.contains(figure)).collect();
    assert!(missing.is_empty(), "{name}: only in the HTML: {missing:?}");
    assert!(!html.contains("−0,0"), "{name}: a negative zero");
    assert!(!html.contains("{"), "{name}: a place without its figure");
    // Every id that the HTML names is explained.
    let explained: HashSet<&str> = edition.figures.iter().map(|figure| figure.id.as_str()).collect();
    let unknown: Vec<&str> = ids(&edition.html).difference(&explained).copied().collect();
    assert!(unknown.is_empty(), "{name}: {unknown:?}");
}

#[tokio::test]
async fn the_seven_reports_say_what_was_checked_by_hand() {
    let (october, september) = (World::october().await, World::september().await);
    for (name, subject) in REPORTS.into_iter().zip([
        "Serapan 71,4% per 31 Okt 2026: 4 indikator di bawah batas",
        "Serapan 71,4% per 31 Okt 2026: 2 satker jauh di bawah target",
        "PNBP 73,5% per 20 Okt 2026: 6,3 poin di bawah rencana",
        "UMK 44,0% per 10 Sep 2026: batas tercapai, PDN 80,0%",
        "38,1% keluarga desil 1 terbantu: kurang 21,9 poin",
        "IKPA 85,98 per Oktober 2026: 1 satker kurang",
        "Serapan 80,0% satker 430101: 4,0 poin di atas target",
    ]) {
        let (now, before) = (Session::new(&october), Session::new(&september));
        let definition = definition(name);
        let edition = edition(&definition, (&now, Some(&before))).await;
        assert_promises(&edition);
        assert_eq!(edition.subject, subject, "{name}");
        assert!(!edition.stale, "{name}");
        snapshot(&format!("{name}.txt"), &edition.text);
        if name == "serapan-anggaran" {
            assert_serapan(&edition);
        }
        if name == "kesejahteraan" {
            assert_small_cells_stay_closed(&edition);
        }
    }
}

/// What the text of `serapan-anggaran` says, line by line.
const SERAPAN: [&str; 27] = [
    "Serapan belanja 71,4%, tertinggal 4,6 poin dari target 76,0%",
    "Posisi 31 Oktober 2026, data Online Monitoring SPAN (OMSPAN) ditarik 2 November 2026 pukul 06.00 WIB.",
    "Serapan: 71,4% (Rp1,07 triliun dari Rp1,50 triliun; target 76,0%: kurang 4,6 poin)",
    "Sisa pagu: 28,6% (Rp429,0 miliar dari Rp1,50 triliun, termasuk blokir Rp12,0 miliar)",
    "IKPA K/L, Oktober: 85,98 (dari 100, batas 70,00, kategori cukup; terlemah: Penyerapan anggaran 71,40)",
    "- Serapan total: 65,1% menjadi 71,4% (+6,3 poin) sejak posisi 30 September 2026.",
    "- Pagu: Rp1,48 triliun menjadi Rp1,50 triliun (+Rp20,0 miliar).",
    "- IKPA K/L: 83,54 menjadi 85,98 (+2,44 poin).",
    "- Sekretariat Jenderal: 72,0% menjadi 80,0% (+8,0 poin).",
    "PERLU PERHATIAN: 5 TEMUAN",
    "- Kantor Wilayah Timur (431002, Direktorat Jenderal Penetapan Hak)",
    "  Temuan: Pagu minus pada Belanja Modal; Nilai: −Rp12,3 juta",
    "- Kantor Pertanahan <Barat> & \"Utara\" (431001, Direktorat Jenderal Penetapan Hak)",
    "  Temuan: Serapan 44,8 poin di bawah target 76,0%; Nilai: 31,2%",
    "- Satker 431003 (431003, Inspektorat Jenderal)",
    "  Temuan: IKPA di bawah 70,00; terlemah: Deviasi Halaman III DIPA 12,00; Nilai: 50,50",
    "  Temuan: Selisih dengan ketersediaan dana pada 1 dari 1 baris akun; Nilai: Rp2,5 miliar",
    "  Pagu: 880,0; Realisasi: 581,0; Sisa: 299,0; %: 66,0",
    "  Pagu: 20,0; Realisasi: 10,0; Sisa: 10,0; %: ▼ 50,0",
    "- Jumlah",
    "  Pagu: 1.500,0; Realisasi: 1.071,0; Sisa: 429,0; %: 71,4",
    "  Anggaran: 300,0; Realisasi: 143,1; %: 47,7; Realisasi 2025: 0,0",
    "  Anggaran: 1.500,0; Realisasi: 1.071,0; %: 71,4; Realisasi 2025: 856,8",
    "  Realisasi: 107,1; %: 7,1; Target: 4,0; Jarak: +3,1; 2025: 0,0",
    "  Realisasi: 1.071,0; %: 71,4; Target: 76,0; Jarak: −4,6; 2025: 61,2",
    "- 12 dari 1.250.012 baris Realisasi Belanja ditahan karena tidak memenuhi kontrak data; nilainya tidak masuk angka di atas.",
    "- 1 dari 6 baris akun berbeda dari data ketersediaan dana, yang ditarik pada jam yang berbeda.",
];

/// What the report said before it was a definition, from figures of the source rows.
fn assert_serapan(edition: &Edition) {
    assert_eq!(edition.id(), "serapan-anggaran-2026-10-31");
    let text = edition.text.replace('\u{a0}', " ");
    for line in SERAPAN {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
    let figure = |id: &str| edition.figures.iter().find(|figure| figure.id == id).unwrap_or_else(|| panic!("{id}"));
    let serapan = figure("figures.serapan_anggaran_total.serapan");
    assert_eq!((serapan.value.as_str(), serapan.text.as_str()), ("71.4", "71,4%"));
    let unit = figure("eselon1.05602.serapan_persen");
    assert_eq!(
        (unit.query.as_str(), unit.row.as_str(), unit.text.as_str()),
        ("serapan_anggaran_eselon1", "05602", "66,0")
    );
    assert_eq!(unit.value, "66.022727", "581 of 880, unrounded");
    let chart = edition.page.chart.as_ref().unwrap();
    assert_eq!(
        chart.alt.replace('\u{a0}', " "),
        "Grafik garis: Realisasi 7,1% pada Januari dan 71,4% pada Oktober; Target 76,0% pada Oktober."
    );
    assert_eq!((chart.labels.len(), chart.lines.len(), chart.drawn), (10, 3, true));
    assert!(edition.html.contains("cid:grafik") && edition.picture.is_some());
    assert_eq!(
        edition.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["serapan-anggaran-2026-10.xlsx"]
    );
    assert!(edition.html.contains("Kantor Pertanahan &#60;Barat&#62; &#38; &#34;Utara&#34;"));
}

/// 2 of 10 families are reached in one kecamatan: neither it nor the next smallest shows a figure, in no part of the mail.
fn assert_small_cells_stay_closed(edition: &Edition) {
    let rows = &edition.page.sections[0].table.rows;
    let printed: Vec<(&str, &str, &str)> =
        rows.iter().map(|row| (row.head.as_str(), row.cells[1].text.as_str(), row.cells[2].text.as_str())).collect();
    assert_eq!(
        printed,
        [
            ("Purwodadi, Kabupaten Pasuruan", "8", "▼\u{a0}40,0"),
            ("Tutur, Kabupaten Pasuruan", "–", "–"),
            ("Puspo, Kabupaten Pasuruan", "–", "–"),
        ]
    );
    assert!(edition.text.contains("16 dari 42"), "the total is open");
}

#[tokio::test]
async fn a_stale_edition_says_so_in_subject_and_text() {
    let world = World::october().await;
    let session = Session::new(&world);
    let (definition, deployment) = (definition("serapan-anggaran"), deployment());
    let mut sources = sources();
    sources[1].stale = true;
    sources[1].snapshot_date = date("2026-10-31");
    sources.remove(0);
    let mut inputs = inputs(&definition, (&session, None), &sources, &deployment);
    inputs.day = date("2026-11-12");
    let audience = audiences_of(&definition, &session).await.remove(0);
    let edition = compose(&definition, &inputs, &audience).await.unwrap();
    assert_promises(&edition);
    assert!(edition.stale);
    assert_eq!(edition.subject, "Serapan 71,4% per 31 Okt 2026: DATA BELUM DIPERBARUI");
    for part in [&words(&edition.html), &edition.text] {
        assert!(part.contains("Data terakhir per 31 Oktober 2026, 12 hari sebelum tanggal laporan 12 November 2026"));
        assert!(part.contains("Belum ada data omspan.dipa_belanja."));
        assert!(part.contains("Realisasi Belanja belum diperbarui: laporan memakai snapshot 31 Oktober 2026."));
        assert!(part.contains("Ini laporan pertama"));
    }
}

#[tokio::test]
async fn a_quiet_edition_says_that_nothing_was_found_and_what_was_looked_for() {
    let world = World::quiet().await;
    let session = Session::new(&world);
    let edition = edition(&definition("serapan-anggaran"), (&session, Some(&session))).await;
    assert_promises(&edition);
    assert_eq!(edition.subject, "Serapan 80,0% per 31 Okt 2026: 4,0 poin di atas target");
    let text = edition.text.replace('\u{a0}', " ");
    for line in [
        "Tidak ada. Yang diperiksa: pagu minus dan satker jauh di bawah target.",
        "- Tidak ada perubahan sejak laporan lalu (posisi 31 Oktober 2026).",
        "- Data ketersediaan dana belum ada, jadi pagu dan realisasi belum dicocokkan.",
        "- Nilai Indikator Kinerja Pelaksanaan Anggaran (IKPA) belum tersedia.",
        "- Data tahun 2025 belum ada sehingga kolomnya kosong.",
        "Satker jauh di bawah target: 0 (dari 1 satker; batas 15,0 poin di bawah target)",
        "  Anggaran: 100,0; Realisasi: 80,0; %: 80,0; Realisasi 2025: –",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
}

#[tokio::test]
async fn without_figures_there_is_no_edition() {
    let world = World::empty().await;
    let session = Session::new(&world);
    let (definition, sources, deployment) = (definition("serapan-anggaran"), sources(), deployment());
    let audience = audiences_of(&definition, &session).await.remove(0);
    let inputs = inputs(&definition, (&session, None), &sources, &deployment);
    let error = compose(&definition, &inputs, &audience).await.unwrap_err();
    assert!(matches!(error, ReportError::NoFigures { .. }));
    assert_eq!(
        error.to_string(),
        "the report serapan-anggaran has no figures up to 2026-10-31: load its datasets first"
    );
}

#[tokio::test]
async fn the_same_inputs_give_the_same_bytes() {
    let world = World::quiet().await;
    let definition = definition("serapan-anggaran");
    let (first, second) = (Session::new(&world), Session::new(&world));
    let (first, second) = (edition(&definition, (&first, None)).await, edition(&definition, (&second, None)).await);
    assert_eq!((first.html, first.text, first.figures), (second.html, second.text, second.figures));
}
