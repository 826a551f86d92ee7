//! The pusher against an inbox that remembers everything it was told, and what the pushes are.

use super::{Extent, OssUser, Push, PushCredentials, PushError, PushKind, PushOptions, Pusher, Pushes};
use crate::clock::Clock;
use crate::sandbox::ScaleFactor;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// 1 November in Jakarta, 31 October in Greenwich.
const NOW: &str = "2026-10-31T18:00:00Z";

fn pushes(kinds: &[PushKind], changed_per_mille: u16) -> Pushes {
    let today = "2026-11-01".parse().unwrap();
    Pushes::of_world((7, ScaleFactor::new(0.25).unwrap()), today, kinds, changed_per_mille)
}

fn options(url: &str) -> PushOptions {
    let oss = OssUser { user: "oss-kl".to_owned(), password: "rahasia".into() };
    let credentials = PushCredentials { oss: Some(oss), padi: Some("kunci".into()) };
    let clock = Clock::Fixed(NOW.parse().unwrap());
    PushOptions { pause: Duration::from_millis(1), ..PushOptions::new(url, credentials, clock) }
}

/// What an inbox was told: path, body, and the statuses it answered.
#[derive(Default)]
struct Told {
    tries: BTreeMap<(String, Bytes), Vec<u16>>,
}

/// How an inbox behaves: the statuses of the tries before a push is taken, by whether its body's length is odd.
#[derive(Clone, Default)]
struct Inbox {
    before: Vec<u16>,
    told: Arc<Mutex<Told>>,
}

async fn take(State(inbox): State<Inbox>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let value: Value = serde_json::from_slice(&body).unwrap();
    let proof = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let good = if uri.path() == "/inbox/padi/padis" {
        proof("x-api-key").as_deref() == Some("kunci")
    } else {
        let nib = value.as_object().unwrap().values().next().unwrap()["nib"].as_str().unwrap();
        let digest = Sha1::digest(format!("oss-klrahasia{nib}20261101"));
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        proof("Token") == Some(hex)
    };
    let mut told = inbox.told.lock().unwrap();
    let tries = told.tries.entry((uri.path().to_owned(), body)).or_default();
    let status = match inbox.before.get(tries.len()) {
        Some(status) => *status,
        None if good => 200,
        None => 401,
    };
    tries.push(status);
    let text = match uri.path() {
        "/inbox/padi/padis" => r#"{"status":"success","messages":"","data":[],"count":1}"#,
        _ => r#"{"responreceiveNIB":{"status":"1","keterangan":"Data diterima"}}"#,
    };
    (StatusCode::from_u16(status).unwrap(), text).into_response()
}

impl Inbox {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(self.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        format!("http://{address}/inbox")
    }

    fn tries(&self) -> Vec<Vec<u16>> {
        self.told.lock().unwrap().tries.values().cloned().collect()
    }
}

#[tokio::test]
async fn everything_is_sent_once_with_the_right_proof_and_acknowledged() {
    let inbox = Inbox::default();
    let pushes = pushes(&PushKind::ALL, 100);
    let count = pushes.len();
    let clients = NonZeroUsize::new(8).unwrap();
    let pusher = Pusher::new(pushes, PushOptions { clients, ..options(&inbox.start().await) }).unwrap();
    let report = pusher.run().await;
    assert_eq!((report.totals.pushes, report.totals.acknowledged, pusher.acknowledged()), (count, count, count));
    assert_eq!((report.totals.refused, report.totals.unanswered, report.totals.sent_twice), (0, 0, 0));
    assert!(inbox.tries().iter().all(|tries| *tries == [200]), "nothing is sent twice, and no two bodies are one");
    assert_eq!(inbox.tries().len() as u64, count);
    assert_eq!(report.totals.kinds.keys().count(), PushKind::ALL.len());
    assert!(report.totals.p50_ms > 0.0 && report.totals.p99_ms >= report.totals.p50_ms);
    assert!(report.totals.acknowledged_per_second > 0.0);
    let hashes: BTreeSet<&str> = report.pushes.iter().map(|push| push.body_sha256.as_str()).collect();
    assert_eq!(hashes.len() as u64, count);
}

