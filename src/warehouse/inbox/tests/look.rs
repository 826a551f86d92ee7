//! What people see of the inbox.

use super::super::store::{self, Counts};
use super::{NIB, bring, push, refused, start, wait};
use crate::warehouse::tests::{Scene, dataset, noon};
use crate::warehouse::{NewPush, NewRefused, PushOutcome, RunId};

#[test]
fn the_status_says_what_waits_since_when_and_what_was_refused() {
    let scene = Scene::in_memory();
    bring(
        &scene,
        [push(1), NewPush { received_at: noon(19), ..push(2) }, NewPush { key_id: "new".into(), ..push(3) }],
    );
    let writer = start(&scene);
    wait(writer.refuse(refused(1))).unwrap();
    wait(writer.refuse(NewRefused { dataset: dataset("oss.lain"), ..refused(2) })).unwrap();
    let inbox = scene.warehouse.inbox().unwrap();
    let status = inbox.inbox_status().unwrap();
    let [other, nib] = status.as_slice() else { panic!("{status:?}") };
    assert_eq!((other.dataset.to_string().as_str(), other.waiting, other.refused), ("oss.lain", 0, 1));
    assert_eq!((nib.dataset.to_string().as_str(), nib.waiting, nib.waiting_bytes, nib.refused), (NIB, 3, 3, 1));
    assert_eq!((nib.oldest_waiting, nib.last_loaded), (Some(noon(19)), None));
    assert_eq!(inbox.key_ids_waiting().unwrap().into_iter().collect::<Vec<_>>(), ["1f2e3d4c", "new"]);
    let run = RunId::new(noon(20));
    inbox.claim(&dataset(NIB), &run, 2).unwrap();
    assert_eq!(inbox.inbox_status().unwrap()[1].waiting, 3, "claimed is not loaded");
    inbox.loaded(&run, noon(21)).unwrap();
    let nib = inbox.inbox_status().unwrap().remove(1);
    assert_eq!((nib.waiting, nib.waiting_bytes, nib.loaded, nib.last_loaded), (1, 1, 2, Some(noon(21))));
    assert_eq!(nib.oldest_waiting, Some(noon(20)));
    let waiting = inbox.inbox_waiting().unwrap();
    let found: Vec<_> =
        waiting.iter().map(|one| (one.dataset.to_string(), one.pushes, one.bytes, one.refused)).collect();
    assert_eq!(found, [("oss.lain".to_owned(), 0, 0, 1), (NIB.to_owned(), 1, 1, 1)]);
    assert_eq!((waiting[0].oldest, waiting[1].oldest), (None, Some(noon(20))));
    assert_eq!(inbox.key_ids_waiting().unwrap().into_iter().collect::<Vec<_>>(), ["new"]);
}

#[test]
fn a_refused_push_says_why_without_its_body() {
    let scene = Scene::in_memory();
    let writer = start(&scene);
    for n in 1..=3 {
        wait(writer.refuse(refused(n))).unwrap();
    }
    let inbox = scene.warehouse.inbox().unwrap();
    let listed = inbox.refused(2).unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [3, 2]);
    let expected = refused(3);
    let found = &listed[0];
    assert_eq!((&found.dataset, found.received_at, &found.key_id), (&expected.dataset, noon(20), &expected.key_id));
    assert_eq!((&found.columns, &found.reason), (&expected.columns, &expected.reason));
    assert_eq!(inbox.refused_original(2).unwrap(), Some(("1f2e3d4c".to_owned(), b"2".to_vec())));
}

#[test]
fn calls_are_counted_by_day_and_outcome_and_written_with_the_next_push() {
    use PushOutcome::{Accepted, Known, Limited, Malformed, Refused, Unauthorised};
    let scene = Scene::in_memory();
    let inbox = scene.warehouse.inbox().unwrap();
    let writer = start(&scene);
    let (day, next) = (noon(20).date_naive(), noon(21).date_naive());
    for outcome in [Accepted, Known, Refused, Unauthorised, Malformed, Limited, Accepted] {
        writer.tally("oss", "receiveNIB", day, outcome);
    }
    writer.tally("oss", "receiveNIB", next, Accepted);
    assert_eq!(inbox.inbox_tallies().unwrap(), []);
    wait(writer.put(push(1))).unwrap();
    let counts = || {
        let tallies = inbox.inbox_tallies().unwrap();
        tallies.iter().map(|one| (one.day, one.outcome.word(), one.pushes)).collect::<Vec<_>>()
    };
    let first = counts();
    assert_eq!(first[0], (day, "accepted", 2));
    assert_eq!((first.len(), first[6]), (7, (next, "accepted", 1)));
    (0..998).for_each(|_| writer.tally("oss", "receiveNIB", next, Accepted));
    wait(writer.flush()).unwrap();
    assert_eq!(counts()[6], (next, "accepted", 999));
    assert_eq!(writer.commits(), 2, "nothing is counted twice and nothing written for nothing");
    // Nobody brings a push and nobody asks: after a thousand calls they are written all the same.
    (0..1_000).for_each(|_| writer.tally("oss", "checkKomitmen", next, Unauthorised));
    assert!(writer.is_alive());
    wait(writer.shutdown()).unwrap();
    assert!(!writer.is_alive());
    assert_eq!(counts()[0], (next, "unauthorised", 1_000));
}

#[test]
fn refused_bodies_are_bounded_in_bytes_too_and_no_tally_is_no_statement() {
    let scene = Scene::in_memory();
    let inbox = scene.warehouse.inbox().unwrap();
    let writer = start(&scene);
    for n in 1..=5 {
        wait(writer.refuse(NewRefused { sealed: vec![0; 100], ..refused(n) })).unwrap();
    }
    let held =
        || inbox.read("look", |c| c.query_row("SELECT refused_bytes FROM held", [], |row| row.get::<_, i64>(0)));
    assert_eq!(held().unwrap(), 500);
    inbox.write("let go", |tx| store::let_go(tx, 250)).unwrap();
    assert_eq!(inbox.refused(9).unwrap().iter().map(|one| one.id).collect::<Vec<_>>(), [5, 4]);
    assert_eq!(held().unwrap(), 200);
    inbox.write("count nothing", |tx| store::add_counts(tx, &Counts::new())).unwrap();
    assert_eq!(inbox.inbox_tallies().unwrap(), []);
}
