//! The outbox keeps its promise: laid in once, moved by one sender only, bytes as they were.

use super::{
    Deliveries, DeliveryChange, DeliveryKind, DeliveryRecord, DeliveryStage, DeliveryState, Enqueued, NewDelivery,
    OutboxLog,
};
use crate::warehouse::{ErrorKind, Warehouse, WarehouseError};
use chrono::{DateTime, TimeDelta, Utc};
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const LEASE: TimeDelta = TimeDelta::seconds(900);

fn at() -> DateTime<Utc> {
    "2026-11-01T06:00:00Z".parse().unwrap()
}

fn new<'a>(recipient: &'a str, message_id: &'a str, eml: &'a [u8]) -> NewDelivery<'a> {
    NewDelivery { kind: DeliveryKind::Edition, edition: "e-2026-10-31", recipient, message_id, eml }
}

fn house() -> (TempDir, Warehouse) {
    let folder = TempDir::new().unwrap();
    let warehouse = Warehouse::open(folder.path(), at()).unwrap();
    (folder, warehouse)
}

fn change(record: &DeliveryRecord, to: DeliveryState) -> DeliveryChange<'static> {
    DeliveryChange {
        seq: record.seq,
        from: record.state,
        to,
        stage: Some(DeliveryStage::Mail),
        attempts: record.attempts + 1,
        retry_at: None,
        due_since: record.due_since,
        reply_code: Some(550),
        reply: Some("5.1.1 <sekjen@contoh.go.id> unknown"),
        resent_by: None,
    }
}

