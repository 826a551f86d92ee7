//! The quirks of the sources, one by one: what lands, what is NULL, what is refused, held or asked for again. For
//! operators they are listed in `docs/quirks.md`, which has a row for each of the twelve kinds.
//!
//! Every test here sends its fixture through the program, from a source of its own under a contract of its own, and on both
//! roads where there are two: rows that stream, and rows inside a document. What was proven before is not repeated:
//!
//! | row | item | proven by |
//! |---|---|---|
//! | 1 | HTML page under 200, both roads | `sources::an_html_page_is_no_data` |
//! | 1 | truncated JSON, both roads | `sources::half_a_document_is_no_data` |
//! | 1 | mark; gzip announced or not, both roads | `sources::compression_and_marks_change_nothing` |
//! | 1 | the texts of answers without rows, streams | `answers::answers_without_rows_are_told_apart` |
//! | 2 | bare object in the sandbox's world, streams | `faults::single_object` |
//! | 2 | lists and objects of a tree, surplus commas, documents | `sources::the_tree_may_be_written_in_any_of_its_ways` |
//! | 3 | unknown key, also in personal data, streams | `faults::unknown_key` |
//! | 3 | missing key, streams | `faults::missing_key` |
//! | 4 | each value under each type | `decode::reading::tests::absent_values_are_null_under_every_type` |
//! | 5 | a whole load in Indonesian months | `faults::indonesian_months` |
//! | 6 | every way to write rows by position | `shape::tests::pnbp_rows_in_every_described_form` |
//! | 7 | overlap, short page, gap in OMSPAN | `faults::page_overlap`, `faults::short_page_mid`, `faults::rownum_gap` |
//! | 7 | moving total in SIPP | `sources::a_total_that_moves_begins_the_load_again` |
//! | 8 | MAXDATE that moves in OMSPAN | `faults::maxdate_moves` |
//! | 8 | more spent than there is | `faults::overrun` |
//! | 9 | a score of 10000 in OMSPAN | `faults::dispensasi_10000` |
//! | 9 | weight 0, sum of weights 0: no score, and said so | `ikpa::an_ikpa_score_that_cannot_be_known_is_null_and_reported` |
//! | 9 | weight 0 beside others, the documents' samples | `ikpa::the_documents_samples_give_the_known_ikpa_scores` |
//! | 10 | key of another year in OMSPAN | `exits::the_key_of_another_year_publishes_nothing` |
//! | 10 | expired key, every source | `sources::an_expired_key_is_told_from_a_failure` |
//! | 10 | key of a login that ends | `sources::a_login_key_is_renewed_when_it_ends` |
//! | 10 | single-use token lost after a crash | nothing: MonSAKTI is not a source of this release |
//! | 11 | satker by year in `ref.satker` | `reference::tests::periods_of_one_key_do_not_overlap` |
//! | 11 | DJPb locations that no region is known for | `serapan::a_location_without_a_region_is_listed_with_its_share` |
//! | 11 | forms of NPWP and NIK | `privacy::tests::an_npwp_of_fifteen_digits_is_one_of_sixteen` |
//! | 12 | shrunken and emptied in OMSPAN, days too | `faults::shrink`, `faults::empty` |

mod bench;
mod bodies;
mod drift;
mod files;
mod keys;
mod paging;
mod values;
mod years;

use std::path::Path;

use crate::harness::walk;

/// Both tables name tests. A test that is renamed is renamed there, too.
#[test]
fn every_test_that_the_tables_name_is_there() {
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let rust = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let code: String = rust.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let tables = [include_str!("quirks.rs"), include_str!("../docs/quirks.md")];
    let mut n = 0;
    for row in tables.iter().flat_map(|text| text.lines()).filter(|line| line.trim_end().ends_with('|')) {
        let last = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
        for quoted in last.split('`').skip(1).step_by(2) {
            let name = quoted.rsplit("::").next().unwrap_or_default();
            // A fault's test is made by a macro.
            let is_there = code.contains(&format!("fn {name}()")) || code.contains(&format!("\n    {name}: \""));
            assert!(is_there, "no test is called {quoted}");
            n += 1;
        }
    }
    assert!(n > 50, "{n} names were found");
}
