//! The bytes of one connection: whole messages in, answers out, with limits on both.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::reply::{Replies, Told};
use super::wire::{self, Malformed, Message, Opening};
use crate::serve::listener::StallGuard;

/// Longest opening message.
const OPENING_BYTES_MAX: u32 = 10_000;

/// What a message may have beside its SQL or its values.
const MESSAGE_SPARE: usize = 64 << 10;

/// Bytes that a client may send ahead while a statement runs.
const AHEAD_BYTES_MAX: usize = 256 << 10;

/// Answers are sent when so many bytes wait.
pub(super) const SEND_BYTES: usize = 64 << 10;

/// A TCP or TLS stream.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// The client closed it.
    #[error("the client closed it")]
    Closed,
    /// The network or the client's silence.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something that is no message.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A message beyond the limit.
    #[error("a message of {0} bytes is longer than allowed")]
    TooLong(usize),
}

/// What keeps a session from going on.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The client is told, and the session goes on unless that is fatal.
    Told(Told),
    /// The connection is over.
    Ended(Ended),
}

impl From<Told> for Trouble {
    fn from(told: Told) -> Self {
        Self::Told(told)
    }
}

impl From<Ended> for Trouble {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

/// One connection.
pub(super) struct Channel {
    stream: StallGuard<Box<dyn Io>>,
    input: BytesMut,
    /// Longest message.
    bytes_max: usize,
    /// What waits to be sent.
    pub(super) replies: Replies,
}

impl Channel {
    /// Over `stream`; a message may have `bytes_max` bytes of SQL or values.
    pub(super) fn new(stream: StallGuard<Box<dyn Io>>, bytes_max: usize) -> Self {
        Self { stream, input: BytesMut::new(), bytes_max: bytes_max + MESSAGE_SPARE, replies: Replies::default() }
    }

    /// The next message.
    pub(super) async fn read(&mut self) -> Result<Message, Ended> {
        loop {
            if let Some(message) = self.whole_message()? {
                return Ok(message);
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(Ended::Closed);
            }
        }
    }

    /// A message that is there from end to end.
    fn whole_message(&mut self) -> Result<Option<Message>, Ended> {
        let Some(head) = self.input.get(..5) else { return Ok(None) };
        let (kind, length) = (head[0], u32::from_be_bytes([head[1], head[2], head[3], head[4]]));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < 4 {
            return Err(Malformed("it is shorter than its own length").into());
        }
        if length > self.bytes_max {
            return Err(Ended::TooLong(length));
        }
        if self.input.len() <= length {
            self.input.reserve(length + 1 - self.input.len());
            return Ok(None);
        }
        let body = self.input.split_to(length + 1).freeze().slice(5..);
        Ok(Some(wire::message(kind, body)?))
    }

    /// Returns when the client is gone; what it sends ahead is kept for later.
    pub(super) async fn gone(&mut self) {
        while self.input.len() < AHEAD_BYTES_MAX {
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        // It has sent more than it may ahead of an answer: whether it is still there will show.
        std::future::pending::<()>().await;
    }

    /// Sends what waits.
    pub(super) async fn flush(&mut self) -> Result<(), Ended> {
        let bytes = self.replies.take();
        self.stream.write_all(&bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Sends what waits and closes: the client has to see the last answer, so it is given its end first.
    pub(super) async fn close(mut self) {
        // Whoever is gone does not hear it.
        if self.flush().await.is_ok() {
            let _ = self.stream.shutdown().await;
        }
    }
}

/// Reads what opens a connection, and not a byte more: what follows may be the beginning of TLS.
pub(super) async fn opening(stream: &mut (impl AsyncRead + Unpin)) -> Result<Opening, Ended> {
    let length = stream.read_u32().await?;
    if !(8..=OPENING_BYTES_MAX).contains(&length) {
        return Err(Malformed("it is no PostgreSQL client").into());
    }
    let mut body = vec![0; usize::try_from(length - 4).expect("at most 10,000")];
    stream.read_exact(&mut body).await?;
    Ok(wire::opening(body.into())?)
}

#[cfg(test)]
mod tests {
    use super::{Channel, Ended};
    use crate::serve::listener::StallGuard;
    use crate::serve::postgres::wire::Message;
    use std::time::Duration;
    use tokio::io::AsyncWriteExt;

    fn pair() -> (tokio::io::DuplexStream, Channel) {
        let (client, server) = tokio::io::duplex(1 << 20);
        (client, Channel::new(StallGuard::new(Box::new(server), Duration::from_secs(5)), 100))
    }

    #[tokio::test]
    async fn messages_come_whole_and_in_order() {
        let (mut client, mut channel) = pair();
        client.write_all(b"Q\0\0\0\x0dSELECT 1\0S\0\0").await.unwrap();
        assert_eq!(channel.read().await.unwrap(), Message::Query("SELECT 1".to_owned()));
        client.write_all(b"\0\x04").await.unwrap();
        assert_eq!(channel.read().await.unwrap(), Message::Sync);
        drop(client);
        assert!(matches!(channel.read().await, Err(Ended::Closed)));
    }

    #[tokio::test]
    async fn lengths_that_lie_are_refused_before_anything_is_read() {
        for (head, wanted) in [(&b"Q\x7f\xff\xff\xff"[..], "longer than allowed"), (b"Q\0\0\0\x03", "shorter")] {
            let (mut client, mut channel) = pair();
            client.write_all(head).await.unwrap();
            let ended = channel.read().await.unwrap_err().to_string();
            assert!(ended.contains(wanted), "{ended}");
        }
    }
}