#[tokio::test]
async fn trouble_is_answered_with_the_same_body_again() {
    let inbox = Inbox { before: vec![500, 429, 503], ..Inbox::default() };
    let extent = Extent::Count(20);
    let pushes = pushes(&[PushKind::Nib, PushKind::Transaksi], 0);
    let pusher = Pusher::new(pushes, PushOptions { extent, ..options(&inbox.start().await) }).unwrap();
    let report = pusher.run().await;
    assert_eq!((report.totals.acknowledged, report.totals.attempts), (20, 80));
    assert_eq!(inbox.tries(), vec![vec![500, 429, 503, 200]; 20]);
}

#[tokio::test]
async fn a_refusal_is_final_and_patience_ends() {
    let refusing = Inbox { before: vec![400; 9], ..Inbox::default() };
    let one = |url: &str| PushOptions { extent: Extent::Count(1), attempts_max: 3, ..options(url) };
    let run =
        async |url: &str| Pusher::new(pushes(&[PushKind::FileDs], 0), one(url)).unwrap().run().await.pushes.remove(0);
    let refused = run(&refusing.start().await).await;
    assert_eq!((refused.acknowledged, refused.attempts, refused.status), (false, 1, Some(400)));
    let down = Inbox { before: vec![503; 9], ..Inbox::default() };
    let down = run(&down.start().await).await;
    assert_eq!((down.acknowledged, down.attempts, down.status), (false, 3, Some(503)));
    // A port that was free a moment ago: nobody answers there.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = run(&format!("http://{free}")).await;
    assert_eq!((nobody.acknowledged, nobody.attempts, nobody.status), (false, 3, None));
}

#[tokio::test]
async fn a_share_is_sent_twice_on_purpose_the_same_in_every_run() {
    let run = async || {
        let inbox = Inbox::default();
        let options = PushOptions {
            extent: Extent::Count(200),
            twice_per_mille: 250,
            clients: NonZeroUsize::new(4).unwrap(),
            ..options(&inbox.start().await)
        };
        let report = Pusher::new(pushes(&[PushKind::Nib], 0), options).unwrap().run().await;
        let twice = inbox.tries().iter().filter(|tries| tries.len() == 2).count();
        assert_eq!((report.totals.sent_twice as usize, report.totals.answered_differently), (twice, 0));
        let sent = report.pushes.into_iter().map(|push| (push.body_sha256, push.sent));
        sent.collect::<BTreeMap<String, usize>>()
    };
    let first = run().await;
    assert!((20..90).contains(&first.values().filter(|sent| **sent == 2).count()));
    assert_eq!(run().await, first);
}

#[test]
fn pushes_are_due_at_their_rate() {
    assert_eq!(super::due(0, 50), Duration::ZERO);
    assert_eq!(super::due(25, 50), Duration::from_millis(500));
    assert_eq!(super::due(150, 50), Duration::from_secs(3));
}

#[tokio::test]
async fn a_pusher_that_is_stopped_says_what_it_did() {
    let inbox = Inbox::default();
    let options =
        PushOptions { extent: Extent::Endless, per_second: NonZeroU32::new(2_000), ..options(&inbox.start().await) };
    let pusher = Pusher::new(pushes(&[PushKind::NibPse], 0), options).unwrap();
    let running = tokio::spawn({
        let pusher = pusher.clone();
        async move { pusher.run().await }
    });
    while pusher.acknowledged() < 40 {
        tokio::task::yield_now().await;
    }
    pusher.stop();
    let report = running.await.unwrap();
    assert!(report.totals.acknowledged >= 40, "more than the world has, so that numbers were made");
    assert_eq!(report.totals.acknowledged as usize, inbox.tries().len());
}

#[test]
fn what_cannot_begin_says_so() {
    let without = |url: &str, kinds: &[PushKind]| {
        let options = PushOptions { credentials: PushCredentials::default(), ..options(url) };
        Pusher::new(pushes(kinds, 0), options).unwrap_err()
    };
    let url = "http://127.0.0.1:1/inbox";
    assert!(matches!(without(url, &[PushKind::Transaksi]), PushError::Credential { kind: PushKind::Transaksi }));
    assert_eq!(without(url, &[PushKind::Nib]).to_string(), "receiveNIB needs OSS's user and password");
    let nowhere = Pusher::new(pushes(&[PushKind::Nib], 0), options("nowhere")).unwrap_err();
    assert!(matches!(nowhere, PushError::Address(_)));
    let ca = Some(b"no certificate".to_vec());
    let wrong = Pusher::new(pushes(&[PushKind::Nib], 0), PushOptions { ca, ..options(url) }).unwrap_err();
    assert!(matches!(wrong, PushError::Client(_)), "{wrong}");
}

