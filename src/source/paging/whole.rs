//! One request answers everything.

use super::Pager;

/// Asks one path once.
pub struct Once {
    path: Option<String>,
}

impl Once {
    /// Asks `path`.
    #[must_use]
    pub fn new(path: String) -> Self {
        Self { path: Some(path) }
    }
}

impl Pager for Once {
    fn next(&mut self, _: Option<u64>) -> Option<String> {
        self.path.take()
    }
}

#[cfg(test)]
mod tests {
    use super::{Once, Pager};

    #[test]
    fn once_is_once() {
        let mut pager = Once::new("DataFA".to_owned());
        assert_eq!(pager.next(None).as_deref(), Some("DataFA"));
        assert_eq!(pager.next(Some(10)), None);
    }
}
