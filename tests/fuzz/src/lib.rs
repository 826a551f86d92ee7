//! Fuzz targets of the decoder: whatever a sender or a source writes, it neither panics nor contradicts itself.
//!
//! | target | input | what must hold |
//! |---|---|---|
//! | [`push`] | a digit for the method, then a push's body | what is inspected as good is taken, and nothing else; a push never touches its neighbour's rows |
//! | [`page`] | a digit for the dataset, one for the cuts, then a page | pieces give what the whole gives; strict JSON gives what a slow decoder reads in it |
//!
//! `cargo fuzz run --fuzz-dir tests/fuzz push` builds every dependency anew, with a sanitizer. `tests/fuzz/run push` takes
//! them from an ordinary build and instruments only lumbung, which is enough to find panics and contradictions. Both use
//! `tests/fuzz/corpus/<target>`, which `cargo test` replays; a finding is repaired with a test beside the code.

mod outcome;
mod page;
mod plain;
mod push;

pub use page::page;
pub use push::push;
