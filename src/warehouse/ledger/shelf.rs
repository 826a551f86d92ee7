//! What the ledger knows of editions and deliveries, a page at a time. Each statement walks an index as far as it shows.

use super::deliveries::record_of;
use super::editions::edition_of;
use super::{Ledger, count_of, parsed, word};
use crate::warehouse::delivery::{DeliveryRecord, DeliveryState};
use crate::warehouse::editions::EditionRecord;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::shelf::{ReportShelf, StateCount, Stretch};
use rusqlite::{OptionalExtension, Row, params};

const SHELVES: &str = "
    SELECT report, count(*) AS n, max(period) AS newest FROM editions WHERE state = 'recorded'
    GROUP BY report ORDER BY report";

const OF_ALL: &str = "
    SELECT * FROM editions WHERE state = 'recorded' ORDER BY period DESC, seq DESC LIMIT ?1 OFFSET ?2";

const OF_REPORT: &str = "
    SELECT * FROM editions WHERE report = ?3 AND state = 'recorded' ORDER BY period DESC, seq DESC LIMIT ?1 OFFSET ?2";

const BESIDE: &str = "
    SELECT * FROM editions WHERE report = ?1 AND variant IS ?2 AND state = 'recorded' AND NOT (edition = ?3 AND number = ?4)
    ORDER BY period DESC, seq DESC LIMIT ?5";

const COUNTS: &str = "
    SELECT state, count(*) AS n FROM deliveries WHERE edition = ?1 AND kind = 'edition' GROUP BY state ORDER BY state";

impl Ledger {
    pub(crate) fn report_shelves(&self) -> Result<Vec<ReportShelf>, WarehouseError> {
        self.call("list reports", |connection| connection.prepare_cached(SHELVES)?.query_map([], shelf_of)?.collect())
    }

    pub(crate) fn editions_page(
        &self,
        report: Option<&str>,
        Stretch { skip, limit }: Stretch,
    ) -> Result<Vec<EditionRecord>, WarehouseError> {
        self.call("list editions", |connection| match report {
            Some(report) => {
                connection.prepare_cached(OF_REPORT)?.query_map(params![limit, skip, report], edition_of)?.collect()
            }
            None => connection.prepare_cached(OF_ALL)?.query_map([limit, skip], edition_of)?.collect(),
        })
    }

    pub(crate) fn editions_beside(
        &self,
        like: &EditionRecord,
        limit: u32,
    ) -> Result<Vec<EditionRecord>, WarehouseError> {
        self.call("list editions", |connection| {
            let of = params![like.report, like.variant, like.edition, like.number, limit];
            connection.prepare_cached(BESIDE)?.query_map(of, edition_of)?.collect()
        })
    }

    pub(crate) fn edition_record(&self, edition: &str, number: u32) -> Result<Option<EditionRecord>, WarehouseError> {
        self.call("look up an edition", |connection| {
            let ask = "SELECT * FROM editions WHERE edition = ?1 AND number = ?2 AND state = 'recorded'";
            connection.prepare_cached(ask)?.query_row(params![edition, number], edition_of).optional()
        })
    }

    pub(crate) fn deliveries_of(
        &self,
        edition: &str,
        Stretch { skip, limit }: Stretch,
    ) -> Result<Vec<DeliveryRecord>, WarehouseError> {
        self.call("list deliveries", |connection| {
            let ask = "SELECT * FROM deliveries WHERE edition = ?1 ORDER BY seq LIMIT ?2 OFFSET ?3";
            connection.prepare_cached(ask)?.query_map(params![edition, limit, skip], record_of)?.collect()
        })
    }

    pub(crate) fn delivery_total(&self, edition: &str) -> Result<u64, WarehouseError> {
        self.call("count deliveries", |connection| {
            let ask = "SELECT count(*) AS n FROM deliveries WHERE edition = ?1";
            connection.prepare_cached(ask)?.query_row([edition], |row| count_of(row, "n"))
        })
    }

    pub(crate) fn delivery_counts(&self, editions: &[&str]) -> Result<Vec<Vec<StateCount>>, WarehouseError> {
        self.call("count deliveries", |connection| {
            let mut query = connection.prepare_cached(COUNTS)?;
            let mut counts = Vec::with_capacity(editions.len());
            for edition in editions {
                counts.push(query.query_map([edition], state_of)?.collect::<rusqlite::Result<_>>()?);
            }
            Ok(counts)
        })
    }
}

fn shelf_of(row: &Row<'_>) -> rusqlite::Result<ReportShelf> {
    Ok(ReportShelf {
        report: row.get("report")?,
        editions: count_of(row, "n")?,
        newest: parsed(row, "newest", |text: String| text.parse())?,
    })
}

fn state_of(row: &Row<'_>) -> rusqlite::Result<StateCount> {
    Ok(StateCount { state: word(row, "state", DeliveryState::from_word)?, n: count_of(row, "n")? })
}

#[cfg(test)]
mod tests {
    use super::{BESIDE, COUNTS, Ledger, OF_ALL, OF_REPORT};
    use rusqlite::types::Null;

    /// However many editions and deliveries there are, a page of them is found by an index, and nothing is sorted.
    #[test]
    fn no_page_reads_a_whole_table() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        for (statement, n) in [(OF_ALL, 2), (OF_REPORT, 3), (BESIDE, 5), (COUNTS, 1)] {
            let plan: Vec<String> = ledger
                .call("explain", |connection| {
                    let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}"))?;
                    let values = std::iter::repeat_n(Null, n);
                    query.query_map(rusqlite::params_from_iter(values), |row| row.get("detail"))?.collect()
                })
                .unwrap();
            assert!(plan.iter().any(|step| step.contains("USING INDEX")), "{statement}: {plan:?}");
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
            assert!(!sorts || statement == COUNTS, "{statement}: {plan:?}");
        }
    }
}
