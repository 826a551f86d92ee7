//! What the columns of committed files look like, for the next snapshot to be compared with.

use super::{Ledger, parsed};
use crate::quality::Profile;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::RunId;
use crate::warehouse::partition::Partition;
use crate::warehouse::record::FileProfile;
use rusqlite::{OptionalExtension, Transaction, params};

impl Ledger {
    /// Under which contract `run` wrote its file for `partition`, and what was noted of its columns; `None` where the ledger
    /// does not know the run.
    pub(crate) fn profile(&self, run: &RunId, partition: &Partition) -> Result<Option<FileProfile>, WarehouseError> {
        self.call("look up a profile", |connection| {
            let mut query = connection.prepare_cached(
                "SELECT r.contract_version, p.profile FROM runs AS r
                 LEFT JOIN profiles AS p ON p.run = r.run AND p.partition = ?2 WHERE r.run = ?1",
            )?;
            let found = query.query_row(params![run.as_str(), partition.to_string()], |row| {
                let noted: Option<String> = row.get("profile")?;
                let read = |text: String| serde_json::from_str::<Profile>(&text);
                Ok(FileProfile {
                    contract_version: row.get("contract_version")?,
                    profile: noted.map(|_| parsed(row, "profile", read)).transpose()?,
                })
            });
            found.optional()
        })
    }
}

pub(super) fn insert_profile(
    tx: &Transaction<'_>,
    run: &RunId,
    partition: &Partition,
    profile: &Profile,
) -> rusqlite::Result<()> {
    let text = serde_json::to_string(profile).expect("names and counts are always JSON");
    let mut insert = tx.prepare_cached("INSERT INTO profiles (run, partition, profile) VALUES (?1, ?2, ?3)")?;
    insert.execute(params![run.as_str(), partition.to_string(), text])?;
    Ok(())
}
