//! Rows inside a document: the objects that a path leads to, each with what it takes from the objects around it.
//!
//! The document is read whole (`DOCUMENT_BYTES_MAX`), since a key that follows the rows may belong to all of them. Objects
//! around the rows are read once each, not once a row.

use std::collections::BTreeSet;

use crate::contract::{Dataset, JsonPath, PathStep, RowShape};
use crate::decode::Brackets;
use crate::decode::row::{Ahead, Row, RowReader, Step};
use crate::decode::scan::{Kind, Token};
use crate::source::document::{Paired, Shape, elements, key_name, members, root, says_nothing, shape};

/// Most rows one document may hold.
const DOCUMENT_ROWS_MAX: usize = 1_000_000;

/// What rows may repeat of the objects around them, in bytes: so many times the document, but at least
/// [`REPEATED_BYTES_MIN`]. A short document of many rows inside one long text would otherwise fill the memory.
const REPEATED_TIMES_MAX: usize = 16;

/// What the rows of a small document may repeat in any case.
const REPEATED_BYTES_MIN: usize = 64 << 20;

/// Reads the rows of one document.
pub struct DocumentReader {
    rows_at: Vec<JsonPath>,
    /// Labels of the steps that columns name with `of`.
    labels: BTreeSet<String>,
    /// Beginnings of dotted keys: `DATA_PNBP` where a column reads `DATA_PNBP.KD_BILLING`.
    prefixes: BTreeSet<String>,
    of_other_tables: BTreeSet<String>,
    /// Those of the document, where somebody knows them.
    brackets: Option<Brackets>,
    found: Option<Found>,
    next: usize,
}

/// Where the rows of a document are.
#[derive(Debug, Default)]
struct Found {
    rows: Vec<FoundRow>,
    /// The objects around rows that columns read.
    around: Vec<Around>,
    /// Bytes that the rows take from around them, all rows together.
    repeated: usize,
    /// Where the document's objects and lists end.
    brackets: Brackets,
    end: usize,
}

/// Where a row stands: of a document's rows there may be many, and its bytes are counted by 32 bits.
#[derive(Debug, Clone, Copy)]
struct FoundRow {
    start: u32,
    end: u32,
    /// The number of the innermost object around it that columns read, from 1 on; 0 where there is none.
    outer: u32,
}

impl FoundRow {
    fn of(row: Token, outer: Option<usize>) -> Option<Self> {
        let outer = outer.map_or(Some(0), |i| u32::try_from(i + 1).ok())?;
        Some(Self { start: u32::try_from(row.start).ok()?, end: u32::try_from(row.end).ok()?, outer })
    }

    fn token(self) -> Token {
        Token { kind: Kind::Nested, start: self.start as usize, end: self.end as usize }
    }

    fn outer(self) -> Option<usize> {
        (self.outer as usize).checked_sub(1)
    }
}

impl Found {
    /// Puts what the objects around a row have for it into `row`; `outer` is the innermost.
    fn put_around(&self, outer: Option<usize>, buffer: &[u8], row: &mut Row) {
        let mut outer = outer;
        while let Some(around) = outer.map(|i| &self.around[i]) {
            for (index, value) in &around.values {
                row.set(buffer, *index, *value);
            }
            outer = around.outer;
        }
    }
}

/// What rows take from an object around them: key indices and values, and the object around that one.
#[derive(Debug)]
struct Around {
    outer: Option<usize>,
    values: Vec<(usize, Token)>,
    /// Bytes of the values, those of the outer objects included.
    n_bytes: usize,
}

impl DocumentReader {
    /// A reader of the rows of `dataset`.
    #[must_use]
    pub fn new(dataset: &Dataset) -> Self {
        let (rows_at, of_other_tables) = match &dataset.rows {
            RowShape::Document { rows_at, of_other_tables } => {
                (rows_at.clone(), of_other_tables.iter().cloned().collect())
            }
            _ => (Vec::new(), BTreeSet::new()),
        };
        let mut prefixes = BTreeSet::new();
        for key in dataset.columns.iter().flat_map(|column| &column.keys) {
            prefixes.extend(key.match_indices('.').map(|(at, _)| key[..at].to_owned()));
        }
        let labels = dataset.columns.iter().filter_map(|column| column.of.clone()).collect();
        Self { rows_at, labels, prefixes, of_other_tables, brackets: None, found: None, next: 0 }
    }

