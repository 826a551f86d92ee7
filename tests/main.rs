//! The one integration binary; a module a theme. Everything runs against the real program, a real HTTP sandbox on the
//! loopback interface and real outside readers. What a machine lacks is skipped by name; CI installs it.

mod demo;
mod disk;
mod harness;
mod kill;
mod readers;
mod state;
mod totals;
