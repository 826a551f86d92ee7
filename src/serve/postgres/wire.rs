//! What a client says, byte by byte: its messages, read without trusting a single length in them.
//!
//! `pgwire` reads messages from its whole buffer and panics on short ones, and it would keep bytes that came before the TLS
//! handshake as if they had come through it (CVE-2021-23214). So the few messages of a client are read here, each from
//! exactly its own bytes.

use bytes::{Buf, Bytes};

/// What cannot be read. It is the end of the connection: nobody knows where the next message begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of the client cannot be read: {0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// The number of a request for TLS, of one for GSSAPI, and of one to cancel.
const TLS_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;

/// What opens a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It wants TLS.
    Tls,
    /// It wants GSSAPI, which is not offered.
    Gss,
    /// It wants the statement of another connection to stop.
    Cancel {
        /// The number of that connection.
        process: i32,
        /// What only its owner knows.
        secret: i32,
    },
    /// It wants a session.
    Start {
        /// The minor version of protocol 3.
        minor: u16,
        /// Name and value of what it asks for.
        parameters: Vec<(String, String)>,
    },
}

/// A message within a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// SQL to be answered at once, perhaps several statements.
    Query(String),
    /// A statement to be prepared; the object ids of types it names.
    Parse { name: String, sql: String, types: Vec<u32> },
    /// Values for a prepared statement.
    Bind(Bind),
    /// What a statement or a portal looks like.
    Describe { of: Target, name: String },
    /// So many rows of a portal; 0 = all.
    Execute { portal: String, rows: u32 },
    /// A statement or a portal is not needed any more.
    Close { of: Target, name: String },
    /// Send what there is.
    Flush,
    /// The end of a group of messages.
    Sync,
    /// An answer within the login.
    Password(Bytes),
    /// The client goes.
    Terminate,
    /// Rows for a COPY that was never begun, or a call of a function by number.
    NotOffered(&'static str),
}

/// Values for a prepared statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bind {
    pub(super) portal: String,
    pub(super) statement: String,
    /// How values are written: none = text, one = all alike.
    pub(super) formats: Vec<bool>,
    pub(super) values: Vec<Option<Bytes>>,
    /// How columns of the answer are to be written.
    pub(super) results: Vec<bool>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A prepared statement.
    Statement,
    /// A portal.
    Portal,
}

/// Reads what opens a connection, without its length.
pub(super) fn opening(mut body: Bytes) -> Result<Opening, Malformed> {
    match number(&mut body)? {
        TLS_REQUEST => end(&body).map(|()| Opening::Tls),
        GSS_REQUEST => end(&body).map(|()| Opening::Gss),
        CANCEL_REQUEST => {
            let process = number(&mut body)?.cast_signed();
            let secret = number(&mut body)?.cast_signed();
            end(&body).map(|()| Opening::Cancel { process, secret })
        }
        version if version >> 16 == 3 => {
            let mut parameters = Vec::new();
            loop {
                let name = text(&mut body)?;
                if name.is_empty() {
                    break;
                }
                parameters.push((name, text(&mut body)?));
            }
            end(&body)?;
            let minor = u16::try_from(version & 0xffff).expect("16 bits");
            Ok(Opening::Start { minor, parameters })
        }
        _ => Err(Malformed("it is no PostgreSQL client of protocol 3")),
    }
}

/// Reads the message `kind` from its body.
pub(super) fn message(kind: u8, mut body: Bytes) -> Result<Message, Malformed> {
    let read = match kind {
        b'Q' => Message::Query(text(&mut body)?),
        b'P' => {
            let (name, sql) = (text(&mut body)?, text(&mut body)?);
            let count = short(&mut body)?;
            let types = (0..count).map(|_| number(&mut body)).collect::<Result<_, _>>()?;
            Message::Parse { name, sql, types }
        }
        b'B' => Message::Bind(bind(&mut body)?),
        b'D' => Message::Describe { of: target(&mut body)?, name: text(&mut body)? },
        b'E' => {
            let portal = text(&mut body)?;
            // Negative counts mean all rows, as 0 does.
            let rows = u32::try_from(number(&mut body)?.cast_signed()).unwrap_or(0);
            Message::Execute { portal, rows }
        }
        b'C' => Message::Close { of: target(&mut body)?, name: text(&mut body)? },
        b'H' => Message::Flush,
        b'S' => Message::Sync,
        b'X' => Message::Terminate,
        b'p' => Message::Password(body.split_off(0)),
        b'd' | b'c' | b'f' => {
            body.clear();
            Message::NotOffered("COPY")
        }
        b'F' => {
            body.clear();
            Message::NotOffered("calling functions by number")
        }
        _ => return Err(Malformed("it is of no known kind")),
    };
    end(&body)?;
    Ok(read)
}

fn bind(body: &mut Bytes) -> Result<Bind, Malformed> {
    let (portal, statement) = (text(body)?, text(body)?);
    let formats = formats(body)?;
    let count = short(body)?;
    let values = (0..count).map(|_| value(body)).collect::<Result<_, _>>()?;
    Ok(Bind { portal, statement, formats, values, results: self::formats(body)? })
}

