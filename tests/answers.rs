//! Answers that no sandbox gives: cut, doubled, endless, deep, compressed beyond measure, or pointing elsewhere. Each
//! load ends in bounded time with its own exit code, publishes nothing it should not, and hands its token to nobody.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::{Lab, Ran};

const DATASET: &str = "omspan.capaian_ik_kl";

/// One good answer of [`DATASET`].
const GOOD: &str = r#"[{"BA":"056","PERIODE":"01","IK_REALISASI":"90.00"}]"#;

/// Tries of one request here; the contract has four.
const TRIES: usize = 2;

/// What a load may take on a machine that is busy with other things: far below any endless one.
const SECS_MAX: u64 = 60;

/// A server that answers by hand: it gets the head of each request and writes whatever it likes.
struct Source {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Source {
    fn new(answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (heard, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let answer = Arc::new(Mutex::new(answer));
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let mut connection = connection.unwrap();
                let (answer, heard) = (Arc::clone(&answer), Arc::clone(&heard));
                // A thread each: a client may keep one connection idle while it asks on another.
                std::thread::spawn(move || {
                    // One connection may carry several requests. A client that hangs up is no fault of the server.
                    while let Some(head) = head(&mut connection) {
                        heard.lock().unwrap().push(head.clone());
                        if answer.lock().unwrap()(&head, &mut connection).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { address, asked, stop, thread: Some(thread) }
    }

    /// Answers `body` with its true length.
    fn saying(body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self::new(move |_, stream| respond(stream, body.len(), &body))
    }

    fn setting(&self) -> String {
        format!("sources.omspan.base_url=http://{}", self.address)
    }

    /// The heads of all requests so far.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The heads of the requests for [`DATASET`]: without the one row that is asked for before, to learn whose year a
    /// token opens.
    fn asked_for_data(&self) -> Vec<String> {
        self.asked().into_iter().filter(|head| !head.starts_with("GET /RealisasiKL/1/1 ")).collect()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread from its wait for a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// The head of the next request; none when the client has gone.
fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    String::from_utf8(head).ok()
}

/// A 200 that announces `length` bytes and sends `body`.
fn respond(stream: &mut TcpStream, length: usize, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())
}

/// Waits until the client hangs up, at most a tenth of a second: how a slow server passes its time.
fn dawdle(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    match stream.read(&mut [0]) {
        Ok(0) => Err(std::io::ErrorKind::ConnectionAborted.into()),
        _ => Ok(()),
    }
}

/// Loads one year of [`DATASET`] from `source` under the contract with `edits`, in bounded time.
fn load(lab: &Lab, source: &Source, edits: &[(&str, &str)]) -> Ran {
    let config = lab.config(&[&[("attempts = 4", "attempts = 2")], edits].concat());
    let setting = source.setting();
    let began = Instant::now();
    let arguments =
        ["--config", &config, "--set", &setting, "--output", "json", "snapshot", DATASET, "--tahun", "2026"];
    let ran = lab.run(&arguments);
    assert!(began.elapsed() < Duration::from_secs(SECS_MAX), "took {:?}", began.elapsed());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// The load ends with `code`, says `says`, asks `tries` times and publishes nothing.
fn stops(source: &Source, edits: &[(&str, &str)], code: i32, says: &str, tries: usize) {
    let lab = Lab::sized(&[], 0.01);
    let ran = load(&lab, source, edits);
    assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
    let said = &ran.json_lines()[0];
    assert_eq!(said["status"], "failed", "{said}");
    let error = said["error"].as_str().unwrap();
    assert!(error.contains(says), "{error}");
    assert!(error.len() < 400, "an error message is no dump: {error}");
    assert_eq!(source.asked_for_data().len(), tries, "{error}");
    assert_eq!(lab.published(), [""; 0]);
}

#[test]
fn the_good_answer_is_good() {
    let lab = Lab::sized(&[], 0.01);
    let source = Source::saying(GOOD);
    let ran = load(&lab, &source, &[]);
    assert_eq!((ran.code, &ran.json_lines()[0]["rows"]), (0, &1.into()), "{}", ran.stderr);
    let asked = source.asked_for_data();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /CapaianIKKLRe HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].to_lowercase().contains("\r\nuser-agent: lumbung/"), "{}", asked[0]);
}

// Lengths.

#[test]
fn a_body_shorter_than_announced_is_69() {
    let source = Source::new(|_, stream| {
        respond(stream, 2 * GOOD.len(), GOOD.as_bytes())?;
        stream.shutdown(Shutdown::Both)
    });
    stops(&source, &[], 69, "broke off", TRIES);
}

#[test]
fn a_body_longer_than_announced_counts_as_far_as_announced() {
    // Half of the JSON text was announced: it is cut off there.
    let source = Source::new(|_, stream| {
        respond(stream, GOOD.len() / 2, GOOD.as_bytes())?;
        stream.shutdown(Shutdown::Both)
    });
    stops(&source, &[], 69, "it was cut off", TRIES);
}

/// What follows the announced end must not pass for the answer to the next request.
#[test]
fn a_surplus_is_no_answer_to_the_next_request() {
    let source = Source::new(|_, stream| {
        let smuggled = GOOD.replace("056", "999");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", smuggled.len());
        respond(stream, GOOD.len(), [GOOD, &head, &smuggled].concat().as_bytes())
    });
    let lab = Lab::sized(&[], 0.01);
    let (config, setting) = (lab.config(&[]), source.setting());
    // Two datasets and two years over what may be one connection. (Equal answers of two years would be held.)
    for year in ["2025", "2026"] {
        let ran = lab.run(&["--config", &config, "--set", &setting, "snapshot", DATASET, "--tahun", year]);
        assert!(matches!(ran.code, 0 | 65), "{}", ran.stderr);
    }
    let setting = &["--config", &config, "--set", &setting][..];
    let ran = lab.run(&[setting, &["snapshot", "omspan.capaian_ik_eselon1", DATASET, "--tahun", "2026"]].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let units = lab.ok(&["sql", "--format", "csv", "SELECT DISTINCT ba FROM omspan.capaian_ik_kl"]).stdout;
    assert_eq!(units, "ba\n056\n");
}

// Time.

#[test]
fn a_head_that_never_ends_is_69() {
    let source = Source::new(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ")?;
        loop {
            stream.write_all(b"a")?;
            dawdle(stream)?;
        }
    });
    stops(&source, &[("read_timeout_secs = 300", "read_timeout_secs = 1")], 69, "timed out", TRIES);
}

#[test]
fn silence_is_69() {
    let silent = Source::new(|_, stream| {
        loop {
            dawdle(stream)?;
        }
    });
    let quick = [("read_timeout_secs = 300", "read_timeout_secs = 1")];
    stops(&silent, &quick, 69, "timed out", TRIES);
    let silent_midway = Source::new(|_, stream| {
        respond(stream, GOOD.len(), &GOOD.as_bytes()[..20])?;
        loop {
            dawdle(stream)?;
        }
    });
    stops(&silent_midway, &quick, 69, "broke off: timed out", TRIES);
}

// Size and depth.

#[test]
fn ten_megabytes_of_brackets_are_no_data() {
    const DEPTH: usize = 10 << 20;
    stops(&Source::saying("[".repeat(DEPTH)), &[], 69, "an unknown answer", TRIES);
    let inside = format!("[{{\"BA\":{}", "[".repeat(DEPTH));
    stops(&Source::saying(inside), &[], 65, "values nest deeper than 64", TRIES);
    let objects = format!("[{}", "{\"BA\":".repeat(DEPTH / 6));
    stops(&Source::saying(objects), &[], 65, "values nest deeper than 64", TRIES);
    let endless_text = format!("[{{\"BA\":\"{}", "a".repeat(DEPTH));
    stops(&Source::saying(endless_text), &[], 65, "row 1 is longer than 1048576 bytes", 1);
}

#[test]
fn a_body_beyond_the_contract_is_65() {
    let small = [("body_bytes_max = 17_179_869_184", "body_bytes_max = 1_000_000")];
    let rows = format!("[{}", r#"{"BA":"056","PERIODE":"01"},"#.repeat(100_000));
    stops(&Source::saying(rows), &small, 65, "longer than 1000000 bytes (body_bytes_max in the contract)", 1);
}

#[test]
fn a_gzip_bomb_is_65() {
    const BOMB_BYTES: usize = 100 << 20;
    let small = [("body_bytes_max = 17_179_869_184", "body_bytes_max = 1_000_000")];
    // Nothing at all, and what might still become a list of rows.
    for (first, rest) in [(b'\0', b'\0'), (b'[', b' ')] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&[first]).unwrap();
        let block = vec![rest; 1 << 20];
        (0..BOMB_BYTES >> 20).for_each(|_| encoder.write_all(&block).unwrap());
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 200_000, "a bomb is small: {}", bomb.len());
        let announced = Source::new({
            let bomb = bomb.clone();
            move |_, stream| {
                let length = bomb.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(&[head.as_bytes(), &bomb].concat())
            }
        });
        for source in [announced, Source::saying(bomb)] {
            stops(&source, &small, 65, "longer than 1000000 bytes (body_bytes_max in the contract)", TRIES);
        }
    }
}

// Elsewhere.

#[test]
fn a_redirect_is_not_followed_and_carries_no_token() {
    let other = Source::saying(GOOD);
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("http://localhost:{}/CapaianIKKLRe", other.address.port());
        let here = Source::new(move |_, stream| {
            let head = format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes())
        });
        stops(&here, &[], 69, &format!("answered HTTP {}", &status[..3]), 1);
        assert!(here.asked()[0].to_lowercase().contains("\r\nauthorization: bearer "), "{:?}", here.asked());
    }
    assert_eq!(other.asked(), [""; 0], "the other host was asked");
}

