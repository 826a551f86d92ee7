//! Whole editions against their snapshots, and the promises every edition keeps.

use super::facts::QUERIES;
use super::standing::{Standing, preheader, target_at};
use crate::report::amount::Amount;
use crate::report::definition::ReportDefinition;
use crate::report::fixture::{Session, date, definition, deployment, inputs, sources};
use crate::report::{Edition, ReportError, compose};

async fn edition(current: &Session, previous: Option<&Session>) -> Edition {
    compose(&definition(), &inputs(current, previous, &sources(), &deployment())).await.unwrap()
}

/// Snapshots without machine paths or expressions, beside this file.
fn snapshot(name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
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

fn assert_promises(edition: &Edition) {
    let length = edition.subject.chars().count();
    assert!(length <= 60, "{length}: {}", edition.subject);
    assert!(edition.html.len() < 60_000, "{} bytes", edition.html.len());
    assert!((3..=5).contains(&edition.headline_lines.len()));
    assert!(edition.html.contains("Catatan mutu data") && edition.text.contains("CATATAN MUTU DATA"));
    let text: std::collections::HashSet<&str> = figures(&edition.text).into_iter().collect();
    let html = words(&edition.html);
    let missing: Vec<&str> = figures(&html).into_iter().filter(|figure| !text.contains(figure)).collect();
    assert!(missing.is_empty(), "only in the HTML: {missing:?}");
    assert!(!html.contains(" 0,0%") || !html.contains("−0,0"), "a negative zero");
}

#[tokio::test]
async fn a_normal_edition() {
    let edition = edition(&Session::october(), Some(&Session::september())).await;
    assert_promises(&edition);
    assert_eq!(edition.id(), "serapan-anggaran-2026-11-02");
    assert_eq!(edition.subject, "Serapan 71,4% per 31 Okt 2026: 1 satker jauh di bawah target");
    assert!(!edition.stale);
    snapshot("normal.html", &edition.html);
    snapshot("normal.txt", &edition.text);
    snapshot("normal.headline", &edition.headline_lines.join("\n"));
}

#[tokio::test]
async fn a_stale_edition_says_so_in_subject_and_text() {
    let (current, deployment) = (Session::october(), deployment());
    let mut sources = sources();
    sources[1].stale = true;
    sources[1].snapshot_date = date("2026-10-31");
    sources.remove(0);
    let mut inputs = inputs(&current, None, &sources, &deployment);
    inputs.period = date("2026-11-12");
    let edition = compose(&definition(), &inputs).await.unwrap();
    assert_promises(&edition);
    assert!(edition.stale);
    assert_eq!(edition.subject, "Serapan 71,4% per 31 Okt 2026: DATA BELUM DIPERBARUI");
    for part in [&words(&edition.html), &edition.text] {
        assert!(part.contains("Data terakhir per 31 Oktober 2026, 12 hari sebelum tanggal laporan 12 November 2026"));
        assert!(part.contains("Belum ada data omspan.dipa_belanja."));
        assert!(part.contains("Realisasi Belanja belum diperbarui: laporan memakai snapshot 31 Oktober 2026."));
    }
    snapshot("stale.txt", &edition.text);
}

#[tokio::test]
async fn a_first_quiet_edition() {
    let edition = edition(&Session::quiet(), None).await;
    assert_promises(&edition);
    assert_eq!(edition.subject, "Serapan 78,1% per 31 Okt 2026: 2,1 poin di atas target");
    for part in [&words(&edition.html), &edition.text] {
        assert!(part.contains("Tidak ada. Yang diperiksa: pagu minus dan satker jauh di bawah target."));
        assert!(part.contains("Ini laporan pertama"));
        assert!(part.contains("Rincian jenis belanja atau bulanan belum tersedia"));
    }
    snapshot("quiet.html", &edition.html);
    snapshot("quiet.txt", &edition.text);
}

#[tokio::test]
async fn nothing_changed_is_said() {
    let edition = edition(&Session::october(), Some(&Session::october())).await;
    assert!(edition.text.contains("- Tidak ada perubahan sejak laporan lalu (posisi 31 Oktober 2026)."));
}

#[tokio::test]
async fn another_fiscal_year_is_not_compared() {
    let (current, previous, sources, deployment) = (Session::october(), Session::october(), sources(), deployment());
    let mut older = previous.clone();
    let total = older.0["serapan_anggaran_total"].slice(0, 1);
    older.0.insert("serapan_anggaran_total", total);
    let inputs = inputs(&current, Some(&older), &sources, &deployment);
    let edition = compose(&definition(), &inputs).await.unwrap();
    assert!(edition.text.contains("- Laporan lalu memuat tahun anggaran 2025;"));
}

#[tokio::test]
async fn names_are_escaped_in_html_and_plain_in_text() {
    let edition = edition(&Session::october(), None).await;
    assert!(edition.html.contains("Kantor Pertanahan &#60;Barat&#62; &#38; &#34;Utara&#34;"));
    assert!(!edition.html.contains("<Barat>"));
    assert!(edition.text.contains("Kantor Pertanahan <Barat> & \"Utara\""));
}

#[tokio::test]
async fn the_widest_page_stays_small() {
    let (current, previous, sources, deployment) = (Session::widest(), Session::september(), sources(), deployment());
    let wide = crate::report::SERAPAN_ANGGARAN_TOML.replace("eselon1 = 12", "eselon1 = 15");
    let definition = ReportDefinition::load(&wide, "wide.toml").unwrap();
    let mut inputs = inputs(&current, Some(&previous), &sources, &deployment);
    inputs.period = date("2026-12-31");
    let edition = compose(&definition, &inputs).await.unwrap();
    assert_promises(&edition);
    let attention = edition.text.split("PERLU PERHATIAN: 27 TEMUAN").nth(1).unwrap();
    let attention = attention.split("SERAPAN MENURUT UNIT").next().unwrap();
    assert_eq!(attention.matches("\n- ").count(), 10);
    assert!(attention.contains("Ditambah 17 temuan lain yang tidak ditampilkan."), "{attention}");
}

#[tokio::test]
async fn one_kind_of_exception_does_not_hide_the_others() {
    let edition = edition(&Session::widest(), None).await;
    assert_eq!(edition.text.matches("Temuan: Pagu minus").count(), 4);
    assert!(edition.text.contains("Temuan: IKPA di bawah 70,00"));
}

#[tokio::test]
async fn units_beyond_the_limit_are_summed_in_one_row() {
    let (current, sources, deployment) = (Session::widest(), sources(), deployment());
    let mut inputs = inputs(&current, None, &sources, &deployment);
    inputs.period = date("2026-12-31");
    let edition = compose(&definition(), &inputs).await.unwrap();
    let table = edition
        .text
        .split("SERAPAN MENURUT UNIT ESELON I")
        .nth(1)
        .unwrap()
        .split("SERAPAN MENURUT JENIS")
        .next()
        .unwrap();
    assert_eq!(table.matches("\n- ").count(), 13, "11 units, the rest, the sum: {table}");
    assert!(table.contains("- 4 unit lain\n  Pagu: 493,8"), "{table}");
    assert!(table.contains("- Jumlah\n  Pagu: 1.851,9"), "{table}");
}

#[tokio::test]
async fn the_same_inputs_give_the_same_bytes() {
    let (first, second) = (
        edition(&Session::october(), Some(&Session::september())).await,
        edition(&Session::october(), Some(&Session::september())).await,
    );
    assert_eq!((first.html, first.text), (second.html, second.text));
}

#[tokio::test]
async fn without_figures_there_is_no_edition() {
    let (current, sources, deployment) = (Session::default(), sources(), deployment());
    let error = compose(&definition(), &inputs(&current, None, &sources, &deployment)).await.unwrap_err();
    assert!(matches!(error, ReportError::NoFigures { .. }));
    assert!(error.to_string().ends_with("load omspan.dipa_belanja and omspan.realisasi_belanja first"), "{error}");
}

#[tokio::test]
async fn without_pagu_nothing_is_divided() {
    let mut session = Session::quiet();
    session.totals("2026-10-31", "0.00", "0.00");
    let edition = edition(&session, Some(&Session::october())).await;
    assert_eq!(edition.subject, "Serapan belum terhitung per 31 Okt 2026: pagu belum ada");
    assert!(edition.html.contains("belum dapat dihitung"));
}

#[test]
fn subjects_fit_whatever_the_count() {
    let standing =
        Standing { per_tanggal: date("2026-09-30"), serapan: Some(Amount::whole(100)), target: Amount::whole(76) };
    for far_behind in [0, 1, 12, 500] {
        for stale in [false, true] {
            let subject = standing.subject(stale, far_behind);
            assert!(subject.chars().count() <= 60 && subject.starts_with("Serapan 100,0%"), "{subject}");
        }
    }
    assert_eq!(standing.subject(false, 12), "Serapan 100,0% per 30 Sep 2026: 12 satker jauh tertinggal");
}

#[tokio::test]
async fn preheaders_fit() {
    for session in [Session::october(), Session::quiet()] {
        let facts = super::Facts::read(&session, 2026).await.unwrap().unwrap();
        for found in [0, 1, 12_345] {
            let length = preheader(&facts, found).chars().count();
            assert!((40..=130).contains(&length), "{length}");
        }
    }
}

#[test]
fn targets_lie_between_month_ends() {
    let targets = definition().targets;
    for (day, expected) in [("2026-10-31", "76"), ("2026-11-15", "80.5"), ("2026-01-31", "4"), ("2026-01-01", "0.1")]
    {
        assert_eq!(target_at(&targets, date(day)), Amount::parse(expected).unwrap(), "{day}");
    }
}

#[test]
fn every_query_stands_in_its_own_file_and_takes_no_parameter() {
    for query in QUERIES {
        assert!(query.name.starts_with("serapan_anggaran_") && query.sql.starts_with("-- "), "{}", query.name);
        assert!(!query.sql.contains(['$', '{', '?']), "{}", query.name);
    }
}
