//! The fuzz targets' corpus, replayed: what was found once is not found again, and the seeds still are what they were.

use std::fs;
use std::path::PathBuf;

use crate::fuzz;

/// Replays the corpus of a target; inputs called `good…` hold rows that are taken.
fn replay(target: &str, check: fn(&[u8]) -> u64) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut inputs: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(inputs.len() > 10, "{inputs:?}");
    for input in inputs {
        let rows = check(&fs::read(&input).unwrap());
        let name = input.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(name.starts_with("good"), rows > 0, "{name}: {rows} rows taken");
    }
}

#[test]
fn pages_of_the_corpus_decode_as_they_should() {
    replay("page", fuzz::page);
}

#[test]
fn pushes_of_the_corpus_are_judged_as_they_should_be() {
    replay("push", fuzz::push);
}
