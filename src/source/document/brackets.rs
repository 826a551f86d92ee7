//! Where the objects and lists of a document end, found once. Whoever walks a tree of ten levels without it reads every
//! byte ten times and more.

use std::cell::Cell;

use super::{Text, root_start};
use crate::decode::scan::{DEPTH_MAX, nested_end, string_end};

/// One object or list.
#[derive(Debug, Clone, Copy)]
struct Pair {
    open: u32,
    /// One past the closing bracket.
    end: u32,
    /// The number of the first pair that opens behind it.
    behind: u32,
}

/// The pairs of one document, in the order in which they open.
#[derive(Debug, Default)]
pub(crate) struct Brackets {
    pairs: Vec<Pair>,
    /// The pair asked for last: walks go forward, so the next one is its first child or the one behind it.
    last: Cell<usize>,
}

impl Brackets {
    /// The pairs of a document; none where it is no object and no list, is broken, or does not end: then
    /// [`Text::nested_end`] says so when it gets there.
    pub(crate) fn of(document: &[u8]) -> Self {
        Self { pairs: pairs(document, root_start(document)).unwrap_or_default(), last: Cell::new(0) }
    }

    fn end_of(&self, open: usize) -> Option<usize> {
        let is_it = |&i: &usize| self.pairs.get(i).is_some_and(|pair| pair.open as usize == open);
        let last = self.last.get();
        let behind = self.pairs.get(last).map_or(0, |pair| pair.behind as usize);
        let guessed = [last + 1, behind, last].into_iter().find(is_it);
        let found =
            guessed.or_else(|| Some(self.pairs.partition_point(|pair| (pair.open as usize) < open)).filter(is_it))?;
        self.last.set(found);
        Some(self.pairs[found].end as usize)
    }
}

fn pairs(buffer: &[u8], start: usize) -> Option<Vec<Pair>> {
    let position = |at: usize| u32::try_from(at).ok();
    let mut pairs: Vec<Pair> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut at = start;
    loop {
        match *buffer.get(at)? {
            b'"' => at = string_end(buffer, at + 1)?.0,
            b'{' | b'[' if open.len() < DEPTH_MAX => {
                open.push(pairs.len());
                pairs.push(Pair { open: position(at)?, end: 0, behind: 0 });
            }
            b'{' | b'[' => return None,
            close @ (b'}' | b']') => {
                let behind = position(pairs.len())?;
                let pair = &mut pairs[open.pop()?];
                let opened = buffer[pair.open as usize];
                if (opened == b'{') != (close == b'}') {
                    return None;
                }
                (pair.end, pair.behind) = (position(at + 1)?, behind);
                if open.is_empty() {
                    return Some(pairs);
                }
            }
            _ if open.is_empty() => return None,
            _ => {}
        }
        at += 1;
    }
}

/// A document whose brackets are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paired<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) brackets: &'a Brackets,
}

impl Text for Paired<'_> {
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    fn nested_end(&self, at: usize) -> Result<Option<usize>, String> {
        self.brackets.end_of(at).map_or_else(|| nested_end(self.bytes, at), |end| Ok(Some(end)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Brackets, Paired};
    use crate::source::document::Text;

    #[test]
    fn every_bracket_ends_where_a_search_for_it_ends() {
        let document = br#"  {"a":[{"b":"}]"},{"c":{"d":[1,[2,[]],"\"{"]}}],"e":{},"f":[[],{}]} "#;
        let brackets = Brackets::of(document);
        let paired = Paired { bytes: document, brackets: &brackets };
        let starts: Vec<usize> = brackets.pairs.iter().map(|pair| pair.open as usize).collect();
        assert_eq!(starts.len(), 12);
        let mut forth_and_back = starts.clone();
        forth_and_back.extend(starts.iter().rev());
        forth_and_back.extend([starts[5], starts[0], starts[11], starts[5]]);
        for at in forth_and_back {
            assert_eq!(paired.nested_end(at), document[..].nested_end(at), "at {at}");
        }
    }

    #[test]
    fn what_does_not_end_is_told_as_without_it() {
        for broken in ["{\"a\":[1,2", "{\"a\":\"x", "", "12", "[1}", "{\"a\":[}]", &"[".repeat(100)] {
            let brackets = Brackets::of(broken.as_bytes());
            assert!(brackets.pairs.is_empty(), "{broken}");
            let paired = Paired { bytes: broken.as_bytes(), brackets: &brackets };
            assert_eq!(paired.nested_end(0), broken.as_bytes().nested_end(0), "{broken}");
        }
    }
}
