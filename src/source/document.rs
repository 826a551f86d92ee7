//! One JSON document read where it lies: members, elements and values by path, without building a tree.
//!
//! Tolerant where a reading loses nothing: surplus commas, and a list written with keys (`[ "k": 1 ]`), which is read as
//! the object it was meant to be.

use std::cell::Cell;

use crate::contract::{JsonPath, PathStep, normalise_key};
use crate::decode::Brackets;
use crate::decode::scan::{
    self, Kind, Token, document_start, is_blank, printable, skip_blank, string_end, unescape, value,
};

/// A document's bytes, and where its objects and lists end: looked for each time, or known ([`Paired`]).
pub(crate) trait Text {
    /// All of it.
    fn bytes(&self) -> &[u8];

    /// One past the end of the object or list that begins at `at`; `None` when the bytes end first.
    ///
    /// # Errors
    /// When it nests too deep.
    fn nested_end(&self, at: usize) -> Result<Option<usize>, String>;
}

impl Text for [u8] {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn nested_end(&self, at: usize) -> Result<Option<usize>, String> {
        scan::nested_end(self, at)
    }
}

/// A document whose brackets are known. Whoever walks a tree of ten levels without them reads every byte ten times and more.
#[derive(Debug)]
pub(crate) struct Paired<'a> {
    pub(crate) bytes: &'a [u8],
    brackets: &'a Brackets,
    /// The bracket asked for last.
    last: Cell<usize>,
}

impl<'a> Paired<'a> {
    pub(crate) fn new(bytes: &'a [u8], brackets: &'a Brackets) -> Self {
        Self { bytes, brackets, last: Cell::new(0) }
    }
}

impl Text for Paired<'_> {
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    fn nested_end(&self, at: usize) -> Result<Option<usize>, String> {
        let mut last = self.last.get();
        let end = self.brackets.end_of(at, &mut last);
        self.last.set(last);
        end.map_or_else(|| scan::nested_end(self.bytes, at), |end| Ok(Some(end)))
    }
}

/// What stands in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `{…}`, or a list written with keys.
    Object,
    /// `[…]`.
    List,
    /// A text, a number, a truth value or null.
    Scalar,
}

/// What `token` is.
pub(crate) fn shape(buffer: &[u8], token: Token) -> Shape {
    if token.kind != Kind::Nested {
        return Shape::Scalar;
    }
    if buffer[token.start] == b'{' || is_keyed_list(buffer, token) { Shape::Object } else { Shape::List }
}

fn is_keyed_list(buffer: &[u8], token: Token) -> bool {
    let at = skip_commas(buffer, token.start + 1);
    if buffer.get(at) != Some(&b'"') {
        return false;
    }
    let end = string_end(&buffer[..token.end], at + 1);
    end.is_some_and(|(end, _)| buffer.get(skip_blank(buffer, end + 1)) == Some(&b':'))
}

fn skip_commas(buffer: &[u8], mut at: usize) -> usize {
    while at < buffer.len() && (is_blank(buffer[at]) || buffer[at] == b',') {
        at += 1;
    }
    at
}

/// The document: the one value of `buffer`, and the position after it; `None` when it ends too early.
///
/// # Errors
/// What was found instead of a value.
pub(crate) fn root<T: Text + ?Sized>(document: &T) -> Result<Option<(Token, usize)>, String> {
    let buffer = document.bytes();
    value_at(document, document_start(buffer))
}

/// As [`value`], with what is known of brackets.
fn value_at<T: Text + ?Sized>(document: &T, at: usize) -> Result<Option<(Token, usize)>, String> {
    let buffer = document.bytes();
    if !matches!(buffer.get(at), Some(b'{' | b'[')) {
        return value(buffer, at);
    }
    Ok(document.nested_end(at)?.map(|end| (Token { kind: Kind::Nested, start: at, end }, end)))
}

