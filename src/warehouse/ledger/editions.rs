//! What the ledger knows of recorded editions, and of the hashes of committed files.

use super::{Ledger, count_of, instant, instant_of, parsed, to_sql};
use crate::warehouse::editions::{EditionFilter, EditionRecord};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::id::RunId;
use crate::warehouse::partition::Partition;
use rusqlite::{OptionalExtension, Row, params};

/// editions: one composition of one edition, a row; its parts lie in state/editions/<edition>/<number>. content: a digest over
/// the parts; manifest: the SHA-256 of manifest.json; aside: the folder in state/editions/aside that is moved into place while
/// the row is `recording`; reason: why there is another number. file_hashes: of committed files, each computed once.
pub(super) const TABLES: &str = "
    CREATE TABLE editions (
        seq INTEGER PRIMARY KEY,
        edition TEXT NOT NULL,
        number INTEGER NOT NULL,
        report TEXT NOT NULL,
        variant TEXT,
        period TEXT NOT NULL,
        day TEXT NOT NULL,
        made_at TEXT NOT NULL,
        program TEXT NOT NULL,
        definition_version INTEGER NOT NULL,
        n_parts INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        content TEXT NOT NULL,
        manifest TEXT NOT NULL,
        reason TEXT,
        aside TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('recording', 'recorded')),
        recorded_at TEXT NOT NULL,
        UNIQUE (edition, number)
    ) STRICT;
    CREATE INDEX editions_of_report ON editions (report, period, seq);
    CREATE INDEX editions_to_place ON editions (seq) WHERE state = 'recording';

    CREATE TABLE file_hashes (
        run TEXT NOT NULL REFERENCES runs (run),
        partition TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (run, partition)
    ) STRICT, WITHOUT ROWID;";

const EDITIONS: &str = "
    SELECT * FROM editions
    WHERE state = 'recorded' AND (?1 IS NULL OR report = ?1) AND (?2 IS NULL OR edition = ?2)
        AND (?3 IS NULL OR period < ?3)
    ORDER BY period DESC, seq DESC LIMIT ?4";

impl Ledger {
    /// Notes which editions are moved into place from which folder: from here on they are recorded, whatever happens.
    pub(crate) fn intend_editions(&mut self, editions: &[(EditionRecord, String)]) -> Result<(), WarehouseError> {
        self.transaction("record which editions are kept", |tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO editions (edition, number, report, variant, period, day, made_at, program,
                    definition_version, n_parts, size_bytes, content, manifest, reason, aside, state, recorded_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 'recording', ?16)",
            )?;
            for (edition, aside) in editions {
                insert.execute(params![
                    edition.edition,
                    edition.number,
                    edition.report,
                    edition.variant,
                    edition.period.to_string(),
                    edition.day.to_string(),
                    instant(edition.made_at),
                    edition.program,
                    edition.definition_version,
                    to_sql(edition.parts),
                    to_sql(edition.bytes),
                    edition.content,
                    edition.manifest_sha256,
                    edition.reason,
                    aside,
                    instant(edition.recorded_at),
                ])?;
            }
            Ok(())
        })
    }

    /// Editions whose intent is recorded and whose parts may not be in place, with their folders.
    pub(crate) fn editions_to_place(&self) -> Result<Vec<(EditionRecord, String)>, WarehouseError> {
        self.call("look for editions to place", |connection| {
            let mut query =
                connection.prepare_cached("SELECT * FROM editions WHERE state = 'recording' ORDER BY seq")?;
            let rows = query.query_map([], |row| Ok((edition_of(row)?, row.get("aside")?)))?;
            rows.collect()
        })
    }

    /// All editions that were to be placed are.
    pub(crate) fn editions_placed(&mut self) -> Result<(), WarehouseError> {
        self.transaction("record that the editions are kept", |tx| {
            tx.execute("UPDATE editions SET state = 'recorded' WHERE state = 'recording'", [])?;
            Ok(())
        })
    }

    /// Recorded editions, newest period first, and of these the newest record.
    pub(crate) fn editions(&self, filter: &EditionFilter<'_>) -> Result<Vec<EditionRecord>, WarehouseError> {
        self.call("list editions", |connection| {
            let mut query = connection.prepare_cached(EDITIONS)?;
            let before = filter.before.map(|day| day.to_string());
            let limit = filter.limit.map_or(-1, i64::from);
            let rows = query.query_map(params![filter.report, filter.edition, before, limit], edition_of)?;
            rows.collect()
        })
    }

    /// The hash of the file that `run` published for `partition`, if it was ever computed.
    pub(crate) fn file_hash(&self, run: &RunId, partition: &Partition) -> Result<Option<String>, WarehouseError> {
        self.call("look up a file's hash", |connection| {
            let mut query =
                connection.prepare_cached("SELECT sha256 FROM file_hashes WHERE run = ?1 AND partition = ?2")?;
            query.query_row([run.as_str(), &partition.to_string()], |row| row.get(0)).optional()
        })
    }

    /// Notes the hash of a file.
    pub(crate) fn note_file_hash(
        &mut self,
        run: &RunId,
        partition: &Partition,
        sha256: &str,
    ) -> Result<(), WarehouseError> {
        self.transaction("note a file's hash", |tx| {
            tx.execute(
                "INSERT INTO file_hashes (run, partition, sha256) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                [run.as_str(), &partition.to_string(), sha256],
            )?;
            Ok(())
        })
    }
}

pub(super) fn edition_of(row: &Row<'_>) -> rusqlite::Result<EditionRecord> {
    Ok(EditionRecord {
        edition: row.get("edition")?,
        number: row.get("number")?,
        report: row.get("report")?,
        variant: row.get("variant")?,
        period: parsed(row, "period", |text: String| text.parse())?,
        day: parsed(row, "day", |text: String| text.parse())?,
        made_at: instant_of(row, "made_at")?,
        program: row.get("program")?,
        definition_version: row.get("definition_version")?,
        parts: count_of(row, "n_parts")?,
        bytes: count_of(row, "size_bytes")?,
        content: row.get("content")?,
        manifest_sha256: row.get("manifest")?,
        reason: row.get("reason")?,
        recorded_at: instant_of(row, "recorded_at")?,
    })
}
