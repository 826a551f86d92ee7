//! The body on its way out: plain, compressed, with a byte order mark, broken off, late or without end.

use super::Tail;
use super::exchange::json;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::fault::{Fault, Faults};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{Stream, StreamExt, stream};
use std::io::{self, Write};
use std::time::Duration;

/// A body that is to break off is formatted only so far.
const BROKEN_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A trickling body comes in so many small pieces, a pause before each, and then its rest.
const TRICKLE_PIECES: usize = 20;
const TRICKLE_BYTES: usize = 64;
const TRICKLE_PAUSE: Duration = Duration::from_millis(50);
/// Where a stalled body stops.
const STALLED_BYTES: usize = 16;
/// The body of nothing but brackets: 10 GiB in pieces of 64 KiB, all of them the same memory.
const BRACKET_PIECES: usize = 10 * 1024 * 16;
static BRACKETS: [u8; 64 * 1024] = [b'['; 64 * 1024];

/// A body, a piece at a time.
pub(crate) type Chunks = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

/// The answer that carries `chunks`, with the faults of its body.
pub(super) fn respond(faults: &Faults, dataset: Dataset, mut chunks: Chunks, tail: &Tail) -> Response {
    let on = |fault| faults.on(&fault, dataset);
    if on(Fault::Bom) {
        chunks = Box::new(std::iter::once(Ok(Bytes::from_static(b"\xEF\xBB\xBF"))).chain(chunks));
    }
    let announced = on(Fault::Gzip);
    if announced || on(Fault::GzipUnannounced) {
        chunks =
            Box::new(GzipChunks { plain: chunks, encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())) });
    }
    let mut response = if on(Fault::Overlong) {
        overlong(chunks, tail)
    } else if on(Fault::Truncated) {
        json(first_half(chunks))
    } else if on(Fault::CutConnection) {
        json(Body::from_stream(cut(first_half(chunks))))
    } else if on(Fault::StalledBody) {
        let begun = chunks.next().transpose().unwrap_or_default().unwrap_or_default();
        let begun = begun.slice(..begun.len().min(STALLED_BYTES));
        json(Body::from_stream(stream::iter([io::Result::Ok(begun)]).chain(stream::pending())))
    } else if on(Fault::SlowBody) {
        json(Body::from_stream(trickle(chunks)))
    } else if on(Fault::NestedBrackets) {
        let pieces = std::iter::repeat_n(Bytes::from_static(&BRACKETS), BRACKET_PIECES);
        json(Body::from_stream(stream::iter(pieces.map(io::Result::Ok))))
    } else {
        json(body(chunks))
    };
    if announced {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Half a body, and then an error instead of an end.
fn cut(half: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    // Time to send what there is: an error at once would discard it, head included.
    let cut = async {
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    stream::iter([Ok(half)]).chain(stream::once(cut))
}

/// A body whose Content-Length is half of what is sent.
fn overlong(chunks: Chunks, tail: &Tail) -> Response {
    let mut announced = whole(chunks);
    tail.set(announced.split_off(announced.len() / 2));
    let mut response = json(announced);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The beginning in small pieces, a pause before each; then the rest, no slower than any other.
fn trickle(mut chunks: Chunks) -> impl Stream<Item = io::Result<Bytes>> {
    let mut pieces = Vec::with_capacity(TRICKLE_PIECES + 1);
    if let Some(Ok(mut first)) = chunks.next() {
        while pieces.len() < TRICKLE_PIECES && first.len() > TRICKLE_BYTES {
            pieces.push(Ok(first.split_to(TRICKLE_BYTES)));
        }
        pieces.push(Ok(first));
    }
    stream::iter(pieces.into_iter().chain(chunks)).enumerate().then(|(index, piece)| async move {
        if index < TRICKLE_PIECES {
            tokio::time::sleep(TRICKLE_PAUSE).await;
        }
        piece
    })
}

/// A stream, or where one chunk is all, a body of known length.
fn body(mut chunks: Chunks) -> Body {
    let first = chunks.next();
    let second = chunks.next();
    match (first, second) {
        (Some(Ok(only)), None) => Body::from(only),
        (first, second) => Body::from_stream(stream::iter(first.into_iter().chain(second).chain(chunks))),
    }
}

/// A body in one piece (what of it is formatted).
fn whole(chunks: Chunks) -> Bytes {
    let mut whole = Vec::new();
    for chunk in chunks.map_while(Result::ok) {
        whole.extend_from_slice(&chunk);
        if whole.len() > BROKEN_BYTES_MAX {
            break;
        }
    }
    whole.into()
}

/// The first half of a body (of what of it is formatted).
fn first_half(chunks: Chunks) -> Bytes {
    let mut half = whole(chunks);
    half.truncate(half.len() / 2);
    half
}

/// Chunks, compressed one by one.
struct GzipChunks {
    plain: Chunks,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl GzipChunks {
    /// The next compressed bytes; none where this step made none.
    fn step(&mut self) -> io::Result<Option<Bytes>> {
        match (self.plain.next(), self.encoder.as_mut()) {
            (Some(chunk), Some(encoder)) => {
                encoder.write_all(&chunk?)?;
                let bytes = std::mem::take(encoder.get_mut());
                Ok((!bytes.is_empty()).then(|| bytes.into()))
            }
            _ => self.encoder.take().map(|encoder| encoder.finish().map(Bytes::from)).transpose(),
        }
    }
}

impl Iterator for GzipChunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.encoder.is_some() {
            if let Some(bytes) = self.step().transpose() {
                return Some(bytes);
            }
        }
        None
    }
}
