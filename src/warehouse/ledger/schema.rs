//! The ledger's tables, as a list of migrations. A migration that was released is never edited; add another.

/// `PRAGMA user_version` = how many of these were applied.
pub(crate) const MIGRATIONS: &[&str] = &[
    // 1: runs, pages, partitions, quarantine. Instants are UTC RFC 3339 with milliseconds and so sort as text; sums are a
    // JSON object of plain decimals in text.
    "CREATE TABLE runs (
        seq INTEGER PRIMARY KEY,
        run TEXT NOT NULL UNIQUE,
        source TEXT NOT NULL,
        dataset TEXT NOT NULL,
        tahun_anggaran INTEGER,
        contract_version INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN
            ('running', 'committing', 'committed', 'unchanged', 'empty', 'held', 'failed')),
        reason TEXT,
        started_at TEXT NOT NULL,
        finished_at TEXT,
        n_pages INTEGER NOT NULL DEFAULT 0,
        size_bytes INTEGER NOT NULL DEFAULT 0,
        n_rows INTEGER NOT NULL DEFAULT 0,
        n_quarantined INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX runs_of_dataset ON runs (source, dataset, seq);
    CREATE INDEX runs_unfinished ON runs (status) WHERE status IN ('running', 'committing');

    CREATE TABLE pages (
        seq INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES runs (run),
        attempt INTEGER NOT NULL,
        window TEXT NOT NULL,
        page INTEGER NOT NULL,
        url TEXT NOT NULL,
        http_status INTEGER,
        size_bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        n_rows INTEGER NOT NULL,
        n_quarantined INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        duration_ms INTEGER NOT NULL,
        verdict TEXT NOT NULL
    ) STRICT;
    CREATE INDEX pages_of_run ON pages (run, seq);

    -- latest: the folder in latest/<source>/<dataset>; in_latest: whether this run swaps it; staged: the file's name in
    -- staging until it is placed.
    CREATE TABLE partitions (
        seq INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES runs (run),
        source TEXT NOT NULL,
        dataset TEXT NOT NULL,
        partition TEXT NOT NULL,
        shape TEXT NOT NULL,
        mode TEXT NOT NULL CHECK (mode IN ('snapshot', 'accumulate')),
        latest TEXT NOT NULL,
        in_latest INTEGER NOT NULL CHECK (in_latest IN (0, 1)),
        partition_date TEXT NOT NULL,
        staged TEXT NOT NULL,
        n_rows INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        sums TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('intended', 'current', 'superseded', 'removed')),
        committed_at TEXT NOT NULL,
        superseded_at TEXT,
        superseded_by TEXT REFERENCES runs (run),
        UNIQUE (run, partition)
    ) STRICT;
    CREATE UNIQUE INDEX one_file_a_partition ON partitions (source, dataset, partition) WHERE state = 'current';
    CREATE INDEX partitions_by_date ON partitions (source, dataset, latest, partition_date) WHERE state = 'current';
    CREATE INDEX partitions_to_sweep ON partitions (superseded_at) WHERE state = 'superseded';

    CREATE TABLE quarantine (
        seq INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES runs (run),
        page INTEGER NOT NULL,
        row INTEGER NOT NULL,
        column_name TEXT,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX quarantine_of_run ON quarantine (run, seq);",
    // 2: personal data and the archive. key_id: the PII key that rows were hashed under; accepted_by, accepted_at: who
    // published what the gate would have held; replay_of: the run whose archived pages were decoded again; parameters: what
    // was asked for (runs) and what the request of a page was repeated for (pages), as JSON objects, personal values as "…"; raw: the archived body, relative to state/raw, NULL where it is not kept.
    "ALTER TABLE runs ADD COLUMN key_id TEXT;
    ALTER TABLE runs ADD COLUMN accepted_by TEXT;
    ALTER TABLE runs ADD COLUMN accepted_at TEXT;
    ALTER TABLE runs ADD COLUMN replay_of TEXT REFERENCES runs (run);
    ALTER TABLE runs ADD COLUMN parameters TEXT;
    ALTER TABLE pages ADD COLUMN raw TEXT;
    ALTER TABLE pages ADD COLUMN parameters TEXT;
    ALTER TABLE pages ADD COLUMN raw_sealed INTEGER CHECK (raw_sealed IN (0, 1));
    CREATE INDEX pages_in_archive ON pages (raw) WHERE raw IS NOT NULL;",
    // 3: runs that are committed together. together: the first run of the group, NULL where a run was committed alone.
    "ALTER TABLE runs ADD COLUMN together TEXT REFERENCES runs (run);",
    // 4: carries_on: whether the file holds the rows of the one it replaced, whose raw pages then stay as long as it does.
    "ALTER TABLE partitions ADD COLUMN carries_on INTEGER NOT NULL DEFAULT 0 CHECK (carries_on IN (0, 1));
    CREATE INDEX partitions_superseded_by ON partitions (superseded_by) WHERE superseded_by IS NOT NULL;",
    // 5: what was sent to sources, a record a row. key: the values that the record is known by, as a JSON list; mark: by which the
    // same content is known again; log: the few columns the contract keeps, as a JSON object. A row is `sending` before its
    // request leaves; `ambiguous`: nobody knows whether it arrived; `pending`: it certainly did not.
    "CREATE TABLE submissions (
        seq INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        method TEXT NOT NULL,
        key TEXT NOT NULL,
        mark TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'accepted', 'refused', 'ambiguous')),
        attempts INTEGER NOT NULL,
        http_status INTEGER,
        code TEXT,
        message TEXT,
        log TEXT NOT NULL,
        operator TEXT NOT NULL,
        created_at TEXT NOT NULL,
        sent_at TEXT NOT NULL,
        finished_at TEXT
    ) STRICT;
    CREATE UNIQUE INDEX submitted_once ON submissions (source, method, key) WHERE state <> 'refused';
    CREATE INDEX submissions_in_doubt ON submissions (source, method) WHERE state IN ('sending', 'ambiguous');",
    // 6: profile: what the columns of a committed file look like, as JSON; figures only. mart_runs: one attempt at all marts
    // together; snapshots: a digest of the committed files it was made from. mart_files: the marts that a run shows; file: the
    // run that wrote the file, an earlier one where the mart's inputs did not change; inputs: a digest of these. data_tests:
    // what the tests said before the marts were made; n_rows is NULL where one could not run.
    "CREATE TABLE profiles (
        run TEXT NOT NULL REFERENCES runs (run),
        partition TEXT NOT NULL,
        profile TEXT NOT NULL,
        PRIMARY KEY (run, partition)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE mart_runs (
        seq INTEGER PRIMARY KEY,
        run TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL CHECK (status IN ('running', 'committing', 'committed', 'held', 'failed')),
        reason TEXT,
        snapshots TEXT,
        started_at TEXT NOT NULL,
        finished_at TEXT
    ) STRICT;

    CREATE TABLE mart_files (
        run TEXT NOT NULL REFERENCES mart_runs (run) ON DELETE CASCADE,
        mart TEXT NOT NULL,
        file TEXT NOT NULL,
        inputs TEXT NOT NULL,
        n_rows INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        sums TEXT NOT NULL,
        made_at TEXT NOT NULL,
        PRIMARY KEY (run, mart)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE data_tests (
        run TEXT NOT NULL REFERENCES mart_runs (run) ON DELETE CASCADE,
        name TEXT NOT NULL,
        severity TEXT NOT NULL,
        n_rows INTEGER,
        problem TEXT,
        PRIMARY KEY (run, name)
    ) STRICT, WITHOUT ROWID;",
    // 7: mail that goes out, a delivery a row; its bytes lie in state/outbox under `file`. Only here stands an address in full.
    // stage: how far the last attempt came, written before the final dot is sent; due_since: since when its time runs; told_at:
    // when the operator was told of a bad end; resent_by: who had it sent again although it may have arrived. leases: who is
    // at work, the sender (`outbox`), the scheduler (`schedule`) and its loads (`schedule:<source>.<dataset>`).
    "CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('edition', 'proof', 'alert')),
        edition TEXT NOT NULL,
        recipient TEXT NOT NULL,
        message_id TEXT NOT NULL UNIQUE,
        file TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('pending', 'sending', 'accepted', 'refused', 'retry', 'ambiguous', 'given_up')),
        stage TEXT,
        attempts INTEGER NOT NULL,
        retry_at TEXT,
        reply_code INTEGER,
        reply TEXT,
        operator TEXT NOT NULL,
        resent_by TEXT,
        created_at TEXT NOT NULL,
        due_since TEXT NOT NULL,
        sent_at TEXT,
        finished_at TEXT,
        told_at TEXT
    ) STRICT;
    CREATE UNIQUE INDEX delivered_once ON deliveries (edition, lower(recipient)) WHERE kind = 'edition';
    CREATE INDEX deliveries_open ON deliveries (seq) WHERE state IN ('pending', 'sending', 'retry');
    CREATE INDEX deliveries_untold ON deliveries (seq) WHERE told_at IS NULL;

    CREATE TABLE leases (
        name TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        host TEXT NOT NULL,
        until TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;",
    // 8: recorded editions.
    super::editions::TABLES,
    // 9: what runs by itself.
    super::occurrences::TABLES,
    // 10: what was removed by retention.
    super::deletions::TABLES,
    // 11: of which ends of occurrences the operator was told.
    super::occurrences::TOLD,
    // 12: what people did in the console.
    super::audit::TABLES,
    // 13: queries that people of the console keep; jobs that an operator holds back or asks for (an order is open as long as there
    // is no occurrence of its job at its time); which runs refused rows.
    "CREATE TABLE saved_queries (
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        sql TEXT NOT NULL,
        shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
        saved_at TEXT NOT NULL,
        PRIMARY KEY (owner, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE job_holds (
        job TEXT PRIMARY KEY,
        by TEXT NOT NULL,
        reason TEXT NOT NULL,
        since TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE job_orders (
        job TEXT NOT NULL,
        at TEXT NOT NULL,
        by TEXT NOT NULL,
        PRIMARY KEY (job, at)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX runs_with_refusals ON runs (seq) WHERE n_quarantined > 0;",
];
