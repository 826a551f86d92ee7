//! Everything at once: names, order, and the same bytes twice.

use super::sample::{awkward, made, page};
use super::{Attached, Format, ascii, chart_png, files};
use crate::report::page::Page;

fn all(page: &Page) -> Vec<Attached> {
    let chart = page.chart.as_ref().map(|chart| chart_png(chart).unwrap());
    let formats = [Format::Xlsx, Format::Csv, Format::Pdf];
    files(page, chart.as_deref(), &formats, "Serapan 2026-10", made()).unwrap()
}

#[test]
fn the_same_page_gives_the_same_bytes() {
    for page in [page, awkward] {
        assert!(all(&page()) == all(&page()), "{} differs", page().title);
    }
}

#[test]
fn files_have_short_plain_names() {
    let attached = all(&page());
    let names: Vec<&str> = attached.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["serapan-2026-10.xlsx", "serapan-2026-10.csv", "serapan-2026-10.pdf"]);
    assert_eq!((ascii("Kartu é/../satker"), ascii("🎉")), ("kartu-satker".to_owned(), "laporan".to_owned()));
}

#[test]
fn another_instant_is_another_file() {
    let later = made() + chrono::TimeDelta::days(1);
    for format in [Format::Xlsx, Format::Pdf] {
        let of = |at| files(&page(), None, &[format], "x", at).unwrap().remove(0).bytes;
        assert_ne!(of(made()), of(later), "{format:?} carries its date");
    }
}
