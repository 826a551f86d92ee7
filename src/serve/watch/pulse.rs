//! What the scheduler last said of itself, for whoever asks whether it lives.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// The scheduler's last look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beat {
    /// When; `None` before the first one.
    pub at: Option<DateTime<Utc>>,
    /// Whether this process runs what is due.
    pub in_charge: bool,
    /// Who does where it does not, as far as that is known.
    pub elsewhere: Option<String>,
    /// Attempts that run.
    pub running: usize,
    /// Why the look came to nothing.
    pub error: Option<String>,
}

/// The last beat, shared between the scheduler and those who ask.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Beat>);

impl Pulse {
    /// Says how the last look went.
    pub fn beat(&self, beat: Beat) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = beat;
    }

    /// How the last look went.
    #[must_use]
    pub fn last(&self) -> Beat {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
