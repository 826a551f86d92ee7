//! Results on a terminal: expanded where they are too wide, through a pager where they are too long.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

use super::meta::Expanded;
use crate::catalog::{CatalogError, Format, QueryResult, format};
use crate::cli::exit::Failure;
use crate::cli::output::print;
use crate::config;

/// Rows and columns of a terminal that does not say.
const USUAL: Size = Size { rows: 24, columns: 80 };

/// How much a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Size {
    /// That of stdout.
    pub(super) fn of_terminal() -> Self {
        match console::Term::stdout().size_checked() {
            Some((rows, columns)) if rows > 0 && columns > 0 => {
                Self { rows: usize::from(rows), columns: usize::from(columns) }
            }
            _ => USUAL,
        }
    }
}

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) format: Format,
    pub(super) expanded: Expanded,
    pub(super) pager: bool,
}

/// A result as the text that is shown.
pub(super) async fn render(result: QueryResult, look: Look, size: Size) -> Result<String, CatalogError> {
    let mut text = Vec::new();
    if look.format != Format::Table || look.expanded == Expanded::Off {
        format::write(result, look.format, &mut text).await?;
    } else {
        let schema = std::sync::Arc::clone(&result.schema);
        let batches = result.collect().await?;
        let again = || QueryResult::from_batches(std::sync::Arc::clone(&schema), batches.clone());
        let mut wide = look.expanded == Expanded::On;
        if !wide {
            format::write(again(), Format::Table, &mut text).await?;
            wide = widest(&text) > size.columns;
        }
        if wide {
            text.clear();
            format::expanded(again(), &mut text).await?;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Characters of the longest line.
fn widest(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

/// Whether `text` wants a pager.
fn is_long(text: &str, size: Size) -> bool {
    // The prompt takes a line, too.
    text.lines().count() + 1 >= size.rows || widest(text.as_bytes()) > size.columns
}

/// Prints `text`, through the pager where it does not fit and one is wanted.
pub(super) fn show(text: &str, look: Look, size: Size) -> Result<(), Failure> {
    if look.pager && is_long(text, size) && std::io::stdout().is_terminal() && page(text) {
        return Ok(());
    }
    print(text)
}

/// Hands `text` to the pager; false where there is none to hand it to.
fn page(text: &str) -> bool {
    let mut command = match config::pager() {
        Some(line) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(line);
            shell
        }
        // Leaves at once what fits, cuts long lines instead of folding them, and does not clear the screen.
        None => {
            let mut less = Command::new("less");
            less.arg("-FSX");
            less
        }
    };
    // A secret of the environment is none of its business.
    command.env_clear().envs(config::without_secrets());
    // What is searched for in a pager may be somebody's number, too: less keeps it in a file unless told not to.
    command.env("LESSHISTFILE", "-");
    let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else { return false };
    if let Some(mut pipe) = child.stdin.take() {
        // Who leaves the pager early has seen enough.
        let _ = pipe.write_all(text.as_bytes());
    }
    child.wait().is_ok_and(|status| status.code() != Some(NOT_FOUND))
}

/// What `sh` says of a command that is not there.
const NOT_FOUND: i32 = 127;

#[cfg(test)]
mod tests {
    use super::{Look, Size, is_long, render};
    use crate::catalog::{Format, QueryResult};
    use crate::cli::shell::meta::Expanded;
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use std::sync::Arc;

    async fn shown(expanded: Expanded, columns: usize) -> String {
        let batch = RecordBatch::try_from_iter([
            ("n", Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef),
            ("keterangan", Arc::new(StringArray::from(vec!["a\tb", "panjang sekali"])) as ArrayRef),
        ])
        .unwrap();
        let result = QueryResult::from_batches(batch.schema(), vec![batch]);
        let look = Look { format: Format::Table, expanded, pager: false };
        render(result, look, Size { rows: 24, columns }).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_wider_than_the_screen_is_shown_one_line_a_column() {
        let flat = shown(Expanded::Auto, 80).await;
        assert!(flat.starts_with("    n | keterangan\n"), "{flat}");
        let tall = "-[ 1 ]-----+---------------\nn          | 1\nketerangan | a\\tb\n\
                    -[ 2 ]-----+---------------\nn          | NULL\nketerangan | panjang sekali\n(2 rows)\n";
        assert_eq!(shown(Expanded::Auto, 15).await, tall);
        assert_eq!(shown(Expanded::On, 80).await, tall);
        assert_eq!(shown(Expanded::Off, 15).await, flat);
    }

    #[test]
    fn what_does_not_fit_is_long() {
        let size = Size { rows: 4, columns: 10 };
        assert!(!is_long("a\nb\n", size));
        assert!(is_long("a\nb\nc\n", size));
        assert!(is_long("12345678901\n", size));
    }
}
