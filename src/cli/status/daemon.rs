//! Whether the daemon lives, by its heartbeat.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::local;
use crate::cli::Context;
use crate::cli::health::Look;
use crate::config::HeartbeatRoad;
use crate::warehouse::Heartbeat;

/// What is said of the daemon.
pub(super) struct Told<'a> {
    beat: Option<&'a Heartbeat>,
    word: &'static str,
    age: TimeDelta,
}

impl<'a> Told<'a> {
    pub(super) fn of(context: &Context, look: &'a Look) -> Self {
        let watch = &context.config.watch;
        let limit = TimeDelta::seconds(i64::try_from(watch.heartbeat_limit_secs).unwrap_or(i64::MAX / 1_000));
        let beat = look.heartbeat.as_ref();
        // A clock that was set back makes nobody younger than new.
        let age = beat.map_or(TimeDelta::zero(), |beat| (look.now - beat.at).max(TimeDelta::zero()));
        let word = match beat {
            _ if watch.heartbeat == HeartbeatRoad::Off => "not told",
            None => "never ran",
            Some(beat) if beat.stopped_at.is_some() => "ended",
            Some(_) if age > limit => "silent",
            Some(_) => "running",
        };
        Self { beat, word, age }
    }

    pub(super) fn as_json(&self) -> Value {
        let rfc3339 = |at: DateTime<Utc>| at.to_rfc3339();
        json!({
            "state": self.word,
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
        let text = match (self.word, self.beat) {
            ("not told", _) => return String::new(),
            ("ended", Some(beat)) => {
                format!("not running since {}", local(context, beat.stopped_at.unwrap_or(beat.at)))
            }
            ("silent", Some(beat)) => {
                format!(
                    "not seen since {}; pid {} on {} is gone, or hangs",
                    local(context, beat.at),
                    beat.pid,
                    beat.host
                )
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
