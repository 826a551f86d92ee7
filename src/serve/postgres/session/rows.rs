//! Questions: planned, answered and sent within their limits.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{Clock, Session};
use crate::catalog::CatalogError;
use crate::catalog::port::value::Parameter;
use crate::catalog::port::{Planned, PortQuery};
use crate::serve::postgres::cancel::Cancelled;
use crate::serve::postgres::channel::{Channel, Ended, SEND_BYTES, Trouble};
use crate::serve::postgres::encode::{self, Form};
use crate::serve::postgres::generation::State;
use crate::serve::postgres::reply::Told;
use crate::serve::postgres::sqlstate::{self, CANCELLED, INTERNAL, LIMIT};

/// Rows on their way.
pub(super) struct Rows {
    batches: BoxStream<'static, Result<RecordBatch, CatalogError>>,
    /// The batch that is being sent, and the row that is next.
    batch: Option<(RecordBatch, usize)>,
    form: Form,
    sent: u64,
    /// Keeps the state alive that they are read from.
    _state: Arc<State>,
}

/// Waits for `work`, as long as nobody asks to stop, the client is there and there is time.
pub(super) async fn within<T>(
    cancelled: &mut Cancelled,
    channel: &mut Channel,
    deadline: Instant,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    tokio::select! {
        biased;
        () = cancelled.asked() => Err(Told::error(CANCELLED, "canceling statement due to user request").into()),
        () = tokio::time::sleep_until(deadline) => {
            Err(Told::error(CANCELLED, "canceling statement due to statement timeout").into())
        }
        done = work => done,
        () = channel.gone() => Err(Ended::Closed.into()),
    }
}

impl Session {
    /// Plans a question; `declared` are the object ids of the types of its parameters, 0 where they are open.
    pub(super) async fn planned(
        &mut self,
        query: &PortQuery,
        declared: &[u32],
        deadline: Instant,
    ) -> Result<Arc<Planned>, Trouble> {
        let (_, port) = self.port(deadline).await?;
        let facts = self.facts();
        let work = async {
            let planned = port.plan(&facts, query, declared).await;
            planned.map(Arc::new).map_err(|error| sqlstate::told(&error).into())
        };
        within(&mut self.cancelled, &mut self.channel, deadline, work).await
    }

    /// Waits for a place at the engine.
    pub(super) async fn turn(&mut self, clock: &mut Clock) -> Result<OwnedSemaphorePermit, Trouble> {
        let asked = Instant::now();
        let server = Arc::clone(&self.server);
        let work = async { server.desk.gate.enter().await.map_err(Trouble::from) };
        let place = within(&mut self.cancelled, &mut self.channel, clock.deadline, work).await;
        clock.waited += asked.elapsed();
        place
    }

    /// Begins to answer a planned question.
    pub(super) async fn open(
        &mut self,
        planned: &Arc<Planned>,
        values: &[Parameter],
        (binary, deadline): (Vec<bool>, Instant),
    ) -> Result<Rows, Trouble> {
        let (state, port) = self.port(deadline).await?;
        let work = async { port.run(planned, values).await.map_err(|error| sqlstate::told(&error).into()) };
        let result = within(&mut self.cancelled, &mut self.channel, deadline, work).await?;
        if let Some(place) = differs(&planned.schema, &result.schema) {
            tracing::error!(column = place, "the rows of a statement are not what its plan said");
            return Err(Told::error(INTERNAL, format!("column {place} is not what the plan said")).into());
        }
        Ok(Rows {
            batches: result.batches,
            batch: None,
            form: Form { binary, zone: self.settings.zone() },
            sent: 0,
            _state: state,
        })
    }

    /// Sends at most `max` rows; true when there may be more.
    pub(super) async fn send(
        &mut self,
        rows: &mut Rows,
        max: Option<u64>,
        clock: &mut Clock,
    ) -> Result<bool, Trouble> {
        let mut left = max;
        loop {
            if left == Some(0) {
                return Ok(true);
            }
            let (batch, at) = match rows.batch.take() {
                Some((batch, at)) if at < batch.num_rows() => (batch, at),
                _ => {
                    let next = async { Ok(rows.batches.next().await) };
                    match within(&mut self.cancelled, &mut self.channel, clock.deadline, next).await? {
                        None => return Ok(false),
                        Some(batch) => (batch.map_err(|error| sqlstate::told(&error))?, 0),
                    }
                }
            };
            let end = left.map_or(batch.num_rows(), |left| {
                batch.num_rows().min(at.saturating_add(usize::try_from(left).unwrap_or(usize::MAX)))
            });
            for row in at..end {
                rows.sent += 1;
                if rows.sent > self.server.limits.rows {
                    let text = format!("the statement gives more than {} rows", self.server.limits.rows);
                    return Err(Told::error(LIMIT, text).with_hint("add a LIMIT or aggregate").into());
                }
                let written = encode::row(&batch, row, &rows.form, &mut self.channel.replies);
                written.map_err(|error| Told::error("22000", error.to_string()))?;
                clock.rows += 1;
                if self.channel.replies.len() >= SEND_BYTES {
                    self.send_waiting(clock.deadline).await?;
                }
            }
            left = left.map(|left| left - (end - at) as u64);
            rows.batch = Some((batch, end));
        }
    }

    /// Sends what waits. A message that is cut off in the middle spoils the connection, so a client that is still reading
    /// at the end of the time loses it.
    async fn send_waiting(&mut self, deadline: Instant) -> Result<(), Trouble> {
        match tokio::time::timeout_at(deadline, self.channel.flush()).await {
            Ok(flushed) => Ok(flushed?),
            Err(_) => Err(Ended::Io(std::io::ErrorKind::TimedOut.into()).into()),
        }
    }
}

/// The first column in which rows differ from what the client was told.
fn differs(told: &SchemaRef, found: &SchemaRef) -> Option<String> {
    let pairs = told.fields().iter().zip(found.fields());
    let other = pairs.into_iter().find(|(told, found)| told.data_type() != found.data_type());
    match other {
        Some((told, _)) => Some(told.name().clone()),
        None => (told.fields().len() != found.fields().len()).then(|| "*".to_owned()),
    }
}
