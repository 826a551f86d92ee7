//! One row as byte ranges under the contract's keys, and the trait of those who can read one.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Brackets;
use super::scan::{Kind, Token, unescape};
use crate::contract::{Dataset, normalise_key};

/// What [`RowReader::next`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A whole row; it is in the `Row`.
    Row,
    /// Part of the frame around the rows; its bytes need not be seen again.
    Frame,
    /// `null` where a row is due.
    Null,
    /// The buffer ends before the row does. The position does not count.
    NeedMore,
    /// The rows are over.
    Done,
}

/// The next row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// Its first byte, or that of the separators before it.
    pub at: usize,
    /// The number of what it takes from around it; the same number, the same values. Numbers are those of one page.
    pub surroundings: usize,
}

/// A way to write rows: finds the next row of an answer. One is made for each page.
pub trait RowReader: Send {
    /// Reads the next row of `buffer` at `at`, and moves `at` behind it.
    ///
    /// # Errors
    /// What was found instead of a row, without values.
    fn next(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row) -> Result<Step, String>;

    /// A whole document is read, whose brackets are known.
    fn begin(&mut self, brackets: &Brackets) {
        let _ = brackets;
    }

    /// Whether the answer may end here, though its rows were not closed (a bare object).
    fn may_end(&self) -> bool;

    /// Where the next row is to be read, when it is an object and nothing but separators stands before it; `at` is where
    /// the last one ended. Whoever reads it instead of this reader says so with [`RowReader::passed`].
    fn ahead(&self, at: usize) -> Option<Ahead> {
        let _ = at;
        None
    }

    /// The row ahead was read by somebody else.
    fn passed(&mut self) {}

    /// Puts what the row ahead takes from around it into `row`: values that stand in the one buffer of a page, where the
    /// same place is the same value.
    fn put_surroundings(&self, buffer: &[u8], row: &mut Row) {
        let _ = (buffer, row);
    }

    /// What the end of an answer stands for: read after its last byte. A line break, where a break ends every row but the
    /// last.
    fn closing(&self) -> &'static [u8] {
        b""
    }
}

/// The keys of a dataset: normalised spelling to index, and the keys each column reads.
#[derive(Debug, Clone)]
pub struct Keys {
    by_name: HashMap<String, usize>,
    /// Raw spellings already looked up, so that normalising happens once a spelling.
    raw: HashMap<Vec<u8>, Option<usize>>,
    /// Key index of each column.
    of_column: Vec<usize>,
    n: usize,
}

/// Raw key spellings remembered.
const RAW_KEYS_MAX: usize = 4_096;

/// Longest spelling remembered, in bytes: who writes the keys must not decide how much memory they take.
const RAW_KEY_BYTES_MAX: usize = 128;

/// Bytes of a name that the contract does not know, as it is told; a longer one is cut.
const UNKNOWN_NAME_BYTES_MAX: usize = 200;

impl Keys {
    /// The keys of `dataset`; all aliases of a column share one index, and so does a column read `from` another's key.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        let mut by_name: HashMap<String, usize> = HashMap::new();
        let mut of_column = Vec::with_capacity(dataset.columns.len());
        let mut n = 0;
        for column in &dataset.columns {
            let known = column.keys.iter().find_map(|key| by_name.get(key).copied());
            let index = known.unwrap_or_else(|| {
                n += 1;
                n - 1
            });
            for key in &column.keys {
                by_name.insert(key.clone(), index);
            }
            of_column.push(index);
        }
        Self { by_name, raw: HashMap::new(), of_column, n }
    }

    /// The key index that column `column` reads.
    pub(crate) fn index_of_column(&self, column: usize) -> usize {
        self.of_column[column]
    }

    /// The index of the key that stands at `token`, whose escapes are resolved.
    pub(crate) fn find_at(&mut self, buffer: &[u8], token: Token) -> Option<usize> {
        let raw = &buffer[token.start..token.end];
        if token.kind == Kind::Escaped {
            let mut plain = Vec::with_capacity(raw.len());
            return unescape(raw, &mut plain).ok().and_then(|()| self.find(&plain));
        }
        self.find(raw)
    }

    /// The index of a key in any spelling.
    pub fn find(&mut self, raw: &[u8]) -> Option<usize> {
        if let Some(found) = self.raw.get(raw) {
            return *found;
        }
        let found = self.by_name.get(&normalise_key(&String::from_utf8_lossy(raw))).copied();
        if self.raw.len() < RAW_KEYS_MAX && raw.len() <= RAW_KEY_BYTES_MAX {
            self.raw.insert(raw.to_vec(), found);
        }
        found
    }
}

/// A value's place: in the buffer, or in the row's own scratch space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub(crate) kind: Option<Kind>,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) in_scratch: bool,
}

impl Slot {
    /// A value of the buffer.
    #[inline]
    pub(crate) fn of(token: Token) -> Self {
        Self { kind: Some(token.kind), start: position(token.start), end: position(token.end), in_scratch: false }
    }

    /// A text without escapes, in the buffer or in the row's scratch space.
    #[inline]
    pub(crate) fn plain(start: usize, end: usize, in_scratch: bool) -> Self {
        Self { kind: Some(Kind::Plain), start: position(start), end: position(end), in_scratch }
    }
}

const EMPTY: Slot = Slot { kind: None, start: 0, end: 0, in_scratch: false };

