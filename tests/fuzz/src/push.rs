//! Bytes as the body of a push.

use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::DateTime;
use lumbung::contract::PUSH_ID;
use lumbung::decode::Decoder;
use lumbung::decode::inspect::Inspector;
use lumbung::load::inbox::PushPage;
use serde::de::IgnoredAny;

use super::outcome::{Table, agree, contracts};

/// Deepest push that the door lets in.
const DEPTH_MAX: usize = 32;

/// The names of a push and of its twin.
const NAMES: [&str; 2] = ["00000000000000000000000000000001", "00000000000000000000000000000002"];

/// One table that pushes fill. Both are used for push after push, as at the door.
struct Filled {
    inspector: Inspector,
    decoder: Decoder,
}

/// The tables of every method, in contract order.
static METHODS: LazyLock<Mutex<Vec<Vec<Filled>>>> = LazyLock::new(|| {
    let mut methods = Vec::new();
    for contract in contracts() {
        for (dataset, _) in contract.received() {
            let tables = std::iter::once(dataset).chain(contract.further_tables(dataset));
            let filled = tables.map(|dataset| {
                let table = Table::new(&contract, dataset);
                Filled { inspector: table.inspector(), decoder: table.decoder() }
            });
            methods.push(filled.collect());
        }
    }
    Mutex::new(methods)
});

/// Checks a push, `<digit of the method><body>`, and says how many rows of all its tables were taken.
///
/// # Panics
/// When what is inspected as good is not taken, or a push changes what another one holds.
pub fn push(input: &[u8]) -> u64 {
    let [which, body @ ..] = input else { return 0 };
    if !is_strict(body) {
        return 0;
    }
    let mut taken = 0;
    let mut methods = METHODS.lock().unwrap_or_else(PoisonError::into_inner);
    let n_methods = methods.len();
    let (one, two) = (wrapped(&[body]), wrapped(&[body, body]));
    for Filled { inspector, decoder } in &mut methods[usize::from(which.wrapping_sub(b'0')) % n_methods] {
        let alone = agree(inspector, decoder, &one);
        let Some((inspection, summary)) = alone else { continue };
        let push_id = inspector.dataset().column(PUSH_ID).expect("every table of a push has it");
        for row in inspection.rows.iter().filter(|row| row.faults.is_empty()) {
            assert_eq!(row.texts[push_id].as_deref(), Some(NAMES[0]), "the sender named its push itself");
        }
        let reasons = inspection.rows.iter().flat_map(|row| &row.faults).map(|fault| &fault.reason);
        assert!(reasons.into_iter().all(|reason| reason.len() < 120), "a reason holds a value");
        let (_, both) = agree(inspector, decoder, &two).expect("good alone and good beside its twin");
        assert_eq!((both.rows, both.refused), (summary.rows * 2, summary.refused * 2), "beside its twin");
        taken += summary.rows;
    }
    taken
}

/// What the door checks first: one JSON value in UTF-8, not too deep.
fn is_strict(body: &[u8]) -> bool {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest <= DEPTH_MAX && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// Pushes as a page of the inbox holds them.
fn wrapped(bodies: &[&[u8]]) -> Vec<u8> {
    let mut page = PushPage::default();
    for (name, body) in NAMES.into_iter().zip(bodies) {
        page.add(name, DateTime::UNIX_EPOCH, 0, body);
    }
    page.finish()
}
