//! What is wrong with a statement: said in Indonesian by its SQLSTATE, in the engine's own words, and shown where it stands.

use crate::serve::postgres::Told;

/// Longest line of the statement that is shown, in characters.
const LINE_CHARS: usize = 160;

/// A failure as a page tells it.
pub(super) struct Fault {
    pub(super) title: &'static str,
    /// SQLSTATE, for whoever looks it up.
    pub(super) state: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Where it stands.
    pub(super) place: Option<Place>,
}

/// A place in a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    /// The line before the place, what stands there, and the rest.
    pub(super) before: String,
    pub(super) at: String,
    pub(super) after: String,
}

/// What a page tells of a failure of `sql`.
pub(super) fn fault(told: &Told, sql: &str) -> Fault {
    Fault {
        title: title(told),
        state: told.state,
        message: told.message.clone(),
        hint: told.hint.clone(),
        place: position(&told.message).and_then(|(line, column)| place(sql, line, column)),
    }
}

fn title(told: &Told) -> &'static str {
    match told.state {
        "42P01" => "Tabel itu tidak ada",
        "3F000" => "Skema itu tidak ada",
        "42703" => "Kolom itu tidak ada",
        "42883" => "Fungsi itu tidak ada",
        "42601" => "SQL-nya tidak terbaca",
        "25006" => "Ditolak: di sini hanya membaca",
        "42501" => "Ditolak: tidak diizinkan",
        "0A000" => "Tidak disediakan di sini",
        "42809" => "Kolom ini berisi hash, bukan nilai aslinya",
        "22P02" | "22003" | "22012" => "Sebuah nilai tidak dapat dihitung",
        "53000" => "Server sedang sibuk",
        "53200" => "Memori tidak cukup",
        "54000" => "Melewati batas",
        "57014" if told.message.ends_with("timeout") => "Dihentikan: melewati batas waktu",
        "57014" => "Dibatalkan",
        _ => "Pertanyaan gagal",
    }
}

/// `… at Line: 1, Column: 8 …`: both counted from 1.
fn position(message: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.split_once("Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((line.parse().ok()?, rest[..end].parse().ok()?))
}

fn place(sql: &str, line: usize, column: usize) -> Option<Place> {
    let text = sql.lines().nth(line.checked_sub(1)?)?;
    let from = column.checked_sub(1)?;
    let chars: Vec<char> = text.chars().collect();
    if from > chars.len() {
        return None;
    }
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let word = chars[from..].iter().take_while(|c| is_word(c)).count();
    let length = word.max(1).min(chars.len() - from);
    // A long line is shown around the place.
    let start = from.saturating_sub(LINE_CHARS / 2);
    let end = (from + length + LINE_CHARS / 2).min(chars.len());
    let text = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>();
    Some(Place {
        line,
        column,
        before: text(start..from),
        at: text(from..from + length.min(LINE_CHARS)),
        after: text(from + length..end.max(from + length)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Place, fault, place, position};
    use crate::serve::postgres::Told;

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        let sql = "SELECT *\nFORM mart.a";
        let told = Told::error("42601", "Expected: end of statement, found: FORM at Line: 2, Column: 1");
        let fault = fault(&told, sql);
        assert_eq!(fault.title, "SQL-nya tidak terbaca");
        let empty = String::new;
        let wanted =
            Place { line: 2, column: 1, before: empty(), at: "FORM".to_owned(), after: " mart.a".to_owned() };
        assert_eq!(fault.place, Some(wanted));
    }

    #[test]
    fn a_place_that_is_none_is_not_shown() {
        assert_eq!(position("found: EOF"), None);
        assert_eq!(position("at Line: x, Column: 8"), None);
        for (line, column) in [(0, 1), (1, 0), (9, 1), (1, 99)] {
            assert_eq!(place("SELECT 1", line, column), None);
        }
        let end = place("SELECT", 1, 7).unwrap();
        assert_eq!((end.before.as_str(), end.at.as_str(), end.after.as_str()), ("SELECT", "", ""));
        let wide = place(&"é".repeat(5_000), 1, 2_500).unwrap();
        assert!(wide.before.chars().count() + wide.at.chars().count() + wide.after.chars().count() < 500);
    }
}
