//! The quirks of the sources.
mod bench;
mod bodies;
mod keys;
mod paging;
mod values;
mod years;
