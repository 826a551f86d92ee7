//! TLS fails closed: the right certificate or nothing, STARTTLS or nothing, and nothing believed that came before it.

use std::path::Path;
use std::sync::Arc;

use lumbung::mail::outbox::Stopped;
use lumbung::warehouse::{DeliveryStage, DeliveryState};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::sink::{Act, Sink, Tls};
use super::{Post, message};

/// A certificate for `names`, signed by itself; its PEM file goes to `path`.
fn certificate(names: &[&str], path: &Path) -> Arc<rustls::ServerConfig> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(path, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap())
}

fn go() -> Box<super::sink::Hook> {
    Box::new(|_, _, _| Act::Go)
}

/// A post that trusts the certificate in `trusted`, with one message laid in.
fn post(scheme: &str, sink: &Sink, trusted: &Path) -> Post {
    let url = format!("{scheme}://lab@{}", sink.address);
    let mut post = Post::new(&url, &format!("ca_bundle = \"{}\"", trusted.display()));
    post.password = Some("lab-secret");
    post.lay(&[message("sekjen@lab.test", 100)]);
    post
}

#[test]
fn a_trusted_certificate_is_needed_and_enough() {
    let folder = tempfile::tempdir().unwrap();
    let (good, other) = (folder.path().join("good.pem"), folder.path().join("other.pem"));
    certificate(&["127.0.0.1"], &other);
    for scheme in ["smtps", "smtp+starttls"] {
        let tls = |config| match scheme {
            "smtps" => Tls::Implicit(config),
            _ => Tls::Offered(config, ""),
        };
        let sink = Sink::start(tls(certificate(&["127.0.0.1"], &good)), go());
        let trusting = post(scheme, &sink, &good);
        assert_eq!(trusting.send(0).unwrap(), None, "{scheme}");
        assert_eq!((trusting.states(), sink.kept().len()), (vec![DeliveryState::Accepted], 1), "{scheme}");
        assert!(sink.commands().iter().any(|line| line.starts_with("AUTH PLAIN ")), "{scheme}");

        // Another authority; then the right one with another name.
        let wrong_name = folder.path().join("wrong.pem");
        let misnamed = Sink::start(tls(certificate(&["mail.invalid"], &wrong_name)), go());
        for (sink, trusted) in [(&sink, &other), (&misnamed, &wrong_name)] {
            let n_before = sink.commands().iter().filter(|line| line.starts_with("MAIL")).count();
            let refused = post(scheme, sink, trusted);
            let stopped = refused.send(0).unwrap();
            assert!(matches!(stopped, Some(Stopped::Unavailable(_))), "{scheme} {stopped:?}");
            assert_eq!(refused.states(), [DeliveryState::Retry], "{scheme}");
            let n_after = sink.commands().iter().filter(|line| line.starts_with("MAIL")).count();
            assert_eq!(n_before, n_after, "{scheme}: the envelope was shown to a stranger");
        }
    }
}

#[test]
fn without_starttls_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.pem");
    certificate(&["127.0.0.1"], &good);
    let sink = Sink::plain();
    let stripped = post("smtp+starttls", &sink, &good);
    let stopped = stripped.send(0).unwrap();
    assert!(matches!(&stopped, Some(Stopped::Unavailable(why)) if why.contains("no STARTTLS")), "{stopped:?}");
    let commands = sink.commands();
    assert!(commands.iter().all(|line| line.starts_with("EHLO")), "{commands:?}");
    assert_eq!(stripped.records()[0].stage, Some(DeliveryStage::Tls));
}

/// Replies that somebody slips in behind "go ahead" would be taken for replies under TLS: a "250 queued" that nobody queued.
#[test]
fn replies_slipped_in_before_the_handshake_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.pem");
    let slipped =
        "250-sink.test\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 mail\r\n250 rcpt\r\n354 go\r\n250 queued\r\n";
    let sink = Sink::start(Tls::Offered(certificate(&["127.0.0.1"], &good), slipped), go());
    let post = post("smtp+starttls", &sink, &good);
    let stopped = post.send(0).unwrap();
    assert!(matches!(stopped, Some(Stopped::Unavailable(_))), "{stopped:?}");
    assert_eq!((post.states(), sink.kept().len()), (vec![DeliveryState::Retry], 0));
}
