//! Into the store: once each, many a commit, answered only when durable, turned away when full.

use super::{LIMITS, NIB, bring, mark, push, refused, start, wait};
use crate::warehouse::tests::{Scene, dataset, noon};
use crate::warehouse::{
    Inbox, InboxError, InboxLimits, InboxWriter, NewPush, PushId, PushOutcome, RunId, Warehouse, WarehouseError,
};
use futures::future::join_all;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::pin::pin;

fn store(scene: &Scene) -> PathBuf {
    scene.root().join("state/inbox.db")
}

/// How often each content is in the store.
fn contents(inbox: &Inbox) -> BTreeMap<[u8; 32], usize> {
    let run = RunId::new(noon(20));
    inbox.claim(&dataset(NIB), &run, u64::MAX).unwrap();
    let mut seen = BTreeMap::new();
    for day in inbox.claimed_days(&run).unwrap() {
        for push in inbox.claimed(&run, day.day, None, u64::MAX).unwrap() {
            *seen.entry(push.content).or_default() += 1;
        }
    }
    inbox.release(&run).unwrap();
    seen
}

#[test]
fn the_same_content_is_stored_once_and_answered_alike() {
    let scene = Scene::in_memory();
    let other = NewPush { dataset: dataset("oss.lain"), ..push(7) };
    let receipts = bring(&scene, [push(7), push(8), push(7), NewPush { key: None, ..push(7) }, other]);
    assert_eq!(receipts.iter().map(|one| one.known).collect::<Vec<_>>(), [false, false, true, true, false]);
    assert_eq!((&receipts[0].id, &receipts[0].id), (&receipts[2].id, &receipts[3].id));
    let id = receipts[0].id.as_str();
    assert_eq!(id, "0000000000000007abababababababab");
    assert_eq!((PushId::of(&mark(7)).to_string().as_str(), receipts[1].id.as_str() == id), (id, false));
    assert_eq!(contents(&scene.warehouse.inbox().unwrap()), BTreeMap::from([(mark(7), 1), (mark(8), 1)]));
}

