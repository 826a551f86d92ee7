//! One row of an answer: keys and texts, in a buffer that is used again for the next row.

/// Keys and values of a row, in their order.
#[derive(Debug, Default)]
pub(crate) struct Row {
    cells: Vec<(&'static str, String)>,
    used: usize,
}

impl Row {
    /// Forgets the cells and keeps their memory.
    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// A new cell under `key`: write its value into the text returned.
    pub(crate) fn cell(&mut self, key: &'static str) -> &mut String {
        if self.used == self.cells.len() {
            self.cells.push((key, String::new()));
        }
        let cell = &mut self.cells[self.used];
        self.used += 1;
        cell.0 = key;
        cell.1.clear();
        &mut cell.1
    }

    /// A new cell with a value.
    pub(crate) fn put(&mut self, key: &'static str, value: &str) {
        self.cell(key).push_str(value);
    }

    /// The value under `key`.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut String> {
        self.cells[..self.used].iter_mut().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Drops the cell under `key`.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Some(index) = self.cells().iter().position(|(name, _)| *name == key) {
            self.cells.remove(index);
            self.used -= 1;
        }
    }

    /// Keys and values.
    pub(crate) fn cells(&self) -> &[(&'static str, String)] {
        &self.cells[..self.used]
    }
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn a_row_is_used_again_without_traces_of_the_one_before() {
        let mut row = Row::default();
        for (key, value) in [("A", "1"), ("B", "2"), ("C", "3")] {
            row.put(key, value);
        }
        row.remove("B");
        assert_eq!(row.cells(), [("A", "1".to_owned()), ("C", "3".to_owned())]);
        row.clear();
        row.put("D", "4");
        assert_eq!(row.cells(), [("D", "4".to_owned())]);
        assert_eq!(row.get_mut("C"), None);
    }
}
