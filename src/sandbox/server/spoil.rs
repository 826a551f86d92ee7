//! The body on its way out: plain, compressed, with a byte order mark, or broken off.

use super::json::JsonChunks;
use crate::sandbox::dataset::Dataset;
use crate::sandbox::fault::{Fault, Faults};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, stream};
use std::io::{self, Write};

/// A body that is to break off is formatted only so far.
const BROKEN_BYTES_MAX: usize = 8 * 1024 * 1024;

type Chunks = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

/// The answer that carries `chunks`, with the faults of its body.
pub(super) fn respond(faults: &Faults, dataset: Dataset, chunks: JsonChunks) -> Response {
    let on = |fault| faults.on(&fault, dataset);
    let mut chunks: Chunks = Box::new(chunks.map(Ok));
    if on(Fault::Bom) {
        chunks = Box::new(std::iter::once(Ok(Bytes::from_static(b"\xEF\xBB\xBF"))).chain(chunks));
    }
    let announced = on(Fault::Gzip);
    if announced || on(Fault::GzipUnannounced) {
        chunks =
            Box::new(GzipChunks { plain: chunks, encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())) });
    }
    let body = if on(Fault::Truncated) {
        let half = first_half(chunks);
        Body::from(half)
    } else if on(Fault::CutConnection) {
        let half = first_half(chunks);
        // Time to send what there is: an error at once would discard it, head included.
        let cut = async {
            tokio::task::yield_now().await;
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        };
        Body::from_stream(stream::iter([Ok(half)]).chain(stream::once(cut)))
    } else {
        body(chunks)
    };
    let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    if announced {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
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

/// The first half of a body (of what of it is formatted).
fn first_half(chunks: Chunks) -> Bytes {
    let mut whole = Vec::new();
    for chunk in chunks.map_while(Result::ok) {
        whole.extend_from_slice(&chunk);
        if whole.len() > BROKEN_BYTES_MAX {
            break;
        }
    }

    whole.truncate(whole.len() / 2);
    whole.into()
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
