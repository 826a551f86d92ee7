//! lumbung keeps a government body's data warehouse and mails its leadership the figures.
//!
//! Modules in reading order; a lower level never knows a higher one.
//!
//! | level | modules |
//! |---|---|
//! | 1 | [`amount`], [`id_id`], [`clock`], [`privacy`], [`password`], [`seal`], [`config`], [`contract`] |
//! | 2 | [`source`], [`decode`], [`quality`], [`warehouse`], [`reference`], [`mail`] |
//! | 3 | [`catalog`]; [`schedule`] |
//! | 4 | [`load`], [`marts`], [`report`], [`sandbox`]; [`serve`] and [`submit`], which may use [`load`] |
//! | 5 | [`cli`] |
//!
//! The walkthrough of one load and the invariants are in `docs/architecture.md`.

pub mod amount;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
pub mod decode;
pub mod id_id;
pub mod load;
pub mod mail;
pub mod marts;
pub mod password;
pub mod privacy;
pub mod quality;
pub mod reference;
pub mod report;
pub mod sandbox;
pub mod schedule;
pub mod seal;
pub mod serve;
pub mod source;
pub mod submit;
pub mod warehouse;