fn all(pushes: &Pushes, count: u64) -> Vec<Push> {
    (0..count).map(|number| pushes.at(number).unwrap()).collect()
}

#[test]
fn bodies_are_the_guides_and_keys_are_in_them() {
    let pushes = pushes(&PushKind::ALL, 0);
    let mut seen = BTreeMap::new();
    for push in all(&pushes, pushes.len()) {
        let body: Value = serde_json::from_slice(&push.body).unwrap();
        let (wrapper, content) = body.as_object().unwrap().iter().next().unwrap();
        let fields: &[&str] = match push.kind {
            PushKind::Transaksi => &["bumn_id", "transaksi_id"],
            PushKind::CheckKomitmen => &["nib", "id_izin", "no_dokumen"],
            _ => &["nib", "id_izin"],
        };
        let key: Vec<&str> = fields.iter().map(|field| content[*field].as_str().unwrap()).collect();
        assert_eq!(push.key, key);
        assert!(push.kind == PushKind::Transaksi || push.nib.len() == 13 && push.key[1].len() <= 25);
        seen.insert(push.kind, (wrapper.clone(), content.as_object().unwrap().len()));
    }
    let expected = [
        (PushKind::Nib, "dataNIB", 79),
        (PushKind::NibStpw, "dataNIBSTPW", 40),
        (PushKind::FileDs, "receiveFileDS", 3),
        (PushKind::NibKkpr, "dataNIB", 80),
        (PushKind::NibPse, "dataNIBPSE", 38),
        (PushKind::CheckKomitmen, "CHECKKOMITMEN", 4),
        (PushKind::Transaksi, "transaksi", 25),
    ];
    assert_eq!(seen, expected.map(|(kind, wrapper, fields)| (kind, (wrapper.to_owned(), fields))).into());
}

#[test]
fn later_rounds_are_the_same_world_under_new_numbers() {
    let pushes = pushes(&PushKind::ALL, 200);
    let round = pushes.len();
    let all = all(&pushes, 3 * round);
    let bodies: BTreeSet<&[u8]> = all.iter().map(|push| push.body.as_ref()).collect();
    assert_eq!(bodies.len(), all.len(), "no two pushes are the same");
    let (first, second) = (&all[0], &all[round as usize]);
    assert_eq!((first.kind, first.body.len()), (second.kind, second.body.len()));
    assert_ne!((&first.nib, &first.key), (&second.nib, &second.key));
    for push in &all[round as usize..] {
        let body = std::str::from_utf8(&push.body).unwrap();
        assert!(push.key.iter().all(|part| body.contains(part)));
        assert!(push.key.iter().all(|part| part.len() <= 25), "{:?}", push.key);
    }
    // Only a changed NIB and an application sent twice share a key with another push.
    let mut keys: HashMap<(PushKind, &[String]), usize> = HashMap::new();
    all.iter().for_each(|push| *keys.entry((push.kind, &push.key)).or_default() += 1);
    for ((kind, key), count) in keys {
        assert!(count == 1 || matches!(kind, PushKind::Nib | PushKind::NibKkpr), "{kind} {key:?} {count}");
    }
}

#[test]
fn a_changed_nib_is_newer_than_the_one_before_it() {
    let pushes = pushes(&[PushKind::Nib], 300);
    let mut before: HashMap<Vec<String>, Value> = HashMap::new();
    let mut changes = 0;
    for push in all(&pushes, 2 * pushes.len()) {
        let body: Value = serde_json::from_slice(&push.body).unwrap();
        let nib = body["dataNIB"].clone();
        assert_eq!(nib["nib"], push.nib);
        if !push.changed {
            assert!(before.insert(push.key.clone(), nib).is_none());
            continue;
        }
        changes += 1;
        let old = &before[&push.key];
        let day = |nib: &Value| nib["tgl_perubahan_nib"].as_str().unwrap().to_owned();
        assert!(day(&nib) > day(old));
        assert_eq!(nib["tipe_dokumen"], "5");
    }
    assert!(changes > 10, "{changes}");
}
