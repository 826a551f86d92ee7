//! Whether the daemon lives, by its heartbeat.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::local;
use crate::cli::Context;
use crate::cli::health::{DaemonState, Look};
use crate::warehouse::Heartbeat;

/// What is said of the daemon.
pub(super) struct Told<'a> {
    beat: Option<&'a Heartbeat>,
    state: DaemonState,
    age: TimeDelta,
}

impl<'a> Told<'a> {
    pub(super) fn of(context: &Context, look: &'a Look) -> Self {
        let beat = look.heartbeat.as_ref();
        // A clock that was set back makes nobody younger than new.
        let age = beat.map_or(TimeDelta::zero(), |beat| (look.now - beat.at).max(TimeDelta::zero()));
        Self { beat, state: look.daemon(context), age }
    }

    /// One word for scripts.
    fn word(&self) -> &'static str {
        match self.state {
            DaemonState::NotTold => "not told",
            DaemonState::NeverRan => "never ran",
            DaemonState::Ended(_) => "ended",
            DaemonState::Silent(_) => "silent",
            DaemonState::Running => "running",
        }
    }

    pub(super) fn as_json(&self) -> Value {
        let rfc3339 = |at: DateTime<Utc>| at.to_rfc3339();
        json!({
            "state": self.word(),
            "age_seconds": self.beat.map(|_| self.age.num_seconds()),
            "seen_at": self.beat.map(|beat| rfc3339(beat.at)),
            "started_at": self.beat.map(|beat| rfc3339(beat.started_at)),
            "stopped_at": self.beat.and_then(|beat| beat.stopped_at).map(rfc3339),
            "pid": self.beat.map(|beat| beat.pid),
            "host": self.beat.map(|beat| &beat.host),
            "version": self.beat.map(|beat| &beat.version),
        })
    }

    /// One line for people; none where the daemon is not asked to say anything.
    pub(super) fn as_text(&self, context: &Context) -> String {
        let text = match (self.state, self.beat) {
            (DaemonState::NotTold, _) => return String::new(),
            (DaemonState::Ended(at), _) => format!("not running since {}", local(context, at)),
            (DaemonState::Silent(at), Some(beat)) => {
                format!("not seen since {}; pid {} on {} is gone, or hangs", local(context, at), beat.pid, beat.host)
            }
            (_, Some(beat)) => format!("last seen {}, pid {} on {}", ago(self.age), beat.pid, beat.host),
            (_, None) => "never ran here (lumbung serve)".to_owned(),
        };
        format!("daemon: {text}\n")
    }
}

/// How long ago something was, in one unit.
pub(super) fn ago(age: TimeDelta) -> String {
    match age.num_seconds() {
        seconds @ ..120 => format!("{seconds} s ago"),
        seconds @ 120..7_200 => format!("{} min ago", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::ago;
    use chrono::TimeDelta;

    #[test]
    fn ages_have_one_unit() {
        let said = |seconds| ago(TimeDelta::seconds(seconds));
        assert_eq!(
            [said(0), said(119), said(120), said(7_199)],
            ["0 s ago", "119 s ago", "2 min ago", "119 min ago"]
        );
        assert_eq!([said(7_200), said(172_799), said(172_800)], ["2 h ago", "47 h ago", "2 days ago"]);
    }
}
