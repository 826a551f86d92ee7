//! What the tables and columns of `ops.*` mean, for the dictionary.

/// One table of the ledger.
pub(crate) struct Words {
    pub(crate) table: &'static str,
    pub(crate) title: &'static str,
    pub(crate) grain: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static str)],
}

const SOURCE: (&str, &str) = ("source", "the source system");
const DATASET: (&str, &str) = ("dataset", "the dataset");
const YEAR: (&str, &str) = ("tahun_anggaran", "fiscal year asked for; NULL where the source has none");
const RUN: (&str, &str) = ("run", "the run; lumbung runs RUN tells all of it");

/// Every table of `ops`.
pub(crate) const WORDS: [Words; 11] = [
    Words {
        table: "runs",
        title: "Runs",
        grain: "one attempt to load a dataset (of one fiscal year)",
        columns: &[
            RUN,
            SOURCE,
            DATASET,
            YEAR,
            ("status", "committed, unchanged, empty, held or failed; running and committing while it goes on"),
            ("reason", "why it was held or failed"),
            ("started_at", "began, UTC"),
            ("finished_at", "ended, UTC"),
            ("rows", "rows that landed"),
            ("quarantined", "rows refused, with their reasons in ops.quarantine"),
            ("pages", "answers received"),
            ("bytes", "their size"),
            ("contract_version", "version of the contract they were read by"),
            ("key_id", "which PII key personal values were hashed under"),
            ("accepted_by", "who accepted what the gate had held"),
            ("accepted_at", "when that was, UTC"),
            ("replay_of", "the run whose archived pages were decoded again"),
            ("parameters", "what was asked for beside the window, personal ones blanked"),
        ],
    },
    Words {
        table: "quarantine",
        title: "Refused rows",
        grain: "one row refused while it was decoded; the value itself is never here",
        columns: &[
            RUN,
            SOURCE,
            DATASET,
            ("page", "number of the answer it stood in"),
            ("row", "number of the row within that answer"),
            ("column", "the column that does not fit"),
            ("reason", "why"),
        ],
    },
    Words {
        table: "snapshots",
        title: "Snapshots",
        grain: "one committed file: a dataset, fiscal year and day",
        columns: &[
            SOURCE,
            DATASET,
            YEAR,
            ("snapshot_date", "day of the snapshot"),
            ("latest", "whether <source>.<dataset> reads it in this session"),
            ("run", "the run that committed it"),
            ("rows", "its rows"),
            ("bytes", "its size"),
            ("committed_at", "committed, UTC"),
        ],
    },
    Words {
        table: "inbox",
        title: "Calls to the inbox",
        grain: "one day, method and outcome",
        columns: &[
            ("day", "day of the calls, in the source's zone"),
            SOURCE,
            ("method", "the method that was called"),
            ("outcome", "how the calls ended"),
            ("calls", "how many there were"),
        ],
    },
    Words {
        table: "submissions",
        title: "Records sent",
        grain: "one record that lumbung submit sent, or was to send",
        columns: &[
            ("source", "the system it goes to"),
            ("method", "the method it is sent by"),
            ("key", "what it is known by, as JSON"),
            ("state", "how far it came"),
            ("kd_billing", "the billing code of its log, by which PNBP is joined"),
            ("http_status", "of the last answer"),
            ("code", "the code of the last answer"),
            ("message", "the message of the last answer"),
            ("attempts", "how often it was sent"),
            ("log", "the columns that the contract keeps in the clear, as JSON"),
            ("operator", "who sent it"),
            ("created_at", "entered, UTC"),
            ("sent_at", "sent last, UTC"),
            ("finished_at", "accepted or refused for good, UTC"),
        ],
    },
    Words {
        table: "deliveries",
        title: "Deliveries",
        grain: "one mail of an edition to one recipient; proofs and notes to the operator, too",
        columns: &[
            ("delivery", "its number"),
            ("kind", "edition, proof or alert; only edition counts as the edition's delivery"),
            ("edition", "the report and its period"),
            ("recipient", "the address, masked"),
            ("state", "pending, sending, accepted, refused, retry, ambiguous or given_up"),
            ("attempts", "how often it was begun"),
            ("stage", "how far the last attempt came; dot: the server may have it"),
            ("reply_code", "the server's last reply"),
            ("reply", "what it said, or why there is no reply; addresses masked"),
            ("message_id", "the Message-ID, the same in every attempt"),
            ("retry_at", "not before then, UTC"),
            ("operator", "who had it sent"),
            ("resent_by", "who had it sent again although it may have arrived"),
            ("created_at", "laid in the outbox, UTC"),
            ("sent_at", "the last attempt began, UTC"),
            ("finished_at", "accepted, refused, ambiguous or given up since, UTC"),
        ],
    },
    Words {
        table: "schedule",
        title: "Schedules",
        grain: "one job that the daemon runs by itself",
        columns: &[
            ("job", "source:NAME, dataset:SOURCE.DATASET, report:NAME or gc"),
            ("since", "since when its schedule is as it is, UTC; nothing of before is due"),
            ("accounted_until", "its newest time in ops.occurrences, UTC"),
            ("spec_sha256", "SHA-256 of cron line, zone, rule for days and rule for missed times"),
        ],
    },
    Words {
        table: "occurrences",
        title: "Occurrences",
        grain: "one time at which a job was due",
        columns: &[
            ("job", "source:NAME, dataset:SOURCE.DATASET, report:NAME or gc"),
            ("due_at", "when it was due, UTC"),
            ("state", "done, failed, skipped (by a rule) or held; running, retry or waiting until then"),
            ("attempt", "how often it was begun"),
            ("started_at", "taken up, UTC"),
            ("next_at", "the next attempt, or the last moment of waiting, UTC"),
            ("finished_at", "done, failed, skipped or held since, UTC"),
            ("reason", "why it stands so"),
            ("run", "its last run, of loads"),
        ],
    },
    Words {
        table: "deletions",
        title: "Removals",
        grain: "one thing that was removed by the rules of retention",
        columns: &[
            ("deletion", "its number"),
            (
                "kind",
                "snapshot, raw_pages, quarantine, edition, edition_file, edition_object or mail; rows of the ledger: occurrences, answers, refused_rows",
            ),
            ("name", "what it was: dataset and partition, a run, an edition, a file"),
            DATASET,
            ("partition", "the partition, of a snapshot"),
            ("run", "the run that wrote it; ops.runs has it for good"),
            ("path", "its file or folder in the warehouse"),
            ("bytes", "its size"),
            ("rows", "its rows"),
            ("rule", "the setting of [retention] that said so"),
            ("reason", "why"),
            ("operator", "who had it removed"),
            ("at", "from then on nobody saw it, UTC"),
            ("done_at", "gone from the disk, UTC"),
        ],
    },
    Words {
        table: "audit",
        title: "Acts in the console",
        grain: "one act that changed something, or was refused; the newest 10,000",
        columns: &[
            ("act", "its number"),
            ("at", "when, UTC"),
            ("who", "the user; NULL where nobody of that name is a user"),
            ("what", "sign_in, sign_out, resend, proof, run, hold, release and the like"),
            ("target", "on what: an edition, a job, a kept query"),
            ("outcome", "done, refused or failed"),
        ],
    },
    Words {
        table: "data_tests",
        title: "Data tests",
        grain: "one SQL data test, run when it is read",
        columns: &[
            ("name", "stem of its file in queries/check"),
            ("severity", "error holds the marts, warning is shown"),
            ("rule", "what it checks"),
            ("rows", "rows that violate it; NULL where it could not be planned"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::WORDS;
    use crate::catalog::ops::{empty_ledger_tables, submissions_table};

    #[test]
    fn every_column_of_the_ledger_is_explained_and_no_other() {
        for table in empty_ledger_tables().into_iter().chain([submissions_table(&[])]) {
            let words = WORDS.iter().find(|words| words.table == table.table).unwrap();
            let named: Vec<&str> = table.columns.fields().iter().map(|field| field.name().as_str()).collect();
            let explained: Vec<&str> = words.columns.iter().map(|(name, _)| *name).collect();
            assert_eq!(named, explained, "{}", table.table);
        }
    }
}
