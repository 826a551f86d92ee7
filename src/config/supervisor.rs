//! What systemd says to a service it started: where to report, and how often.

use std::ffi::OsString;
use std::time::Duration;

/// Whom the daemon reports to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supervisor {
    /// The datagram socket of `sd_notify`, as the environment names it; `@name` is an abstract one. `None`: nobody listens.
    pub socket: Option<OsString>,
    /// How long the service may be silent before it is taken for dead; `None`: as long as it likes.
    pub watchdog: Option<Duration>,
}

impl Supervisor {
    /// What the environment of this process says (`NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`).
    #[must_use]
    pub fn from_environment() -> Self {
        Self::read(&variable, std::process::id())
    }

    fn read(variable: &dyn Fn(&str) -> Option<OsString>, pid: u32) -> Self {
        let text = |name| variable(name).and_then(|value| value.into_string().ok());
        // The watchdog of another process, whose environment this one was given.
        let ours = text("WATCHDOG_PID").is_none_or(|named| named == pid.to_string());
        let watchdog =
            text("WATCHDOG_USEC").and_then(|micros| micros.parse().ok()).filter(|&micros: &u64| micros > 0);
        Self {
            socket: variable("NOTIFY_SOCKET").filter(|name| !name.is_empty()),
            watchdog: watchdog.filter(|_| ours).map(Duration::from_micros),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::Supervisor;
    use std::ffi::OsString;
    use std::time::Duration;

    fn read(pairs: &[(&str, &str)]) -> Supervisor {
        let variable =
            |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        Supervisor::read(&variable, 42)
    }

    #[test]
    fn the_watchdog_of_another_process_is_not_ours() {
        assert_eq!(read(&[]), Supervisor::default());
        let half_a_minute = ("WATCHDOG_USEC", "30000000");
        assert_eq!(read(&[half_a_minute]).watchdog, Some(Duration::from_secs(30)));
        assert_eq!(read(&[half_a_minute, ("WATCHDOG_PID", "42")]).watchdog, Some(Duration::from_secs(30)));
        assert_eq!(read(&[half_a_minute, ("WATCHDOG_PID", "43")]).watchdog, None);
        assert_eq!(read(&[("WATCHDOG_USEC", "soon")]).watchdog, None);
        assert_eq!(read(&[("NOTIFY_SOCKET", "@a")]).socket, Some("@a".into()));
    }
}
