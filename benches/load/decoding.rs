//! The decoder alone, on one thread.

use std::sync::Arc;

use arrow::array::RecordBatch;
use lumbung::contract::{Contract, Dataset};
use lumbung::decode::{DecodeError, DecodeSettings, Decoder};
use lumbung::privacy::PiiKey;
use lumbung::source::envelope::{Verdict, judge_document};
use lumbung::source::shape;

/// Bytes the decoder is fed at a time, as a network would.
const CHUNK_BYTES: usize = 256 * 1024;

/// A decoder that keeps nothing, and what it does with a batch.
fn decoder(contract: &Contract, dataset: &Dataset) -> Decoder {
    let key = PiiKey::from_text(&"07".repeat(32)).expect("64 hex digits are a key");
    let settings = DecodeSettings { zone: contract.timezone, pii_key: Some(Arc::new(key)) };
    Decoder::new(Arc::new(dataset.clone()), shape::reader, settings).expect("there is a key")
}

fn drop_batch(batch: RecordBatch) -> Result<(), DecodeError> {
    drop(std::hint::black_box(batch));
    Ok(())
}

/// Decodes pages of rows that stream; returns how many rows there were.
pub(crate) fn stream(contract: &Contract, dataset: &Dataset, pages: &[Vec<u8>]) -> u64 {
    let mut decoder = decoder(contract, dataset);
    let mut rows = 0;
    for page in pages {
        for chunk in page.chunks(CHUNK_BYTES) {
            decoder.push(chunk, &mut drop_batch).expect("the answer is good");
        }
        rows += decoder.end_page(&mut drop_batch).expect("the answer is whole").rows;
    }
    rows
}

/// Judges and decodes whole documents; returns how many rows there were.
pub(crate) fn documents(contract: &Contract, dataset: &Dataset, bodies: &[String]) -> u64 {
    let mut decoder = decoder(contract, dataset);
    let parameters = [("id_kantor", "1"), ("id_instansi", "2"), ("tahun", "2026")];
    decoder.set_parameters(&parameters.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut rows = 0;
    for body in bodies {
        let judged = judge_document(contract, dataset, 200, body.as_bytes()).expect("a document");
        assert_eq!(judged.verdict, Verdict::Rows);
        let summary =
            decoder.document(body.as_bytes(), &judged.brackets, &mut drop_batch).expect("the document is good");
        let refused = decoder.take_refused();
        assert_eq!(summary.refused, 0, "{:?}", refused.first());
        rows += summary.rows;
    }
    rows
}
