//! What a client is told, byte by byte.

use bytes::{BufMut, BytesMut};

use crate::catalog::port::PortColumn;

/// Answers on their way out.
#[derive(Debug, Default)]
pub(super) struct Replies {
    bytes: BytesMut,
}

/// Where a session stands, for the client's prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Between transactions.
    Idle,
    /// In a transaction.
    InTransaction,
    /// In a transaction that failed: only its end is heard.
    Failed,
}

/// A failure as a client is told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct Told {
    /// It ends the connection.
    pub(in crate::serve) fatal: bool,
    /// SQLSTATE, five characters.
    pub(in crate::serve) state: &'static str,
    pub(in crate::serve) message: String,
    pub(in crate::serve) hint: Option<String>,
}

impl Told {
    pub(in crate::serve) fn error(state: &'static str, message: impl Into<String>) -> Self {
        Self { fatal: false, state, message: message.into(), hint: None }
    }

    pub(super) fn fatal(state: &'static str, message: impl Into<String>) -> Self {
        Self { fatal: true, ..Self::error(state, message) }
    }

    pub(in crate::serve) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Replies {
    /// The bytes to send; none are left.
    pub(super) fn take(&mut self) -> BytesMut {
        self.bytes.split()
    }

    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes one message: its kind, its length, and what `body` writes.
    fn put(&mut self, kind: u8, body: impl FnOnce(&mut BytesMut)) {
        self.bytes.put_u8(kind);
        let start = self.bytes.len();
        self.bytes.put_u32(0);
        body(&mut self.bytes);
        let length = u32::try_from(self.bytes.len() - start).expect("answers are written in pieces far below 4 GiB");
        self.bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    pub(super) fn authentication_ok(&mut self) {
        self.put(b'R', |body| body.put_u32(0));
    }

    /// The methods a client may prove itself by.
    pub(super) fn login_methods(&mut self, methods: &[&str]) {
        self.put(b'R', |body| {
            body.put_u32(10);
            methods.iter().for_each(|method| put_text(body, method));
            body.put_u8(0);
        });
    }

    /// A step of the login; `last`: the server has proved itself, too.
    pub(super) fn login_step(&mut self, text: &str, last: bool) {
        self.put(b'R', |body| {
            body.put_u32(if last { 12 } else { 11 });
            body.put_slice(text.as_bytes());
        });
    }

    /// The newest minor version spoken, and the options that are not known.
    pub(super) fn negotiate_version(&mut self, options: &[&str]) {
        self.put(b'v', |body| {
            body.put_u32(0);
            body.put_u32(u32::try_from(options.len()).unwrap_or(0));
            options.iter().for_each(|option| put_text(body, option));
        });
    }

    pub(super) fn parameter(&mut self, name: &str, value: &str) {
        self.put(b'S', |body| {
            put_text(body, name);
            put_text(body, value);
        });
    }

    pub(super) fn cancel_key(&mut self, process: i32, secret: i32) {
        self.put(b'K', |body| {
            body.put_i32(process);
            body.put_i32(secret);
        });
    }

    pub(super) fn ready(&mut self, standing: Standing) {
        self.put(b'Z', |body| {
            body.put_u8(match standing {
                Standing::Idle => b'I',
                Standing::InTransaction => b'T',
                Standing::Failed => b'E',
            });
        });
    }

    pub(super) fn parsed(&mut self) {
        self.put(b'1', |_| {});
    }

    pub(super) fn bound(&mut self) {
        self.put(b'2', |_| {});
    }

    pub(super) fn closed(&mut self) {
        self.put(b'3', |_| {});
    }

    pub(super) fn no_rows(&mut self) {
        self.put(b'n', |_| {});
    }

    pub(super) fn empty_query(&mut self) {
        self.put(b'I', |_| {});
    }

    /// More rows are there when they are asked for.
    pub(super) fn suspended(&mut self) {
        self.put(b's', |_| {});
    }

    pub(super) fn complete(&mut self, tag: &str) {
        self.put(b'C', |body| put_text(body, tag));
    }

    /// Object ids of parameters' types.
    pub(super) fn parameters(&mut self, types: &[u32]) {
        self.put(b't', |body| {
            put_count(body, types.len());
            types.iter().for_each(|oid| body.put_u32(*oid));
        });
    }

    /// Columns of the rows to come; `binary` says for each whether it is.
    pub(super) fn columns(&mut self, columns: &[PortColumn], binary: impl Fn(usize) -> bool) {
        self.put(b'T', |body| {
            put_count(body, columns.len());
            for (i, column) in columns.iter().enumerate() {
                put_text(body, &column.name);
                // No table and column number: a result is computed.
                body.put_u32(0);
                body.put_u16(0);
                body.put_u32(column.info.oid);
                body.put_i16(column.info.size);
                body.put_i32(column.info.modifier);
                body.put_u16(u16::from(binary(i)));
            }
        });
    }

    /// One row; `cells` writes its `count` cells, each with its length.
    pub(super) fn row(&mut self, count: usize, cells: impl FnOnce(&mut BytesMut)) {
        self.put(b'D', |body| {
            put_count(body, count);
            cells(body);
        });
    }

    pub(super) fn error(&mut self, told: &Told) {
        self.message(b'E', if told.fatal { "FATAL" } else { "ERROR" }, told);
    }

    pub(super) fn warning(&mut self, told: &Told) {
        self.message(b'N', "WARNING", told);
    }

    fn message(&mut self, kind: u8, severity: &str, told: &Told) {
        self.put(kind, |body| {
            let mut field = |name: u8, text: &str| {
                body.put_u8(name);
                put_text(body, text);
            };
            field(b'S', severity);
            field(b'V', severity);
            field(b'C', told.state);
            field(b'M', &told.message);
            if let Some(hint) = &told.hint {
                field(b'H', hint);
            }
            body.put_u8(0);
        });
    }
}

/// A text that ends in NUL; one within it would end it early.
fn put_text(body: &mut BytesMut, text: &str) {
    body.extend(text.bytes().filter(|byte| *byte != 0));
    body.put_u8(0);
}

fn put_count(body: &mut BytesMut, count: usize) {
    body.put_u16(u16::try_from(count).unwrap_or(u16::MAX));
}

#[cfg(test)]
mod tests {
    use super::{Replies, Standing, Told};

    #[test]
    fn messages_say_their_length() {
        let mut replies = Replies::default();
        replies.ready(Standing::Failed);
        assert_eq!(&replies.take()[..], b"Z\0\0\0\x05E");
        replies.error(&Told::error("42P01", "a\0b").with_hint("c"));
        assert_eq!(&replies.take()[..], b"E\0\0\0\x21SERROR\0VERROR\0C42P01\0Mab\0Hc\0\0");
        assert_eq!(replies.len(), 0);
    }
}
