//! Where the plans of a session run: in this process, unless the session is given another engine.

use std::fmt::Debug;

use async_trait::async_trait;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;

use super::error::CatalogError;

/// Runs plans somewhere else than in this process. What SQL may do was judged before, and what it may take is watched
/// over by the session: an engine stops its work when the stream, or the future that makes it, is dropped.
#[async_trait]
pub trait Engine: Debug + Send + Sync {
    /// Runs a plan of `context`; its rows as they come, in the plan's schema.
    async fn execute(
        &self,
        context: &SessionContext,
        plan: LogicalPlan,
    ) -> Result<SendableRecordBatchStream, CatalogError>;

    /// Returns when what was dropped has really been stopped, or could not be. A program that ends earlier may leave work
    /// behind.
    async fn settle(&self);
}
