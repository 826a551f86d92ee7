//! `lumbung report send`, `resend` and `deliveries`: exit codes, what is said, and what never is.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::sink::{Act, Moment, Sink, Tls};
use crate::harness::{Lab, Ran, secret_file};

const REPORT: &str = "serapan-anggaran";

/// A laboratory with figures for the report.
fn stocked() -> Lab {
    let lab = Lab::new(&[]);
    lab.ok(&["snapshot", "omspan", "--from", "2026-10-28", "--to", "2026-10-31"]);
    lab
}

/// The program with the mail settings of a test.
fn command(lab: &Lab, url: &str, arguments: &[&str]) -> Command {
    let mut command = lab.bare_command();
    for setting in ["mail.transport=smtp", &format!("mail.smtp_url={url}"), "mail.timeouts.reply_secs=2"] {
        command.args(["--set", setting]);
    }
    command.args(arguments);
    command
}

fn ends(code: i32, mut command: Command) -> Ran {
    let ran: Ran = command.output().unwrap().into();
    assert_eq!(ran.code, code, "{command:?}\n{}\n{}", ran.stdout, ran.stderr);
    ran
}

fn states(ran: &Ran) -> Vec<&'static str> {
    let known = ["accepted", "refused", "retry", "ambiguous", "pending", "given_up"];
    let state = |line: Value| known.into_iter().find(|known| line["state"] == *known).unwrap();
    ran.json_lines().into_iter().map(state).collect()
}

#[test]
fn an_edition_goes_out_once_and_a_proof_is_none() {
    let lab = stocked();
    // Files are no delivery, and it is said.
    let refused = lab.run(&["report", "send", REPORT]);
    assert_eq!(refused.code, 78, "{}", refused.stderr);
    assert!(refused.stderr.contains("nothing was sent; set transport = \"smtp\""), "{}", refused.stderr);

    let sink = Sink::plain();
    let url = format!("smtp://{}", sink.address);
    let send = ["--output", "json", "report", "send", REPORT, "--period", "2026-11-01"];
    let edition = "serapan-anggaran-2026-10-31";
    let proof = ends(0, command(&lab, &url, &[&send[..], &["--to", "saya@contoh.go.id"]].concat()));
    assert_eq!(proof.json_lines()[0]["kind"], "proof");
    let text = String::from_utf8(sink.kept().remove(0)).unwrap();
    assert!(text.contains("To: saya@contoh.go.id\r\n") && text.contains("Subject: [UJI KIRIM]\r\n "), "{text}");
    let n_recipients = sink.commands().iter().filter(|line| line.starts_with("RCPT")).count();
    assert_eq!(n_recipients, 1);

    let first = ends(0, command(&lab, &url, &send));
    assert_eq!(states(&first), ["accepted"; 3], "the proof is shown, too: {}", first.stdout);
    let again = ends(0, command(&lab, &url, &send));
    assert!(again.stderr.contains("were in the outbox before"), "{}", again.stderr);
    assert_eq!(sink.kept().len(), 3);
    assert!(sink.times().values().all(|times| *times == 1), "{:?}", sink.times());
    let series = "References: <series.serapan-anggaran@contoh.go.id>";
    assert!(sink.kept().iter().all(|eml| String::from_utf8_lossy(eml).contains(series)));

    let listed = lab.ok(&["report", "deliveries", edition]).stdout;
    assert!(listed.contains("s…@contoh.go.id") && listed.contains("(proof)"), "{listed}");
    let sql = "SELECT kind, recipient, state, attempts, reply_code, reply FROM ops.deliveries ORDER BY delivery";
    let rows = lab.ok(&["sql", sql, "--format", "ndjson"]).json_lines();
    let expected = json!({"kind": "edition", "recipient": "s…@contoh.go.id", "state": "accepted", "attempts": 1,
        "reply_code": 250, "reply": "2.0.0 queued as sink-1"});
    assert_eq!((rows.len(), &rows[1]), (3, &expected));
    assert_eq!(ends(2, command(&lab, &url, &["report", "resend", "nothing-2026", "--failed"])).stdout, "");
    assert_eq!(ends(2, command(&lab, &url, &["report", "resend", "--failed"])).stdout, "");
}

