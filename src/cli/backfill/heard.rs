//! What tells a back-fill to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::exit::{Code, Failure};

/// Ctrl-C and SIGTERM.
pub(super) struct Heard {
    interrupt: Signal,
    terminate: Signal,
}

impl Heard {
    /// Listens from now on.
    pub(super) fn new() -> Result<Self, Failure> {
        let heard =
            |kind| signal(kind).map_err(|error| Failure::internal(format!("signals cannot be heard: {error}")));
        Ok(Self { interrupt: heard(SignalKind::interrupt())?, terminate: heard(SignalKind::terminate())? })
    }

    /// The next signal, as the exit code that it asks for.
    pub(super) async fn next(&mut self) -> Code {
        tokio::select! {
            _ = self.interrupt.recv() => Code::Interrupted,
            _ = self.terminate.recv() => Code::Terminated,
        }
    }
}
