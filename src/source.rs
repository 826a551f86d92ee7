//! How a source is asked and how its answers are told apart: the closed set of strategies a contract can name.
//!
//! | what | strategies, one file each |
//! |---|---|
//! | authentication | [`auth`]: bearer, header, login |
//! | paging | [`paging::whole`], [`paging::row_range`], [`paging::page_number`], [`paging::daily`], files of a folder |
//! | envelope | [`envelope::spanint`], [`envelope::document`] |
//! | row shape | [`shape::objects`], [`shape::header_positional`], [`shape::document`], [`shape::csv`] |
//!
//! Strategies plan and judge; only [`fetch`] talks to the network. [`reach`] is what a deployment makes of a contract's
//! address, limits and secrets.

pub mod auth;
pub(crate) mod document;
pub mod envelope;
pub mod fetch;
pub mod paging;
pub mod reach;
pub mod request;
pub mod shape;
