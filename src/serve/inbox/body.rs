//! The body of a push: its headers judged, its bytes counted while they come, within time and memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::turned::Turned;

/// Most bytes of bodies that are held at once, over all connections.
const IN_FLIGHT_BYTES_MAX: usize = 128 << 20;

/// Room made for a body before its first bytes are there; a declared length is a claim, not a reason to allocate.
const FIRST_BYTES: usize = 16 << 10;

/// What a body may take.
#[derive(Debug, Clone)]
pub(crate) struct BodyLimits {
    /// Most bytes of one.
    pub(crate) bytes_max: usize,
    /// Longest time from the headers to the last byte.
    pub(crate) total: Duration,
    /// Longest silence within it.
    pub(crate) silence: Duration,
    /// Bytes that may still be held, over all connections.
    pub(crate) in_flight: Arc<Semaphore>,
}

impl BodyLimits {
    /// Limits with the memory that all bodies share.
    pub(crate) fn new(bytes_max: usize, total: Duration, silence: Duration) -> Self {
        Self { bytes_max, total, silence, in_flight: Arc::new(Semaphore::new(IN_FLIGHT_BYTES_MAX)) }
    }
}

/// The bytes of one push and their share of the memory.
#[derive(Debug)]
pub(crate) struct Received {
    /// As they came.
    pub(crate) bytes: Vec<u8>,
    /// Given back with them.
    share: Option<OwnedSemaphorePermit>,
}

impl Received {
    fn grow(&mut self, chunk: &[u8], limits: &BodyLimits) -> Result<(), Turned> {
        if self.bytes.len() + chunk.len() > limits.bytes_max {
            return Err(Turned::TooLong { bytes_max: limits.bytes_max });
        }
        let n = u32::try_from(chunk.len()).map_err(|_| Turned::TooLong { bytes_max: limits.bytes_max })?;
        let more = Arc::clone(&limits.in_flight).try_acquire_many_owned(n).map_err(|_| Turned::Busy)?;
        match &mut self.share {
            Some(share) => share.merge(more),
            None => self.share = Some(more),
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

/// Whether the headers announce JSON in UTF-8, as it is.
///
/// # Errors
/// [`Turned::MediaType`], [`Turned::Charset`] or [`Turned::Coding`].
pub(crate) fn check_headers(headers: &HeaderMap) -> Result<(), Turned> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return Err(Turned::MediaType) };
    let media: mime::Mime = only.to_str().ok().and_then(|text| text.parse().ok()).ok_or(Turned::MediaType)?;
    if media.essence_str() != "application/json" {
        return Err(Turned::MediaType);
    }
    // The parameter's name may be written in any case; mime compares both names and charsets without regard to it.
    let plain = |charset: mime::Name<'_>| charset == "utf-8" || charset == "utf8" || charset == "us-ascii";
    if !media.params().filter(|(name, _)| *name == mime::CHARSET).all(|(_, charset)| plain(charset)) {
        return Err(Turned::Charset);
    }
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Turned::Coding);
    }
    Ok(())
}

/// Reads a body to its end.
///
/// # Errors
/// [`Turned`] at the first limit it meets: a length declared too long is refused before a byte is read.
pub(crate) async fn read(body: Body, limits: &BodyLimits) -> Result<Received, Turned> {
    let declared = body.size_hint().lower();
    if declared > limits.bytes_max as u64 {
        return Err(Turned::TooLong { bytes_max: limits.bytes_max });
    }
    let room = usize::try_from(declared).unwrap_or(FIRST_BYTES).min(FIRST_BYTES);
    let mut received = Received { bytes: Vec::with_capacity(room), share: None };
    match tokio::time::timeout(limits.total, fill(&mut received, body, limits)).await {
        Ok(read) => read.map(|()| received),
        Err(_) => Err(Turned::TooSlow),
    }
}

