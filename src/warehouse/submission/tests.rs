//! The log keeps its promise: nothing accepted twice, nothing in doubt forgotten.

use super::{Begun, NewSubmission, OutboundLog, SubmissionAnswer, SubmissionState};
use crate::warehouse::{ErrorKind, Warehouse};
use chrono::{DateTime, Utc};
use tempfile::TempDir;

fn at() -> DateTime<Utc> {
    "2026-11-01T06:00:00Z".parse().unwrap()
}

fn new<'a>(key: &'a str, mark: &'a str) -> NewSubmission<'a> {
    NewSubmission { key, mark, log: r#"{"kd_billing":"8"}"#, operator: "budi", although_ambiguous: false }
}

fn answer(state: SubmissionState) -> SubmissionAnswer<'static> {
    SubmissionAnswer { state, http_status: Some(200), code: Some("success"), message: None }
}

fn sent(log: &OutboundLog, key: &str) -> u64 {
    match log.begin(&new(key, "m"), at()).unwrap() {
        Begun::Sending(seq) => seq,
        Begun::Stands(record) => panic!("{record:?}"),
    }
}

#[test]
fn an_accepted_record_is_never_sent_again_and_a_refused_one_may_be() {
    let folder = TempDir::new().unwrap();
    let warehouse = Warehouse::open(folder.path(), at()).unwrap();
    let log = warehouse.outbound_log("padi", "transaksi", at()).unwrap();
    log.finish(sent(&log, "[\"a\"]"), &answer(SubmissionState::Accepted), at()).unwrap();
    log.finish(sent(&log, "[\"b\"]"), &answer(SubmissionState::Refused), at()).unwrap();
    let Begun::Stands(record) = log.begin(&new("[\"a\"]", "other"), at()).unwrap() else { panic!("sent twice") };
    assert_eq!((record.state, record.mark.as_str(), record.attempts), (SubmissionState::Accepted, "m", 1));
    let forced = NewSubmission { although_ambiguous: true, ..new("[\"a\"]", "m") };
    assert!(matches!(log.begin(&forced, at()).unwrap(), Begun::Stands(_)));
    log.finish(sent(&log, "[\"b\"]"), &answer(SubmissionState::Pending), at()).unwrap();
    sent(&log, "[\"b\"]");

    // Deleted at the source and said so: it may go again.
    assert!(log.deleted("[\"a\"]", "deleted at the source, says budi", at()).unwrap());
    assert!(!log.deleted("[\"a\"]", "", at()).unwrap());
    sent(&log, "[\"a\"]");
    let all = warehouse.submissions(Some(("padi", "transaksi")), None).unwrap();
    let states: Vec<(&str, SubmissionState, u32)> =
        all.iter().map(|r| (r.key.as_str(), r.state, r.attempts)).collect();
    use SubmissionState::{Refused, Sending};
    assert_eq!(
        states,
        [("[\"a\"]", Refused, 1), ("[\"b\"]", Refused, 1), ("[\"b\"]", Sending, 2), ("[\"a\"]", Sending, 1)]
    );
    assert_eq!(warehouse.submissions(Some(("oss", "transaksi")), None).unwrap(), []);
    assert_eq!(warehouse.submissions(None, Some(1)).unwrap()[0].key, "[\"a\"]");
}

#[test]
fn what_a_dead_process_was_sending_is_in_doubt() {
    let folder = TempDir::new().unwrap();
    let warehouse = Warehouse::open(folder.path(), at()).unwrap();
    let log = warehouse.outbound_log("oss", "receiveLicense", at()).unwrap();
    let seq = sent(&log, "[\"1\"]");
    let other = Warehouse::open(folder.path(), at()).unwrap();
    let locked = other.outbound_log("oss", "receiveLicense", at()).unwrap_err();
    assert_eq!(locked.kind(), ErrorKind::Locked, "{locked}");
    other.outbound_log("oss", "receiveLicenseStatus", at()).unwrap();
    drop(log);

    let log = other.outbound_log("oss", "receiveLicense", at()).unwrap();
    let doubtful = log.ambiguous().unwrap();
    assert_eq!((doubtful.len(), doubtful[0].seq, doubtful[0].finished_at), (1, seq, Some(at())));
    let Begun::Stands(record) = log.begin(&new("[\"1\"]", "m"), at()).unwrap() else { panic!("sent blindly") };
    assert_eq!(record.state, SubmissionState::Ambiguous);
    let forced = NewSubmission { although_ambiguous: true, ..new("[\"1\"]", "m") };
    assert_eq!(log.begin(&forced, at()).unwrap(), Begun::Sending(seq));
    log.finish(seq, &answer(SubmissionState::Accepted), at()).unwrap();
    assert!(log.finish(seq, &answer(SubmissionState::Refused), at()).is_err(), "an end is an end");
    assert_eq!(log.ambiguous().unwrap(), []);
}

#[test]
fn whoever_only_reads_cannot_send() {
    let folder = TempDir::new().unwrap();
    Warehouse::open(folder.path(), at()).unwrap();
    let reader = Warehouse::open_for_reading(folder.path()).unwrap();
    assert!(reader.outbound_log("padi", "transaksi", at()).is_err());
    assert_eq!(reader.submissions(None, None).unwrap(), []);
}
