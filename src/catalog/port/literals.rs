//! SQL without the values in it, for logs: what somebody looked for may be a person.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

/// Longest text that a log keeps, in characters.
const CHARS_MAX: usize = 2_000;

/// A name with so many digits is taken for a value: a NIK has 16.
const NAME_DIGITS_MAX: usize = 7;

/// `sql` with `?` for every literal, without comments, in one line. What is no SQL is only measured.
#[must_use]
pub fn without_literals(sql: &str) -> String {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize() else {
        return format!("(no SQL, {} bytes)", sql.len());
    };
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {}
            Token::Whitespace(_) => {
                if !text.is_empty() && !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            Token::Word(word) if word.value.bytes().filter(u8::is_ascii_digit).count() > NAME_DIGITS_MAX => {
                text.push('?');
            }
            Token::Word(word) => text.push_str(&word.to_string()),
            token if is_literal(&token) => text.push('?'),
            token => text.push_str(&token.to_string()),
        }
    }
    let text = text.trim_end();
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// Everything that is neither a name nor a sign.
fn is_literal(token: &Token) -> bool {
    matches!(
        token,
        Token::Number(..)
            | Token::Char(_)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::CustomBinaryOperator(_)
    )
}

#[cfg(test)]
mod tests {
    use super::without_literals;

    #[test]
    fn no_value_stays_however_it_is_written() {
        let sql = "-- looking for 3514120101800001\nSELECT nik, /* Budi */ 1.5, $tag$3514$tag$, E'a\\'b' AS \"3514120101800001\"\n\
            FROM sipp.p3ke WHERE nik = '3514120101800001' AND n IN (3514120101800001, $1)";
        assert_eq!(without_literals(sql), "SELECT nik, ?, ?, ? AS ? FROM sipp.p3ke WHERE nik = ? AND n IN (?, $1)");
        assert_eq!(without_literals("SELECT '3514120101800001"), "(no SQL, 24 bytes)");
        assert!(without_literals(&format!("SELECT {}", "a,".repeat(5_000))).chars().count() < 2_010);
    }
}
