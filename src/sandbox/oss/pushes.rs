//! What OSS sends without being asked: applications for KKPR and operators of electronic systems abroad.

use super::records::{NibRecord, OperatorRecord};
use super::{Registry, fill, shape};
use crate::sandbox::world::businesses::{Business, Licence};
use serde_json::{Value, json};
use std::io;
use std::path::Path;

/// Applications are pushed to the ministry of every such business.
const EVERY: usize = 5;
/// Every so many of them is pushed twice.
const TWICE_EVERY: usize = 15;
/// First digits of the ministry's own licences.
const MINISTRY: &str = "056";

/// One push: a body as OSS sends it.
#[derive(Debug)]
pub(super) struct Push {
    /// The folder for its kind: `kkpr` or `pse`.
    pub(super) kind: &'static str,
    /// Its file name.
    pub(super) name: String,
    pub(super) payload: Value,
}

/// The applications pushed so far, each once, in the order of the NIBs.
pub(super) fn applications(registry: &Registry) -> impl Iterator<Item = (&Business, &Licence)> {
    let ours = |business: &&Business| business.index % EVERY == 1;
    registry.known().iter().filter(ours).filter_map(|business| {
        let licence = business.licences.iter().find(|licence| licence.permit.code.starts_with(MINISTRY))?;
        Some((business, licence))
    })
}

/// How often application number `nth` is pushed.
pub(super) fn times(nth: usize) -> usize {
    if nth.is_multiple_of(TWICE_EVERY) { 2 } else { 1 }
}

/// All pushes so far.
pub(super) fn pushes(registry: &Registry) -> Vec<Push> {
    let mut all = Vec::new();
    for (nth, (business, licence)) in applications(registry).enumerate() {
        for time in 0..times(nth) {
            let sent = format!("{} {:02}:15:00", business.issued, 9 + time);
            let record = NibRecord { businesses: &registry.businesses, business, push: Some((licence, sent)) };
            let data = fill::object(&shape::KKPR, &record, business.index + time);
            let name = format!("{}_{}_{}.json", business.issued.format("%Y%m%d"), business.nib, time + 1);
            all.push(Push { kind: "kkpr", name, payload: json!({ "dataNIB": data }) });
        }
    }
    for operator in registry.businesses.operators(registry.today) {
        let record = OperatorRecord { businesses: &registry.businesses, operator };
        let data = fill::object(&shape::PSE, &record, operator.index);
        let name = format!("{}_{}_1.json", operator.issued.format("%Y%m%d"), operator.nib);
        all.push(Push { kind: "pse", name, payload: json!({ "dataNIBPSE": data }) });
    }
    all
}

/// Writes every push as a file of its own below `folder`, `kkpr/*.json` and `pse/*.json`; returns how many.
pub(crate) fn write(registry: &Registry, folder: &Path) -> io::Result<usize> {
    let pushes = pushes(registry);
    for push in &pushes {
        let folder = folder.join(push.kind);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(&push.name), push.payload.to_string())?;
    }
    Ok(pushes.len())
}
