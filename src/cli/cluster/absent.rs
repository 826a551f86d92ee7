//! What a build without the feature `cluster` says.

use super::super::Context;
use super::super::exit::{Code, Failure};
use super::{ExecutorArgs, SchedulerArgs};
use crate::catalog::Catalog;
use crate::warehouse::Warehouse;

pub(super) async fn scheduler(_context: &Context, _args: &SchedulerArgs) -> Result<(), Failure> {
    Err(absent())
}

pub(super) async fn executor(_context: &Context, _args: &ExecutorArgs) -> Result<(), Failure> {
    Err(absent())
}

pub(super) fn attach(
    _context: &Context,
    _warehouse: &Warehouse,
    _catalog: Catalog,
    _url: &str,
) -> Result<Catalog, Failure> {
    Err(absent())
}

fn absent() -> Failure {
    Failure::new(Code::Configuration, "this lumbung was built without the cluster")
        .with_hint("build it with cargo build --release --features cluster")
}
