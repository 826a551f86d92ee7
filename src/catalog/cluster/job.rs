//! One plan on its way: handed in, watched, stopped when nobody waits for it any more, its rows fetched and cleared away.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use ballista_core::BALLISTA_VERSION;
use ballista_core::client::BallistaClient;
use ballista_core::extension::BallistaGrpcMetadataInterceptor;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, ExecuteQueryParams, GetJobStatusResult, PartitionLocation, job_status,
};
use ballista_core::utils::create_grpc_client_endpoint;
use ballista_core::version::BALLISTA_VERSION_HEADER;
use datafusion::execution::SendableRecordBatchStream;
use tokio::sync::oneshot;

use super::address::ClusterAddress;
use super::error::ClusterError;
use super::settings::{self, FETCH_PAUSE, FETCH_TRIES, MESSAGE_BYTES_MAX};

/// How long a scheduler may take to be told that a job is not wanted any more.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// A job that was run.
#[derive(Debug)]
pub(super) struct Finished {
    /// Where its rows are.
    pub(super) parts: Vec<PartitionLocation>,
    /// The rows are kept until this is dropped.
    pub(super) kept: Kept,
}

/// Keeps the rows of a job.
#[derive(Debug)]
pub(super) struct Kept(#[expect(dead_code, reason = "it is there to be dropped")] oneshot::Sender<()>);

/// Who waits for a job; it is stopped when they go away.
pub(super) type Answer = oneshot::Sender<Result<Finished, ClusterError>>;

/// Hands a query in and sees it through: to the last row fetched, or to its end because nobody waits.
pub(super) async fn drive(address: ClusterAddress, query: ExecuteQueryParams, mut answer: Answer) {
    let channel = match create_grpc_client_endpoint(address.http(), Some(&settings::grpc_client())) {
        Ok(endpoint) => endpoint.connect().await.map_err(|error| innermost(&error)),
        Err(error) => Err(innermost(&error)),
    };
    let channel = match channel {
        Ok(channel) => channel,
        Err(reason) => {
            return give(answer, Err(ClusterError::Unreachable { address: address.to_string(), reason }));
        }
    };
    let mut scheduler = SchedulerGrpcClient::with_interceptor(channel, our_version())
        .max_encoding_message_size(MESSAGE_BYTES_MAX as usize)
        .max_decoding_message_size(MESSAGE_BYTES_MAX as usize);
    let mut updates = match scheduler.execute_query_push(query).await {
        Ok(response) => response.into_inner(),
        Err(status) => {
            let reason = status.message().to_owned();
            return give(answer, Err(ClusterError::Refused { address: address.to_string(), reason }));
        }
    };
    let mut job = Watched { address: &address, id: String::new() };
    let outcome = loop {
        let update = tokio::select! {
            biased;
            () = answer.closed() => break None,
            update = updates.message() => update,
        };
        let outcome = job.hear(update.map_err(|status| status.message().to_owned()));
        if outcome.is_some() {
            break outcome;
        }
    };
    match outcome {
        Some(Ok(parts)) => {
            let (kept, dropped) = oneshot::channel();
            give(answer, Ok(Finished { parts, kept: Kept(kept) }));
            // Nothing is ever sent: an error says that the rows are not needed any more.
            let _ = dropped.await;
            let clean = CleanJobDataParams { job_id: job.id.clone(), remove_stage_ids: Vec::new() };
            told(&job.id, "to clear the rows away", scheduler.clean_job_data(clean)).await;
        }
        Some(Err(error)) => give(answer, Err(error)),
        None => {
            // The first word of a job is its id.
            if job.id.is_empty()
                && let Ok(Ok(update)) = tokio::time::timeout(STOP_TIMEOUT, updates.message()).await
            {
                job.hear(Ok(update));
            }
            let cancel = CancelJobParams { job_id: job.id.clone() };
            told(&job.id, "to stop", scheduler.cancel_job(cancel)).await;
        }
    }
}

/// Gives the answer, if somebody is still there to hear it.
fn give(answer: Answer, outcome: Result<Finished, ClusterError>) {
    if answer.send(outcome).is_err() {
        tracing::debug!("nobody waits for the query any more");
    }
}

/// Sees to it that a request about a job ends; what goes wrong is not the query's fault any more.
async fn told<T, E: std::fmt::Display>(job: &str, what: &str, request: impl Future<Output = Result<T, E>>) {
    match tokio::time::timeout(STOP_TIMEOUT, request).await {
        Ok(Ok(_)) => tracing::debug!(job, "the scheduler was told {what}"),
        Ok(Err(error)) => tracing::warn!(job, %error, "the scheduler could not be told {what}"),
        Err(_) => tracing::warn!(job, "the scheduler did not hear in time that it is {what}"),
    }
}

/// A job as its scheduler tells of it.
struct Watched<'a> {
    address: &'a ClusterAddress,
    /// Empty until the first word.
    id: String,
}

impl Watched<'_> {
    /// Takes one word; gives the end if it is that.
    fn hear(
        &mut self,
        update: Result<Option<GetJobStatusResult>, String>,
    ) -> Option<Result<Vec<PartitionLocation>, ClusterError>> {
        let lost = |reason: String| ClusterError::Unreachable { address: self.address.to_string(), reason };
        let status = match update {
            Ok(Some(update)) => update.status?,
            Ok(None) => return Some(Err(lost("it went away while the query ran".to_owned()))),
            Err(reason) => return Some(Err(lost(reason))),
        };
        self.id = status.job_id;
        match status.status? {
            job_status::Status::Queued(_) | job_status::Status::Running(_) => None,
            job_status::Status::Failed(failed) => Some(Err(ClusterError::of_job(&failed.error))),
            job_status::Status::Successful(job) => Some(Ok(job.partition_location)),
        }
    }
}

/// The rows of one part of a finished job, from the executor that has them.
pub(super) async fn fetch(part: PartitionLocation) -> Result<SendableRecordBatchStream, ClusterError> {
    let broken = || ClusterError::Rows { reason: "the scheduler does not say where they are".to_owned() };
    let layout = part.layout();
    let executor = part.executor_meta.ok_or_else(broken)?;
    let rows = part.partition_id.ok_or_else(broken)?.into();
    let port = u16::try_from(executor.port).map_err(|_| broken())?;
    let pause = u64::try_from(FETCH_PAUSE.as_millis()).unwrap_or(u64::MAX);
    let lost = |error: ballista_core::error::BallistaError| ClusterError::Rows { reason: error.to_string() };
    let size = MESSAGE_BYTES_MAX as usize;
    let client = BallistaClient::try_new(&executor.host, port, size, false, None, FETCH_TRIES, pause, 0, 0);
    let mut client = client.await.map_err(lost)?;
    client.fetch_partition(&executor.id, &rows, part.file_id, layout, true).await.map_err(lost)
}

/// A scheduler refuses programs of another version, and those that do not say theirs.
fn our_version() -> BallistaGrpcMetadataInterceptor {
    let version = (BALLISTA_VERSION_HEADER.to_owned(), BALLISTA_VERSION.to_owned());
    BallistaGrpcMetadataInterceptor::new(HashMap::from([version]))
}

/// The cause below "transport error".
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}
