//! Why a push is not taken, as status, code and words for its sender.

use std::time::Duration;

use axum::http::StatusCode;

use super::strict::NotStrict;
use crate::warehouse::PushOutcome;

/// Why a request is answered with anything but success, apart from the columns of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Not POST.
    Method,
    /// No such address.
    Unknown,
    /// Too many requests from this client.
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
    /// The body is longer than allowed.
    TooLong {
        /// The limit in bytes.
        bytes_max: usize,
    },
    /// The body did not come in time.
    TooSlow,
    /// The connection broke within the body.
    BrokenOff,
    /// Not application/json.
    MediaType,
    /// Compressed or otherwise coded.
    Coding,
    /// Not UTF-8, by what the header says or by what the bytes are.
    Charset,
    /// Not strict JSON.
    Grammar {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Lists and objects nested deeper than allowed.
    TooDeep {
        /// The limit.
        depth_max: usize,
    },
    /// The token is missing or not the right one.
    Token,
    /// As much waits as may wait.
    Full,
    /// As much is being received as fits into memory.
    Busy,
    /// The answer to a question could not be found in time.
    NoAnswer,
    /// It could not be stored.
    Failed,
}

impl Turned {
    /// The HTTP status.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff | Self::Grammar { .. } | Self::TooDeep { .. } => StatusCode::BAD_REQUEST,
            Self::MediaType | Self::Coding | Self::Charset => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Full | Self::Busy | Self::NoAnswer => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Seconds after which it is worth trying again.
    pub(crate) fn retry_after(self) -> Option<u64> {
        match self {
            // Whole seconds, rounded up: a client that comes back too early is turned away again.
            Self::TooMany { wait } => Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            Self::Busy | Self::NoAnswer => Some(BUSY_SECS),
            Self::Full => Some(FULL_SECS),
            _ => None,
        }
    }

    /// Whether the connection ends with the answer, because the rest of the body is not read.
    pub(crate) fn closes(self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::TooSlow | Self::BrokenOff | Self::Busy)
    }

    /// What the sender's people read, in their language.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Method => "metode HTTP harus POST".to_owned(),
            Self::Unknown => "alamat tidak dikenal".to_owned(),
            Self::TooMany { .. } => "terlalu banyak permintaan, coba lagi nanti".to_owned(),
            Self::TooLong { bytes_max } => format!("isi permintaan lebih dari {bytes_max} byte"),
            Self::TooSlow => "isi permintaan terlalu lama diterima".to_owned(),
            Self::BrokenOff => "isi permintaan terputus".to_owned(),
            Self::MediaType => "Content-Type harus application/json".to_owned(),
            Self::Coding => "Content-Encoding tidak didukung, kirim tanpa kompresi".to_owned(),
            Self::Charset => "isi permintaan harus UTF-8".to_owned(),
            Self::Grammar { line, column } => format!("JSON tidak sah pada baris {line} kolom {column}"),
            Self::TooDeep { depth_max } => format!("JSON lebih dari {depth_max} tingkat"),
            Self::Token => "Token tidak sah".to_owned(),
            Self::Full => "penyimpanan penuh, coba lagi nanti".to_owned(),
            Self::Busy => "layanan sedang sibuk, coba lagi nanti".to_owned(),
            Self::NoAnswer => "pencarian tidak selesai, coba lagi nanti".to_owned(),
            Self::Failed => "kesalahan pada sistem penerima, data belum disimpan".to_owned(),
        }
    }

    /// What it is counted as; our own failures are in the log.
    pub(crate) fn outcome(self) -> Option<PushOutcome> {
        match self {
            Self::Method | Self::Unknown | Self::BrokenOff | Self::MediaType | Self::Coding | Self::Charset => {
                Some(PushOutcome::Malformed)
            }
            Self::Grammar { .. } | Self::TooDeep { .. } => Some(PushOutcome::Malformed),
            Self::TooMany { .. } | Self::TooLong { .. } | Self::TooSlow | Self::Full | Self::Busy => {
                Some(PushOutcome::Limited)
            }
            Self::Token => Some(PushOutcome::Unauthorised),
            Self::NoAnswer | Self::Failed => None,
        }
    }

    /// The word for the log.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Method => "wrong_method",
            Self::Unknown => "unknown_path",
            Self::TooMany { .. } => "too_many",
            Self::TooLong { .. } => "too_long",
            Self::TooSlow => "too_slow",
            Self::BrokenOff => "broken_off",
            Self::MediaType => "media_type",
            Self::Coding => "coding",
            Self::Charset => "charset",
            Self::Grammar { .. } => "not_json",
            Self::TooDeep { .. } => "too_deep",
            Self::Token => "wrong_token",
            Self::Full => "full",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Failed => "failed",
        }
    }
}

/// What the guide writes for a status: it knows 200, 400, 401, 403, 404, 405, 500 and 504.
pub(crate) fn code(status: StatusCode) -> u16 {
    match status.as_u16() {
        408 | 413 | 415 | 429 => 400,
        503 => 504,
        other => other,
    }
}

/// When to come back after [`Turned::Busy`] and [`Turned::NoAnswer`], in seconds: a second of others' pushes.
const BUSY_SECS: u64 = 1;

/// When to come back after [`Turned::Full`], in seconds: about when the next load has made room.
const FULL_SECS: u64 = 300;

impl From<(NotStrict, usize)> for Turned {
    /// From what was found and the depth that is allowed.
    fn from((found, depth_max): (NotStrict, usize)) -> Self {
        match found {
            NotStrict::Encoding { .. } => Self::Charset,
            NotStrict::TooDeep => Self::TooDeep { depth_max },
            NotStrict::Grammar { line, column } => Self::Grammar { line, column },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Turned, code};
    use std::time::Duration;

    #[test]
    fn a_client_is_never_told_to_come_back_too_early() {
        let wait = |millis| Turned::TooMany { wait: Duration::from_millis(millis) }.retry_after();
        assert_eq!([wait(1), wait(1_000), wait(1_001)], [Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn only_codes_of_the_guide_are_written() {
        let all = [
            (Turned::TooLong { bytes_max: 1 }, 413, 400),
            (Turned::TooSlow, 408, 400),
            (Turned::Charset, 415, 400),
            (Turned::TooMany { wait: Duration::ZERO }, 429, 400),
            (Turned::Token, 401, 401),
            (Turned::Unknown, 404, 404),
            (Turned::Method, 405, 405),
            (Turned::Failed, 500, 500),
            (Turned::Full, 503, 504),
        ];
        for (turned, status, written) in all {
            assert_eq!((turned.status().as_u16(), code(turned.status())), (status, written), "{turned:?}");
        }
    }
}
