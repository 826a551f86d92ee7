//! A mail server that takes everything, and can be told to do something else at any moment of the conversation.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Connected,
    /// A command came; its reply did not leave yet.
    Command,
    /// Part of a message came.
    Body,
    /// A message is whole and kept; its reply did not leave yet.
    Kept,
    /// The reply to a message left.
    Replied,
}

/// What the server does about it.
pub(super) enum Act {
    Go,
    /// Closes the connection.
    Drop,
    /// Answers with this instead.
    Say(&'static str),
}

/// Decides, given the moment, the line that came and how many moments there were.
pub(super) type Hook = dyn Fn(Moment, &str, usize) -> Act + Send + Sync;

/// How connections are secured.
pub(super) enum Tls {
    None,
    /// From the first byte.
    Implicit(Arc<rustls::ServerConfig>),
    /// Offered; and what is slipped in behind "go ahead", in the clear.
    Offered(Arc<rustls::ServerConfig>, &'static str),
}

pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
    commands: Arc<Mutex<Vec<String>>>,
}

struct Shared {
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
    commands: Arc<Mutex<Vec<String>>>,
    moments: AtomicUsize,
    hook: Box<Hook>,
    tls: Tls,
}

impl Sink {
    /// Listens until the test ends.
    pub(super) fn start(tls: Tls, hook: Box<Hook>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (kept, commands) = (Arc::default(), Arc::default());
        let shared = Shared {
            kept: Arc::clone(&kept),
            commands: Arc::clone(&commands),
            moments: AtomicUsize::new(0),
            hook,
            tls,
        };
        let shared = Arc::new(shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A connection that breaks is what is tested.
                    let _ = serve(stream, &shared);
                });
            }
        });
        Self { address, kept, commands }
    }

    /// As [`Sink::start`], in the clear, taking everything.
    pub(crate) fn plain() -> Self {
        Self::start(Tls::None, Box::new(|_, _, _| Act::Go))
    }

    /// The messages it kept, in the order they came.
    pub(super) fn kept(&self) -> Vec<Vec<u8>> {
        self.kept.lock().unwrap().clone()
    }

    /// How often it kept each Message-ID.
    pub(crate) fn times(&self) -> std::collections::BTreeMap<String, usize> {
        let mut times = std::collections::BTreeMap::new();
        for eml in self.kept() {
            *times.entry(message_id(&eml)).or_insert(0) += 1;
        }
        times
    }

    /// Every command line that came.
    pub(super) fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

/// The Message-ID of a message.
pub(super) fn message_id(eml: &[u8]) -> String {
    let text = String::from_utf8_lossy(eml);
    let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:")).unwrap_or_default();
    line.split_once(':').map(|(_, id)| id.trim().to_owned()).unwrap_or_default()
}

fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    match &shared.tls {
        Tls::Implicit(config) => {
            let tls = rustls::ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
            talk(BufReader::new(rustls::StreamOwned::new(tls, stream)), shared, true).map(|_| ())
        }
        Tls::None => talk(BufReader::new(stream), shared, true).map(|_| ()),
        Tls::Offered(config, slipped) => {
            let Some(mut plain) = talk(BufReader::new(stream), shared, true)? else { return Ok(()) };
            plain.get_mut().write_all(format!("220 go ahead\r\n{slipped}").as_bytes())?;
            let tls = rustls::ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
            let secured = rustls::StreamOwned::new(tls, plain.into_inner());
            talk(BufReader::new(secured), shared, false).map(|_| ())
        }
    }
}

/// One conversation; gives the stream back where TLS is to begin.
fn talk<S: Read + Write>(
    mut stream: BufReader<S>,
    shared: &Shared,
    greets: bool,
) -> std::io::Result<Option<BufReader<S>>> {
    let act = |moment, line: &str| (shared.hook)(moment, line, shared.moments.fetch_add(1, Ordering::SeqCst));
    if greets {
        if matches!(act(Moment::Connected, ""), Act::Drop) {
            return Ok(None);
        }
        stream.get_mut().write_all(b"220 sink.test ESMTP\r\n")?;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        shared.commands.lock().unwrap().push(line.trim_end().to_owned());
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let reply = match act(Moment::Command, line.trim_end()) {
            Act::Drop => return Ok(None),
            Act::Say(reply) => {
                stream.get_mut().write_all(format!("{reply}\r\n").as_bytes())?;
                continue;
            }
            Act::Go => reply(&verb, matches!(shared.tls, Tls::Offered(..)) && greets),
        };
        if verb == "STARTTLS" && reply.is_empty() {
            return Ok(Some(stream));
        }
        stream.get_mut().write_all(reply.as_bytes())?;
        match verb.as_str() {
            "DATA" => {
                let Some(said) = data(&mut stream, shared, &act)? else { return Ok(None) };
                stream.get_mut().write_all(said.as_bytes())?;
                if matches!(act(Moment::Replied, ""), Act::Drop) {
                    return Ok(None);
                }
            }
            "QUIT" => return Ok(None),
            _ => {}
        }
    }
}

fn reply(verb: &str, offers_tls: bool) -> String {
    match verb {
        "EHLO" if offers_tls => "250-sink.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
        "EHLO" => "250-sink.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n".to_owned(),
        "STARTTLS" if offers_tls => String::new(),
        "AUTH" => "235 2.7.0 welcome\r\n".to_owned(),
        "DATA" => "354 go on\r\n".to_owned(),
        "QUIT" => "221 bye\r\n".to_owned(),
        "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 2.0.0 fine\r\n".to_owned(),
        _ => "502 5.5.1 what\r\n".to_owned(),
    }
}

/// Takes a message; what is to be answered.
fn data<S: Read + Write>(
    stream: &mut BufReader<S>,
    shared: &Shared,
    act: &dyn Fn(Moment, &str) -> Act,
) -> std::io::Result<Option<String>> {
    let mut eml = Vec::new();
    let mut n_lines = 0;
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        n_lines += 1;
        if n_lines == 2 && matches!(act(Moment::Body, ""), Act::Drop) {
            return Ok(None);
        }
        if line == b".\r\n" {
            break;
        }
        eml.extend(line.strip_prefix(b".").unwrap_or(&line));
    }
    shared.kept.lock().unwrap().push(eml);
    match act(Moment::Kept, "") {
        Act::Go => Ok(Some("250 2.0.0 queued as sink-1\r\n".to_owned())),
        Act::Say(reply) => Ok(Some(format!("{reply}\r\n"))),
        Act::Drop => Ok(None),
    }
}
