//! What the environment says of the user, the terminal and its folders.

use std::ffi::OsString;
use std::path::PathBuf;

/// Whether the environment asks for output without colour (`NO_COLOR`, any non-empty value).
#[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Who is at work, for the ledger: `LUMBUNG_OPERATOR`, else the user of the machine.
#[must_use]
pub fn operator() -> String {
    let named = ["LUMBUNG_OPERATOR", "USER", "LOGNAME"].into_iter().filter_map(variable);
    let printable = |name: String| name.trim().chars().filter(|c| !c.is_control()).take(OPERATOR_CHARS_MAX).collect();
    named.map(printable).find(|name: &String| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// Longest name of an operator in the ledger, in characters.
const OPERATOR_CHARS_MAX: usize = 100;

/// The folder where programs of this user keep what they remember: `XDG_STATE_HOME`, else `~/.local/state`.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
}

/// The program that shows long texts: `LUMBUNG_PAGER`, else `PAGER`; an empty one is none.
#[must_use]
pub fn pager() -> Option<String> {
    let named = variable("LUMBUNG_PAGER").or_else(|| variable("PAGER"))?;
    Some(named.trim().to_owned()).filter(|command| !command.is_empty())
}

/// Variables that a pager may need, and their families. A list of what may pass, because a deployment names the variables of
/// its secrets as it likes.
const HARMLESS: [&str; 10] =
    ["COLORTERM", "COLUMNS", "HOME", "LINES", "LOGNAME", "NO_COLOR", "PATH", "SHELL", "TERM", "USER"];

/// Beginnings of the names of further ones.
const HARMLESS_FAMILIES: [&str; 6] = ["BAT_", "LANG", "LC_", "LESS", "TERM_", "XDG_"];

/// The environment for a program that is started from here: nothing that could be a secret.
#[must_use]
pub fn without_secrets() -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_harmless)).collect()
}

fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || HARMLESS_FAMILIES.iter().any(|family| name.starts_with(family))
}

#[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::is_harmless;

    #[test]
    fn a_program_that_is_started_gets_no_secret() {
        for name in ["PATH", "TERM", "LESS_TERMCAP_md", "LC_ALL", "LANG"] {
            assert!(is_harmless(name), "{name}");
        }
        for name in ["LUMBUNG_PII_KEY", "CREDENTIALS_DIRECTORY", "KUNCI_OMSPAN", "TERMINAL", "LUMBUNG_PAGER", "PAGER"]
        {
            assert!(!is_harmless(name), "{name}");
        }
    }
}
