//! Sessions: who is signed in, in memory. A restart signs everybody out, and nothing that signs in lies on a disk.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::config::ConsoleSettings;
use crate::privacy;

/// The time of somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// The user.
    pub(super) name: String,
    /// When the user's password was set, as it was at the beginning.
    pub(super) account_of: DateTime<Utc>,
    /// The token of their forms.
    pub(super) csrf: String,
    /// Whether a proxy signed them in: then it counts only together with the proxy's word.
    pub(super) by_proxy: bool,
    began_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
}

impl Session {
    /// A session that begins now.
    pub(super) fn new(
        name: String,
        account_of: DateTime<Utc>,
        by_proxy: bool,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        Ok(Self { name, account_of, csrf: token()?, by_proxy, began_at: now, seen_at: now })
    }
}

/// All sessions, each under the SHA-256 of its id: whoever reads the memory of the table cannot sign in with it.
pub(super) struct Sessions {
    table: Mutex<HashMap<[u8; 32], Session>>,
    idle: TimeDelta,
    life: TimeDelta,
    per_user_max: usize,
}

impl Sessions {
    pub(super) fn new(settings: &ConsoleSettings) -> Self {
        Self {
            table: Mutex::new(HashMap::new()),
            idle: TimeDelta::minutes(i64::from(settings.idle_minutes)),
            life: TimeDelta::hours(i64::from(settings.session_hours)),
            per_user_max: settings.sessions_max,
        }
    }

    /// Keeps a session and gives the id it goes by. A user's oldest session ends where they have too many.
    pub(super) fn begin(&self, session: Session) -> Result<(String, Session), Problem> {
        let id = token()?;
        let mut table = self.table();
        let now = session.began_at;
        table.retain(|_, held| self.is_alive(held, now));
        let mut own: Vec<([u8; 32], DateTime<Utc>)> = table
            .iter()
            .filter(|(_, held)| held.name == session.name)
            .map(|(key, held)| (*key, held.began_at))
            .collect();
        own.sort_by_key(|(_, began_at)| *began_at);
        let n_too_many = (own.len() + 1).saturating_sub(self.per_user_max);
        for (key, _) in own.iter().take(n_too_many) {
            table.remove(key);
        }
        table.insert(key(&id), session.clone());
        Ok((id, session))
    }

    /// The session of an id, which this request keeps awake.
    pub(super) fn find(&self, id: &str, now: DateTime<Utc>) -> Option<Session> {
        let mut table = self.table();
        let key = key(id);
        let held = table.get_mut(&key)?;
        if !self.is_alive(held, now) {
            table.remove(&key);
            return None;
        }
        held.seen_at = held.seen_at.max(now);
        Some(held.clone())
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        self.table().remove(&key(id));
    }

    fn is_alive(&self, session: &Session, now: DateTime<Utc>) -> bool {
        now - session.seen_at < self.idle && now - session.began_at < self.life
    }

    fn table(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        // No step of a change can panic between two that belong together.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

/// 256 random bits, as hex digits.
pub(super) fn token() -> Result<String, Problem> {
    let bytes = privacy::random_bytes().map_err(|error| Problem::internal(&error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::{Session, Sessions};
    use crate::config::DEFAULT_CONFIG;
    use crate::config::deployment::parse;
    use chrono::{DateTime, TimeDelta, Utc};

    fn at() -> DateTime<Utc> {
        "2026-11-01T06:00:00Z".parse().unwrap()
    }

    fn sessions() -> Sessions {
        let set = ["serve.console.sessions_max=2".to_owned()];
        Sessions::new(&parse("lumbung.toml", DEFAULT_CONFIG, &set).unwrap().serve.console)
    }

    fn begin(sessions: &Sessions, name: &str, now: DateTime<Utc>) -> String {
        sessions.begin(Session::new(name.to_owned(), at(), false, now).unwrap()).unwrap().0
    }

    #[test]
    fn a_session_ends_by_silence_by_age_and_when_told() {
        let sessions = sessions();
        let id = begin(&sessions, "ani", at());
        assert_eq!(id.len(), 64);
        assert_eq!(sessions.find(&id, at() + TimeDelta::minutes(59)).unwrap().name, "ani");
        assert!(sessions.find(&id, at() + TimeDelta::minutes(118)).is_some(), "it was kept awake");
        assert!(sessions.find(&id, at() + TimeDelta::minutes(179)).is_none(), "an hour of silence");
        let id = begin(&sessions, "ani", at());
        for minutes in (0..720).step_by(30) {
            assert!(sessions.find(&id, at() + TimeDelta::minutes(minutes)).is_some(), "{minutes}");
        }
        assert!(sessions.find(&id, at() + TimeDelta::hours(12)).is_none(), "twelve hours");
        let id = begin(&sessions, "ani", at());
        sessions.end(&id);
        assert!(sessions.find(&id, at()).is_none());
        assert!(sessions.find("", at()).is_none() && sessions.find("' OR 1=1", at()).is_none());
    }

    #[test]
    fn one_session_too_many_ends_the_oldest_of_the_same_user() {
        let sessions = sessions();
        let of_budi = begin(&sessions, "budi", at());
        let ids: Vec<String> =
            (0..3).map(|minute| begin(&sessions, "ani", at() + TimeDelta::minutes(minute))).collect();
        let alive: Vec<bool> = ids.iter().map(|id| sessions.find(id, at()).is_some()).collect();
        assert_eq!(alive, [false, true, true]);
        assert!(sessions.find(&of_budi, at()).is_some());
    }
}
