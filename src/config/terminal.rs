//! What the environment says of the user's terminal and folders.

use std::path::PathBuf;

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

#[expect(clippy::disallowed_methods, reason = "config is the one reader of the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