async fn fill(received: &mut Received, mut body: Body, limits: &BodyLimits) -> Result<(), Turned> {
    loop {
        let frame = tokio::time::timeout(limits.silence, body.frame()).await.map_err(|_| Turned::TooSlow)?;
        let Some(frame) = frame else { return Ok(()) };
        // Trailers say nothing that is asked for.
        if let Ok(chunk) = frame.map_err(|_| Turned::BrokenOff)?.into_data() {
            received.grow(&chunk, limits)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyLimits, check_headers, read};
    use crate::serve::inbox::turned::Turned;
    use axum::body::{Body, Bytes};
    use axum::http::{HeaderMap, header};
    use std::time::Duration;

    fn limits(bytes_max: usize) -> BodyLimits {
        BodyLimits::new(bytes_max, Duration::from_secs(5), Duration::from_secs(5))
    }

    fn chunks(chunks: &'static [&'static str]) -> Body {
        let chunks = chunks.iter().map(|chunk| Ok::<_, std::io::Error>(Bytes::from_static(chunk.as_bytes())));
        Body::from_stream(futures::stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_counted_whether_its_length_was_declared_or_not() {
        let limits = limits(6);
        assert_eq!(read(chunks(&["abc", "def"]), &limits).await.unwrap().bytes, b"abcdef");
        let too_long = Turned::TooLong { bytes_max: 6 };
        assert_eq!(read(chunks(&["abc", "defg"]), &limits).await.unwrap_err(), too_long);
        assert_eq!(read(Body::from("abcdefg"), &limits).await.unwrap_err(), too_long);
    }

    #[tokio::test]
    async fn memory_is_given_back_with_the_body_and_refused_when_it_is_used_up() {
        let limits = limits(6);
        let all = limits.in_flight.available_permits();
        let first = read(chunks(&["abc", "def"]), &limits).await.unwrap();
        assert_eq!(limits.in_flight.available_permits(), all - 6);
        limits.in_flight.forget_permits(all - 6 - 2);
        assert_eq!(read(chunks(&["abc"]), &limits).await.unwrap_err(), Turned::Busy);
        drop(first);
        assert_eq!(limits.in_flight.available_permits(), 8);
        assert!(read(chunks(&["abc"]), &limits).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_stands_still_or_trickles_is_given_up() {
        let (short, long) = (Duration::from_millis(40), Duration::from_secs(60));
        let silent = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let limits = BodyLimits::new(1_000, long, short);
        assert_eq!(read(silent, &limits).await.unwrap_err(), Turned::TooSlow);
        let ticks = tokio::time::interval(Duration::from_millis(2));
        let trickle = futures::stream::unfold(ticks, |mut ticks| async move {
            ticks.tick().await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ticks))
        });
        let limits = BodyLimits::new(1_000, short, long);
        assert_eq!(read(Body::from_stream(trickle), &limits).await.unwrap_err(), Turned::TooSlow);
    }

    #[test]
    fn only_json_in_utf_8_as_it_is() {
        let with = |pairs: &[(header::HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value.parse().unwrap());
            }
            check_headers(&headers)
        };
        let media = |value: &str| with(&[(header::CONTENT_TYPE, value)]);
        for good in ["application/json", "Application/JSON; Charset=UTF-8", "application/json;charset=\"us-ascii\""] {
            assert_eq!(media(good), Ok(()), "{good}");
        }
        for bad in ["text/json", "application/jsonp", "application/json+x", "", "json", "application/json; charset"] {
            assert_eq!(media(bad), Err(Turned::MediaType), "{bad}");
        }
        assert_eq!(media("application/json; charset=iso-8859-1"), Err(Turned::Charset));
        assert_eq!(media("application/json; charset=utf-8; charset=utf-16"), Err(Turned::Charset));
        assert_eq!(with(&[]), Err(Turned::MediaType));
        let json = (header::CONTENT_TYPE, "application/json");
        assert_eq!(with(&[json.clone(), json.clone()]), Err(Turned::MediaType));
        assert_eq!(with(&[json.clone(), (header::CONTENT_ENCODING, "gzip")]), Err(Turned::Coding));
        assert_eq!(with(&[json, (header::CONTENT_ENCODING, "Identity")]), Ok(()));
    }
}
