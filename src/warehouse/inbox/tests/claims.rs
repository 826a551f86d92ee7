//! Out of the store: oldest first, a page at a time, and exactly once whatever dies when.

use super::{NIB, bring, push};
use crate::warehouse::steps::{Step, Steps};
use crate::warehouse::tests::{Scene, begin, dataset, noon, rows};
use crate::warehouse::{
    AsOf, CommitMode, Inbox, NewPush, Partition, RunId, RunStatus, Settled, Warehouse, WarehouseError,
};
use chrono::{NaiveDate, TimeDelta};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The push that is worth 2^n, so that a total tells which were loaded how often. Odd ones come a day later.
fn worth(n: u64) -> NewPush {
    let at = noon(20) + TimeDelta::days((n % 2).cast_signed());
    NewPush { day: at.date_naive(), received_at: at, sealed: (1_u64 << n).to_string().into_bytes(), ..push(n) }
}

fn partition(day: NaiveDate) -> Partition {
    Partition::of_events(None, "tanggal_diterima", day).unwrap()
}

/// One load of what waits, as the load module does it; `tells`: whether it lives to tell the inbox that it committed.
fn load(warehouse: &Warehouse, tells: bool) -> Result<u64, WarehouseError> {
    let name = dataset(NIB);
    let run = begin(warehouse, NIB, noon(22))?;
    warehouse.settle_inbox(&name)?;
    let inbox = warehouse.inbox()?;
    if inbox.claim(&name, run.id(), 5)? == 0 {
        run.finish(crate::warehouse::Outcome::Empty, None, noon(22))?;
        return Ok(0);
    }
    let mut staged = Vec::new();
    for day in inbox.claimed_days(run.id())? {
        let mut writer = run.stage(partition(day.day), rows(&[]).schema(), vec![])?;
        writer.carry()?;
        let mut after = None;
        loop {
            let page = inbox.claimed(run.id(), day.day, after, 10)?;
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            let amount = |push: &crate::warehouse::ClaimedPush| {
                String::from_utf8(push.sealed.clone()).unwrap().parse::<i128>().unwrap()
            };
            writer.write(&rows(&page.iter().map(amount).collect::<Vec<_>>()))?;
        }
        staged.push(writer.finish()?);
    }
    let id = run.id().clone();
    let committed = run.commit(staged, CommitMode::Accumulate, noon(22), None)?;
    if tells {
        inbox.loaded(&id, noon(22))?;
    }
    Ok(committed.rows)
}

/// Rows and total of everything that is committed.
fn committed(scene: &Scene) -> (u64, i128) {
    let files = scene.warehouse.committed_files(AsOf::All).unwrap();
    (files.iter().map(|file| file.rows).sum(), files.iter().map(|file| file.sums["amount"].unscaled).sum())
}

/// Dies after the `nth` step of a load, also without having told the inbox; then loads all. Returns whether there was an
/// `nth` step.
fn die_and_load_again(nth: usize, tells: bool, seen: &mut BTreeSet<Step>) -> bool {
    let mut scene = Scene::in_memory();
    bring(&scene, (0..4).map(worth));
    load(&scene.warehouse, true).unwrap();
    bring(&scene, (4..12).map(worth));
    let steps = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&steps);
    let stop = move |step| {
        let mut noted = noted.lock().unwrap();
        noted.push(step);
        noted.len() == nth
    };
    scene.reopen_with(Steps::stopping(stop, false), noon(22)).unwrap();
    let died = load(&scene.warehouse, tells).is_err();
    seen.extend(steps.lock().unwrap().iter().take(nth));
    // Senders do not wait until the operator comes.
    bring(&scene, (12..14).map(worth));
    scene.reopen_with(Steps::default(), noon(22)).unwrap();
    while load(&scene.warehouse, true).unwrap() > 0 {}
    let case = format!("died after step {nth}, told: {tells}");
    assert_eq!(committed(&scene), (14, (1 << 14) - 1), "{case}");
    let status = scene.warehouse.inbox().unwrap().inbox_status().unwrap().remove(0);
    assert_eq!((status.waiting, status.loaded, status.waiting_bytes), (0, 14, 0), "{case}");
    died
}

#[test]
fn every_push_is_loaded_exactly_once_whatever_dies_when() {
    for tells in [true, false] {
        let mut seen = BTreeSet::new();
        let died = (1..).take_while(|nth| die_and_load_again(*nth, tells, &mut seen)).count();
        assert!(died >= 12, "only {died} steps");
        assert_eq!(seen.len(), 10, "all steps but that of the two-rename way: {seen:?}");
    }
}

#[test]
fn a_run_that_dies_between_claim_and_stage_gives_back_what_it_claimed() {
    let mut scene = Scene::in_memory();
    bring(&scene, (0..3).map(worth));
    let stop = Steps::stopping(|step| step == Step::Staged, false);
    scene.reopen_with(stop, noon(22)).unwrap();
    load(&scene.warehouse, true).unwrap_err();
    let inbox = scene.warehouse.inbox().unwrap();
    assert_eq!(inbox.waiting_days(&dataset(NIB)).unwrap(), []);
    // Nobody took up the dead run yet: its claims stay.
    assert_eq!(scene.warehouse.settle_inbox(&dataset(NIB)).unwrap(), Settled { claimed: 3, ..Settled::default() });
    scene.reopen_with(Steps::default(), noon(22)).unwrap();
    assert_eq!(scene.warehouse.settle_inbox(&dataset(NIB)).unwrap(), Settled { waiting: 3, ..Settled::default() });
    let days: Vec<_> = inbox.waiting_days(&dataset(NIB)).unwrap().iter().map(|day| (day.pushes, day.bytes)).collect();
    assert_eq!(days, [(2, 2), (1, 1)]);
}

