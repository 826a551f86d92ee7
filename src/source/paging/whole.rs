//! One request that answers everything.

use super::{Ask, PageOutcome, Pager};

/// Asks once.
pub struct Once(Option<Ask>);

impl Once {
    /// Asks `ask`, and nothing after it.
    #[must_use]
    pub fn new(ask: Ask) -> Self {
        Self(Some(ask))
    }
}

impl Pager for Once {
    fn next(&mut self, _last: Option<&PageOutcome>) -> Result<Option<Ask>, String> {
        Ok(self.0.take())
    }
}
