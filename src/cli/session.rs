//! A SQL session over what is committed.

use std::time::Duration;

use super::Context;
use super::exit::Failure;
use crate::catalog::{Catalog, SessionLimits, ViewSet, dataset_tables, ledger_tables, reference_tables};
use crate::contract::Contract;
use crate::reference::Reference;
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

/// A session over the datasets of `contracts` as of `as_of`. A broken reference table keeps it from opening: a join
/// against half a list gives figures that look right.
pub(crate) async fn over(
    context: &Context,
    warehouse: &Warehouse,
    contracts: &[Contract],
    as_of: AsOf,
) -> Result<Catalog, Failure> {
    let reference = Reference::load(&context.folder)?;
    with_reference(context, warehouse, (contracts, &reference), as_of).await
}

/// [`over`] with reference tables that were read before.
pub(crate) async fn with_reference(
    context: &Context,
    warehouse: &Warehouse,
    (contracts, reference): (&[Contract], &Reference),
    as_of: AsOf,
) -> Result<Catalog, Failure> {
    let mut tables = dataset_tables(warehouse, contracts, as_of)?;
    let mut memory = ledger_tables(warehouse)?;
    let (imported, held) = reference_tables(warehouse, reference, as_of)?;
    tables.extend(imported);
    memory.extend(held);
    let sql = context.config.sql;
    let limits = SessionLimits {
        timeout: Duration::from_secs(sql.timeout_secs),
        rows: sql.rows_max,
        memory_bytes: usize::try_from(sql.memory_mb.saturating_mul(1 << 20)).unwrap_or(usize::MAX),
        ..SessionLimits::default()
    };
    Ok(Catalog::build_with(tables, memory, &views(context)?, limits).await?)
}