/// Calls `take` with key and value of every member of an object.
///
/// # Errors
/// What was found instead of a member, or the first error of `take`.
pub(crate) fn members<T: Text + ?Sized>(
    document: &T,
    object: Token,
    take: &mut dyn FnMut(Token, Token) -> Result<(), String>,
) -> Result<(), String> {
    let inside = &document.bytes()[..object.end - 1];
    let mut at = skip_commas(inside, object.start + 1);
    while at < inside.len() {
        if inside[at] != b'"' {
            return Err(format!("expected a key, found {}", printable(inside[at])));
        }
        let (end, escaped) = string_end(inside, at + 1).ok_or("a key that does not end")?;
        let kind = if escaped { Kind::Escaped } else { Kind::Plain };
        let key = Token { kind, start: at + 1, end };
        at = skip_blank(inside, end + 1);
        if inside.get(at) != Some(&b':') {
            return Err("expected ':' after a key".to_owned());
        }
        let (token, after) = value_within(document, object, skip_blank(inside, at + 1))?;
        take(key, token)?;
        at = skip_commas(inside, after);
    }
    Ok(())
}

/// Calls `take` with every element of a list.
///
/// # Errors
/// What was found instead of an element, or the first error of `take`.
pub(crate) fn elements<T: Text + ?Sized>(
    document: &T,
    list: Token,
    take: &mut dyn FnMut(Token) -> Result<(), String>,
) -> Result<(), String> {
    let inside = &document.bytes()[..list.end - 1];
    let mut at = skip_commas(inside, list.start + 1);
    while at < inside.len() {
        let (token, after) = value_within(document, list, at)?;
        take(token)?;
        at = skip_commas(inside, after);
    }
    Ok(())
}

/// A value inside `outer`; the closing bracket of `outer` may be what ends it.
fn value_within<T: Text + ?Sized>(document: &T, outer: Token, at: usize) -> Result<(Token, usize), String> {
    if at >= outer.end - 1 {
        return Err("a value is missing".to_owned());
    }
    let buffer = document.bytes();
    let found = match buffer[at] {
        b'{' | b'[' => document
            .nested_end(at)?
            .filter(|&end| end <= outer.end)
            .map(|end| (Token { kind: Kind::Nested, start: at, end }, end)),
        _ => value(&buffer[..outer.end], at)?,
    };
    found.ok_or_else(|| "a value that does not end".to_owned())
}

/// Whether a value says nothing: null, an empty text, or a list or object of nothing but such.
pub(crate) fn says_nothing<T: Text + ?Sized>(document: &T, token: Token) -> bool {
    let buffer = document.bytes();
    match token.kind {
        Kind::Null => true,
        Kind::Plain | Kind::Escaped => buffer[token.start..token.end].trim_ascii().is_empty(),
        Kind::Literal => false,
        Kind::Nested if speaks_at_once(buffer, token) => false,
        Kind::Nested => {
            // The error is the way out of the loop.
            let mut look = |token| if says_nothing(document, token) { Ok(()) } else { Err(String::new()) };
            match shape(buffer, token) {
                Shape::Object => members(document, token, &mut |_, value| look(value)).is_ok(),
                _ => elements(document, token, &mut look).is_ok(),
            }
        }
    }
}

/// Whether an object written without blanks begins with a member that says something, which nearly all do.
fn speaks_at_once(buffer: &[u8], object: Token) -> bool {
    let inside = &buffer[object.start..object.end];
    if !inside.starts_with(b"{\"") {
        return false;
    }
    let Some((key_end, _)) = string_end(inside, 2) else { return false };
    match &inside[key_end + 1..] {
        [b':', b'-' | b'0'..=b'9' | b't' | b'f', ..] => true,
        [b':', b'"', first, ..] => *first != b'"' && !first.is_ascii_whitespace(),
        _ => false,
    }
}

/// The normalised name of a key.
pub(crate) fn key_name(buffer: &[u8], key: Token) -> String {
    normalise_key(&text(buffer, key))
}

/// A text, number or truth value as text.
pub(crate) fn text(buffer: &[u8], token: Token) -> String {
    let raw = &buffer[token.start..token.end];
    if token.kind == Kind::Escaped {
        let mut plain = Vec::with_capacity(raw.len());
        if unescape(raw, &mut plain).is_ok() {
            return String::from_utf8_lossy(&plain).into_owned();
        }
    }
    String::from_utf8_lossy(raw).into_owned()
}

