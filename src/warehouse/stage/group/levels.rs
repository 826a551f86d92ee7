//! Which values of a page are NULL: definition levels of a flat column.

use super::hybrid;

/// The levels of the page that is being built.
#[derive(Debug, Default)]
pub(super) struct Levels {
    is_nullable: bool,
    n_values: usize,
    n_nulls: usize,
    /// 1 for each value that is there and 0 for each NULL, from the page's first NULL on; empty before.
    defined: Vec<u16>,
}

impl Levels {
    pub(super) fn new(is_nullable: bool) -> Self {
        Self { is_nullable, ..Self::default() }
    }

    /// Values so far, NULLs included.
    pub(super) fn n_values(&self) -> usize {
        self.n_values
    }

    pub(super) fn n_nulls(&self) -> usize {
        self.n_nulls
    }

    /// Notes `n` values that are there.
    pub(super) fn add(&mut self, n: usize) {
        self.n_values += n;
        if !self.defined.is_empty() {
            self.defined.resize(self.n_values, 1);
        }
    }

    /// Notes a NULL.
    pub(super) fn add_null(&mut self) {
        self.defined.resize(self.n_values, 1);
        self.defined.push(0);
        self.n_values += 1;
        self.n_nulls += 1;
    }

    /// Writes the levels as they stand at the beginning of a data page and begins the next one. A required column has none.
    pub(super) fn end_page(&mut self, body: &mut Vec<u8>) {
        if self.is_nullable {
            let at = body.len();
            body.extend_from_slice(&[0; 4]);
            self.defined.resize(self.n_values, 1);
            hybrid::encode(&self.defined, 1, body);
            let length = u32::try_from(body.len() - at - 4).expect("a page has few values");
            body[at..at + 4].copy_from_slice(&length.to_le_bytes());
        }
        self.defined.clear();
        (self.n_values, self.n_nulls) = (0, 0);
    }
}
