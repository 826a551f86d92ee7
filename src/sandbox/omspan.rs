//! OMSPAN: what it is asked (paths) and what it answers (rows of text under the document's own keys), made from the
//! world. Only `http` knows HTTP, only `json` writes JSON.

mod edits;
mod http;
mod ikpa;
mod json;
mod pages;
mod row;
mod tables;
mod totals;

use tables::{Table, table};

use super::dataset::Dataset;
use super::system::System;
use chrono::NaiveDate;

/// OMSPAN, below the path of the real service.
pub(crate) const SYSTEM: System = System {
    source: "omspan",
    base_path: "/spanint/data/DataWebService",
    questions: &[
        "DipaBelanjaKL/BELANJA",
        "RealisasiKL",
        "RealisasiKL/1/1000",
        "CapaianIKKLRe",
        "CapaianIKSatkerRe",
        "CapaianIKEselon1Re",
        "DetailPNBPAllRev/GL",
        "DetailPNBPAllRev/GL/YYYYMMDD",
        "DataFA",
    ],
    routes: http::routes,
    totals: totals::totals,
    personal_values: http::personal_values,
};

/// Which rows of a dataset are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// Everything.
    All,
    /// Rows `from` to `to`, 1-based, both included.
    Range { from: usize, to: usize },
    /// What was inserted on a day.
    Day(NaiveDate),
    /// Parameters that cannot be read.
    Unreadable,
}

/// What the path below the base path asks; none where there is no such path. Paths are case-sensitive.
fn question(path: &str) -> Option<(Dataset, Ask)> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let question = match parts.as_slice() {
        ["DipaBelanjaKL", "BELANJA"] => (Dataset::DipaBelanja, Ask::All),
        ["RealisasiKL"] => (Dataset::RealisasiBelanja, Ask::All),
        ["RealisasiKL", from, to] => (Dataset::RealisasiBelanja, range(from, to)),
        ["RealisasiKL", ..] => (Dataset::RealisasiBelanja, Ask::Unreadable),
        ["CapaianIKKLRe"] => (Dataset::CapaianIkKl, Ask::All),
        ["CapaianIKSatkerRe"] => (Dataset::CapaianIkSatker, Ask::All),
        ["CapaianIKEselon1Re"] => (Dataset::CapaianIkEselon1, Ask::All),
        ["DetailPNBPAllRev", "GL"] => (Dataset::DetailPnbp, Ask::All),
        ["DetailPNBPAllRev", "GL", date] => (Dataset::DetailPnbp, day(date)),
        ["DataFA"] => (Dataset::KetersediaanDana, Ask::All),
        _ => return None,
    };
    Some(question)
}

fn range(from: &str, to: &str) -> Ask {
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if 1 <= from && from <= to => Ask::Range { from, to },
        _ => Ask::Unreadable,
    }
}

fn day(text: &str) -> Ask {
    // chrono would also take a sign or fewer digits; the service takes eight digits.
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    match NaiveDate::parse_from_str(text, "%Y%m%d") {
        Ok(date) if digits => Ask::Day(date),
        _ => Ask::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, question};
    use crate::sandbox::dataset::Dataset;

    #[test]
    fn paths_ask_what_the_document_says() {
        let realisasi = |ask| Some((Dataset::RealisasiBelanja, ask));
        assert_eq!(question("RealisasiKL"), realisasi(Ask::All));
        assert_eq!(question("RealisasiKL/1/500"), realisasi(Ask::Range { from: 1, to: 500 }));
        for wrong in ["RealisasiKL/0/5", "RealisasiKL/9/5", "RealisasiKL/a/b", "RealisasiKL/-1/5", "RealisasiKL/5"] {
            assert_eq!(question(wrong), realisasi(Ask::Unreadable), "{wrong}");
        }
        let date = "2026-04-13".parse().unwrap();
        assert_eq!(question("DetailPNBPAllRev/GL/20260413"), Some((Dataset::DetailPnbp, Ask::Day(date))));
        for wrong in ["20260231", "2026-04-13", "+2026041", "2026041"] {
            assert_eq!(
                question(&format!("DetailPNBPAllRev/GL/{wrong}")),
                Some((Dataset::DetailPnbp, Ask::Unreadable))
            );
        }
        assert_eq!(question("datafa"), None);
        assert_eq!(question("DipaBelanjaKL"), None);
    }
}
