//! The engine of a session that ships its plans.

use std::path::Path as DiskPath;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use ballista_core::planner::scans_only_information_schema;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::{ExecuteQueryParams, KeyValuePair};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::object_store::path::Path;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use futures::future::try_join_all;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::address::ClusterAddress;
use super::error::ClusterError;
use super::job::{self, Finished, Kept};
use super::{settings, ship};
use crate::catalog::engine::Engine;
use crate::catalog::error::CatalogError;

/// How often a query is run whose rows were lost before the first of them was here: their executor died in between.
const RUNS: usize = 3;

/// Longest time that stopped queries may take to be stopped really.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(8);

/// Runs the plans of a session on the cluster of one scheduler.
#[derive(Debug)]
pub struct Cluster {
    address: ClusterAddress,
    /// The folder of committed files here; what lies below it has the same name on every executor.
    files: Path,
    /// Parts that rows are spread over between two stages: how many tasks of one stage can run at the same time.
    parts: usize,
    /// What looks after the queries that are under way.
    jobs: Mutex<JoinSet<()>>,
}

impl Cluster {
    /// The cluster of the scheduler at `address`, for a warehouse whose committed files lie in `files`; rows are spread
    /// over `parts` between two stages.
    ///
    /// # Errors
    /// When `files` has a name that no object store can spell.
    pub fn new(address: ClusterAddress, files: &DiskPath, parts: usize) -> Result<Self, ClusterError> {
        let files = Path::from_absolute_path(files)
            .map_err(|error| ClusterError::NotShipped { reason: format!("{}: {error}", files.display()) })?;
        Ok(Self { address, files, parts: parts.max(1), jobs: Mutex::default() })
    }

    /// Runs the query; again, if its rows were lost before they were here.
    async fn run(
        &self,
        query: ExecuteQueryParams,
        schema: SchemaRef,
    ) -> Result<SendableRecordBatchStream, ClusterError> {
        for _ in 1..RUNS {
            match self.once(query.clone(), &schema).await {
                Err(ClusterError::Rows { reason }) => tracing::warn!(reason, "rows were lost; the query runs again"),
                done => return done,
            }
        }
        self.once(query, &schema).await
    }

    async fn once(
        &self,
        query: ExecuteQueryParams,
        schema: &SchemaRef,
    ) -> Result<SendableRecordBatchStream, ClusterError> {
        let (answer, outcome) = oneshot::channel();
        {
            let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            while jobs.try_join_next().is_some() {}
            jobs.spawn(job::drive(self.address.clone(), query, answer));
        }
        let ended = |_| ClusterError::Ended("what looks after the query ended by a bug".to_owned());
        let Finished { parts, kept } = outcome.await.map_err(ended)??;
        let parts = try_join_all(parts.into_iter().map(job::fetch)).await?;
        Ok(rows(parts, kept, schema))
    }
}

/// The parts one after the other; they are kept on their executors until the stream is dropped.
fn rows(parts: Vec<SendableRecordBatchStream>, kept: Kept, schema: &SchemaRef) -> SendableRecordBatchStream {
    let rows = futures::stream::iter(parts).flatten().map(move |batch| {
        let _kept = &kept;
        batch.map_err(|error| {
            let lost = ClusterError::Rows { reason: error.message().into_owned() };
            DataFusionError::External(Box::new(CatalogError::from(lost)))
        })
    });
    Box::pin(RecordBatchStreamAdapter::new(Arc::clone(schema), rows))
}

/// Where a plan is run.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// It tells of this session itself.
    Here,
    Cluster,
}

fn place(plan: &LogicalPlan) -> Result<Place, ClusterError> {
    let not_shipped = |reason: String| ClusterError::NotShipped { reason };
    match plan {
        LogicalPlan::Analyze(_) => Err(not_shipped("EXPLAIN ANALYZE measures one process".to_owned())),
        LogicalPlan::Explain(_) | LogicalPlan::DescribeTable(_) => Ok(Place::Here),
        _ => match scans_only_information_schema(plan).map_err(|e| not_shipped(e.message().into_owned()))? {
            true => Ok(Place::Here),
            false => Ok(Place::Cluster),
        },
    }
}

/// The settings of the engine that travel with a plan.
fn settings_of(state: &SessionState) -> Vec<KeyValuePair> {
    let entries = state.config_options().entries().into_iter();
    entries.map(|entry| KeyValuePair { key: entry.key, value: entry.value }).collect()
}

#[async_trait]
impl Engine for Cluster {
    async fn execute(
        &self,
        context: &SessionContext,
        plan: LogicalPlan,
    ) -> Result<SendableRecordBatchStream, CatalogError> {
        let from_engine = |error: DataFusionError| CatalogError::from_engine(&error);
        let state = settings::shipping(context.state(), self.parts);
        if place(&plan)? == Place::Here {
            let here = SessionContext::new_with_state(state).execute_logical_plan(plan).await.map_err(from_engine)?;
            return here.execute_stream().await.map_err(from_engine);
        }
        let plan = state.create_physical_plan(&plan).await.map_err(from_engine)?;
        let schema = plan.schema();
        let query = ExecuteQueryParams {
            session_id: state.session_id().to_owned(),
            settings: settings_of(&state),
            // Says which request a line of a log belongs to; a session has one at a time.
            operation_id: state.session_id().to_owned(),
            query: Some(Query::PhysicalPlan(ship::pack(plan, &self.files)?)),
        };
        Ok(self.run(query, schema).await?)
    }

    async fn settle(&self) {
        let mut jobs = std::mem::take(&mut *self.jobs.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while jobs.join_next().await.is_some() {} };
        if tokio::time::timeout(SETTLE_TIMEOUT, all).await.is_err() {
            tracing::warn!("the scheduler could not be told in time that queries were stopped");
        }
    }
}
