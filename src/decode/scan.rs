//! JSON at byte level: where strings and values end. `None` means that the buffer ends first.

/// One scanned value, as a range of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// First byte: of a string, the byte after the quote.
    pub(crate) start: usize,
    /// One past the last byte: of a string, the closing quote.
    pub(crate) end: usize,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string without escapes.
    Plain,
    /// A string with escapes, or with a control character, which [`unescape`] refuses.
    Escaped,
    /// A number, `true` or `false`.
    Literal,
    /// `null`.
    Null,
    /// An object or an array.
    Nested,
}

/// Deepest nesting that is skipped over inside a row.
pub(crate) const DEPTH_MAX: usize = 64;

#[inline]
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The position of the first byte at or after `at` that is not blank; the buffer's length when there is none.
#[inline]
pub(crate) fn skip_blank(buffer: &[u8], mut at: usize) -> usize {
    while at < buffer.len() && is_blank(buffer[at]) {
        at += 1;
    }
    at
}

/// Where the one value of a document begins: behind a byte order mark and blanks.
pub(crate) fn document_start(document: &[u8]) -> usize {
    skip_blank(document, if document.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 })
}

/// Each byte 1.
pub(crate) const LOW: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks (in each byte's top bit, exact for the lowest marked byte) the bytes of `word` that are `byte`.
#[inline]
pub(crate) const fn mark(word: u64, byte: u8) -> u64 {
    let x = word ^ (LOW * byte as u64);
    x.wrapping_sub(LOW) & !x & HIGH
}

/// Whether the `length` lowest bytes of `word` all lie between '0' and 'z': what codes are made of, and no blank, dash
/// or byte beyond ASCII. The bytes above are 0.
#[inline]
pub(crate) fn is_code(word: u64, length: usize) -> bool {
    const TOP_BITS: u64 = LOW * 0x80;
    let used = u64::MAX >> (64 - 8 * length);
    // Bytes below 0x80 do not carry into their neighbours in either sum.
    let above = word.wrapping_add(LOW * (0x7f - b'z' as u64)) | word;
    let at_least = (word | TOP_BITS).wrapping_sub(LOW * b'0' as u64);
    (above & TOP_BITS & used) == 0 && (at_least & TOP_BITS & used) == TOP_BITS & used
}

/// The end of the string whose first byte (after the quote) is at `start`: the closing quote, and whether it has
/// escapes (or control characters).
///
/// Values of these sources are a few bytes long, so eight bytes at a time beats a call into a vectorised search.
#[inline]
pub(crate) fn string_end(buffer: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut escaped = false;
    loop {
        while let Some(bytes) = buffer.get(at..at + 8) {
            let word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            // Exact for the lowest marked byte, whatever marked it.
            let below_blank = word.wrapping_sub(LOW * 0x20) & !word & HIGH;
            let hits = mark(word, b'"') | mark(word, b'\\') | below_blank;
            if hits != 0 {
                at += (hits.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        while at < buffer.len() && buffer[at] != b'"' && buffer[at] != b'\\' && buffer[at] >= b' ' {
            at += 1;
        }
        match buffer.get(at)? {
            b'"' => return Some((at, escaped)),
            0..b' ' => {
                escaped = true;
                at += 1;
            }
            _ => {
                escaped = true;
                at += 2;
            }
        }
    }
}

/// The value at `at` and the position after it.
///
/// # Errors
/// What was found instead of a value.
#[inline]
pub(crate) fn value(buffer: &[u8], at: usize) -> Result<Option<(Token, usize)>, String> {
    let Some(&first) = buffer.get(at) else { return Ok(None) };
    if first == b'"' {
        let Some((end, escaped)) = string_end(buffer, at + 1) else { return Ok(None) };
        let kind = if escaped { Kind::Escaped } else { Kind::Plain };
        return Ok(Some((Token { kind, start: at + 1, end }, end + 1)));
    }
    match first {
        b'{' | b'[' => Ok(nested_end(buffer, at)?.map(|end| (Token { kind: Kind::Nested, start: at, end }, end))),
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => literal(buffer, at),
        other => Err(format!("expected a value, found {}", printable(other))),
    }
}

fn literal(buffer: &[u8], at: usize) -> Result<Option<(Token, usize)>, String> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    let Some(length) = buffer[at..].iter().position(|byte| !is_part(byte)) else { return Ok(None) };
    let end = at + length;
    let kind = match &buffer[at..end] {
        b"null" => Kind::Null,
        b"true" | b"false" => Kind::Literal,
        text if is_number(text) => Kind::Literal,
        // It may be somebody's number: it is not shown.
        text if text[0] == b'-' || text[0].is_ascii_digit() => {
            return Err("a number is written as JSON does not write numbers".to_owned());
        }
        text => return Err(format!("\"{}\" is no value", String::from_utf8_lossy(&text[..text.len().min(20)]))),
    };
    Ok(Some((Token { kind, start: at, end }, end)))
}

/// Whether a text is a number as JSON writes it: no leading zero, and digits on both sides of a point.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let n = digits(text);
    if n == 0 || (n > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[n..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// One past the end of the object or array that begins at `at`.
///
/// # Errors
/// When it nests deeper than [`DEPTH_MAX`].
pub(crate) fn nested_end(buffer: &[u8], at: usize) -> Result<Option<usize>, String> {
    let mut depth = 0_usize;
    // What is open, the innermost lowest: an object is 1.
    let mut open = 0_u64;
    let mut i = at;
    while let Some(&byte) = buffer.get(i) {
        match byte {
            b'"' => match string_end(buffer, i + 1) {
                Some((end, _)) => i = end,
                None => return Ok(None),
            },
            b'{' | b'[' => {
                depth += 1;
                open = (open << 1) | u64::from(byte == b'{');
                if depth > DEPTH_MAX {
                    return Err(format!("values nest deeper than {DEPTH_MAX}"));
                }
            }
            b'}' | b']' => {
                if open & 1 != u64::from(byte == b'}') {
                    return Err("a bracket is closed by one of another kind".to_owned());
                }
                depth -= 1;
                open >>= 1;
                if depth == 0 {
                    return Ok(Some(i + 1));
                }
            }
            _ => {}
        }
        i += 1;
    }
    Ok(None)
}

/// A byte as an error message can show it.
pub(crate) fn printable(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("'{}'", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}

/// The text of a value as it was received; `None` for null, an object, a list, or what is no UTF-8.
pub(crate) fn text(kind: Kind, raw: &[u8]) -> Option<String> {
    match kind {
        Kind::Null | Kind::Nested => None,
        Kind::Plain | Kind::Literal => std::str::from_utf8(raw).ok().map(str::to_owned),
        Kind::Escaped => {
            let mut text = Vec::with_capacity(raw.len());
            unescape(raw, &mut text).ok()?;
            String::from_utf8(text).ok()
        }
    }
}

/// Appends the text of an escaped string to `out`.
///
/// # Errors
/// Whatever JSON forbids in a string.
pub(crate) fn unescape(raw: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let mut quoted = Vec::with_capacity(raw.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(raw);
    quoted.push(b'"');
    let text: String = serde_json::from_slice(&quoted).map_err(|_| "a broken escape in a text".to_owned())?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Kind, is_code, string_end, unescape, value};

    #[test]
    fn strings_end_at_their_quote_wherever_it_falls() {
        for length in 0..40 {
            let text = format!("{}\"rest", "a".repeat(length));
            assert_eq!(string_end(text.as_bytes(), 0), Some((length, false)));
            let escaped = format!("{}\\\"b\"rest", "a".repeat(length));
            assert_eq!(string_end(escaped.as_bytes(), 0), Some((length + 3, true)));
            assert_eq!(string_end("a".repeat(length).as_bytes(), 0), None);
            let open = format!("{}\\", "a".repeat(length));
            assert_eq!(string_end(open.as_bytes(), 0), None);
        }
        let high = "\u{e9}\u{22}x";
        assert_eq!(string_end(high.as_bytes(), 0), Some((2, false)));
    }

    #[test]
    fn values_are_told_apart() {
        let kind =
            |text: &str| value(text.as_bytes(), 0).map(|found| found.map(|(token, after)| (token.kind, after)));
        assert_eq!(kind("\"a\","), Ok(Some((Kind::Plain, 3))));
        assert_eq!(kind("\"a\\n\","), Ok(Some((Kind::Escaped, 5))));
        assert_eq!(kind("-12.5,"), Ok(Some((Kind::Literal, 5))));
        assert_eq!(kind("null}"), Ok(Some((Kind::Null, 4))));
        assert_eq!(kind("{\"a\":[1,\"}\"]},"), Ok(Some((Kind::Nested, 13))));
        assert_eq!(kind("12"), Ok(None));
        assert_eq!(kind("{\"a\":"), Ok(None));
        assert!(kind("<br />").is_err());
        assert!(kind("nulla,").is_err());
        assert!(kind(&"[".repeat(100)).is_err());
    }

    #[test]
    fn escapes_are_resolved() {
        let mut out = Vec::new();
        unescape(br#"a\"b\u00e9\/"#, &mut out).unwrap();
        assert_eq!(out, "a\"b\u{e9}/".as_bytes());
        assert!(unescape(br"\x", &mut out).is_err());
    }

    #[test]
    fn a_code_is_told_by_every_byte_at_every_place() {
        for place in 0..8 {
            for byte in 0..=255_u8 {
                let mut bytes = *b"0zAZ9a5m";
                bytes[place] = byte;
                let expected = (b'0'..=b'z').contains(&byte);
                assert_eq!(is_code(u64::from_le_bytes(bytes), 8), expected, "byte {byte:#x} at {place}");
                let length = place + 1;
                let word = u64::from_le_bytes(bytes) & (u64::MAX >> (64 - 8 * length));
                assert_eq!(is_code(word, length), expected, "byte {byte:#x} at {place}, the last one");
            }
        }
    }
}