#[test]
fn changes_of_a_key_are_counted_within_one_dataset() {
    let scene = Scene::in_memory();
    let of = |n, key: u64| NewPush { key: Some(mark(key)), ..push(n) };
    let other = NewPush { dataset: dataset("oss.lain"), ..of(4, 1) };
    bring(&scene, [of(1, 1), of(2, 1), of(1, 1), of(3, 1), other, of(5, 2), NewPush { key: None, ..push(6) }]);
    let inbox = scene.warehouse.inbox().unwrap();
    let run = RunId::new(noon(20));
    inbox.claim(&dataset(NIB), &run, 100).unwrap();
    let claimed = inbox.claimed(&run, noon(20).date_naive(), None, u64::MAX).unwrap();
    let changes: Vec<(u8, u64)> = claimed.iter().map(|push| (push.content[7], push.change)).collect();
    assert_eq!(changes, [(1, 0), (2, 1), (3, 2), (5, 0), (6, 0)]);
    // Loaded and half forgotten: a number is not given again.
    inbox.loaded(&run, noon(20)).unwrap();
    bring(&scene, [NewPush { received_at: noon(25), ..of(7, 1) }]);
    assert_eq!(inbox.forget(noon(21)).unwrap(), 5);
    bring(&scene, [of(8, 1)]);
    inbox.claim(&dataset(NIB), &run, 100).unwrap();
    let claimed = inbox.claimed(&run, noon(20).date_naive(), None, u64::MAX).unwrap();
    assert_eq!(claimed.iter().map(|push| push.change).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn thirty_two_senders_of_two_thousand_pushes_store_each_content_once_in_few_commits() {
    const SENDERS: u64 = 32;
    const PUSHES: u64 = 2_000;
    let scene = Scene::new();
    let writer = start(&scene);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    // Three contents in four pushes, the copies with different senders at about the same time.
    let sender = |sender: u64, writer: InboxWriter| async move {
        let mut new = 0_u64;
        for n in (sender..PUSHES).step_by(SENDERS as usize) {
            let content = n * 3 / 4;
            let receipt = writer.put(push(content)).await.unwrap();
            assert_eq!(receipt.id, PushId::of(&mark(content)));
            new += u64::from(!receipt.known);
        }
        new
    };
    let senders: Vec<_> = (0..SENDERS).map(|n| runtime.spawn(sender(n, writer.clone()))).collect();
    let new: u64 = runtime.block_on(async { join_all(senders).await.into_iter().map(Result::unwrap).sum() });
    wait(writer.shutdown()).unwrap();
    assert_eq!(new, PUSHES * 3 / 4);
    let expected: BTreeMap<_, _> = (0..PUSHES * 3 / 4).map(|n| (mark(n), 1)).collect();
    assert_eq!(contents(&scene.warehouse.inbox().unwrap()), expected);
    assert!(writer.commits() < PUSHES / 2, "{} commits", writer.commits());
}

#[test]
fn two_processes_that_bring_the_same_pushes_store_them_once() {
    let scene = Scene::in_memory();
    let other = Warehouse::open(&scene.root(), noon(20)).unwrap();
    let writers = [start(&scene), InboxWriter::start(&other.inbox().unwrap(), LIMITS).unwrap()];
    let new: usize = std::thread::scope(|scope| {
        let bring = |writer: &InboxWriter| (0..100).filter(|n| !wait(writer.put(push(*n))).unwrap().known).count();
        let threads: Vec<_> = writers.iter().map(|writer| scope.spawn(move || bring(writer))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((new, contents(&scene.warehouse.inbox().unwrap()).len()), (100, 100));
}

#[tokio::test]
async fn what_waits_while_the_disk_is_busy_goes_into_one_commit() {
    let scene = Scene::in_memory();
    let writer = start(&scene);
    let busy = Connection::open(store(&scene)).unwrap();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    // So few that one poll brings all of them on their way.
    let mut all = pin!(join_all((0..30).map(|n| writer.put(push(n % 20)))));
    assert!(futures::poll!(all.as_mut()).is_pending(), "nobody is answered before the commit");
    busy.execute_batch("COMMIT").unwrap();
    let receipts = all.await;
    assert_eq!(receipts.iter().filter(|receipt| receipt.as_ref().unwrap().known).count(), 10);
    // The first transaction had begun to wait before the rest came.
    assert!(writer.commits() <= 2, "{} commits", writer.commits());
}

#[tokio::test]
async fn a_commit_that_fails_answers_everybody_with_it_and_stores_nothing() {
    let scene = Scene::in_memory();
    let writer = start(&scene);
    writer.put(push(1)).await.unwrap();
    let other = Connection::open(store(&scene)).unwrap();
    // The last statement of a push fails, so the first ones are rolled back.
    other.execute_batch("ALTER TABLE bodies RENAME TO elsewhere").unwrap();
    writer.tally("oss", "receiveNIB", noon(20).date_naive(), PushOutcome::Accepted);
    let puts = join_all((2..20).map(|n| writer.put(push(n)))).await;
    for put in puts {
        let Err(InboxError::Store(error)) = put else { panic!("{put:?}") };
        assert!(matches!(*error, WarehouseError::Database { .. }), "{error}");
    }
    other.execute_batch("ALTER TABLE elsewhere RENAME TO bodies").unwrap();
    let inbox = scene.warehouse.inbox().unwrap();
    assert_eq!(contents(&inbox), BTreeMap::from([(mark(1), 1)]));
    assert_eq!(inbox.inbox_tallies().unwrap(), []);
    assert!(!writer.put(push(2)).await.unwrap().known, "the sender comes again and is new");
    assert_eq!(inbox.inbox_tallies().unwrap()[0].pushes, 1, "what was counted meanwhile is not lost");
}

#[test]
fn an_answered_push_survives_the_death_of_the_process_and_an_unanswered_one_may() {
    let scene = Scene::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let writer = start(&scene);
    let (answered, answers) = std::sync::mpsc::channel();
    for sender in 0..8 {
        let (writer, answered) = (writer.clone(), answered.clone());
        runtime.spawn(async move {
            for n in 0..1_000 {
                if writer.put(push(sender * 1_000 + n)).await.is_ok() && answered.send(sender * 1_000 + n).is_err() {
                    return;
                }
            }
        });
    }
    let sure: Vec<u64> = answers.iter().take(500).collect();
    // What a dead process leaves: the files as they are at this moment, in the middle of whatever is being written.
    let after = Scene::new();
    drop(after.warehouse.inbox().unwrap());
    for name in ["inbox.db", "inbox.db-wal"] {
        fs::copy(scene.root().join("state").join(name), after.root().join("state").join(name)).unwrap();
    }
    drop(answers);
    let found = contents(&after.warehouse.inbox().unwrap());
    let lost: Vec<_> = sure.iter().filter(|n| !found.contains_key(&mark(**n))).collect();
    assert_eq!(lost, Vec::<&u64>::new());
    assert!(found.values().all(|n| *n == 1));
    // The senders do not wait for their answers any more; the store is whole all the same.
    runtime.shutdown_background();
    wait(writer.shutdown()).unwrap();
    assert!(contents(&scene.warehouse.inbox().unwrap()).len() >= found.len());
}

#[test]
fn a_full_store_says_so_still_knows_what_it_has_and_takes_more_when_it_was_loaded() {
    let scene = Scene::in_memory();
    let inbox = scene.warehouse.inbox().unwrap();
    let writer = InboxWriter::start(&inbox, InboxLimits { waiting_bytes_max: 250, ..LIMITS }).unwrap();
    let of = |n| NewPush { sealed: vec![0; 100], ..push(n) };
    wait(writer.put(of(1))).unwrap();
    wait(writer.put(of(2))).unwrap();
    let full = wait(writer.put(of(3))).unwrap_err();
    assert!(matches!(full, InboxError::Full { held: 200, max: 250 }), "{full}");
    assert!(full.to_string().contains("waiting_mb_max"), "{full}");
    assert!(wait(writer.put(of(2))).unwrap().known);
    wait(writer.put(NewPush { sealed: vec![0; 50], ..push(4) })).unwrap();
    let run = RunId::new(noon(20));
    inbox.claim(&dataset(NIB), &run, 2).unwrap();
    assert!(wait(writer.put(of(3))).is_err(), "what is claimed is still held");
    assert_eq!(inbox.loaded(&run, noon(20)).unwrap(), 2);
    wait(writer.put(of(3))).unwrap();
}

#[test]
fn a_shutdown_stores_what_waits_and_then_nobody_is_let_in() {
    let scene = Scene::in_memory();
    let (writer, clone) = (start(&scene), start(&scene));
    let day = noon(20).date_naive();
    writer.tally("oss", "receiveNIB", day, PushOutcome::Unauthorised);
    let all = async {
        let puts = join_all((0..50).map(|n| writer.put(push(n))));
        futures::join!(puts, writer.shutdown())
    };
    let (puts, ended) = wait(all);
    ended.unwrap();
    assert!(puts.iter().all(Result::is_ok));
    assert!(matches!(wait(writer.clone().put(push(99))), Err(InboxError::Stopped)));
    assert!(matches!(wait(writer.shutdown()), Err(InboxError::Stopped)));
    let inbox = scene.warehouse.inbox().unwrap();
    assert_eq!((contents(&inbox).len(), inbox.inbox_tallies().unwrap().len()), (50, 1));
    // Another writer is not concerned; it ends when nobody has it any more.
    wait(clone.put(push(99))).unwrap();
}

#[test]
fn refused_pushes_are_kept_among_the_newest_and_for_their_days() {
    let scene = Scene::in_memory();
    let inbox = scene.warehouse.inbox().unwrap();
    let limits = InboxLimits { refused_max: 3, refused_days: 5, ..LIMITS };
    let writer = InboxWriter::start(&inbox, limits).unwrap();
    let numbers =
        || inbox.refused(10).unwrap().into_iter().map(|one| one.reason[4..5].to_owned()).collect::<String>();
    for n in 1..=5 {
        wait(writer.refuse(refused(n))).unwrap();
    }
    assert_eq!(numbers(), "543");
    let (key_id, sealed) = inbox.refused_original(inbox.refused(1).unwrap()[0].id).unwrap().unwrap();
    assert_eq!((key_id.as_str(), sealed.as_slice()), ("1f2e3d4c", b"5".as_slice()));
    let late = crate::warehouse::NewRefused { received_at: noon(26), ..refused(6) };
    wait(writer.refuse(late)).unwrap();
    assert_eq!(numbers(), "6");
    assert_eq!(inbox.forget_refused(noon(27)).unwrap(), 1);
    assert_eq!(inbox.refused_original(6).unwrap(), None);
}

#[test]
fn only_the_owner_may_look_and_a_reader_makes_no_store() {
    let scene = Scene::in_memory();
    let reader = Warehouse::open_for_reading(&scene.root()).unwrap();
    assert_eq!(reader.inbox().unwrap().inbox_status().unwrap(), []);
    assert!(!store(&scene).exists());
    bring(&scene, [push(1)]);
    for name in ["inbox.db", "inbox.db-wal"] {
        if let Ok(file) = fs::metadata(scene.root().join("state").join(name)) {
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
    let inbox = reader.inbox().unwrap();
    assert_eq!(inbox.inbox_status().unwrap()[0].waiting, 1);
    assert!(matches!(inbox.claim(&dataset(NIB), &RunId::new(noon(20)), 1), Err(WarehouseError::Misuse(_))));
    assert!(matches!(InboxWriter::start(&inbox, LIMITS), Err(WarehouseError::Misuse(_))));
}
