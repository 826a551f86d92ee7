//! Strict JSON, and not too deep: what is not is refused before anything else looks at it.
//!
//! The decoder of loads is tolerant, because what stands in a source's database is worth reading; a push is refused while
//! its sender listens. Nothing is built: one pass counts the depth, one checks the grammar.

use serde::de::IgnoredAny;

/// What is wrong with a text that should be JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotStrict {
    /// Not UTF-8, from this byte on (0-based).
    Encoding {
        /// The byte.
        at: usize,
    },
    /// Lists and objects inside each other, more than allowed.
    TooDeep,
    /// Not JSON, or not only one value.
    Grammar {
        /// From 1.
        line: usize,
        /// From 1; 0 at the end of the line before.
        column: usize,
    },
}

/// Checks that `text` is one JSON value whose lists and objects are at most `depth_max` deep.
///
/// # Errors
/// [`NotStrict`]; it never holds what stands in the text.
pub(crate) fn check(text: &[u8], depth_max: usize) -> Result<(), NotStrict> {
    let text = std::str::from_utf8(text).map_err(|error| NotStrict::Encoding { at: error.valid_up_to() })?;
    if depth(text.as_bytes(), depth_max) > depth_max {
        return Err(NotStrict::TooDeep);
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(IgnoredAny) => Ok(()),
        Err(error) => Err(NotStrict::Grammar { line: error.line(), column: error.column() }),
    }
}

/// How deep brackets outside of strings go; stops counting above `depth_max`.
fn depth(text: &[u8], depth_max: usize) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for &byte in text {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
                if deepest > depth_max {
                    return deepest;
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::{NotStrict, check};

    #[test]
    fn depth_is_counted_outside_of_strings() {
        assert_eq!(check(br#"{"a":[[]],"b":"[[[[\"[["}"#, 3), Ok(()));
        assert_eq!(check(br#"{"a":[[[]]]}"#, 3), Err(NotStrict::TooDeep));
        let bomb = "[".repeat(4 << 20);
        assert_eq!(check(bomb.as_bytes(), 32), Err(NotStrict::TooDeep));
        let closed = format!("{}{}", "]".repeat(9), "[".repeat(9));
        assert!(matches!(check(closed.as_bytes(), 32), Err(NotStrict::Grammar { .. })));
    }

    #[test]
    fn what_the_decoder_would_tolerate_is_refused() {
        for text in
            ["", " ", "{", "{\"a\":1,}", "[1,,2]", "{\"a\":1}{\"b\":2}", "{'a':1}", "{\"a\":01}", "nul", "[\"a\": 1]"]
        {
            assert!(matches!(check(text.as_bytes(), 32), Err(NotStrict::Grammar { .. })), "{text}");
        }
        assert_eq!(check(b"{\"a\":\"\xe9\"}", 32), Err(NotStrict::Encoding { at: 6 }));
        assert!(check(b"\xef\xbb\xbf{}", 32).is_err(), "a byte order mark is no JSON");
        assert_eq!(check("{\"a\":\"é\",\"n\":-1.5e3}\n".as_bytes(), 32), Ok(()));
    }
}
