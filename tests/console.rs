//! The console against the real program: who gets in, what they see, what is refused, and the pages in a real browser.

mod access;
mod browser;
mod chromium;
mod data;
mod house;
mod injection;
mod many;
mod operations;
mod pages;
mod proxied;
mod query;
mod reports;
mod visitor;
