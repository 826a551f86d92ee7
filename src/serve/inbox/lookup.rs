//! Questions that the warehouse answers: a push that asks whether something is known (`checkKomitmen`).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fill::filled;
use crate::catalog::Catalog;

/// Longest a question takes to be answered.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one set of committed files is asked: other processes commit, too, and remove what they replaced.
const CATALOG_AGE_MAX: Duration = Duration::from_secs(30);

/// Gives sessions over what is committed.
#[async_trait]
pub trait Catalogs: Send + Sync {
    /// A session over the newest committed snapshots.
    ///
    /// # Errors
    /// Why there is none.
    async fn latest(&self) -> Result<Catalog, String>;
}

/// Answers questions from a session that is made anew when it is old or the warehouse changed.
pub(crate) struct Lookups {
    catalogs: Arc<dyn Catalogs>,
    current: Mutex<Option<(Instant, Arc<Catalog>)>>,
}

impl Lookups {
    pub(crate) fn new(catalogs: Arc<dyn Catalogs>) -> Self {
        Self { catalogs, current: Mutex::new(None) }
    }

    /// Makes the next question ask what is committed by then.
    pub(crate) async fn forget(&self) {
        *self.current.lock().await = None;
    }

    /// Whether `sql` finds a row; `values` are the columns of the push, whose names stand in it as `{placeholders}`.
    ///
    /// # Errors
    /// Why there is no answer; never with a value.
    pub(crate) async fn finds(&self, sql: &str, values: &[(String, Option<String>)]) -> Result<bool, String> {
        let sql = with_parameters(sql, values);
        let answer = async {
            let catalog = self.catalog().await?;
            catalog.has_row(&sql, values).await.map_err(|error| error.to_string())
        };
        let timed = tokio::time::timeout(LOOKUP_TIMEOUT, answer).await;
        timed.unwrap_or_else(|_| Err(format!("no answer within {} s", LOOKUP_TIMEOUT.as_secs())))
    }

    async fn catalog(&self) -> Result<Arc<Catalog>, String> {
        let mut current = self.current.lock().await;
        match &*current {
            Some((made, catalog)) if made.elapsed() < CATALOG_AGE_MAX => Ok(Arc::clone(catalog)),
            _ => {
                let catalog = Arc::new(self.catalogs.latest().await?);
                *current = Some((Instant::now(), Arc::clone(&catalog)));
                Ok(catalog)
            }
        }
    }
}

/// The columns that `sql` names as placeholders.
pub(crate) fn placeholders(sql: &str) -> Vec<String> {
    let mut names = Vec::new();
    filled(sql, |name| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        Some(String::new())
    });
    names
}

/// `{name}` as the engine writes a parameter: the value goes beside the SQL, never into it.
fn with_parameters(sql: &str, values: &[(String, Option<String>)]) -> String {
    filled(sql, |name| values.iter().any(|(known, _)| known == name).then(|| format!("${name}")))
}

#[cfg(test)]
mod tests {
    use super::{Catalogs, Lookups, placeholders};
    use crate::catalog::{Catalog, MemoryTable, Rows, SessionLimits, ViewSet};
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use async_trait::async_trait;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A warehouse with one table of document numbers.
    #[derive(Default)]
    struct OneTable(AtomicUsize);

    #[async_trait]
    impl Catalogs for OneTable {
        async fn latest(&self) -> Result<Catalog, String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            let numbers: ArrayRef = Arc::new(StringArray::from(vec!["503/12/2026", "x' OR '1'='1"]));
            let batch = RecordBatch::try_from_iter([("no_izin", numbers)]).unwrap();
            let table = MemoryTable {
                schema: "oss".to_owned(),
                table: "status_izin".to_owned(),
                columns: batch.schema(),
                rows: Rows::Held(vec![batch]),
            };
            let built = Catalog::build_with(Vec::new(), vec![table], &ViewSet::default(), SessionLimits::default());
            built.map_err(|error| error.to_string())
        }
    }

    #[tokio::test]
    async fn a_value_is_compared_and_never_read_as_sql() {
        let catalogs = Arc::new(OneTable::default());
        let lookups = Lookups::new(Arc::<OneTable>::clone(&catalogs));
        let sql = "SELECT 1 FROM oss.status_izin WHERE no_izin = {no_dokumen}";
        assert_eq!(placeholders(sql), ["no_dokumen"]);
        let mut found = Vec::new();
        for value in [Some("503/12/2026"), Some("' OR 1=1 --"), Some("x' OR '1'='1"), Some("{no_dokumen}"), None] {
            let values = [("no_dokumen".to_owned(), value.map(str::to_owned))];
            found.push(lookups.finds(sql, &values).await.unwrap());
        }
        assert_eq!(found, [true, false, true, false, false]);
        assert_eq!(catalogs.0.load(Ordering::Relaxed), 1, "one session answers many questions");
        lookups.forget().await;
        let error = lookups.finds("SELECT 1 FROM oss.nothing", &[]).await.unwrap_err();
        assert!(error.contains("unknown table"), "{error}");
        assert_eq!(catalogs.0.load(Ordering::Relaxed), 2);
    }
}
