//! SQL text as a shell sees it: words, literals and semicolons, also in what is not finished or not SQL.
//!
//! This is no parser: it only has to know where a literal or a comment ends, so that a `;` inside one ends nothing.

/// One piece of the text with the place where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As it is written, without the quotes.
    pub(super) text: &'a str,
    /// Byte offset of its first character, the quote included.
    pub(super) at: usize,
    /// Whether it came to its end: an open quote or comment did not.
    pub(super) closed: bool,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A text in single quotes.
    Text,
    /// Digits, with a point perhaps.
    Number,
    /// `-- …` or `/* … */`.
    Comment,
    /// Any other character.
    Symbol,
}

/// The pieces of `text`, blanks left out.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = token(text, at, first);
        tokens.push(token);
        at += length;
    }
    tokens
}

/// The piece that begins at `at`, and its length in bytes.
fn token(text: &str, at: usize, first: char) -> (Token<'_>, usize) {
    let rest = &text[at..];
    let piece = |kind, text, closed| Token { kind, text, at, closed };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if rest.starts_with("--") {
        let length = rest.find('\n').unwrap_or(rest.len());
        return (piece(Kind::Comment, &rest[..length], true), length);
    }
    if rest.starts_with("/*") {
        let (length, closed) = block_comment(rest);
        return (piece(Kind::Comment, &rest[..length], closed), length);
    }
    if first == '\'' || first == '"' {
        let kind = if first == '"' { Kind::Quoted } else { Kind::Text };
        let (length, closed) = quoted(rest, first);
        let inner = &rest[1..if closed { length - 1 } else { length }];
        return (piece(kind, inner, closed), length);
    }
    let run = |belongs: &dyn Fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    if first.is_ascii_digit() {
        let length = run(&|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
        return (piece(Kind::Number, &rest[..length], true), length);
    }
    if is_word(first) {
        let length = run(&is_word);
        return (piece(Kind::Word, &rest[..length], true), length);
    }
    (piece(Kind::Symbol, &rest[..first.len_utf8()], true), first.len_utf8())
}

/// Length of a quoted piece, both quotes included; a doubled quote is one inside it.
fn quoted(rest: &str, quote: char) -> (usize, bool) {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return (i + 1, true);
            }
        }
    }
    (rest.len(), false)
}

/// Length of a block comment; they nest.
fn block_comment(rest: &str) -> (usize, bool) {
    let (mut depth, mut i) = (0, 0);
    while i < rest.len() {
        if rest[i..].starts_with("/*") {
            depth += 1;
            i += 2;
        } else if rest[i..].starts_with("*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return (i, true);
            }
        } else {
            i += rest[i..].chars().next().map_or(1, char::len_utf8);
        }
    }
    (rest.len(), false)
}

/// The statements of `text`, each without its semicolon, and whether something unfinished follows them.
pub(super) fn statements(text: &str) -> (Vec<&str>, bool) {
    let (mut statements, mut from, mut unfinished) = (Vec::new(), 0, false);
    let mut has_sql = false;
    for token in tokens(text) {
        match token.kind {
            Kind::Symbol if token.text == ";" => {
                if has_sql {
                    statements.push(text[from..token.at].trim());
                }
                (from, has_sql) = (token.at + 1, false);
            }
            Kind::Comment => unfinished |= !token.closed,
            _ => has_sql = true,
        }
    }
    (statements, unfinished || has_sql)
}

#[cfg(test)]
mod tests {
    use super::{Kind, statements, tokens};

    #[test]
    fn a_semicolon_inside_a_literal_or_a_comment_ends_nothing() {
        for (text, expected, unfinished) in [
            ("SELECT 1;", vec!["SELECT 1"], false),
            ("SELECT ';' ; SELECT \"a;b\" -- ; c\n;", vec!["SELECT ';'", "SELECT \"a;b\" -- ; c"], false),
            ("SELECT 1; SELECT 2", vec!["SELECT 1"], true),
            ("SELECT 'it''s;", vec![], true),
            ("/* ; /* ; */ */ SELECT 1;", vec!["/* ; /* ; */ */ SELECT 1"], false),
            ("/* open", vec![], true),
            (";;  ; -- nothing", vec![], false),
            ("", vec![], false),
            ("SELECT 'é;ñ';", vec!["SELECT 'é;ñ'"], false),
        ] {
            assert_eq!(statements(text), (expected, unfinished), "{text}");
        }
    }

    #[test]
    fn pieces_know_what_they_are_and_where() {
        let found: Vec<_> = tokens("a.\"b\" = 'c' + 1.5e").iter().map(|t| (t.kind, t.text, t.at)).collect();
        assert_eq!(
            found,
            [
                (Kind::Word, "a", 0),
                (Kind::Symbol, ".", 1),
                (Kind::Quoted, "b", 2),
                (Kind::Symbol, "=", 6),
                (Kind::Text, "c", 8),
                (Kind::Symbol, "+", 12),
                (Kind::Number, "1.5e", 14),
            ]
        );
        assert!(!tokens("'open")[0].closed);
    }
}
