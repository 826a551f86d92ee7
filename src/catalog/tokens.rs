//! SQL text as an editor sees it: words, literals and semicolons, also in what is not finished or not SQL.
//!
//! This is no parser: it only has to know where a literal or a comment ends, so that a `;` inside one ends nothing.

use std::collections::BTreeSet;

/// The words a query is made of; the engine knows more, these are typed by hand.
pub(crate) const KEYWORDS: [&str; 52] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "LEFT JOIN",
    "RIGHT JOIN",
    "FULL JOIN",
    "CROSS JOIN",
    "ON",
    "USING",
    "AS",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS NULL",
    "IS NOT NULL",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "EXISTS",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "UNION ALL",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "DISTINCT",
    "WITH",
    "VALUES",
    "EXPLAIN",
    "DESCRIBE",
    "SHOW TABLES",
    "CAST",
    "COALESCE",
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "OVER",
    "PARTITION BY",
    "ASC",
    "DESC",
];

/// Digits from which on a number may be somebody's: NIK and NPWP have 15 or 16, a sum of money rarely.
const NUMBER_DIGITS: usize = 15;
/// The same in quotes, where no sum of money stands, but a number with some digits masked.
const TEXT_DIGITS: usize = 12;
/// Digits of a number that is harmless beside a personal column: a year, a limit.
const SMALL_DIGITS: usize = 4;

/// One piece of the text with the place where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    /// As it is written, without the quotes.
    pub(crate) text: &'a str,
    /// Byte offset of its first character, the quote included.
    pub(crate) at: usize,
    /// Whether it came to its end: an open quote or comment did not.
    pub(crate) closed: bool,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
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
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
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
pub(crate) fn statements(text: &str) -> (Vec<&str>, bool) {
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

/// Could `text` hold a value of a person, `personal` being the names of the columns that have such? It is then kept nowhere.
pub(crate) fn is_personal(text: &str, personal: &BTreeSet<String>) -> bool {
    let (mut names_one, mut has_value, mut has_number) = (false, false, false);
    for token in tokens(text) {
        let digits = token.text.chars().filter(char::is_ascii_digit).count();
        let run = longest_run(token.text);
        match token.kind {
            Kind::Word | Kind::Quoted => names_one |= personal.contains(&token.text.to_lowercase()),
            // 01.234.567.8-901.000 and 3514 1401 0190 0001 are numbers, too; a path or a sentence is not.
            Kind::Text => {
                has_value |= !token.text.is_empty();
                let separated = !token.text.contains(|c: char| c.is_alphabetic() || c == ':');
                has_number |= run >= TEXT_DIGITS || separated && digits >= TEXT_DIGITS;
            }
            Kind::Number => {
                has_value |= digits > SMALL_DIGITS;
                has_number |= run >= NUMBER_DIGITS;
            }
            Kind::Comment => has_number |= run >= TEXT_DIGITS,
            Kind::Symbol => {}
        }
    }
    has_number || (names_one && has_value)
}

fn longest_run(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
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
