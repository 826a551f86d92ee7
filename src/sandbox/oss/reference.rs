//! The code lists of the guide's lampiran, as getDataReferensi serves them. Lists that the guide only names (8 licences,
//! 15 restricted fields, 29 to 32) are empty here.

use std::sync::LazyLock;

/// The lists that come with the program: daftar, kode, arti, lampiran.
const LISTS: &str = include_str!("../../../config/reference/oss_kode.csv");

/// The last lampiran that getDataReferensi serves under its own number.
const LAST_LIST: u32 = 28;

/// A code with what it means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Code {
    lampiran: u32,
    pub(super) code: String,
    pub(super) meaning: String,
    pub(super) list: String,
}

static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(LISTS.as_bytes());
    let records = reader.records().map(|record| record.expect("the lists are part of the program"));
    let code = |record: csv::StringRecord| {
        let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
        let lampiran = cell(3).parse().unwrap_or_default();
        Code { lampiran, code: cell(1), meaning: cell(2), list: cell(0) }
    };
    records.map(code).collect()
});

/// The codes of list `kode`; none where there is no such list, or it is empty.
pub(super) fn codes(kode: &str) -> Vec<&'static Code> {
    match kode.parse::<u32>() {
        Ok(number) if number <= LAST_LIST && number > 0 => {
            CODES.iter().filter(|code| code.lampiran == number).collect()
        }
        _ => Vec::new(),
    }
}

/// The codes of all lists that are served.
pub(super) fn count() -> usize {
    (1..=LAST_LIST).map(|number| codes(&number.to_string()).len()).sum()
}

#[cfg(test)]
mod tests {
    use super::{codes, count};

    #[test]
    fn lists_are_those_of_the_lampiran() {
        assert_eq!(codes("4").iter().map(|code| code.code.as_str()).collect::<Vec<_>>(), ["01", "02"]);
        assert_eq!(codes("10").iter().find(|code| code.code == "50").unwrap().meaning, "Disetujui");
        assert_eq!(codes("20").iter().filter(|code| code.code == "056").count(), 1);
        for empty in ["0", "8", "29", "31", "32", "33", "x", ""] {
            assert!(codes(empty).is_empty(), "{empty}");
        }
        assert!(count() > 150, "{}", count());
    }
}
