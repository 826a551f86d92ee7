//! A SQL session over what is committed.

use std::time::Duration;

use super::Context;
use super::exit::Failure;
use crate::catalog::{Catalog, SessionLimits, ViewSet, dataset_tables, ledger_tables};
use crate::contract::Contract;
use crate::warehouse::{AsOf, Warehouse};

/// The views of this deployment: embedded, and `queries/` beside the config folder's own.
fn views(context: &Context) -> Result<ViewSet, Failure> {
    let views = ViewSet::embedded();
    Ok(match context.folder.path().map(|folder| folder.join("queries")) {
        Some(queries) if queries.is_dir() => views.with_overrides(&queries)?,
        _ => views,
    })
}

/// A session over the snapshots as of `as_of`.
pub(crate) async fn open(context: &Context, warehouse: &Warehouse, as_of: AsOf) -> Result<Catalog, Failure> {
    over(context, warehouse, &context.folder.contracts()?, as_of).await
}

/// A session over the datasets of `contracts` as of `as_of`.
pub(crate) async fn over(
    context: &Context,
    warehouse: &Warehouse,
    contracts: &[Contract],
    as_of: AsOf,
) -> Result<Catalog, Failure> {
    let tables = dataset_tables(warehouse, contracts, as_of)?;
    let sql = context.config.sql;
    let limits = SessionLimits {
        timeout: Duration::from_secs(sql.timeout_secs),
        rows: sql.rows_max,
        memory_bytes: usize::try_from(sql.memory_mb.saturating_mul(1 << 20)).unwrap_or(usize::MAX),
        ..SessionLimits::default()
    };
    Ok(Catalog::build_with(tables, ledger_tables(warehouse)?, &views(context)?, limits).await?)
}