/// Which values or columns are binary.
fn formats(body: &mut Bytes) -> Result<Vec<bool>, Malformed> {
    let count = short(body)?;
    let one = |_| match short(body)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed("a format is neither text nor binary")),
    };
    (0..count).map(one).collect()
}

/// One value; a length of -1 is NULL.
fn value(body: &mut Bytes) -> Result<Option<Bytes>, Malformed> {
    let length = number(body)?.cast_signed();
    if length == -1 {
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| Malformed("a value has a negative length"))?;
    if length > body.len() {
        return Err(Malformed("a value is longer than its message"));
    }
    Ok(Some(body.split_to(length)))
}

fn target(body: &mut Bytes) -> Result<Target, Malformed> {
    if body.is_empty() {
        return Err(Malformed("it ends too early"));
    }
    match body.get_u8() {
        b'S' => Ok(Target::Statement),
        b'P' => Ok(Target::Portal),
        _ => Err(Malformed("it names neither a statement nor a portal")),
    }
}

/// A text that ends in NUL.
fn text(body: &mut Bytes) -> Result<String, Malformed> {
    let length = body.iter().position(|byte| *byte == 0).ok_or(Malformed("a text does not end"))?;
    let bytes = body.split_to(length);
    body.advance(1);
    String::from_utf8(bytes.to_vec()).map_err(|_| Malformed("a text is not UTF-8"))
}

fn number(body: &mut Bytes) -> Result<u32, Malformed> {
    if body.len() < 4 { Err(Malformed("it ends too early")) } else { Ok(body.get_u32()) }
}

fn short(body: &mut Bytes) -> Result<u16, Malformed> {
    if body.len() < 2 { Err(Malformed("it ends too early")) } else { Ok(body.get_u16()) }
}

fn end(body: &Bytes) -> Result<(), Malformed> {
    if body.is_empty() { Ok(()) } else { Err(Malformed("it goes on behind its end")) }
}

/// An answer to the first message of a login: the method that the client chose, and what it says by it.
pub(super) fn first_proof(mut body: Bytes) -> Result<(String, Bytes), Malformed> {
    let method = text(&mut body)?;
    let proof = value(&mut body)?.unwrap_or_default();
    end(&body)?;
    Ok((method, proof))
}

#[cfg(test)]
mod tests {
    use super::{Bind, Malformed, Message, Opening, Target, message, opening};
    use bytes::Bytes;

    #[test]
    fn an_opening_is_read_to_its_end() {
        let start = b"\0\x03\0\0user\0ana\0database\0lumbung\0\0";
        let Opening::Start { minor: 0, parameters } = opening(Bytes::from_static(start)).unwrap() else { panic!() };
        assert_eq!(parameters[1], ("database".to_owned(), "lumbung".to_owned()));
        assert_eq!(opening(Bytes::from_static(&[0x04, 0xd2, 0x16, 0x2f])), Ok(Opening::Tls));
        let cancel = [0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xfe];
        assert_eq!(opening(Bytes::copy_from_slice(&cancel)), Ok(Opening::Cancel { process: 7, secret: -2 }));
        for length in 0..start.len() {
            assert!(opening(Bytes::from_static(&start[..length])).is_err(), "{length}");
        }
        assert!(opening(Bytes::from_static(b"GET / HTTP/1.1")).is_err());
    }

    #[test]
    fn values_of_a_bind_are_taken_apart() {
        let mut body = b"\0s\0\0\x01\0\x01\0\x02\0\0\0\x02ab\xff\xff\xff\xff\0\x01\0\0".to_vec();
        let read = message(b'B', Bytes::from(body.clone())).unwrap();
        let bind = Bind {
            portal: String::new(),
            statement: "s".to_owned(),
            formats: vec![true],
            values: vec![Some(Bytes::from_static(b"ab")), None],
            results: vec![false],
        };
        assert_eq!(read, Message::Bind(bind));
        for length in 0..body.len() {
            assert!(message(b'B', Bytes::copy_from_slice(&body[..length])).is_err(), "{length}");
        }
        // A length that lies.
        body[11] = 0x7f;
        assert!(message(b'B', Bytes::from(body)).is_err());
    }

    #[test]
    fn short_and_strange_messages_are_told_apart() {
        assert_eq!(
            message(b'D', Bytes::from_static(b"Sx\0")),
            Ok(Message::Describe { of: Target::Statement, name: "x".to_owned() })
        );
        assert_eq!(
            message(b'D', Bytes::from_static(b"Qx\0")).unwrap_err().0,
            "it names neither a statement nor a portal"
        );
        assert_eq!(message(b'Q', Bytes::from_static(b"SELECT 1")), Err(Malformed("a text does not end")));
        assert_eq!(message(b'Q', Bytes::from_static(b"\xff\0")), Err(Malformed("a text is not UTF-8")));
        assert_eq!(message(b'S', Bytes::from_static(b"x")), Err(Malformed("it goes on behind its end")));
        assert_eq!(message(b'?', Bytes::new()), Err(Malformed("it is of no known kind")));
    }
}
