//! The shell's own commands: a backslash and a word, as in psql.

use std::path::PathBuf;

use crate::catalog::Format;

/// What stands for help: each command, what follows it, and what it does.
pub(super) const COMMANDS: [(&str, &str, &str); 11] = [
    (r"\d", "[TABLE]", "the columns of a table and what they mean; without a name as \\dt"),
    (r"\dt", "[PATTERN]", "tables and views; * stands for anything"),
    (
        r"\profile",
        "TABLE",
        "each column's nulls, distinct values (approximate), least, greatest and sum; also SUMMARIZE TABLE;",
    ),
    (r"\format", "[NAME]", "table, csv, json, ndjson, parquet, xlsx or markdown"),
    (r"\o", "[FILE]", "the next result goes to FILE, in the format of its extension; without a name to the screen"),
    (r"\x", "[on|off|auto]", "one line a column; auto: when the result is wider than the screen"),
    (r"\pager", "[on|off]", "long results go through $LUMBUNG_PAGER, $PAGER or less"),
    (r"\timing", "[on|off]", "say how long each query took"),
    (r"\refresh", "", "see what was committed since the shell was opened"),
    (r"\?", "", "this help"),
    (r"\q", "", "leave (also Ctrl-D)"),
];

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meta {
    Help,
    Quit,
    Tables(Option<String>),
    Describe(String),
    Profile(String),
    Format(Option<Format>),
    Out(Option<PathBuf>),
    Expanded(Option<Expanded>),
    Pager(Option<bool>),
    Timing(Option<bool>),
    Refresh,
}

/// When a result is shown one line a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expanded {
    On,
    Off,
    /// When it is wider than the screen.
    Auto,
}

/// The command that `text` begins with, and what follows it; `None` where SQL comes first. One with a backslash ends with
/// its line.
pub(super) fn first_line(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if text.starts_with('\\') {
        return Some(text.split_once('\n').unwrap_or((text, "")));
    }
    let is_word = word_command(text).is_some() || (text.trim_end().ends_with(';') && summarize(text).is_some());
    is_word.then_some((text, ""))
}

/// People type these everywhere.
fn word_command(text: &str) -> Option<Meta> {
    match text.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).to_ascii_lowercase().as_str() {
        "exit" | "quit" => Some(Meta::Quit),
        "help" => Some(Meta::Help),
        _ => None,
    }
}

/// `SUMMARIZE table;`, as people know it from DuckDB.
fn summarize(text: &str) -> Option<Meta> {
    let (word, rest) = text.split_once(char::is_whitespace)?;
    let name = rest.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).trim_start();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    (is_name && word.eq_ignore_ascii_case("summarize")).then(|| Meta::Profile(name.to_owned()))
}

/// Reads a command; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Meta, String> {
    let text = text.trim();
    if let Some(meta) = word_command(text).or_else(|| summarize(text)) {
        return Ok(meta);
    }
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim().trim_end_matches(';').trim_end();
    let argument = (!rest.is_empty()).then(|| rest.to_owned());
    let wanted = || argument.clone().ok_or_else(|| format!("{name} wants the name of a table"));
    match name.trim_end_matches(';') {
        r"\?" | r"\h" => Ok(Meta::Help),
        r"\q" => Ok(Meta::Quit),
        r"\dt" => Ok(Meta::Tables(argument)),
        r"\d" => Ok(argument.map_or(Meta::Tables(None), Meta::Describe)),
        r"\profile" => wanted().map(Meta::Profile),
        r"\format" => argument
            .map(|name| name.parse().map_err(|e: crate::catalog::CatalogError| e.to_string()))
            .transpose()
            .map(Meta::Format),
        r"\o" => Ok(Meta::Out(argument.map(PathBuf::from))),
        r"\x" => match argument.as_deref() {
            Some("auto") => Ok(Meta::Expanded(Some(Expanded::Auto))),
            _ => switch(name, rest)
                .map(|on| Meta::Expanded(on.map(|on| if on { Expanded::On } else { Expanded::Off }))),
        },
        r"\pager" => switch(name, rest).map(Meta::Pager),
        r"\timing" => switch(name, rest).map(Meta::Timing),
        r"\refresh" => Ok(Meta::Refresh),
        r"\e" => Err("there is no editor here: write the query in a file and run lumbung sql -f FILE".to_owned()),
        other => Err(format!("unknown command {other}; \\? lists them")),
    }
}

fn switch(name: &str, argument: &str) -> Result<Option<bool>, String> {
    match argument {
        "" => Ok(None),
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        _ => Err(format!("{name} takes on or off")),
    }
}

/// The help text.
pub(super) fn help() -> String {
    let mut text = String::from("SQL ends with a semicolon and may span lines. Tab completes.\n\n");
    for (name, argument, what) in COMMANDS {
        text.push_str(&format!("  {:22}{what}\n", format!("{name} {argument}")));
    }
    text.push_str("\nCtrl-C stops a running query. docs/sql.md says more.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{Expanded, Meta, first_line, help, parse};
    use crate::catalog::Format;

    #[test]
    fn commands_are_read() {
        for (text, expected) in [
            (r"\q", Meta::Quit),
            ("exit;", Meta::Quit),
            ("QUIT", Meta::Quit),
            (r"\?", Meta::Help),
            (r"\dt", Meta::Tables(None)),
            (r"\d", Meta::Tables(None)),
            (r"\dt omspan.*", Meta::Tables(Some("omspan.*".to_owned()))),
            (r"\d mart.satker;", Meta::Describe("mart.satker".to_owned())),
            (r"\profile  sipp.p3ke ", Meta::Profile("sipp.p3ke".to_owned())),
            ("SUMMARIZE sipp.p3ke;", Meta::Profile("sipp.p3ke".to_owned())),
            (r"\format xlsx", Meta::Format(Some(Format::Xlsx))),
            (r"\format", Meta::Format(None)),
            (r"\o a b.csv", Meta::Out(Some("a b.csv".into()))),
            (r"\o", Meta::Out(None)),
            (r"\x", Meta::Expanded(None)),
            (r"\x auto", Meta::Expanded(Some(Expanded::Auto))),
            (r"\x off", Meta::Expanded(Some(Expanded::Off))),
            (r"\timing on", Meta::Timing(Some(true))),
            (r"\pager off", Meta::Pager(Some(false))),
            (r"\refresh", Meta::Refresh),
        ] {
            assert_eq!(first_line(text), Some((text, "")), "{text}");
            assert_eq!(parse(text).as_ref(), Ok(&expected), "{text}");
        }
        for sql in ["SELECT 1;", "help me", "SUMMARIZE sipp.p3ke", "SUMMARIZE SELECT 1;"] {
            assert_eq!(first_line(sql), None, "{sql}");
        }
        assert_eq!(first_line(" \\timing on\nSELECT 1;"), Some(("\\timing on", "SELECT 1;")));
    }

    #[test]
    fn what_is_no_command_is_told() {
        for (text, says) in [
            (r"\zz", r"unknown command \zz; \? lists them"),
            (r"\profile", r"\profile wants the name of a table"),
            (r"\timing maybe", r"\timing takes on or off"),
            (r"\format yaml", "unknown format yaml"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!(help().contains(r"\profile TABLE"));
    }
}