fn only(log: &OutboxLog) -> DeliveryRecord {
    let mut records = log.deliveries(Deliveries::All).unwrap();
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn an_edition_is_laid_in_once_a_recipient_and_keeps_its_bytes() {
    let (_folder, warehouse) = house();
    let lay = |messages: &[NewDelivery<'_>]| warehouse.lay_in_outbox(messages, "budi", at()).unwrap();
    let first = [new("a@x.id", "<1@x>", b"one"), new("b@x.id", "<2@x>", b"two")];
    assert_eq!(lay(&first), Enqueued { new: 2, standing: 0 });
    // Composed again: other bytes, another case, another Message-ID.
    let second = [new("A@x.ID", "<3@x>", b"changed"), new("b@x.id", "<2@x>", b"two"), new("c@x.id", "<4@x>", b"c")];
    assert_eq!(lay(&second), Enqueued { new: 1, standing: 2 });
    let proof = NewDelivery { kind: DeliveryKind::Proof, ..new("a@x.id", "<5@x>", b"proof") };
    assert_eq!(lay(&[proof]), Enqueued { new: 1, standing: 0 });
    let log = warehouse.outbox(LEASE, at()).unwrap();
    let records = log.deliveries(Deliveries::Edition("e-2026-10-31")).unwrap();
    let texts: Vec<Vec<u8>> = records.iter().map(|record| log.message(record).unwrap()).collect();
    assert_eq!(texts, [&b"one"[..], b"two", b"c", b"proof"]);
    assert_eq!(log.deliveries(Deliveries::Message("<5@x>")).unwrap()[0].kind, DeliveryKind::Proof);
    assert!(records.iter().all(|record| record.state == DeliveryState::Pending && record.attempts == 0));
}

#[test]
fn the_name_of_an_edition_without_its_variant_means_all_of_them() {
    let (_folder, warehouse) = house();
    let of = |edition, message_id| NewDelivery { edition, ..new("a@x.id", message_id, b"x") };
    let editions = [
        of("e-2026-10-31-01", "<1@x>"),
        of("e-2026-10-31-02", "<2@x>"),
        of("e-2026-10-31-02-b", "<3@x>"),
        of("e-2026-11-30-01", "<4@x>"),
        of("e-lain-2026-10-31", "<5@x>"),
    ];
    warehouse.lay_in_outbox(&editions, "budi", at()).unwrap();
    let ids = |edition: &str| -> Vec<String> {
        let records = warehouse.deliveries(Deliveries::Edition(edition)).unwrap();
        records.into_iter().map(|record| record.message_id).collect()
    };
    assert_eq!(ids("e-2026-10-31"), ["<1@x>", "<2@x>", "<3@x>"]);
    assert_eq!(ids("e-2026-10-31-02"), ["<2@x>"]);
    assert_eq!(ids("e"), [""; 0]);
}

#[test]
fn messages_are_for_their_owner_only_and_a_changed_one_is_not_sent() {
    let (folder, warehouse) = house();
    warehouse.lay_in_outbox(&[new("a@x.id", "<1@x>", b"one")], "budi", at()).unwrap();
    let log = warehouse.outbox(LEASE, at()).unwrap();
    let record = only(&log);
    let path = folder.path().join("state/outbox").join(&record.file);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mode = std::fs::metadata(folder.path().join("state/outbox")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::write(&path, b"other").unwrap();
    let error = log.message(&record).unwrap_err();
    assert!(matches!(error, WarehouseError::MessageChanged { .. }), "{error}");
    assert!(!format!("{record:?}").contains("a@x.id"));
}

#[test]
fn a_row_moves_only_from_the_state_it_is_in() {
    let (_folder, warehouse) = house();
    warehouse.lay_in_outbox(&[new("a@x.id", "<1@x>", b"one")], "budi", at()).unwrap();
    let log = warehouse.outbox(LEASE, at()).unwrap();
    let pending = only(&log);
    let later = at() + TimeDelta::seconds(1);
    log.apply(&[change(&pending, DeliveryState::Sending)], later).unwrap();
    assert!(log.apply(&[change(&pending, DeliveryState::Sending)], later).is_err(), "taken up twice");
    let sending = only(&log);
    assert_eq!((sending.sent_at, sending.finished_at, sending.attempts), (Some(later), None, 1));
    assert_eq!(log.open_deliveries(Deliveries::All).unwrap().len(), 1);
    log.apply(&[change(&sending, DeliveryState::Refused)], later).unwrap();
    let refused = only(&log);
    assert_eq!(refused.finished_at, Some(later));
    assert_eq!(refused.reply.as_deref(), Some("5.1.1 <s…@contoh.go.id> unknown"), "addresses are masked when kept");
    assert_eq!(log.open_deliveries(Deliveries::All).unwrap(), []);
    let untold = log.untold().unwrap();
    assert_eq!(untold.len(), 1);
    let alert = NewDelivery { kind: DeliveryKind::Alert, edition: "alert", ..new("op@x.id", "<9@x>", b"alert") };
    log.told(&untold, Some(&alert), later).unwrap();
    log.told(&untold, Some(&alert), later).unwrap();
    assert_eq!((log.untold().unwrap().len(), log.deliveries(Deliveries::All).unwrap().len()), (0, 2));
}

#[test]
fn there_is_one_sender_and_a_lease_for_other_machines() {
    let (folder, warehouse) = house();
    warehouse.lay_in_outbox(&[new("a@x.id", "<1@x>", b"one")], "budi", at()).unwrap();
    let log = warehouse.outbox(LEASE, at()).unwrap();
    let other = Warehouse::open(folder.path(), at()).unwrap();
    let refused = other.outbox(LEASE, at()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Locked);
    assert!(refused.to_string().contains("being sent by another process"), "{refused}");
    // Laying in needs no turn.
    other.lay_in_outbox(&[new("b@x.id", "<2@x>", b"two")], "budi", at()).unwrap();

    // Another machine took over, its lock being none to this one: nothing more is written here.
    let sql = rusqlite::Connection::open(folder.path().join("state/ledger.db")).unwrap();
    let take = |until: &str| {
        let values = ["other", "elsewhere", until];
        sql.execute(
            "INSERT OR REPLACE INTO leases (name, holder, host, until) VALUES ('outbox', ?1, ?2, ?3)",
            values,
        )
        .unwrap();
    };
    take("2026-11-01T06:10:00.000Z");
    let pending = log.deliveries(Deliveries::Message("<1@x>")).unwrap().remove(0);
    let lost = log.apply(&[change(&pending, DeliveryState::Sending)], at()).unwrap_err();
    assert!(matches!(lost, WarehouseError::OutboxLost), "{lost}");
    assert_eq!(log.deliveries(Deliveries::Message("<1@x>")).unwrap()[0].state, DeliveryState::Pending);
    drop(log);
    let refused = other.outbox(LEASE, at()).unwrap_err().to_string();
    assert!(refused.contains("a process on elsewhere (until 2026-11-01T06:10:00Z)"), "{refused}");
    drop(other.outbox(LEASE, at() + TimeDelta::seconds(601)).unwrap());
    assert!(other.outbox(LEASE, at()).is_ok(), "a lease that was given up is free at once");
}
