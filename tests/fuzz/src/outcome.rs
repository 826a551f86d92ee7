//! One table and what decoding makes of bytes for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use lumbung::config::ConfigFolder;
use lumbung::contract::{Contract, Dataset};
use lumbung::decode::inspect::{Inspection, Inspector};
use lumbung::decode::{Brackets, DecodeError, DecodeSettings, Decoder, PageSummary, REFUSED_KEPT_MAX, Refused};
use lumbung::privacy::PiiKey;
use lumbung::source::shape;

/// A table of a shipped contract and what decoding it needs.
pub(super) struct Table {
    pub(super) dataset: Arc<Dataset>,
    settings: DecodeSettings,
}

/// What came of one page.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) summary: Result<PageSummary, String>,
    pub(super) batches: Vec<RecordBatch>,
    pub(super) refused: Vec<Refused>,
    unknown: BTreeMap<String, u64>,
}

/// The shipped contracts.
pub(super) fn contracts() -> Vec<Contract> {
    ConfigFolder::embedded().contracts().expect("the shipped contracts are good")
}

impl Table {
    pub(super) fn new(contract: &Contract, dataset: &Dataset) -> Self {
        let key = PiiKey::new(vec![7; 32]).expect("it is long enough");
        let settings = DecodeSettings { zone: contract.timezone, pii_key: Some(Arc::new(key)) };
        Self { dataset: Arc::new(dataset.clone()), settings }
    }

    pub(super) fn decoder(&self) -> Decoder {
        let decoder = Decoder::new(Arc::clone(&self.dataset), shape::reader, self.settings.clone());
        decoder.expect("there is a key").with_originals(true)
    }

    pub(super) fn inspector(&self) -> Inspector {
        Inspector::new(Arc::clone(&self.dataset), shape::reader, self.settings.clone()).expect("there is a key")
    }

    /// Decodes a page that comes in these pieces; a document in one.
    pub(super) fn decode<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
        let mut decoder = self.decoder();
        let mut batches = Vec::new();
        let summary = feed(&mut decoder, self.dataset.is_document(), pieces, &mut batches);
        if summary.is_err() {
            // What a broken page held is never published.
            batches.clear();
        }
        let summary = summary.map_err(|error| error.to_string());
        let unknown = decoder.unknown_keys().clone();
        Outcome { summary, batches, refused: decoder.take_refused(), unknown }
    }
}

fn feed<'a>(
    decoder: &mut Decoder,
    is_document: bool,
    pieces: impl Iterator<Item = &'a [u8]>,
    batches: &mut Vec<RecordBatch>,
) -> Result<PageSummary, DecodeError> {
    let mut emit = |batch: RecordBatch| {
        batches.push(batch);
        Ok::<(), DecodeError>(())
    };
    let summary = if is_document {
        let document: Vec<u8> = pieces.flatten().copied().collect();
        decoder.document(&document, &Brackets::of(&document), &mut emit)?
    } else {
        for piece in pieces {
            decoder.push(piece, &mut emit)?;
        }
        decoder.end_page(&mut emit)?
    };
    batches.extend(decoder.flush()?);
    Ok(summary)
}

/// What is inspected without a fault is taken, what has one is refused for the first of them, and what cannot be inspected
/// cannot be decoded. Returns what both said.
///
/// # Panics
/// When they contradict each other.
pub(super) fn agree(
    inspector: &mut Inspector,
    decoder: &mut Decoder,
    document: &[u8],
) -> Option<(Inspection, PageSummary)> {
    let inspected = inspector.inspect(document).map_err(|error| error.to_string());
    let decoded = decoder
        .document::<DecodeError>(document, &Brackets::of(document), &mut |_| Ok(()))
        .map_err(|error| error.to_string());
    let refused = decoder.take_refused();
    let (inspection, summary) = match (inspected, decoded) {
        (Ok(inspection), Ok(summary)) => (inspection, summary),
        (inspected, decoded) => {
            decoder.abandon_page();
            assert_eq!(inspected.err(), decoded.err(), "inspected and decoded");
            return None;
        }
    };
    let n_columns = inspector.dataset().columns.len();
    assert!(inspection.rows.iter().all(|row| row.texts.len() == n_columns), "a text a column");
    let good = inspection.rows.iter().filter(|row| row.faults.is_empty()).count() as u64;
    assert_eq!((good, inspection.rows.len() as u64), (summary.rows, summary.rows + summary.refused));
    let faulty = inspection.rows.iter().zip(1_u64..).filter_map(|(row, n)| Some((n, row.faults.first()?)));
    let told = faulty.take(REFUSED_KEPT_MAX).map(|(n, fault)| (n, fault.column.as_deref(), fault.reason.as_str()));
    let kept = refused.iter().map(|refused| (refused.row, refused.column.as_deref(), refused.reason.as_str()));
    assert!(told.eq(kept), "rows inspected as faulty and rows refused differ");
    Some((inspection, summary))
}
