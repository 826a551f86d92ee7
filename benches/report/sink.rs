//! A mail server that takes everything: EHLO to QUIT, one thread a connection. It keeps what the benchmark counts.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What arrived.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) recipient: String,
    pub(crate) bytes: usize,
    pub(crate) has_html: bool,
    pub(crate) has_text: bool,
    pub(crate) has_chart: bool,
    pub(crate) has_workbook: bool,
}

/// A server on a free port of this machine; it ends with the process.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let mails: Arc<Mutex<Vec<Mail>>> = Arc::default();
        let taken = Arc::clone(&mails);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                std::thread::spawn(move || talk(&stream, &taken));
            }
        });
        Self { address, mails }
    }

    /// What arrived since the last call.
    pub(crate) fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.mails.lock().expect("no thread dies with it"))
    }
}

/// One connection; a client that goes away ends it.
fn talk(stream: &TcpStream, mails: &Mutex<Vec<Mail>>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut out = stream;
    let mut lines = BufReader::with_capacity(1 << 16, stream);
    let mut recipient = String::new();
    let mut line = Vec::new();
    out.write_all(b"220 sink\r\n").ok()?;
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&line);
        let reply: &[u8] = match text.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => b"250-sink\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
            "RCPT" => {
                recipient = text.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                b"250 ok\r\n"
            }
            "DATA" => {
                out.write_all(b"354 go on\r\n").ok()?;
                let mail = message(&mut lines, std::mem::take(&mut recipient))?;
                mails.lock().ok()?.push(mail);
                b"250 taken\r\n"
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n").ok()?;
                return None;
            }
            _ => b"250 ok\r\n",
        };
        out.write_all(reply).ok()?;
    }
}

/// A message up to the final dot.
fn message(lines: &mut impl BufRead, recipient: String) -> Option<Mail> {
    let (mut bytes, mut line) = (0, Vec::new());
    let mut mail = Mail { recipient, bytes, has_html: false, has_text: false, has_chart: false, has_workbook: false };
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        if line == b".\r\n" {
            mail.bytes = bytes;
            return Some(mail);
        }
        bytes += line.len();
        if line.starts_with(b"Content-Type: ") {
            let kind = String::from_utf8_lossy(&line);
            mail.has_html |= kind.contains("text/html");
            mail.has_text |= kind.contains("text/plain");
            mail.has_chart |= kind.contains("image/png");
            mail.has_workbook |= kind.contains("spreadsheetml");
        }
    }
}
