//! What OSS sends without being asked: NIBs, franchises, signed files, applications for KKPR, operators of electronic
//! systems abroad, and the one thing it asks, whether a document is real. The bodies of all of them are made here.

use super::fill::BLOB;
use super::records::{NibRecord, OperatorRecord, StpwRecord};
use super::{Registry, fill, shape};
use crate::sandbox::push::PushKind;
use crate::sandbox::world::businesses::{Business, Licence, Operator};
use serde_json::{Value, json};

/// Applications are pushed to the ministry of every such business.
const EVERY: usize = 5;
/// Every so many of them is pushed twice.
const TWICE_EVERY: usize = 15;
/// First digits of the ministry's own licences.
const MINISTRY: &str = "056";

/// One push to the inbox: what it is about, and the body as OSS sends it.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: PushKind,
    /// The NIB, of which the token of a call is made.
    pub(crate) nib: String,
    /// What the body is known by: the NIB, the id of the permit, and of a document its number.
    pub(crate) key: Vec<String>,
    /// OSS's id of the business, empty where the body does not name it.
    pub(crate) oss_id: String,
    /// The running number of the business.
    pub(crate) index: usize,
    pub(crate) body: Value,
}

impl Message {
    fn about(kind: PushKind, business: &Business, licence: &Licence, body: Value) -> Self {
        let key = vec![business.nib.clone(), licence.id.clone()];
        Self { kind, nib: business.nib.clone(), key, oss_id: business.oss_id.clone(), index: business.index, body }
    }
}

/// Everything of `kind` that OSS has to say so far, in the order of the NIBs; nothing for what PaDi sends.
pub(crate) fn messages(registry: &Registry, kind: PushKind) -> Vec<Message> {
    let known = registry.known().iter();
    match kind {
        PushKind::Nib => known.filter_map(|business| nib(registry, business)).collect(),
        PushKind::NibStpw => known.filter_map(|business| stpw(registry, business)).collect(),
        PushKind::FileDs => known.flat_map(files).collect(),
        PushKind::CheckKomitmen => known.flat_map(documents).collect(),
        PushKind::NibKkpr => {
            let all = applications(registry).enumerate();
            let message = |(business, licence), time| {
                Message::about(kind, business, licence, kkpr(registry, (business, licence), time))
            };
            all.flat_map(|(nth, about)| (0..times(nth)).map(move |time| message(about, time))).collect()
        }
        PushKind::NibPse => {
            let message = |operator: &Operator| Message {
                kind,
                nib: operator.nib.clone(),
                key: vec![operator.nib.clone(), operator.licence.clone()],
                oss_id: operator.oss_id.clone(),
                index: operator.index,
                body: pse(registry, operator),
            };
            registry.businesses.operators(registry.today).map(message).collect()
        }
        PushKind::Transaksi => Vec::new(),
    }
}

/// receiveNIB about the first permit of a business.
fn nib(registry: &Registry, business: &Business) -> Option<Message> {
    let licence = business.licences.first()?;
    // When it was sent is a field of receiveNIBKKPR alone.
    let push = Some((licence, String::new()));
    let record = NibRecord { businesses: &registry.businesses, business, push };
    let data = fill::object(&shape::NIB_PUSH, &record, business.index);
    Some(Message::about(PushKind::Nib, business, licence, json!({ "dataNIB": data })))
}

fn stpw(registry: &Registry, business: &Business) -> Option<Message> {
    let licence = business.licences.first()?;
    let record = StpwRecord::new(&registry.businesses, business)?;
    let data = fill::object(&shape::STPW_PUSH, &record, business.index);
    Some(Message::about(PushKind::NibStpw, business, licence, json!({ "dataNIBSTPW": data })))
}

/// receiveFileDS, one a signed permit.
fn files(business: &Business) -> impl Iterator<Item = Message> {
    let signed = business.licences.iter().filter(|licence| licence.granted.is_some());
    signed.map(|licence| {
        // A link as the guide says, or the file itself as some senders have it.
        let file = match business.index % 6 {
            5 => BLOB.to_owned(),
            _ => format!("https://oss.example/berkas/{}.pdf", licence.id),
        };
        let data = json!({ "id_izin": licence.id, "nib": business.nib, "file_izin": file });
        Message::about(PushKind::FileDs, business, licence, json!({ "receiveFileDS": data }))
    })
}

/// checkKomitmen, one a document that a permit requires.
fn documents(business: &Business) -> impl Iterator<Item = Message> {
    business.licences.iter().flat_map(move |licence| {
        licence.requirements.iter().map(move |paper| {
            let data = json!({
                "nib": business.nib,
                "id_izin": licence.id,
                "no_dokumen": paper.number,
                "tgl_dokumen": paper.date,
            });
            let body = json!({ "CHECKKOMITMEN": data });
            let mut message = Message::about(PushKind::CheckKomitmen, business, licence, body);
            message.key.push(paper.number.clone());
            message
        })
    })
}

/// receiveNIBKKPR, sent for the `time`th time: an hour after the one before.
fn kkpr(registry: &Registry, (business, licence): (&Business, &Licence), time: usize) -> Value {
    let sent = format!("{} {:02}:15:00", business.issued, 9 + time);
    let record = NibRecord { businesses: &registry.businesses, business, push: Some((licence, sent)) };
    json!({ "dataNIB": fill::object(&shape::KKPR, &record, business.index + time) })
}

/// receiveNIBPSE.
fn pse(registry: &Registry, operator: &Operator) -> Value {
    let record = OperatorRecord { businesses: &registry.businesses, operator };
    json!({ "dataNIBPSE": fill::object(&shape::PSE, &record, operator.index) })
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
