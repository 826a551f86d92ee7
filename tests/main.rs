//! The one integration binary; a module a theme. Everything runs against the real program, a real HTTP sandbox on the
//! loopback interface and real outside readers. What a machine lacks is skipped by name; CI installs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

mod answers;
mod archive;
mod as_of;
mod backfill;
#[cfg(feature = "cluster")]
mod cluster;
mod console;
mod corpus;
mod demo;
mod deploy;
mod dictionary;
mod difference;
mod disk;
mod editions;
mod exits;
mod faults;
mod foreign;
#[path = "fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a library of its own, too")]
mod fuzz;
mod golden;
#[expect(unreachable_pub, reason = "a module of a test binary: pub says what the other modules use")]
mod harness;
mod inbox;
mod json_cases;
mod kill;
mod mail;
mod marts;
mod postgres;
mod quirks;
mod readers;
mod reference;
mod retention;
mod schedule;
mod secrets;
mod shell;
mod sirup;
mod sixth;
mod sources;
mod state;
mod submit;
mod tidy;
mod totals;
mod watch;
