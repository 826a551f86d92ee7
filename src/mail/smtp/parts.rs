//! A message in parts, and the moment before its final dot.
//!
//! lettre takes an iterator, writes what it gives and then, without asking, the dot. So the moment before the dot is when the
//! iterator is asked for a part that is not there; and where that moment must not be passed, unwinding is the only way out. It
//! is caught right around the call. In a program that aborts instead, the dot stays unsent as well.

use std::sync::{Mutex, OnceLock, PoisonError};
use tokio::time::Instant;

/// Longest part, in bytes: a broken connection is noticed between two.
const PART_BYTES_MAX: usize = 32 * 1024;

/// What the parts say of the dot.
pub(super) struct DotNote<E> {
    out_at: OnceLock<Instant>,
    failure: Mutex<Option<E>>,
}

impl<E> Default for DotNote<E> {
    fn default() -> Self {
        Self { out_at: OnceLock::new(), failure: Mutex::new(None) }
    }
}

impl<E> DotNote<E> {
    /// When the dot was let out, if it was.
    pub(super) fn out_at(&self) -> Option<Instant> {
        self.out_at.get().copied()
    }

    /// Why it was not.
    pub(super) fn into_failure(self) -> Option<E> {
        self.failure.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The dot may not be sent; what it is about stands in the note.
struct NoDot;

/// The parts of a message.
pub(super) struct Parts<'m, 'n, F, E> {
    rest: &'m [u8],
    at_dot: Option<F>,
    note: &'n DotNote<E>,
}

impl<'m, 'n, F, E> Parts<'m, 'n, F, E> {
    /// The parts of `eml`. Its last line end is left out: lettre ends every message with one.
    pub(super) fn new(eml: &'m [u8], at_dot: F, note: &'n DotNote<E>) -> Self {
        Self { rest: eml.strip_suffix(b"\r\n").unwrap_or(eml), at_dot: Some(at_dot), note }
    }
}

impl<'m, F: FnOnce() -> Result<(), E>, E> Iterator for Parts<'m, '_, F, E> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        if !self.rest.is_empty() {
            let (part, rest) = self.rest.split_at(self.rest.len().min(PART_BYTES_MAX));
            self.rest = rest;
            return Some(part);
        }
        match self.at_dot.take().map_or(Ok(()), |at_dot| at_dot()) {
            Ok(()) => {
                self.note.out_at.get_or_init(Instant::now);
                None
            }
            Err(failure) => {
                *self.note.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                std::panic::resume_unwind(Box::new(NoDot));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DotNote, PART_BYTES_MAX, Parts};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn all_parts_come_before_the_dot_and_their_sum_is_the_message() {
        let eml = [vec![b'x'; PART_BYTES_MAX + 7], b"\r\n".to_vec()].concat();
        let note = DotNote::<()>::default();
        let parts: Vec<&[u8]> = Parts::new(&eml, || Ok(()), &note).take(2).collect();
        assert!(note.out_at().is_none(), "not asked beyond the last part yet");
        assert_eq!(parts.concat(), &eml[..eml.len() - 2]);
        assert_eq!(Parts::new(&eml, || Ok::<(), ()>(()), &note).count(), 2);
        assert!(note.out_at().is_some());
    }

    #[test]
    fn where_the_moment_is_not_noted_nothing_goes_on() {
        let note = DotNote::default();
        let mut parts = Parts::new(b"x", || Err("the disk is full"), &note);
        assert_eq!(parts.next(), Some(&b"x"[..]));
        assert!(catch_unwind(AssertUnwindSafe(|| parts.next())).is_err());
        assert_eq!((note.out_at(), note.into_failure()), (None, Some("the disk is full")));
    }
}
