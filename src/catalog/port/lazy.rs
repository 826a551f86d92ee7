//! The listing of a role, made when a client first asks for it: it plans every view, which a question about data does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::CatalogProvider;
use datafusion::error::{DataFusionError, Result};
use tokio::sync::OnceCell;

use super::listing::Listing;

/// The listing of one role in one state of the warehouse.
#[derive(Debug)]
pub(super) struct LazyListing {
    catalog: Arc<dyn CatalogProvider>,
    schemas: BTreeSet<String>,
    texts: bool,
    made: OnceCell<Arc<Listing>>,
}

impl LazyListing {
    /// The listing of `schemas`, with the SQL of views where `texts`.
    pub(super) fn new(catalog: Arc<dyn CatalogProvider>, schemas: BTreeSet<String>, texts: bool) -> Arc<Self> {
        Arc::new(Self { catalog, schemas, texts, made: OnceCell::new() })
    }

    /// The listing.
    pub(super) async fn get(&self) -> Result<Arc<Listing>> {
        let make = || async {
            let listing = Listing::of(self.catalog.as_ref(), &self.schemas, self.texts).await;
            listing.map(Arc::new).map_err(|error| DataFusionError::External(Box::new(error)))
        };
        self.made.get_or_try_init(make).await.map(Arc::clone)
    }
}
