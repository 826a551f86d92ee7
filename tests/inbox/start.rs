//! What the daemon needs before it serves anybody.

use std::process::Stdio;

use super::daemon::House;
use super::{PADI_KEY, transaction};
use crate::harness::{PII_KEY, Ran};

#[test]
fn without_secrets_it_says_which_variables_open_an_inbox() {
    let house = House::new();
    let none: Ran = house.bare_command(&["serve"]).env("LUMBUNG_PII_KEY", PII_KEY).output().unwrap().into();
    assert_eq!(none.code, 78, "{}", none.stderr);
    for variable in ["LUMBUNG_INBOX_OSS_USER", "LUMBUNG_INBOX_OSS_PASSWORD", "LUMBUNG_INBOX_PADI_TOKEN"] {
        assert!(none.stderr.contains(variable), "{}", none.stderr);
    }
    let mut half = house.bare_command(&["serve", "--http", "127.0.0.1:0"]);
    half.env("LUMBUNG_PII_KEY", PII_KEY).env("LUMBUNG_INBOX_OSS_USER", "oss");
    let half: Ran = half.output().unwrap().into();
    assert_eq!(half.code, 78, "{}", half.stderr);
    assert!(half.stderr.contains("set LUMBUNG_INBOX_OSS_PASSWORD"), "{}", half.stderr);
    let mut keyless = house.bare_command(&["serve", "--http", "127.0.0.1:0"]);
    let keyless: Ran = keyless.env("LUMBUNG_INBOX_PADI_TOKEN", PADI_KEY).output().unwrap().into();
    assert_eq!(keyless.code, 78, "{}", keyless.stderr);
    assert!(keyless.stderr.contains("LUMBUNG_PII_KEY"), "{}", keyless.stderr);
    assert_eq!(house.run(&["--set", "inbox.load=every day", "serve", "--http", "127.0.0.1:0"]).code, 78);
    let nothing = ["--set", "inbox.enabled=false", "--set", "schedule.enabled=false", "serve"];
    assert_eq!(house.run(&nothing).code, 78);
}

#[test]
fn beyond_this_machine_it_speaks_tls_or_nothing() {
    let house = House::new();
    let plain = house.run(&["serve", "--http", "0.0.0.0:0"]);
    assert_eq!(plain.code, 78, "{}", plain.stderr);
    let advice = "set serve.tls_cert and serve.tls_key, or bind to 127.0.0.1";
    assert!(plain.stderr.contains(advice), "{}", plain.stderr);

    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (house.path("tls.crt"), house.path("tls.key"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, "no key at all").unwrap();
    let settings = [format!("serve.tls_cert={}", cert.display()), format!("serve.tls_key={}", key.display())];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let tls = ["--set", settings[0], "--set", settings[1], "serve", "--http", "0.0.0.0:0"];
    let broken = house.run(&tls);
    assert_eq!(broken.code, 78, "{}", broken.stderr);
    assert!(broken.stderr.contains("tls.key") && !broken.stderr.contains("no key at all"), "{}", broken.stderr);

    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut daemon = house.serve(&settings);
    assert!(daemon.base_url.starts_with("https://"), "{}", daemon.base_url);
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    daemon.client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    assert_eq!(daemon.push_transaction(&transaction("T")).status, 200);
    let plain = daemon.exchange(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(!plain.contains("200 OK"), "{plain}");
    assert_eq!(daemon.push_transaction(&transaction("T")).status, 200);
    assert_eq!(daemon.terminate().code, 0);
}

#[test]
fn it_prints_its_address_and_a_second_one_on_it_is_refused() {
    let house = House::new();
    let daemon = house.start(house.command(&["serve", "--http", "127.0.0.1:0"]));
    assert!(daemon.base_url.starts_with("http://127.0.0.1:"), "{}", daemon.base_url);
    let address = daemon.base_url.strip_prefix("http://").unwrap();
    let second = house.command(&["serve", "--http", address]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(Ran::from(second).code, 69);
    let help = house.run(&["serve", "--help"]);
    assert!(help.stdout.contains("Examples:") && help.stdout.contains("LUMBUNG_INBOX_OSS_USER"), "{}", help.stdout);
}
