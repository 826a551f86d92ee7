//! The fuzz target `push`; what is checked stands in the library.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    lumbung_fuzz::push(input);
});
