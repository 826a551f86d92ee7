//! The tables of the inbox store, as a list of migrations. A migration that was released is never edited; add another.

pub(super) const MIGRATIONS: &[&str] = &[
    // 1: pushes, their sealed bodies, what was refused, counters. Instants are UTC RFC 3339 with milliseconds and days are
    // YYYY-MM-DD, so that both sort as text. Marks (content, push_key) are keyed hashes of 32 bytes: nothing here is personal
    // but what is sealed.
    "CREATE TABLE pushes (
        seq INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        dataset TEXT NOT NULL,
        day TEXT NOT NULL,
        received_at TEXT NOT NULL,
        content BLOB NOT NULL CHECK (length(content) = 32),
        push_key BLOB CHECK (length(push_key) = 32),
        change INTEGER NOT NULL,
        key_id TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'claimed', 'loaded')),
        run TEXT CHECK ((run IS NULL) = (state = 'waiting')),
        loaded_at TEXT,
        has_body INTEGER NOT NULL DEFAULT 1 CHECK (has_body IN (0, 1)),
        UNIQUE (source, dataset, content)
    ) STRICT;
    CREATE INDEX pushes_of_key ON pushes (source, dataset, push_key, change) WHERE push_key IS NOT NULL;
    CREATE INDEX pushes_waiting ON pushes (source, dataset, seq) WHERE state = 'waiting';
    CREATE INDEX pushes_claimed ON pushes (run, day, seq) WHERE state = 'claimed';
    CREATE INDEX pushes_loaded ON pushes (received_at) WHERE state = 'loaded';
    CREATE INDEX pushes_to_empty ON pushes (seq) WHERE state = 'loaded' AND has_body = 1;

    -- Apart, so that a claim does not write megabytes again. Those of loaded pushes go, a few at a time.
    CREATE TABLE bodies (
        seq INTEGER PRIMARY KEY REFERENCES pushes (seq),
        sealed BLOB NOT NULL
    ) STRICT;

    CREATE TABLE refused (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        dataset TEXT NOT NULL,
        received_at TEXT NOT NULL,
        columns TEXT NOT NULL,
        reason TEXT NOT NULL,
        key_id TEXT NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE INDEX refused_by_time ON refused (received_at);

    -- Bytes held, kept by the triggers below: whether there is room is asked for every push.
    CREATE TABLE held (
        bodies_bytes INTEGER NOT NULL CHECK (bodies_bytes >= 0),
        refused_bytes INTEGER NOT NULL CHECK (refused_bytes >= 0)
    ) STRICT;
    INSERT INTO held VALUES (0, 0);
    CREATE TRIGGER body_in AFTER INSERT ON bodies BEGIN
        UPDATE held SET bodies_bytes = bodies_bytes + length(NEW.sealed);
    END;
    CREATE TRIGGER body_out AFTER DELETE ON bodies BEGIN
        UPDATE held SET bodies_bytes = bodies_bytes - length(OLD.sealed);
    END;
    CREATE TRIGGER refused_in AFTER INSERT ON refused BEGIN
        UPDATE held SET refused_bytes = refused_bytes + length(NEW.sealed);
    END;
    CREATE TRIGGER refused_out AFTER DELETE ON refused BEGIN
        UPDATE held SET refused_bytes = refused_bytes - length(OLD.sealed);
    END;

    CREATE TABLE tallies (
        source TEXT NOT NULL,
        method TEXT NOT NULL,
        day TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN
            ('accepted', 'known', 'refused', 'unauthorised', 'malformed', 'limited')),
        pushes INTEGER NOT NULL,
        PRIMARY KEY (source, method, day, outcome)
    ) STRICT, WITHOUT ROWID;",
];
