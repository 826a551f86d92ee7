//! How fast a load runs.
fn main() {}