    /// Finds the rows: by the first path that is there.
    fn find(&self, buffer: &[u8], row: &mut Row) -> Result<Option<Found>, String> {
        let brackets = self.brackets.clone().unwrap_or_else(|| Brackets::of(buffer));
        let text = Paired::new(buffer, &brackets);
        let Some((document, end)) = root(&text)? else { return Ok(None) };
        for path in &self.rows_at {
            let mut search = Search::new(self, &path.steps, end);
            search.descend(&text, row, document, (0, None))?;
            if search.reached {
                let found = search.found;
                return Ok(Some(Found { brackets, ..found }));
            }
        }
        Ok(Some(Found { end, ..Found::default() }))
    }

    /// Puts the members of a row into `row`; `prefix` is what their keys begin with in dotted keys.
    fn take_leaf(&self, document: &Paired<'_>, object: Token, prefix: &str, row: &mut Row) -> Result<(), String> {
        let buffer = document.bytes;
        members(document, object, &mut |key, value| {
            let index = if prefix.is_empty() {
                row.keys.find_at(buffer, key)
            } else {
                row.keys.find(format!("{prefix}{}", key_name(buffer, key)).as_bytes())
            };
            if let Some(index) = index {
                row.set(buffer, index, value);
                return Ok(());
            }
            let name = format!("{prefix}{}", key_name(buffer, key));
            if self.prefixes.contains(&name) {
                // A dotted key's object may be empty, or a text where there is nothing.
                return match shape(buffer, value) {
                    Shape::Object => self.take_leaf(document, value, &format!("{name}."), row),
                    _ => Ok(()),
                };
            }
            if !self.of_other_tables.contains(&name) {
                row.set_unknown(key, value);
            }
            Ok(())
        })
    }
}

/// One walk through a document.
struct Search<'a> {
    reader: &'a DocumentReader,
    steps: &'a [PathStep],
    found: Found,
    /// Whether the path's end is there, with rows or without.
    reached: bool,
    /// Keys as they are written in objects around rows, by depth, and what they are for.
    known: Vec<Vec<(Vec<u8>, Purpose)>>,
}

/// What a member of an object around rows is for.
#[derive(Debug, Clone, Copy)]
struct Purpose {
    /// The key index of the column that reads it.
    column: Option<usize>,
    /// Whether it leads to rows.
    is_inwards: bool,
}

/// Keys remembered of each depth.
const KNOWN_KEYS_MAX: usize = 64;

/// Longest key remembered, in bytes.
const KNOWN_KEY_BYTES_MAX: usize = 128;

impl<'a> Search<'a> {
    fn new(reader: &'a DocumentReader, steps: &'a [PathStep], end: usize) -> Self {
        let known = vec![Vec::new(); steps.len()];
        Self { reader, steps, found: Found { end, ..Found::default() }, reached: false, known }
    }

    /// What the member under `key` is for, of an object that `depth` steps lead to. Names are made alike once a spelling,
    /// not once an object.
    fn purpose(&mut self, buffer: &[u8], key: Token, row: &mut Row, depth: usize) -> Purpose {
        let raw = &buffer[key.start..key.end];
        if key.kind == Kind::Plain
            && let Some((_, purpose)) = self.known[depth].iter().find(|(known, _)| known == raw)
        {
            return *purpose;
        }
        let (label, name) = (self.label(depth), key_name(buffer, key));
        let is_wanted = self.reader.labels.contains(label);
        let column = is_wanted.then(|| row.keys.find(format!("{label}/{name}").as_bytes())).flatten();
        let purpose = Purpose { column, is_inwards: self.steps[depth].takes(&name) };
        let known = &mut self.known[depth];
        if key.kind == Kind::Plain && known.len() < KNOWN_KEYS_MAX && raw.len() <= KNOWN_KEY_BYTES_MAX {
            known.push((raw.to_vec(), purpose));
        }
        purpose
    }

