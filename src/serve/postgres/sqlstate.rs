//! Failures in PostgreSQL's words: five characters that drivers act on, and a sentence for people.

use super::reply::Told;
use crate::catalog::CatalogError;

/// Writing, changing or looking where a role may not.
pub(super) const NOT_PERMITTED: &str = "42501";
/// What a read-only port does not have.
pub(super) const NOT_OFFERED: &str = "0A000";
/// Writing within a read-only transaction, which all are.
pub(super) const READ_ONLY: &str = "25006";
/// The statement was stopped: by its client, or by the clock.
pub(super) const CANCELLED: &str = "57014";
/// The server is going.
pub(super) const SHUTTING_DOWN: &str = "57P01";
/// A message that is out of place or cannot be read.
pub(super) const PROTOCOL: &str = "08P01";
/// Too many connections.
pub(super) const TOO_MANY_CONNECTIONS: &str = "53300";
/// Another limit of the server was met.
pub(super) const LIMIT: &str = "54000";
/// A transaction failed: only its end is heard.
pub(super) const FAILED_TRANSACTION: &str = "25P02";
/// A value that is none of its type.
pub(super) const BAD_VALUE: &str = "22P02";
/// A value that a setting cannot have.
pub(super) const BAD_SETTING: &str = "22023";
/// A setting, prepared statement or the like that there is not.
pub(super) const UNKNOWN_OBJECT: &str = "42704";
/// A fault of this program or of its machine.
pub(super) const INTERNAL: &str = "XX000";

/// What went wrong in the catalog, as the client is told it.
pub(super) fn told(error: &CatalogError) -> Told {
    let text = error.to_string();
    let state = match error {
        CatalogError::Query(text) => state_of(text),
        CatalogError::Denied(_) => NOT_PERMITTED,
        CatalogError::Refused(_) => READ_ONLY,
        CatalogError::KeyColumn { .. } => "42809",
        CatalogError::Value { .. } => BAD_VALUE,
        CatalogError::Timeout { .. } => CANCELLED,
        CatalogError::TooManyRows { .. } => LIMIT,
        CatalogError::Memory(_) => "53200",
        CatalogError::Read(_) | CatalogError::Cluster(_) => "58030",
        CatalogError::Format { .. }
        | CatalogError::Table { .. }
        | CatalogError::QueryFile { .. }
        | CatalogError::Write(_)
        | CatalogError::Internal(_) => INTERNAL,
    };
    match text.split_once("; ") {
        Some((message, hint)) if matches!(error, CatalogError::Query(_)) => {
            Told::error(state, message).with_hint(hint)
        }
        _ => Told::error(state, text),
    }
}

/// The state behind a message of the engine, which has no codes.
fn state_of(text: &str) -> &'static str {
    let has = |word: &str| text.contains(word);
    if text.starts_with("unknown table") {
        "42P01"
    } else if text.starts_with("unknown schema") {
        "3F000"
    } else if text.starts_with("unknown column") {
        "42703"
    } else if has("Invalid function") || has("No function matches") || text.starts_with("table function ") {
        "42883"
    } else if has("Divide by zero") {
        "22012"
    } else if has("Cast error") || has("Cannot cast") || has("Error parsing") {
        BAD_VALUE
    } else if has("verflow") {
        "22003"
    } else if has("values for") && has("parameters") {
        PROTOCOL
    } else if has("not supported") || has("not implemented") || has("Unsupported") {
        NOT_OFFERED
    } else {
        "42601"
    }
}

#[cfg(test)]
mod tests {
    use super::told;
    use crate::catalog::CatalogError;

    #[test]
    fn drivers_get_the_state_that_postgresql_would_give() {
        for (text, state) in [
            ("unknown table mart.x; did you mean mart.y?", "42P01"),
            ("unknown schema x; there are mart", "3F000"),
            ("unknown column x; columns here: y", "42703"),
            ("Invalid function 'x'", "42883"),
            ("table function 'read_parquet' not found", "42883"),
            ("Divide by zero error", "22012"),
            ("Expected: an expression, found: EOF", "42601"),
        ] {
            assert_eq!(told(&CatalogError::Query(text.to_owned())).state, state, "{text}");
        }
        let unknown = told(&CatalogError::Query("unknown table mart.x; did you mean mart.y?".to_owned()));
        assert_eq!(
            (unknown.message.as_str(), unknown.hint.as_deref()),
            ("unknown table mart.x", Some("did you mean mart.y?"))
        );
    }
}
