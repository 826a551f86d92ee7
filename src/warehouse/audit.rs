//! What people did in the console that changed something: a row an act, never a personal value.

use super::Warehouse;
use super::error::WarehouseError;
use chrono::{DateTime, Utc};

/// What somebody did, or tried to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditAct {
    /// Signed in.
    SignIn,
    /// Signed out.
    SignOut,
    /// Had mails of an edition sent again.
    Resend,
    /// Had an edition sent to themselves.
    Proof,
    /// Began a job before its time.
    Trigger,
    /// Held a job back.
    Hold,
    /// Let a job that was held back run again.
    Release,
    /// Kept a query.
    SaveQuery,
    /// Threw a kept query away.
    RemoveQuery,
}

impl AuditAct {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SignIn,
        Self::SignOut,
        Self::Resend,
        Self::Proof,
        Self::Trigger,
        Self::Hold,
        Self::Release,
        Self::SaveQuery,
        Self::RemoveQuery,
    ];

    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::Resend => "resend",
            Self::Proof => "proof",
            Self::Trigger => "trigger",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::SaveQuery => "save_query",
            Self::RemoveQuery => "remove_query",
        }
    }

    /// The act that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused: a wrong password, a role that may not.
    Refused,
    /// It was allowed and did not succeed.
    Failed,
}

impl AuditOutcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Failed];

    /// The word of the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// The outcome that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// An act to be noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditEntry<'a> {
    /// The user, by a name that exists; `None` where nobody is called what was typed: people type passwords there.
    pub who: Option<&'a str>,
    /// What they did.
    pub act: AuditAct,
    /// What they did it to, e.g. an edition or a job; never an address or a text that somebody typed.
    pub target: Option<&'a str>,
    /// What came of it.
    pub outcome: AuditOutcome,
}

/// An act, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The user, where there is one of that name.
    pub who: Option<String>,
    /// What they did.
    pub act: AuditAct,
    /// What they did it to.
    pub target: Option<String>,
    /// What came of it.
    pub outcome: AuditOutcome,
}

impl Warehouse {
    /// Notes an act.
    ///
    /// # Errors
    /// When the warehouse was opened to read, or the ledger cannot be written.
    pub fn audit(&self, entry: &AuditEntry<'_>, at: DateTime<Utc>) -> Result<(), WarehouseError> {
        self.house.require_writable()?;
        self.house.ledger().audit(entry, at)
    }

    /// The newest acts, the newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn audited(&self, limit: u32) -> Result<Vec<AuditRecord>, WarehouseError> {
        self.house.ledger().audited(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::{AuditAct, AuditEntry, AuditOutcome};
    use crate::warehouse::Warehouse;
    use chrono::{DateTime, TimeDelta, Utc};

    #[test]
    fn an_act_is_noted_and_the_newest_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let now: DateTime<Utc> = "2026-11-01T06:00:00Z".parse().unwrap();
        let warehouse = Warehouse::open(folder.path(), now).unwrap();
        let refused = AuditEntry { who: None, act: AuditAct::SignIn, target: None, outcome: AuditOutcome::Refused };
        let target = Some("serapan-anggaran-2026-10-31");
        let proof = AuditEntry { who: Some("ani"), act: AuditAct::Proof, target, outcome: AuditOutcome::Done };
        warehouse.audit(&refused, now).unwrap();
        warehouse.audit(&proof, now + TimeDelta::minutes(1)).unwrap();
        let reader = Warehouse::open_for_reading(folder.path()).unwrap();
        let records = reader.audited(10).unwrap();
        assert_eq!(records.iter().map(|record| record.act).collect::<Vec<_>>(), [AuditAct::Proof, AuditAct::SignIn]);
        let newest = &records[0];
        assert_eq!((newest.seq, newest.at, newest.who.as_deref()), (2, now + TimeDelta::minutes(1), Some("ani")));
        assert_eq!((newest.target.as_deref(), newest.outcome), (target, AuditOutcome::Done));
        assert_eq!(reader.audited(1).unwrap().len(), 1);
        assert!(reader.audit(&proof, now).is_err(), "a reader writes nothing");
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(AuditAct::ALL.iter().all(|act| AuditAct::from_word(act.word()) == Some(*act)));
        assert!(AuditOutcome::ALL.iter().all(|end| AuditOutcome::from_word(end.word()) == Some(*end)));
    }
}
