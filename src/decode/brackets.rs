//! Where the objects and lists of a document end, found once. Whoever walks a tree of ten levels without it reads every
//! byte ten times and more.

mod texts;

use std::sync::Arc;

use super::scan::{DEPTH_MAX, document_start};
use texts::{BLOCK_BYTES, Texts};

/// One object or list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    open: u32,
    /// One past the closing bracket.
    end: u32,
    /// The number of the first pair that opens behind it.
    behind: u32,
}

/// Where every object and list of one document begins and ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brackets {
    /// In the order in which they open.
    pairs: Arc<Vec<Pair>>,
}

impl Brackets {
    /// The brackets of a document. There are none where it is no object and no list, is broken, or does not end: who looks
    /// for the end of one then says so when it gets there.
    #[must_use]
    pub fn of(document: &[u8]) -> Self {
        Self { pairs: Arc::new(pairs(document, document_start(document)).unwrap_or_default()) }
    }

    /// One past the end of what opens at `open`. `last` is the one asked for before: walks go forward, so the next one is its
    /// first child or the one behind it.
    pub(crate) fn end_of(&self, open: usize, last: &mut usize) -> Option<usize> {
        let is_it = |&i: &usize| self.pairs.get(i).is_some_and(|pair| pair.open as usize == open);
        let behind = self.pairs.get(*last).map_or(0, |pair| pair.behind as usize);
        let guessed = [*last + 1, behind, *last].into_iter().find(is_it);
        let found =
            guessed.or_else(|| Some(self.pairs.partition_point(|pair| (pair.open as usize) < open)).filter(is_it))?;
        *last = found;
        Some(self.pairs[found].end as usize)
    }
}

/// The pairs of a document while it is read.
#[derive(Default)]
struct Reading {
    pairs: Vec<Pair>,
    /// The numbers of those that are open, the innermost last.
    open: Vec<usize>,
}

impl Reading {
    /// Takes the bracket at `at`; says whether it closes the document, `None` where it is one too many or of another kind.
    #[inline]
    fn take(&mut self, buffer: &[u8], at: usize) -> Option<bool> {
        let position = |at: usize| u32::try_from(at).ok();
        match buffer[at] {
            b'{' | b'[' if self.open.len() < DEPTH_MAX => {
                self.open.push(self.pairs.len());
                self.pairs.push(Pair { open: position(at)?, end: 0, behind: 0 });
            }
            b'{' | b'[' => return None,
            close => {
                let behind = position(self.pairs.len())?;
                let pair = &mut self.pairs[self.open.pop()?];
                if (buffer[pair.open as usize] == b'{') != (close == b'}') {
                    return None;
                }
                (pair.end, pair.behind) = (position(at + 1)?, behind);
            }
        }
        Some(self.open.is_empty())
    }
}

/// The pairs of a document that begins at `start`, by sixty-four bytes at a time.
fn pairs(buffer: &[u8], start: usize) -> Option<Vec<Pair>> {
    if !matches!(buffer.get(start)?, b'{' | b'[') {
        return None;
    }
    let mut reading = Reading::default();
    let mut texts = Texts::default();
    let (blocks, rest) = buffer[start..].as_chunks::<BLOCK_BYTES>();
    // Blanks behind the document say nothing.
    let mut last = [b' '; BLOCK_BYTES];
    last[..rest.len()].copy_from_slice(rest);
    for (i, block) in blocks.iter().chain([&last]).enumerate() {
        let at = start + i * BLOCK_BYTES;
        let (mut hits, is_sound) = texts.brackets(block);
        while hits != 0 {
            if reading.take(buffer, at + hits.trailing_zeros() as usize)? {
                return Some(reading.pairs);
            }
            hits &= hits - 1;
        }
        if !is_sound {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Brackets;
    use crate::decode::scan::nested_end;

    fn end_of(brackets: &Brackets, at: usize, last: &mut usize) -> Result<Option<usize>, String> {
        Ok(brackets.end_of(at, last))
    }

    #[test]
    fn every_bracket_ends_where_a_search_for_it_ends() {
        let document = br#"  {"a":[{"b":"}]"},{"c":{"d":[1,[2,[]],"\"{"]}}],"e":{},"f":[[],{}]} "#;
        let brackets = Brackets::of(document);
        let mut last = 0;
        let starts: Vec<usize> = brackets.pairs.iter().map(|pair| pair.open as usize).collect();
        assert_eq!(starts.len(), 12);
        let mut forth_and_back = starts.clone();
        forth_and_back.extend(starts.iter().rev());
        forth_and_back.extend([starts[5], starts[0], starts[11], starts[5]]);
        for at in forth_and_back {
            assert_eq!(end_of(&brackets, at, &mut last), nested_end(document, at), "at {at}");
        }
    }

    /// Brackets, quotes, backslashes and what looks like them, at every place of a block.
    #[test]
    fn whatever_stands_in_a_document_its_brackets_end_where_a_search_ends() {
        let parts = [
            "{\"y\":",
            "[",
            "]",
            "}",
            "\"a\\\"{b\"",
            "\"\\\\\"",
            "\"\\\\\\\"]\"",
            "\"\\\\\\\\\\\\\"",
            "\"}]\u{7f}{[\"",
            ",",
            " ",
            "1",
            "y",
            "\"\"",
            "\"\u{e9}[\"",
        ];
        let mut state = 5_u64;
        let mut next = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let mut n_whole = 0;
        for _ in 0..20_000 {
            let mut text = "[".to_owned();
            (0..next(30)).for_each(|_| text.push_str(parts[next(parts.len())]));
            // Often whole: what is open is closed.
            if next(4) > 0 {
                text.extend(closing(&text).into_iter().rev());
            }
            text.push_str(["", " ", ",\"\\"][next(3)]);
            let document = text.as_bytes();
            let brackets = Brackets::of(document);
            let mut last = 0;
            let whole = nested_end(document, 0).ok().flatten();
            assert_eq!(!brackets.pairs.is_empty(), whole.is_some(), "{text}");
            n_whole += usize::from(whole.is_some());
            for at in brackets.pairs.iter().map(|pair| pair.open as usize) {
                assert_eq!(end_of(&brackets, at, &mut last), nested_end(document, at), "{text} at {at}");
            }
        }
        assert!(n_whole > 5_000, "{n_whole}");
    }

    /// What closes the brackets that are open, the innermost last.
    fn closing(text: &str) -> Vec<char> {
        let (mut open, mut in_text, mut is_escaped) = (Vec::new(), false, false);
        for character in text.chars() {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if in_text => is_escaped = true,
                '"' => in_text = !in_text,
                '{' if !in_text => open.push('}'),
                '[' if !in_text => open.push(']'),
                '}' | ']' if !in_text => drop(open.pop()),
                _ => {}
            }
        }
        open
    }

    #[test]
    fn what_does_not_end_is_told_as_without_it() {
        let stray = ["[1,\\\"]\"]", "{\"a\":1\\}", "[\\]"];
        let unclosed = ["{\"a\":[1,2", "{\"a\":\"x", "", "12", "[1}", "{\"a\":[}]", &"[".repeat(100)];
        for broken in unclosed.into_iter().chain(stray) {
            let brackets = Brackets::of(broken.as_bytes());
            assert!(brackets.pairs.is_empty(), "{broken}");
            assert_eq!(brackets.end_of(0, &mut 0), None, "{broken}");
        }
    }
}
