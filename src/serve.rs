//! What others reach: the inbox, the console and the SQL port, each behind a listener with limits, and the step that loads what the inbox
//! took in.
//!
//! | file | what |
//! |---|---|
//! | [`listener`] | connections: TLS, time limits, the drain |
//! | [`notify`] | reports to systemd |
//! | [`pages`] | small pages: little memory while nothing happens |
//! | [`inbox`] | pushes: judged, sealed, on disk, and only then acknowledged |
//! | [`console`] | the pages for people |
//! | [`postgres`] | the port for clients of PostgreSQL |
//! | [`step`] | the scheduled load of what waits |
//! | [`watch`] | what monitors ask: alive, ready, figures |

pub mod console;
mod error;
pub mod inbox;
pub mod listener;
pub mod notify;
pub mod pages;
pub mod postgres;
pub mod step;
pub mod watch;

pub use error::ServeError;
