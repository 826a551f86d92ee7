//! A part as a job of the scheduler: handed in, waited for, its rows fetched from the executors; cancelled when nobody waits for
//! it any more.

use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::client::BallistaClient;
use ballista_core::extension::SessionConfigExt;
use ballista_core::ids::new_instance_id;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, PartitionLocation,
    execute_query_failure_result, execute_query_result, job_status,
};
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
use ballista_core::version::insert_version_header;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use tonic::transport::Channel;

use super::{Cluster, ClusterFault, MESSAGE_BYTES_MAX, settings};

/// How often the scheduler is asked whether a job is done: soon at first, for most are short.
const LOOK_FIRST: Duration = Duration::from_millis(5);
const LOOK_LAST: Duration = Duration::from_millis(200);

/// How long a query that was stopped waits for the scheduler to hear of it.
const CANCEL: Duration = Duration::from_secs(2);

/// How often an executor is asked for rows that it does not give, and how long between.
const FETCHES: u8 = 3;
const FETCH_AGAIN: Duration = Duration::from_secs(1);

/// A job that the scheduler took.
pub(super) struct Job {
    cluster: Cluster,
    scheduler: SchedulerGrpcClient<Channel>,
    id: String,
    /// Whether the scheduler is still at it, for all that is known.
    is_open: bool,
}

impl Job {
    /// Hands `part` in.
    pub(super) async fn submit(cluster: &Cluster, part: &Arc<dyn ExecutionPlan>) -> Result<Self, ClusterFault> {
        let failed = |reason: &dyn Display| cluster.fault(reason);
        let mut plan = Vec::new();
        PhysicalPlanNode::try_from_physical_plan(Arc::clone(part), &BallistaPhysicalExtensionCodec::default())
            .and_then(|node| node.try_encode(&mut plan))
            .map_err(|error| failed(&error.strip_backtrace()))?;
        let pair = |entry: datafusion::config::ConfigEntry| KeyValuePair { key: entry.key, value: entry.value };
        let mut request = tonic::Request::new(ExecuteQueryParams {
            session_id: cluster.session.clone(),
            settings: settings().options().entries().into_iter().map(pair).collect(),
            operation_id: new_instance_id(),
            query: Some(Query::PhysicalPlan(plan)),
        });
        insert_version_header(request.metadata_mut());
        let mut scheduler = connect(cluster).await?;
        let answer = scheduler.execute_query(request).await.map_err(|status| failed(&status.message()))?;
        match answer.into_inner().result {
            Some(execute_query_result::Result::Success(taken)) => {
                Ok(Self { cluster: cluster.clone(), scheduler, id: taken.job_id, is_open: true })
            }
            Some(execute_query_result::Result::Failure(refused)) => Err(match refused.failure {
                Some(execute_query_failure_result::Failure::PlanParsingFailure(why)) => failed(&why),
                other => failed(&format!("{other:?}")),
            }),
            None => Err(failed(&"it neither took nor refused the work")),
        }
    }

    /// Where its rows lie, once they are computed.
    pub(super) async fn finished(&mut self) -> Result<Vec<PartitionLocation>, ClusterFault> {
        let mut look = LOOK_FIRST;
        loop {
            let asked = GetJobStatusParams { job_id: self.id.clone() };
            let answer = self.scheduler.get_job_status(asked).await;
            let status = answer.map_err(|status| self.cluster.fault(&status.message()))?.into_inner().status;
            match status.and_then(|status| status.status) {
                Some(job_status::Status::Successful(done)) => {
                    self.is_open = false;
                    return Ok(done.partition_location);
                }
                Some(job_status::Status::Failed(failed)) => {
                    self.is_open = false;
                    return Err(self.cluster.fault(&failed.error));
                }
                _ => tokio::time::sleep(look).await,
            }
            look = (look * 2).min(LOOK_LAST);
        }
    }
}

impl Drop for Job {
    /// Whoever waited has gone: Ctrl-C, a time-out, a client that hung up. The executors are told, by a thread of its own: this
    /// one's runtime may be about to end.
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let (cluster, id) = (self.cluster.clone(), self.id.clone());
        let told = std::thread::spawn(move || -> Result<(), String> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let tell = async {
                let mut scheduler = connect(&cluster).await.map_err(|fault| fault.to_string())?;
                scheduler.cancel_job(CancelJobParams { job_id: id }).await.map_err(|status| status.to_string())
            };
            let runtime = runtime.map_err(|error| error.to_string())?;
            let told = runtime.block_on(async { tokio::time::timeout(CANCEL, tell).await });
            told.map_err(|_| "it does not answer".to_owned())?.map(drop)
        });
        if let Ok(Err(reason)) = told.join() {
            tracing::warn!(cluster = %self.cluster.address, reason, "the cluster could not be told that nobody waits for its work");
        }
    }
}

async fn connect(cluster: &Cluster) -> Result<SchedulerGrpcClient<Channel>, ClusterFault> {
    let url = format!("http://{}:{}", cluster.address.host, cluster.address.port);
    let limits = GrpcClientConfig::from(&settings().ballista_config());
    let endpoint = create_grpc_client_endpoint(url, Some(&limits)).map_err(|error| cluster.fault(&root(&error)))?;
    let channel = endpoint.connect().await.map_err(|error| cluster.fault(&root(&error)))?;
    let scheduler = SchedulerGrpcClient::new(channel).max_encoding_message_size(MESSAGE_BYTES_MAX);
    Ok(scheduler.max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The rows that lie at `location`.
pub(super) async fn fetch(
    cluster: &Cluster,
    location: PartitionLocation,
) -> Result<SendableRecordBatchStream, ClusterFault> {
    let layout = location.layout();
    let (Some(executor), Some(partition)) = (location.executor_meta, location.partition_id) else {
        return Err(cluster.fault(&"it does not say where the rows are"));
    };
    let port = u16::try_from(executor.port).map_err(|error| cluster.fault(&error))?;
    let wait_ms = u64::try_from(FETCH_AGAIN.as_millis()).unwrap_or(u64::MAX);
    let client =
        BallistaClient::try_new(&executor.host, port, MESSAGE_BYTES_MAX, false, None, FETCHES, wait_ms, 0, 0).await;
    let mut client = client.map_err(|error| cluster.fault(&error))?;
    let rows = client.fetch_partition(&executor.id, &partition.into(), location.file_id, layout, true).await;
    rows.map_err(|error| cluster.fault(&error))
}

/// The cause below what a transport says of itself.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}
