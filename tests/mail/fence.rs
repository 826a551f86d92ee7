//! One sender at a time: two processes at once double nothing, and a sender that may not write to the ledger any more sends no
//! final dot.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use lumbung::mail::MailError;
use lumbung::warehouse::{DeliveryStage, DeliveryState, WarehouseError};

use super::kill::{judged, lay, spawn};
use super::sink::{Act, Moment, Sink, Tls};
use super::{Post, message};

/// Processes that send the same edition at the same time.
const SENDERS: usize = 3;

#[test]
fn senders_at_the_same_time_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    lay(folder.path());
    let sink = Sink::plain();
    let mut senders: Vec<_> = (0..SENDERS).map(|_| spawn(folder.path(), &sink)).collect();
    let done = senders.iter_mut().map(|sender| sender.wait().unwrap().success()).filter(|done| *done).count();
    assert!(done >= 1, "nobody had his turn");
    assert_eq!(judged(folder.path(), &sink), 0, "nobody died, nothing is in doubt");
}

/// Somebody takes the lease away while the message is under way.
#[test]
fn without_the_ledgers_word_there_is_no_dot() {
    let ledger: Arc<Mutex<Option<PathBuf>>> = Arc::default();
    let stolen = Arc::clone(&ledger);
    let hook = move |moment, line: &str, _| {
        if moment == Moment::Command
            && line == "DATA"
            && let Some(path) = stolen.lock().unwrap().take()
        {
            let sql = rusqlite::Connection::open(path).unwrap();
            sql.execute("UPDATE leases SET holder = 'other' WHERE name = 'outbox'", []).unwrap();
        }
        Act::Go
    };
    let sink = Sink::start(Tls::None, Box::new(hook));
    let post = Post::new(&format!("smtp://{}", sink.address), "");
    post.lay(&[message("sekjen@lab.test", 100_000), message("karo@lab.test", 100)]);
    *ledger.lock().unwrap() = Some(post.folder.path().join("warehouse/state/ledger.db"));
    let lost = post.send(0).unwrap_err();
    assert!(matches!(lost, MailError::Warehouse(WarehouseError::OutboxLost)), "{lost}");
    assert_eq!(sink.kept().len(), 0, "the dot left without the ledger's word");
    let record = post.records().remove(0);
    assert_eq!((record.state, record.stage), (DeliveryState::Sending, Some(DeliveryStage::Mail)));
    // The next sender knows that it was not taken.
    assert_eq!(post.send(0).unwrap(), None);
    assert_eq!(post.states(), [DeliveryState::Accepted; 2]);
    assert_eq!(sink.times().values().copied().collect::<Vec<_>>(), [1, 1]);
}
