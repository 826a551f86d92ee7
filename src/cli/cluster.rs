//! `lumbung sql --cluster`, and `lumbung cluster`: scheduler and executors. In a build without the feature `cluster` there is only
//! the sentence that says so.

#[cfg(feature = "cluster")]
mod servers;

use std::path::Path;

use super::exit::Failure;
use crate::catalog::SessionLimits;

#[cfg(feature = "cluster")]
pub(crate) use servers::{ClusterArgs, run};

/// `limits` of a session whose heavy parts the cluster at `address` computes.
#[cfg(feature = "cluster")]
pub(crate) fn put_into(limits: SessionLimits, address: &str, warehouse: &Path) -> Result<SessionLimits, Failure> {
    use crate::catalog::cluster::Cluster;
    let address = address.parse().map_err(Failure::usage)?;
    Ok(SessionLimits { cluster: Some(Cluster::new(address, warehouse.to_owned())), ..limits })
}

/// Says that this program knows of no cluster.
#[cfg(not(feature = "cluster"))]
pub(crate) fn put_into(_limits: SessionLimits, _address: &str, _warehouse: &Path) -> Result<SessionLimits, Failure> {
    Err(Failure::usage("this program was built without --cluster")
        .with_hint("cargo build --release --features cluster"))
}