    /// Walks on at `token`, which `depth` steps led to, within `outer`.
    fn descend(
        &mut self,
        document: &Paired<'_>,
        row: &mut Row,
        token: Token,
        (depth, outer): (usize, Option<usize>),
    ) -> Result<(), String> {
        let buffer = document.bytes;
        let at_end = depth == self.steps.len();
        self.reached |= at_end;
        match shape(buffer, token) {
            Shape::List => {
                elements(document, token, &mut |element| self.descend(document, row, element, (depth, outer)))
            }
            Shape::Scalar if says_nothing(document, token) => Ok(()),
            Shape::Scalar => {
                let what = if token.kind == Kind::Literal { "a number" } else { "a text" };
                Err(format!("expected rows at {}, found {what}", self.label(depth)))
            }
            Shape::Object if at_end => {
                if self.found.rows.len() >= DOCUMENT_ROWS_MAX {
                    return Err(format!("more than {DOCUMENT_ROWS_MAX} rows in one document"));
                }
                if !says_nothing(document, token) {
                    self.found.repeated += outer.map_or(0, |i| self.found.around[i].n_bytes);
                    if self.found.repeated > REPEATED_BYTES_MIN.max(buffer.len() * REPEATED_TIMES_MAX) {
                        return Err("the rows repeat too much of the objects around them".to_owned());
                    }
                    let row = FoundRow::of(token, outer).ok_or("a document of 4 GiB or more")?;
                    self.found.rows.push(row);
                }
                Ok(())
            }
            Shape::Object => self.through(document, row, token, (depth, outer)),
        }
    }

    /// Walks through an object around rows: takes what columns want of it, then goes on inwards.
    fn through(
        &mut self,
        document: &Paired<'_>,
        row: &mut Row,
        token: Token,
        (depth, outer): (usize, Option<usize>),
    ) -> Result<(), String> {
        let (mut inwards, mut values) = (Vec::new(), Vec::new());
        members(document, token, &mut |key, value| {
            let Purpose { column, is_inwards } = self.purpose(document.bytes, key, row, depth);
            values.extend(column.map(|index| (index, value)));
            if is_inwards {
                inwards.push(value);
            }
            Ok(())
        })?;
        let outer = if values.is_empty() {
            outer
        } else {
            let own: usize = values.iter().map(|(_, value)| value.end - value.start).sum();
            let n_bytes = own + outer.map_or(0, |i| self.found.around[i].n_bytes);
            self.found.around.push(Around { outer, values, n_bytes });
            Some(self.found.around.len() - 1)
        };
        // Beside `*` there are members that hold no rows.
        let any = self.steps[depth] == PathStep::Any;
        for value in inwards.into_iter().filter(|value| !any || value.kind == Kind::Nested) {
            self.descend(document, row, value, (depth + 1, outer))?;
        }
        Ok(())
    }

    /// What columns call the object that `depth` steps lead to.
    fn label(&self, depth: usize) -> &str {
        match depth.checked_sub(1).map(|last| &self.steps[last]) {
            None => ".",
            Some(PathStep::Any) => "*",
            Some(PathStep::Key(key)) => key,
        }
    }
}

impl RowReader for DocumentReader {
    fn next(&mut self, buffer: &[u8], at: &mut usize, row: &mut Row) -> Result<Step, String> {
        if self.found.is_none() {
            let Some(found) = self.find(buffer, row)? else { return Ok(Step::NeedMore) };
            self.found = Some(found);
        }
        let found = self.found.as_ref().expect("found above");
        let Some(found_row) = found.rows.get(self.next) else {
            *at = found.end;
            return Ok(Step::Done);
        };
        let leaf = found_row.token();
        found.put_around(found_row.outer(), buffer, row);
        row.span = Some((leaf.start, leaf.end));
        self.take_leaf(&Paired::new(buffer, &found.brackets), leaf, "", row)?;
        self.next += 1;
        Ok(Step::Row)
    }

    fn begin(&mut self, brackets: &Brackets) {
        self.brackets = Some(brackets.clone());
    }

    fn may_end(&self) -> bool {
        false
    }

    fn ahead(&self, _: usize) -> Option<Ahead> {
        let row = self.found.as_ref()?.rows.get(self.next)?;
        Some(Ahead { at: row.start as usize, surroundings: row.outer as usize })
    }

    fn passed(&mut self) {
        self.next += 1;
    }

    fn put_surroundings(&self, buffer: &[u8], row: &mut Row) {
        if let Some(found) = &self.found
            && let Some(found_row) = found.rows.get(self.next)
        {
            found.put_around(found_row.outer(), buffer, row);
        }
    }
}
