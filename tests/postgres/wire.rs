//! Byte by byte: what no client library sends. Each connection of it ends alone; the port goes on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::house::House;

/// Longest wait for the other side: everything that is waited for comes much earlier.
const PATIENCE: Duration = Duration::from_secs(30);

const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

fn connect(port: &str) -> TcpStream {
    let stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes and reads until the port closes.
fn exchange(port: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(port);
    // The port may have heard enough before everything is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn startup(user: &str) -> Vec<u8> {
    let mut body = vec![0, 3, 0, 0];
    for text in ["user", user, "database", "lumbung", ""] {
        body.extend(text.bytes().chain([0]));
    }
    let length = u32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes()[..], &body].concat()
}

fn has(answer: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(answer).contains(text)
}

#[test]
fn who_speaks_no_tls_is_turned_away_before_a_word_of_a_password() {
    let house = House::empty();
    house.lab.ok(&["snapshot", "omspan.capaian_ik_kl"]);
    let port = house.serve(true, &["serve.postgres.login_timeout_secs=2"]);

    let plain = exchange(&port.number, &startup("ana"));
    assert_eq!(plain[0], b'E');
    assert!(has(&plain, "28000") && has(&plain, "without TLS"), "{}", String::from_utf8_lossy(&plain));

    // What comes before the handshake is no part of what comes through it.
    let injected = exchange(&port.number, &[&TLS_REQUEST[..], &startup("ana")].concat());
    assert_eq!(injected[0], b'S');
    assert!(!has(&injected, "SCRAM"), "the handshake has to fail");

    // GSSAPI is not offered; it may be asked for first.
    let gss = exchange(&port.number, &[&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30][..], &startup("ana")].concat());
    assert!(gss.starts_with(b"NE") && has(&gss, "28000"), "{gss:?}");

    for strange in [
        &b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        &[0, 0, 0, 4],
        &[0xff; 64],
        &[0, 0, 0, 9, 0, 3, 0, 0, b'x'],
        &[0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 1, 0, 0, 0, 1],
        b"",
    ] {
        let answer = exchange(&port.number, strange);
        assert!(!has(&answer, "SCRAM"), "{strange:?}");
    }
    let (code, log) = port.terminate();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("ended by a bug"), "{log}");
}

#[test]
fn a_login_is_the_only_thing_that_is_heard_before_a_login() {
    let house = House::empty();
    house.lab.ok(&["snapshot", "omspan.capaian_ik_kl"]);
    let port = house.serve(false, &[]);
    let query = b"Q\0\0\0\x0dSELECT 1\0";
    let answer = exchange(&port.number, &[&startup("ana")[..], query].concat());
    assert!(has(&answer, "SCRAM-SHA-256") && has(&answer, "08P01"), "{}", String::from_utf8_lossy(&answer));
    assert!(!has(&answer, "SCRAM-SHA-256-PLUS"), "there is no channel to bind to");
    // Two unknown users and a known one look alike up to the proof.
    let first = |user: &str| {
        let proof = b"n,,n=,r=abcdefghijklmnop";
        let mut body = b"SCRAM-SHA-256\0".to_vec();
        body.extend(u32::try_from(proof.len()).unwrap().to_be_bytes());
        body.extend(proof);
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        let last = b"p\0\0\0\x15c=biws,r=x,p=AAAA";
        let sent = [&startup(user)[..], b"p", &length, &body, &last[..]].concat();
        String::from_utf8_lossy(&exchange(&port.number, &sent)).into_owned()
    };
    let (known, unknown) = (first("ana"), first("nobody"));
    for answer in [&known, &unknown] {
        assert!(answer.contains("i=4096") && answer.contains("28P01"), "{answer}");
    }
    let salt = |answer: &str| answer.split(",s=").nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(salt(&unknown), salt(&first("nobody")), "a name that is not there keeps its salt");
    assert_eq!(salt(&unknown).len(), salt(&known).len());
    let (code, log) = port.terminate();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("ended by a bug"), "{log}");
}