#[test]
fn claims_are_settled_by_what_the_ledger_says_of_their_run() {
    use RunStatus::{Committed, Committing, Empty, Failed, Held, Running, Unchanged};
    let scene = Scene::in_memory();
    bring(&scene, (0..9).map(push));
    let other = NewPush { dataset: dataset("oss.lain"), ..push(1) };
    bring(&scene, [other]);
    let inbox = scene.warehouse.inbox().unwrap();
    let statuses = [
        Some(Committed),
        Some(Committing),
        Some(Running),
        Some(Unchanged),
        Some(Empty),
        Some(Held),
        Some(Failed),
        None,
    ];
    let runs: Vec<RunId> = statuses.iter().map(|_| RunId::new(noon(20))).collect();
    for run in &runs {
        assert_eq!(inbox.claim(&dataset(NIB), run, 1).unwrap(), 1);
    }
    inbox.claim(&dataset("oss.lain"), &runs[0], 1).unwrap();
    let asked = Mutex::new(0);
    let status_of = |run: &RunId| {
        *asked.lock().unwrap() += 1;
        Ok(statuses[runs.iter().position(|one| one == run).unwrap()])
    };
    let settled = inbox.settle_claims(&dataset(NIB), &status_of).unwrap();
    assert_eq!((settled.waiting, settled.claimed, *asked.lock().unwrap()), (5, 2, 8));
    assert_eq!(inbox.waiting_days(&dataset(NIB)).unwrap()[0].pushes, 6, "with the one that nobody had claimed");
    let of = |run: &RunId| inbox.claimed_days(run).unwrap().iter().map(|day| day.pushes).sum::<u64>();
    assert_eq!(runs.iter().map(of).collect::<Vec<_>>(), [0, 1, 1, 0, 0, 0, 0, 0]);
    // Where the ledger cannot be asked nothing is decided.
    let silent = |_: &RunId| Err(WarehouseError::Misuse("no ledger".to_owned()));
    assert!(inbox.settle_claims(&dataset(NIB), &silent).is_err());
    assert_eq!(of(&runs[1]), 1);
}

#[test]
fn the_oldest_are_claimed_first_by_one_run_alone_and_read_page_by_page() {
    let scene = Scene::in_memory();
    bring(&scene, (0..10).map(|n| NewPush { sealed: vec![b'x'; 100], ..push(n) }));
    let inbox = scene.warehouse.inbox().unwrap();
    let (first, second) = (RunId::new(noon(20)), RunId::new(noon(20)));
    assert_eq!(inbox.claim(&dataset(NIB), &first, 6).unwrap(), 6);
    assert_eq!(inbox.claim(&dataset(NIB), &second, 6).unwrap(), 4);
    assert_eq!(inbox.claim(&dataset(NIB), &second, 6).unwrap(), 0);
    let day = noon(20).date_naive();
    let pages = |run: &RunId, bytes_max| {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let page = inbox.claimed(run, day, after, bytes_max).unwrap();
            let Some(last) = page.last() else { return pages };
            after = Some(last.seq);
            pages.push(page.iter().map(|push| push.content[7]).collect::<Vec<_>>());
        }
    };
    assert_eq!(pages(&first, 250), [vec![0, 1], vec![2, 3], vec![4, 5]]);
    assert_eq!(pages(&second, 1), [[6], [7], [8], [9]], "one at least, however large");
    assert_eq!(pages(&first, u64::MAX).len(), 1);
    assert_eq!((inbox.release(&first).unwrap(), inbox.release(&first).unwrap()), (6, 0));
    assert_eq!(pages(&second, u64::MAX), [[6, 7, 8, 9]]);
}

/// Whether the bytes stand anywhere in the store's files.
fn on_disk(scene: &Scene, bytes: &[u8]) -> bool {
    let files: Vec<PathBuf> = ["inbox.db", "inbox.db-wal"].map(|name| scene.root().join("state").join(name)).into();
    files.iter().filter_map(|file| std::fs::read(file).ok()).any(|text| text.windows(bytes.len()).any(|w| w == bytes))
}

#[test]
fn a_loaded_push_leaves_its_mark_and_no_byte_of_its_body() {
    let scene = Scene::in_memory();
    let body: Vec<u8> = (0..40_000).flat_map(|n: u16| n.to_be_bytes()).collect();
    bring(&scene, (0..60).map(|n| NewPush { sealed: [b"SEALED", body.as_slice()].concat(), ..push(n) }));
    assert!(on_disk(&scene, b"SEALED"));
    let inbox = scene.warehouse.inbox().unwrap();
    let run = RunId::new(noon(20));
    inbox.claim(&dataset(NIB), &run, 100).unwrap();
    assert_eq!((inbox.loaded(&run, noon(21)).unwrap(), inbox.loaded(&run, noon(21)).unwrap()), (60, 0));
    let status = inbox.inbox_status().unwrap().remove(0);
    assert_eq!((status.waiting, status.loaded, status.last_loaded), (0, 60, Some(noon(21))));
    checkpoint(&inbox);
    assert!(!on_disk(&scene, b"SEALED") && !on_disk(&scene, &body[..64]), "overwritten, not only unlinked");
    assert!(bring(&scene, [push(3)])[0].known, "remembered");
    assert_eq!((inbox.forget(noon(20)).unwrap(), inbox.forget(noon(21)).unwrap()), (0, 60));
    assert!(!bring(&scene, [push(3)])[0].known, "forgotten");
    assert_eq!(inbox.forget(noon(30)).unwrap(), 0, "what waits is never forgotten");
}

/// Writes the log back and empties it, as SQLite does by itself from time to time.
fn checkpoint(inbox: &Inbox) {
    inbox.read("checkpoint", |c| c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))).unwrap();
}
