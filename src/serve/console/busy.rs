//! One at a time: who begins first works, the others go on with what is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody is at work.
#[derive(Default)]
pub(super) struct Busy(Arc<AtomicBool>);

/// The work of one; it is over when this is dropped, also by a panic.
pub(super) struct AtWork(Arc<AtomicBool>);

impl Busy {
    /// Begins, unless somebody is at work.
    pub(super) fn begin(&self) -> Option<AtWork> {
        (!self.0.swap(true, Ordering::AcqRel)).then(|| AtWork(Arc::clone(&self.0)))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::Busy;

    #[test]
    fn one_works_at_a_time_and_a_panic_ends_the_work() {
        let busy = Busy::default();
        let first = busy.begin().unwrap();
        assert!(busy.begin().is_none());
        drop(first);
        let begun = busy.begin().unwrap();
        let ended = std::thread::spawn(move || {
            let _begun = begun;
            panic!("as a bug does");
        });
        assert!(ended.join().is_err());
        assert!(busy.begin().is_some());
    }
}
