//! The real Postfix, where it is installed: what it takes is in the mailbox once, what it refuses is told.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use lumbung::warehouse::DeliveryState::{Accepted, Refused, Retry};
use tempfile::TempDir;

use super::sink::message_id;
use super::{Post, message, shared};

/// Postfix delivers in its own time.
const WAIT_MAX: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// A private Postfix; stopped when dropped.
struct Postfix {
    script: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Postfix {
    /// `None`, and why, where there is none.
    fn start() -> Option<Self> {
        let script = shared()?.join("tools/postfix_lab.sh");
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        let installed =
            Command::new("postconf").args(["-d", "mail_version"]).output().is_ok_and(|o| o.status.success());
        if !is_root || !installed {
            eprintln!("skipped: needs Postfix, and root");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let pem = format!("{}{}", made.signing_key.serialize_pem(), made.cert.pem());
        std::fs::write(folder.path().join("cert.pem"), pem).unwrap();
        std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let postfix = Self { script, folder, port };
        let started = postfix.command("start").output().unwrap();
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stdout));
        Some(postfix)
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new("bash");
        command.arg(&self.script).arg(what).arg(self.folder.path()).arg(self.port.to_string());
        command
    }

    /// How often each Message-ID is in the mailbox.
    fn times(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for entry in std::fs::read_dir(self.folder.path().join("mbox/inbox/new")).into_iter().flatten().flatten() {
            *times.entry(message_id(&std::fs::read(entry.path()).unwrap())).or_insert(0) += 1;
        }
        times
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // What cannot be stopped ends with the machine.
        let _ = self.command("stop").output();
    }
}

fn wait_for(postfix: &Postfix, n: usize) {
    let began = Instant::now();
    while postfix.times().len() < n {
        let log =
            || std::fs::read_to_string(Path::new(postfix.folder.path()).join("postfix.log")).unwrap_or_default();
        assert!(began.elapsed() < WAIT_MAX, "{:?}\n{}", postfix.times(), log());
        std::thread::park_timeout(LOOK);
    }
}

#[test]
fn postfix_has_every_accepted_mail_once() {
    let Some(postfix) = Postfix::start() else { return };
    let ca = format!("ca_bundle = \"{}\"", postfix.folder.path().join("ca.pem").display());
    let post = Post::new(&format!("smtp+starttls://127.0.0.1:{}", postfix.port), &ca);
    let names = ["sekjen", "bad", "slow", "grey", "karo"];
    let mut messages: Vec<_> = names.map(|name| message(&format!("{name}@lab.test"), 200_000)).into();
    messages.push(message("orang@elsewhere.test", 100));
    messages.push(message("besar@lab.test", 11_000_000));
    post.lay(&messages);
    assert_eq!(post.send(0).unwrap(), None);
    let expected = [Accepted, Refused, Retry, Retry, Accepted, Refused, Refused];
    assert_eq!(post.states(), expected, "{:?}", post.records());
    let replies: Vec<_> = post.records().iter().map(|record| record.reply_code).collect();
    assert_eq!(replies, [250, 550, 450, 450, 250, 554, 552].map(Some));
    assert!(post.records()[0].reply.as_deref().unwrap().contains("queued as"), "{:?}", post.records()[0]);
    wait_for(&postfix, 2);
    // The same edition once more, and the waiting ones: nobody gets a second one.
    post.lay(&messages);
    post.send(30).unwrap();
    assert_eq!(post.states(), expected);
    std::thread::park_timeout(Duration::from_millis(500));
    assert_eq!(postfix.times().values().copied().collect::<Vec<_>>(), [1, 1]);
}
