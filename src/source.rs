//! How a source is asked and how its answers are told apart: the closed set of strategies a contract can name.
//!
//! | what | strategies, one file each |
//! |---|---|
//! | authentication | [`auth::bearer`] |
//! | paging | [`paging::whole`], [`paging::row_range`], [`paging::daily`] |
//! | envelope | [`envelope::spanint`] |
//! | row shape | [`shape::objects`], [`shape::header_positional`], [`shape::csv`] |
//!
//! Strategies plan and judge; only [`fetch`] talks to the network.

pub mod auth;
pub mod envelope;
pub mod fetch;
pub mod paging;
pub mod shape;
