//! How the outbox stands: what waits, and what came to a bad end.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::daemon::ago;
use crate::cli::health::Look;
use crate::warehouse::{DeliveryCount, DeliveryState};

/// What is said of the mails.
pub(super) struct Told<'a> {
    counts: &'a [DeliveryCount],
}

impl<'a> Told<'a> {
    pub(super) fn of(look: &'a Look) -> Self {
        Self { counts: &look.vitals.deliveries }
    }

    fn n(&self, state: DeliveryState) -> u64 {
        self.counts.iter().find(|count| count.state == state).map_or(0, |count| count.n)
    }

    fn waiting(&self) -> u64 {
        self.counts.iter().filter(|count| !count.state.is_final()).map(|count| count.n).sum()
    }

    fn oldest(&self) -> Option<DateTime<Utc>> {
        self.counts.iter().filter(|count| !count.state.is_final()).map(|count| count.oldest).min()
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "waiting": self.waiting(),
            "oldest_waiting": self.oldest().map(|at| at.to_rfc3339()),
            "accepted": self.n(DeliveryState::Accepted),
            "in_doubt": self.n(DeliveryState::Ambiguous),
            "refused": self.n(DeliveryState::Refused),
            "given_up": self.n(DeliveryState::GivenUp),
        })
    }

    /// One line for people; none where nothing was ever mailed.
    pub(super) fn as_text(&self, now: DateTime<Utc>) -> String {
        if self.counts.is_empty() {
            return String::new();
        }
        let oldest =
            self.oldest().map(|at| format!(" (the oldest was laid in {})", ago(now - at))).unwrap_or_default();
        let [doubt, refused, given_up] =
            [DeliveryState::Ambiguous, DeliveryState::Refused, DeliveryState::GivenUp].map(|state| self.n(state));
        let waiting = self.waiting();
        format!("mail: {waiting} wait{oldest}, {doubt} in doubt, {refused} refused, {given_up} given up\n")
    }
}
