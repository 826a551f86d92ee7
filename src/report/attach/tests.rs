//! Everything at once: names, order, and the same bytes twice.

use super::sample::{awkward, made, page};
use super::{Attachments, Format, ascii};
use crate::report::page::Page;

fn all(page: &Page) -> Attachments {
    Attachments::of(page, &[Format::Xlsx, Format::Csv, Format::Pdf], "Serapan 2026-10", made()).unwrap()
}

#[test]
fn the_same_page_gives_the_same_bytes() {
    for page in [page, awkward] {
        assert!(all(&page()) == all(&page()), "{} differs", page().title);
    }
}

#[test]
fn files_have_short_plain_names() {
    let attachments = all(&page());
    let names: Vec<&str> = attachments.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["serapan-2026-10.xlsx", "serapan-2026-10.csv", "serapan-2026-10.pdf"]);
    assert_eq!(attachments.chart.unwrap().content_id, "grafik@contoh.go.id");
    assert!(all(&awkward()).chart.is_none());
    assert_eq!((ascii("Kartu é/../satker"), ascii("🎉")), ("kartu-satker".to_owned(), "laporan".to_owned()));
}

#[test]
fn another_instant_is_another_file() {
    let later = made() + chrono::TimeDelta::days(1);
    for format in [Format::Xlsx, Format::Pdf] {
        let of = |at| Attachments::of(&page(), &[format], "x", at).unwrap().files.remove(0).bytes;
        assert_ne!(of(made()), of(later), "{format:?} carries its date");
    }
}

/// Lays every file into the folder that the caller names, for looking at them: `LUMBUNG_LOOK=DIR cargo test -- look`.
#[test]
#[ignore = "for eyes: needs LUMBUNG_LOOK"]
#[expect(clippy::disallowed_methods, reason = "a test that a person starts to look at pictures")]
fn look() {
    let Some(folder) = std::env::var_os("LUMBUNG_LOOK") else { return };
    let folder = std::path::PathBuf::from(folder);
    for (name, page) in [("page", page()), ("awkward", awkward())] {
        let attachments = all(&page);
        for (file, format) in attachments.files.iter().zip(["xlsx", "csv", "pdf"]) {
            std::fs::write(folder.join(format!("{name}.{format}")), &file.bytes).unwrap();
        }
    }
    for (name, chart) in super::chart::samples() {
        std::fs::write(folder.join(format!("{name}.png")), super::chart_png(&chart).unwrap()).unwrap();
    }
}