/// Whether `path` leads anywhere; nothing is looked at behind the first value that it leads to.
///
/// # Errors
/// What is broken on the way there.
pub(crate) fn leads_somewhere<T: Text + ?Sized>(document: &T, root: Token, path: &JsonPath) -> Result<bool, String> {
    let mut found = Vec::new();
    // The error is the way out of the walk.
    let walked = collect(document, root, &path.steps, &mut |token| {
        found.push(token);
        Err(String::new())
    });
    if found.is_empty() { walked.map(|()| false) } else { Ok(true) }
}

/// Every value that `path` leads to.
///
/// # Errors
/// What is broken on the way there.
pub(crate) fn values_at<T: Text + ?Sized>(document: &T, root: Token, path: &JsonPath) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    collect(document, root, &path.steps, &mut |token| {
        found.push(token);
        Ok(())
    })?;
    Ok(found)
}

fn collect<T: Text + ?Sized>(
    document: &T,
    token: Token,
    steps: &[PathStep],
    found: &mut dyn FnMut(Token) -> Result<(), String>,
) -> Result<(), String> {
    let buffer = document.bytes();
    let Some((step, rest)) = steps.split_first() else { return found(token) };
    match shape(buffer, token) {
        Shape::Object => members(document, token, &mut |key, value| {
            if step.takes(&key_name(buffer, key)) { collect(document, value, rest, found) } else { Ok(()) }
        }),
        Shape::List => elements(document, token, &mut |element| collect(document, element, steps, found)),
        Shape::Scalar => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{leads_somewhere, root, says_nothing, text, values_at};

    fn at(json: &str, path: &str) -> Vec<String> {
        let (root, _) = root(json.as_bytes()).unwrap().unwrap();
        let path = path.parse().unwrap();
        let found = values_at(json.as_bytes(), root, &path).unwrap();
        assert_eq!(leads_somewhere(json.as_bytes(), root, &path), Ok(!found.is_empty()));
        found.into_iter().map(|token| text(json.as_bytes(), token)).collect()
    }

    #[test]
    fn values_are_found_by_path() {
        let json = r#"{"responinqueryNIB":{"kode":200,"keterangan":"a\"b"},"list":[{"x":1},{"x":"2"}],}"#;
        assert_eq!(at(json, "*.KODE"), ["200"]);
        assert_eq!(at(json, "*.keterangan"), ["a\"b"]);
        assert_eq!(at(json, "list.x"), ["1", "2"]);
        assert_eq!(at(json, "list.y"), Vec::<String>::new());
    }

    #[test]
    fn a_list_written_with_keys_is_an_object() {
        assert_eq!(at(r#"{"a":[ "k" : 2, "l": {"m": 3}, ]}"#, "a.l.m"), ["3"]);
        assert_eq!(at(r#"{"a":["k","l"]}"#, "a"), [r#"["k","l"]"#]);
    }

    #[test]
    fn nothing_is_told_from_something() {
        let nothing = |json: &str| {
            let (token, _) = root(json.as_bytes()).unwrap().unwrap();
            says_nothing(json.as_bytes(), token)
        };
        for blank in ["{}", "[]", r#"" ""#, r#"{"a":"","b":[{}],"c":null}"#, "{\"a\":\"\t \"}", r#"{"a":[]}"#] {
            assert!(nothing(blank), "{blank}");
        }
        let words = [
            r#"{"a":"","b":[0]}"#,
            r#"["x"]"#,
            r#"{"a":false}"#,
            r#"{"a":-1}"#,
            r#"{"a\":":"x"}"#,
            r#"{"a":"\n"}"#,
            r#"{"a":nothing}"#,
        ];
        for word in words {
            assert!(!nothing(word), "{word}");
        }
        assert_eq!(root(&b"{\"a\":[1,2"[..]).unwrap(), None);
        assert!(root(&b"<html>"[..]).is_err());
        assert!(root("[".repeat(1_000).as_bytes()).is_err());
    }
}
