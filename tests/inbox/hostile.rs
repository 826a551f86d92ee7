//! Requests that no honest sender makes: each gets its status, none gets the daemon down.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::daemon::{Daemon, House};
use super::{PADI_KEY, transaction};

const HEAD: &str = "POST /inbox/padi/padis HTTP/1.1\r\nhost: x\r\nx-api-key: kunci-padi\r\nconnection: close\r\n";

/// A request with these headers and this body.
fn request(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("{HEAD}{headers}\r\n").as_bytes(), body].concat()
}

/// The status of an answer.
fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").map_or(answer, |rest| &rest[..3])
}

fn is_well(daemon: &Daemon) {
    let health = daemon.send(daemon.client.get(format!("{}/healthz", daemon.base_url)));
    assert_eq!(health.status, 200);
}

#[test]
fn each_gets_its_status_and_the_next_honest_push_is_taken() {
    let house = House::new();
    let daemon = house.serve(&["inbox.body_bytes_max=10000", "inbox.depth_max=8"]);
    let json = "content-type: application/json\r\n";
    let sized = |body: &[u8]| request(&format!("{json}content-length: {}\r\n", body.len()), body);
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4_096)).repeat(4);
    let deep = [b"{\"a\":".repeat(9), b"1".to_vec(), b"}".repeat(9)].concat();
    let good = transaction("T").to_string();
    for (what, bytes, expected) in [
        ("empty", sized(b""), "400"),
        ("no JSON", sized(b"transaksi=1"), "400"),
        ("half of it", sized(&good.as_bytes()[..100]), "400"),
        ("twice", sized(format!("{good}{good}").as_bytes()), "400"),
        ("trailing commas", sized(b"{\"transaksi\":{},}"), "400"),
        ("NUL bytes", sized(&[0; 100]), "400"),
        ("deep", sized(&deep), "400"),
        ("very deep", sized(&b"[".repeat(10_000)), "400"),
        ("an escape of half a character", sized(br#"{"transaksi":{"transaksi_id":"\ud800"}}"#), "400"),
        ("not UTF-8", sized(b"{\"transaksi\":{\"nama_project\":\"\xe9\"}}"), "415"),
        ("UTF-16", sized(b"\xff\xfe{\x00}\x00"), "415"),
        (
            "latin1",
            request("content-type: application/json; charset=iso-8859-1\r\ncontent-length: 2\r\n", b"{}"),
            "415",
        ),
        ("a form", request("content-type: text/plain\r\ncontent-length: 2\r\n", b"{}"), "415"),
        ("gzip", request(&format!("{json}content-encoding: gzip\r\ncontent-length: 2\r\n"), b"\x1f\x8b"), "415"),
        ("declared too long", request(&format!("{json}content-length: 99999999999\r\n"), b"{"), "413"),
        ("too long", sized(&[b' '; 10_001]), "413"),
        ("chunks without end", request(&format!("{json}transfer-encoding: chunked\r\n"), chunk.as_bytes()), "413"),
        ("broken chunks", request(&format!("{json}transfer-encoding: chunked\r\n"), b"zz\r\n{}\r\n"), "400"),
        ("two lengths", request(&format!("{json}content-length: 2\r\ncontent-length: 3\r\n"), b"{}"), "400"),
        ("a negative length", request(&format!("{json}content-length: -1\r\n"), b"{}"), "400"),
    ] {
        let answer = daemon.exchange(&bytes);
        assert_eq!(status(&answer), expected, "{what}: {answer}");
    }
    for garbage in
        [&b"\x00\x01\x02\x03\r\n\r\n"[..], b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", b"PUSH\r\n\r\n"]
    {
        let answer = daemon.exchange(garbage);
        assert!(answer.is_empty() || status(&answer).starts_with('4'), "{answer}");
    }
    is_well(&daemon);
    assert_eq!(daemon.push_transaction(&transaction("T")).status, 200);
    let ended = daemon.terminate();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!ended.stderr.contains("panic"), "{}", ended.stderr);
    assert_eq!(house.sql("SELECT count(*) FROM padi.transaksi_masuk"), ["1"]);
}

#[test]
fn pipelined_requests_are_answered_in_turn_and_garbage_ends_the_connection() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let body = transaction("T").to_string();
    let one = format!(
        "POST /inbox/padi/padis HTTP/1.1\r\nhost: x\r\nx-api-key: {PADI_KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answers = daemon.exchange(format!("{one}{one}\x01garbage\r\n\r\n{one}").as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 4").count(), 1, "{answers}");
    is_well(&daemon);
}

#[test]
fn slow_headers_and_slow_bodies_are_given_up() {
    let house = House::new();
    let daemon = house.serve(&["serve.header_timeout_secs=1", "serve.body_timeout_secs=2"]);
    let began = Instant::now();
    let mut headers = daemon.connect();
    headers.write_all(b"POST /inbox/padi/padis HTTP/1.1\r\nhost:").unwrap();
    let mut silent = daemon.connect();
    silent.write_all(&request("content-type: application/json\r\ncontent-length: 100\r\n", b"{")).unwrap();
    let mut trickling = daemon.connect();
    trickling.write_all(&request("content-type: application/json\r\ncontent-length: 9999\r\n", b"{")).unwrap();
    let mut writer = trickling.try_clone().unwrap();
    let trickle = std::thread::spawn(move || {
        // Ends when the daemon has closed the connection.
        while writer.write_all(b" ").is_ok() {
            std::thread::park_timeout(Duration::from_millis(50));
        }
    });
    for (what, stream) in [("headers", &mut headers), ("silent", &mut silent), ("trickling", &mut trickling)] {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(status(&answer), "408", "{what}: {answer}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    trickle.join().unwrap();
    is_well(&daemon);
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back() {
    let house = House::new();
    let daemon = house.serve(&["inbox.requests_per_second=1", "inbox.burst=3"]);
    let answers: Vec<_> = (0..4).map(|n| daemon.push_transaction(&transaction(&format!("T-{n}")))).collect();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(answers[3].retry_after.as_deref(), Some("1"));
    assert_eq!(answers[3].json["status"], "failed");
}

#[test]
fn only_post_is_taken_and_only_where_there_is_an_inbox() {
    let house = House::new();
    let daemon = house.serve(&[]);
    let url = format!("{}/inbox/oss/receiveNIB", daemon.base_url);
    let got = daemon.send(daemon.client.get(&url));
    assert_eq!((got.status, got.json["responreceiveNIB"]["kode"].as_str()), (405, Some("405")));
    assert_eq!(daemon.send(daemon.client.put(&url)).status, 405);
    let unknown = daemon.post("oss/receiveNothing", ("x", "y"), "{}");
    assert_eq!((unknown.status, unknown.json["responreceiveNothing"]["kode"].as_str()), (404, Some("404")));
    assert_eq!(daemon.post("lain/x", ("x", "y"), "{}").status, 404);
    assert_eq!(daemon.post("oss/%00%ff/../../etc", ("x", "y"), "{}").status, 404);
}
