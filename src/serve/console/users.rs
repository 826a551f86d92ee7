//! The users, read again when their file changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::problem::Problem;
use crate::warehouse::{Account, Accounts};

/// What was read, and of which version of the file.
type Kept = Option<(Option<(SystemTime, u64)>, Arc<BTreeMap<String, Account>>)>;

/// Every user of the console.
pub(super) struct Users {
    accounts: Accounts,
    kept: Mutex<Kept>,
}

impl Users {
    pub(super) fn new(accounts: Accounts) -> Self {
        Self { accounts, kept: Mutex::new(None) }
    }

    /// The user of this name as the file has them now. It looks at the file's time, and reads some kilobytes when that changed.
    pub(super) fn find(&self, name: &str) -> Result<Option<Account>, Problem> {
        Ok(self.all()?.get(name).cloned())
    }

    /// Whether there is nobody yet.
    pub(super) fn is_empty(&self) -> Result<bool, Problem> {
        Ok(self.all()?.is_empty())
    }

    fn all(&self) -> Result<Arc<BTreeMap<String, Account>>, Problem> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.accounts.version();
        if let Some((of, users)) = kept.as_ref()
            && *of == version
        {
            return Ok(Arc::clone(users));
        }
        let users = Arc::new(self.accounts.read().map_err(|error| Problem::internal(&error))?);
        *kept = Some((version, Arc::clone(&users)));
        Ok(users)
    }
}