/// One row: a slot a key, the unknown keys, and what is already known to be wrong with it.
pub struct Row {
    pub(crate) keys: Keys,
    slots: Vec<Slot>,
    /// (key, value) ranges of unknown keys; the key's range is without quotes.
    unknown: Vec<(Token, Token)>,
    /// Names of a header that the contract does not know, with the row's value.
    unknown_names: Vec<(String, Token)>,
    /// The same where values are bare text: they become JSON when somebody wants to see them.
    unknown_slots: Vec<(String, Slot)>,
    /// Text that is not in the buffer as such: unescaped values.
    pub(crate) scratch: Vec<u8>,
    /// Why the row is refused whatever its values are.
    pub(crate) fault: Option<String>,
    /// Where the row itself stands in the buffer, where that is not all that was read for it.
    pub(crate) span: Option<(usize, usize)>,
}

impl Row {
    pub(crate) fn new(keys: Keys) -> Self {
        let slots = vec![EMPTY; keys.n];
        Self {
            keys,
            slots,
            unknown: Vec::new(),
            unknown_names: Vec::new(),
            unknown_slots: Vec::new(),
            scratch: Vec::new(),
            fault: None,
            span: None,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slots.fill(EMPTY);
        self.unknown.clear();
        self.unknown_names.clear();
        self.unknown_slots.clear();
        self.scratch.clear();
        self.fault = None;
        self.span = None;
    }

    /// Puts a scanned value under key `index`. A second, different value under one key refuses the row.
    #[inline]
    pub(crate) fn set(&mut self, buffer: &[u8], index: usize, token: Token) {
        self.set_slot(buffer, index, Slot::of(token));
    }

    /// As [`Row::set`], for a value that may stand in the scratch space.
    #[inline]
    pub(crate) fn set_slot(&mut self, buffer: &[u8], index: usize, slot: Slot) {
        let before = self.slots[index];
        if before.kind.is_some() && self.bytes(buffer, before) != self.bytes(buffer, slot) {
            self.fault = Some("two values under one key".to_owned());
        }
        self.slots[index] = slot;
    }

    /// Puts a range of the scratch space under key `index`.
    pub(crate) fn set_scratch(&mut self, index: usize, start: usize, end: usize) {
        self.slots[index] = Slot::plain(start, end, true);
    }

    /// Puts a text that stands nowhere in the buffer under key `index`.
    pub(crate) fn set_text(&mut self, index: usize, text: &[u8]) {
        let start = self.scratch.len();
        self.scratch.extend_from_slice(text);
        self.set_scratch(index, start, self.scratch.len());
    }

    /// Keeps a key that the contract does not know.
    pub(crate) fn set_unknown(&mut self, key: Token, value: Token) {
        self.unknown.push((key, value));
    }

    /// Keeps a name of a header that the contract does not know; its value has no key of its own in the buffer.
    pub(crate) fn set_unknown_name(&mut self, name: &str, value: Token) {
        self.unknown_names.push((name.to_owned(), value));
    }

    /// Keeps a name of a header that the contract does not know, with a value that is bare text and not JSON.
    pub(crate) fn set_unknown_slot(&mut self, name: &str, value: Slot) {
        self.unknown_slots.push((name.to_owned(), value));
    }

    /// The slot that column `column` reads.
    #[inline]
    pub(crate) fn slot(&self, column: usize) -> Slot {
        self.slots[self.keys.of_column[column]]
    }

    /// The bytes of a slot.
    #[inline]
    pub(crate) fn bytes<'a>(&'a self, buffer: &'a [u8], slot: Slot) -> &'a [u8] {
        let source = if slot.in_scratch { &self.scratch } else { buffer };
        &source[slot.start as usize..slot.end as usize]
    }

    /// The names of the unknown keys, cut where they are very long.
    pub(crate) fn unknown_names<'a>(&'a self, buffer: &'a [u8]) -> impl Iterator<Item = Cow<'a, str>> {
        let keys = self.unknown.iter().map(|(key, _)| &buffer[key.start..key.end]);
        let from_header = self.unknown_names.iter().map(|(name, _)| name.as_bytes());
        let bare = self.unknown_slots.iter().map(|(name, _)| name.as_bytes());
        let cut = |name: &'a [u8]| String::from_utf8_lossy(&name[..name.len().min(UNKNOWN_NAME_BYTES_MAX)]);
        keys.chain(from_header).chain(bare).map(cut)
    }

    /// The unknown keys as one JSON object; `None` when there are none.
    pub(crate) fn extra(&self, buffer: &[u8]) -> Option<Vec<u8>> {
        let keyed = self.unknown.iter().map(|(key, value)| (&buffer[key.start..key.end], value));
        let named = self.unknown_names.iter().map(|(name, value)| (name.as_bytes(), value));
        let mut json = vec![b'{'];
        for (key, value) in keyed.chain(named) {
            if json.len() > 1 {
                json.push(b',');
            }
            json.push(b'"');
            json.extend_from_slice(key);
            json.extend_from_slice(b"\":");
            let quoted = matches!(value.kind, Kind::Plain | Kind::Escaped);
            let (start, end) = if quoted { (value.start - 1, value.end + 1) } else { (value.start, value.end) };
            json.extend_from_slice(&buffer[start..end]);
        }
        for (name, slot) in &self.unknown_slots {
            if json.len() > 1 {
                json.push(b',');
            }
            let value = String::from_utf8_lossy(self.bytes(buffer, *slot));
            json.extend_from_slice(serde_json::Value::from(name.as_str()).to_string().as_bytes());
            json.push(b':');
            json.extend_from_slice(serde_json::Value::from(value).to_string().as_bytes());
        }
        json.push(b'}');
        (json.len() > 2).then_some(json)
    }
}

/// A buffer position as the 32 bits of a slot.
#[inline]
fn position(at: usize) -> u32 {
    u32::try_from(at).expect("a buffer holds one chunk and one row, far below 4 GiB")
}
