//! `lumbung marts`: bring the materialised marts up to date; and the same after a load, where it only talks.

use async_trait::async_trait;
use serde_json::json;

use super::exit::{Code, Failure};
use super::output::{OutputFormat, Table, grouped, print, print_json};
use super::progress::talk;
use super::{Context, session};
use crate::catalog::Catalog;
use crate::load::{LoadReport, Status};
use crate::marts::{Ending, MartsReport, Materialiser, Sessions};
use crate::warehouse::{AsOf, Warehouse};

pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    super::replay::require_warehouse(&context.warehouse)?;
    let warehouse = Warehouse::open(&context.warehouse, context.clock.now())?;
    let report = materialise(context, &warehouse).await?;
    let mut table = Table::new(&["mart", "status", ">rows", "made", "run"]);
    for line in &report.marts {
        let (file, status) = (&line.file, if line.written { "written" } else { "unchanged" });
        let made = file.made_at.with_timezone(&context.config.deployment.timezone);
        if context.output == OutputFormat::Json {
            let path = warehouse.root().join("marts").join(&file.mart).join(format!("{}.parquet", file.file));
            print_json(&json!({
                "mart": file.mart, "status": status, "rows": file.rows, "bytes": file.bytes,
                "run": file.file.to_string(), "made_at": made.to_rfc3339(), "path": path.display().to_string(),
            }))?;
        } else {
            let cells = [
                file.mart.clone(),
                status.to_owned(),
                grouped(file.rows),
                made.format("%Y-%m-%d %H:%M").to_string(),
                file.file.to_string(),
            ];
            table.row(cells.to_vec());
        }
    }
    if context.output == OutputFormat::Table && !report.marts.is_empty() {
        print(&table.render())?;
    }
    match report.ending {
        Ending::Shown | Ending::Unchanged => Ok(()),
        Ending::Held(reason) => Err(Failure::new(Code::Data, format!("held, the marts before stay: {reason}"))
            .with_hint("`lumbung sql -f` the test, or `lumbung test`, shows which rows")),
        Ending::Failed { reason, cannot_write } => {
            let code = if cannot_write { Code::CannotWrite } else { Code::Internal };
            Err(Failure::new(code, format!("the marts before stay: {reason}")))
        }
    }
}

/// Brings the marts up to date after a load that committed something, unless `lumbung.toml` says otherwise. The load is done:
/// what goes wrong here is told on stderr and by `status`, and changes no exit code.
pub(crate) async fn after_load(context: &Context, warehouse: &Warehouse, reports: &[LoadReport]) {
    if reports.iter().any(|report| report.status == Status::Committed) {
        after_commit(context, warehouse).await;
    }
}

/// [`after_load`], for whoever knows that something was committed.
pub(crate) async fn after_commit(context: &Context, warehouse: &Warehouse) {
    if !context.config.marts.after_load {
        return;
    }
    let report = materialise(context, warehouse).await;
    match report.map(|report| (report.ending, report.marts)) {
        Ok((Ending::Shown | Ending::Unchanged, marts)) if !context.quiet => {
            let written = marts.iter().filter(|line| line.written).count();
            talk(&format!("marts: {written} written, {} unchanged", marts.len() - written));
        }
        Ok((Ending::Shown | Ending::Unchanged, _)) => {}
        Ok((Ending::Held(reason), _)) => talk(&format!("warning: the marts are held, those before stay: {reason}")),
        Ok((Ending::Failed { reason, .. }, _)) => {
            talk(&format!("warning: the marts could not be made, those before stay: {reason}"));
        }
        Err(failure) => {
            let reason = failure.message;
            talk(&format!("warning: the marts could not be made, those before stay: {reason}"));
        }
    }
}

async fn materialise(context: &Context, warehouse: &Warehouse) -> Result<MartsReport, Failure> {
    let views = session::views(context)?;
    let sessions = Latest { context, warehouse };
    let materialiser = Materialiser { warehouse, views: &views, sessions: &sessions, clock: context.clock };
    Ok(materialiser.materialise().await)
}

/// Sessions over the newest snapshots of a warehouse.
struct Latest<'a> {
    context: &'a Context,
    warehouse: &'a Warehouse,
}

#[async_trait]
impl Sessions for Latest<'_> {
    async fn latest(&self) -> Result<Catalog, String> {
        session::open(self.context, self.warehouse, AsOf::Latest).map_err(|failure| failure.message)
    }
}
