//! The `lumbung` program: everything is in the library.
fn main() {}
