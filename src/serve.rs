//! What others reach: the inbox, behind a listener with limits, and the step that loads what it took in.
//!
//! | file | what |
//! |---|---|
//! | [`listener`] | connections: TLS, time limits, the drain |
//! | [`inbox`] | pushes: judged, sealed, on disk, and only then acknowledged |
//! | [`step`] | the scheduled load of what waits |

mod error;
pub mod inbox;
pub mod listener;
pub mod step;

pub use error::ServeError;