// Odd, but of the contract.

#[test]
fn answers_without_rows_are_told_apart() {
    let none = Lab::sized(&[], 0.01);
    for body in ["[]", " [ ]\n", "null", r#"{"body":{"value":"TIDAK ADA DATA"}}"#] {
        let ran = load(&none, &Source::saying(body), &[]);
        assert_eq!((ran.code, ran.json_lines()[0]["status"].as_str()), (0, Some("empty")), "{body}: {}", ran.stderr);
    }
    assert_eq!(none.published(), [""; 0]);
    stops(&Source::saying(""), &[], 69, "an empty body", TRIES);
    stops(&Source::saying("{\"message\":\"Unauthenticated.\"}"), &[], 69, "an unknown answer", TRIES);
    let question = r#"[[{"colspan":26,"value":"Harap isi filter atau parameter terlebih dahulu"}]]"#;
    stops(&Source::saying(question), &[], 65, "did not understand the request", 1);
    let refusal = "Token yang dikirimkan tidak valid (Signature verification failed)";
    stops(&Source::saying(refusal), &[], 77, "refused the token of fiscal year 2026", 1);
    let broken = format!("{}, <b>Fatal error</b>: out of memory", GOOD.trim_end_matches(']'));
    stops(&Source::saying(broken), &[], 65, "markup between the rows", TRIES);
}

#[test]
fn everything_in_one_answer_where_pages_are_switched_off() {
    let lab = Lab::new(&[]);
    let arguments =
        ["--output", "json", "--set", "sources.omspan.page_rows=0", "snapshot", "omspan.realisasi_belanja"];
    let said = lab.ok(&arguments).json_lines().remove(0);
    let truth = &lab.control().datasets["omspan.realisasi_belanja"];
    assert_eq!((&said["rows"], &said["pages"]), (&truth.rows.into(), &2.into()), "{said}");
    assert_eq!(said["control"], serde_json::json!(truth.sums));
    let run = lab.ok(&["--output", "json", "runs", said["run"].as_str().unwrap()]).json_lines().remove(0);
    for page in run["pages"].as_array().unwrap() {
        assert!(page["url"].as_str().unwrap().ends_with("/RealisasiKL"), "{page}");
    }
}