#[test]
fn every_outcome_has_its_exit_code_and_its_way_on() {
    let lab = stocked();
    let turn = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&turn);
    // 0: refuses recipients; 1: defers them; 2: keeps and goes away; else: takes.
    let hook = move |moment, line: &str, _| match (seen.load(Ordering::SeqCst), moment) {
        (0, Moment::Command) if line.starts_with("RCPT") => Act::Say("550 5.1.1 <sekjen@contoh.go.id> unknown"),
        (1, Moment::Command) if line.starts_with("RCPT") => Act::Say("450 4.2.1 busy"),
        (2, Moment::Kept) => Act::Drop,
        _ => Act::Go,
    };
    let sink = Sink::start(Tls::None, Box::new(hook));
    let url = format!("smtp://{}", sink.address);
    let send = ["--output", "json", "report", "send", REPORT];
    let resend = |flags: &[&'static str]| [&["--output", "json", "report", "resend"][..], flags].concat();
    let edition = "serapan-anggaran-2026-10-31";

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let down = ends(69, command(&lab, &format!("smtp://{nobody}"), &send));
    assert_eq!(states(&down), ["retry"; 2]);
    assert!(down.stderr.contains("the mail server is unavailable, 2 mails wait: connect:"), "{}", down.stderr);

    let refused = ends(65, command(&lab, &url, &resend(&[edition, "--failed"])));
    assert_eq!(states(&refused), ["refused"; 2]);
    assert!(refused.stdout.contains("<s…@contoh.go.id> unknown"), "{}", refused.stdout);
    turn.store(1, Ordering::SeqCst);
    let deferred = ends(75, command(&lab, &url, &resend(&[edition, "--failed"])));
    assert_eq!(states(&deferred), ["retry"; 2]);
    // Not before its time, unless somebody says so.
    let n_before = sink.commands().len();
    assert_eq!(states(&ends(75, command(&lab, &url, &resend(&[edition])))), ["retry"; 2]);
    assert_eq!(sink.commands().len(), n_before);
    turn.store(2, Ordering::SeqCst);
    let doubtful = ends(75, command(&lab, &url, &resend(&[edition, "--failed"])));
    assert_eq!(states(&doubtful), ["ambiguous"; 2]);
    assert!(
        doubtful.stderr.contains("2 mails may have arrived or not, and are not sent again"),
        "{}",
        doubtful.stderr
    );
    turn.store(3, Ordering::SeqCst);
    for flags in [&[edition][..], &[edition, "--failed"], &[]] {
        ends(if flags.is_empty() { 0 } else { 75 }, command(&lab, &url, &resend(flags)));
    }
    assert_eq!(sink.kept().len(), 2, "nothing in doubt was sent again in silence");
    let knowing = ends(0, command(&lab, &url, &resend(&[edition, "--ambiguous"])));
    assert!(knowing.stderr.contains("may have arrived already: the same mail goes out again"), "{}", knowing.stderr);
    assert_eq!(states(&knowing), ["accepted"; 2]);
    assert_eq!(knowing.json_lines()[0]["resent_by"], "unknown");
    let kept = sink.kept();
    assert_eq!(kept.len(), 4);
    assert!(kept[0] == kept[2] && kept[1] == kept[3], "the same bytes");
}

#[test]
fn the_password_and_addresses_are_never_said() {
    let lab = stocked();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(lab.path().join("ca.pem"), made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap();
    let welcome = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&welcome);
    let hook = move |_, line: &str, _| match line {
        line if line.starts_with("AUTH") && seen.load(Ordering::SeqCst) == 0 => Act::Say("535 5.7.8 bad credentials"),
        _ => Act::Go,
    };
    let sink = Sink::start(Tls::Offered(Arc::new(config), ""), Box::new(hook));
    let url = format!("smtp+starttls://lumbung@{}", sink.address);
    secret_file(&lab.path().join("password"), "kata-sandi-rahasia\n");
    let talkative = |arguments: &[&str]| {
        let mut command = command(&lab, &url, &[&["-vv", "--set", "mail.ca_bundle=ca.pem"][..], arguments].concat());
        command.env("LUMBUNG_SMTP_PASSWORD_FILE", "password");
        command
    };
    let missing = ends(78, command(&lab, &url, &["--set", "mail.ca_bundle=ca.pem", "report", "send", REPORT]));
    assert!(missing.stderr.contains("set LUMBUNG_SMTP_PASSWORD or LUMBUNG_SMTP_PASSWORD_FILE"), "{}", missing.stderr);
    let refused = ends(77, talkative(&["report", "send", REPORT]));
    assert!(refused.stderr.contains("refuses the sender, 2 mails wait: auth: 535"), "{}", refused.stderr);
    welcome.store(1, Ordering::SeqCst);
    let sent = ends(0, talkative(&["report", "resend", "serapan-anggaran-2026-10-31", "--failed"]));
    assert!(sent.stderr.contains("DEBUG") || sent.stderr.contains("INFO"), "nothing was asked to be said");
    let listed = ends(0, talkative(&["--output", "json", "report", "deliveries"]));
    // What AUTH PLAIN sends: a zero byte, the user, a zero byte, the password.
    let encoded = "AGx1bWJ1bmcAa2F0YS1zYW5kaS1yYWhhc2lh";
    assert!(sink.commands().iter().any(|line| line.contains(encoded)), "{:?}", sink.commands());
    for ran in [refused, sent, listed] {
        for secret in ["kata-sandi", encoded, "sekjen@contoh", "karo.keuangan@contoh"] {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{secret}: {}", ran.stderr);
        }
    }
}
