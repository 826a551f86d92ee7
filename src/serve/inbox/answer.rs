//! Answers in the source's own envelope: the contract's templates, filled in.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::fill::{filled, json_escaped};
use super::turned::{Turned, code};
use crate::contract::InboxAnswers;

/// Most faults that one answer lists.
const FAULTS_MAX: usize = 200;

/// Longest name of a method that an answer repeats, in characters. Of an unknown one it is the caller's own text.
const METHOD_CHARS_MAX: usize = 64;

/// A place in a push that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The column, below its table and row where it is not one of the push's own.
    pub(crate) column: String,
    /// Why, in the sender's language.
    pub(crate) reason: String,
}

/// Answers in the words of one method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice<'a> {
    /// The source's envelope; `None` for an address that belongs to no source.
    pub(crate) answers: Option<&'a InboxAnswers>,
    /// The method, or the step of the address that is none.
    pub(crate) method: &'a str,
}

impl Voice<'_> {
    /// The push is taken, or the question is answered with yes.
    pub(crate) fn accepted(&self) -> Response {
        let Some(answers) = self.answers else { return plain(StatusCode::OK, "ok") };
        reply(StatusCode::OK, self.fill(answers, &answers.accepted, StatusCode::OK, (&answers.message, &[])))
    }

    /// The question is answered with no: HTTP 200, because it was answered.
    pub(crate) fn not_found(&self) -> Response {
        let Some(answers) = self.answers else { return plain(StatusCode::NOT_FOUND, NOT_FOUND) };
        let body = self.fill(answers, &answers.not_found, StatusCode::NOT_FOUND, (NOT_FOUND, &[]));
        reply(StatusCode::OK, body)
    }

    /// Columns do not fit: all of them are told.
    pub(crate) fn faulty(&self, faults: &[Fault]) -> Response {
        self.refused(StatusCode::BAD_REQUEST, &summary(faults), faults)
    }

    /// The request is turned away.
    pub(crate) fn turned(&self, turned: Turned) -> Response {
        let mut response = self.refused(turned.status(), &turned.words(), &[]);
        let headers = response.headers_mut();
        if let Some(seconds) = turned.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if turned == Turned::Method {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if turned.closes() {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn refused(&self, status: StatusCode, message: &str, faults: &[Fault]) -> Response {
        match self.answers {
            Some(answers) => reply(status, self.fill(answers, &answers.refused, status, (message, faults))),
            None => plain(status, message),
        }
    }

    fn fill(
        &self,
        answers: &InboxAnswers,
        template: &str,
        status: StatusCode,
        (message, faults): (&str, &[Fault]),
    ) -> String {
        filled(template, |name| match name {
            "method" => Some(json_escaped(&shortened(self.method, METHOD_CHARS_MAX))),
            "code" => Some(code(status).to_string()),
            "message" => Some(json_escaped(&shortened(message, answers.message_chars_max))),
            "faults" => Some(listed(faults)),
            _ => None,
        })
    }
}

/// What a question is told whose answer is no.
const NOT_FOUND: &str = "Data tidak ditemukan";

/// The faults as a JSON list of objects.
fn listed(faults: &[Fault]) -> String {
    let listed = faults.iter().take(FAULTS_MAX).map(|fault| json!({ "kolom": fault.column, "alasan": fault.reason }));
    serde_json::Value::Array(listed.collect()).to_string()
}

/// All faults in one line: `2 kolom tidak sesuai: nib (wajib diisi), kd_izin (teks terlalu panjang)`.
fn summary(faults: &[Fault]) -> String {
    let each: Vec<String> =
        faults.iter().take(FAULTS_MAX).map(|fault| format!("{} ({})", fault.column, fault.reason)).collect();
    format!("{} kolom tidak sesuai: {}", faults.len(), each.join(", "))
}

/// At most `chars_max` characters of `text`; what was cut off shows as "…".
fn shortened(text: &str, chars_max: usize) -> String {
    if text.chars().nth(chars_max).is_none() {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// An answer outside of every source's envelope.
pub(crate) fn plain(status: StatusCode, message: &str) -> Response {
    reply(status, json!({ "code": code(status), "message": message }).to_string())
}

fn reply(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::{Fault, Voice, shortened};
    use crate::contract::InboxAnswers;
    use crate::serve::inbox::turned::Turned;
    use axum::body::to_bytes;
    use axum::response::Response;
    use serde_json::Value;
    use std::time::Duration;

    fn answers(chars_max: usize) -> InboxAnswers {
        let refused =
            r#"{"respon{method}":{"status":"2","kode":"{code}","keterangan":"{message}","kesalahan":{faults}}}"#;
        InboxAnswers {
            accepted: r#"{"respon{method}":{"status":"1","keterangan":"{message}"}}"#.to_owned(),
            refused: refused.to_owned(),
            not_found: refused.to_owned(),
            message: "Data diterima".to_owned(),
            message_chars_max: chars_max,
        }
    }

    async fn body(response: Response) -> Value {
        serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn answers_wear_the_sources_envelope() {
        let answers = answers(255);
        let voice = Voice { answers: Some(&answers), method: "receiveNIB" };
        let accepted = body(voice.accepted()).await;
        assert_eq!(accepted["responreceiveNIB"]["keterangan"], "Data diterima");
        let faults =
            ["nib", "kd \"izin\""].map(|name| Fault { column: name.to_owned(), reason: "wajib diisi".to_owned() });
        let faulty = voice.faulty(&faults);
        assert_eq!(faulty.status(), 400);
        let faulty = &body(faulty).await["responreceiveNIB"];
        assert_eq!(faulty["kode"], "400");
        assert_eq!(faulty["keterangan"], "2 kolom tidak sesuai: nib (wajib diisi), kd \"izin\" (wajib diisi)");
        assert_eq!(faulty["kesalahan"][1]["kolom"], "kd \"izin\"");
    }

    #[tokio::test]
    async fn the_status_is_exact_and_the_code_is_the_guides() {
        let answers = answers(255);
        let voice = Voice { answers: Some(&answers), method: "a\"}b" };
        let busy = voice.turned(Turned::TooMany { wait: Duration::from_millis(1_500) });
        assert_eq!((busy.status().as_u16(), busy.headers()["retry-after"].to_str().unwrap()), (429, "2"));
        assert_eq!(body(busy).await["respona\"}b"]["kode"], "400");
        let method = voice.turned(Turned::Method);
        assert_eq!((method.status().as_u16(), method.headers()["allow"].to_str().unwrap()), (405, "POST"));
        let long = voice.turned(Turned::TooLong { bytes_max: 9 });
        assert_eq!((long.status().as_u16(), long.headers()["connection"].to_str().unwrap()), (413, "close"));
        let stranger = Voice { answers: None, method: "x" }.turned(Turned::Unknown);
        assert_eq!(stranger.status(), 404);
        assert_eq!(body(stranger).await["code"], 404);
    }

    #[tokio::test]
    async fn a_long_message_is_cut_where_the_source_cuts_it() {
        let answers = answers(40);
        let fault = Fault { column: "é".repeat(50), reason: "wajib diisi".to_owned() };
        let told = body(Voice { answers: Some(&answers), method: "m" }.faulty(&[fault])).await;
        let told = told["responm"]["keterangan"].as_str().unwrap();
        assert!(told.chars().count() == 40 && told.ends_with('…'), "{told}");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
