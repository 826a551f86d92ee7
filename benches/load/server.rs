//! An HTTP server in a process of its own, so that its memory and its time are not the loader's.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write, copy};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server; it ends when this is dropped, or when the benchmark dies: its standard input closes.
pub(crate) struct Server {
    process: Child,
    /// Where it answers.
    pub(crate) base_url: String,
}

impl Server {
    /// Starts a server of `file`.
    pub(crate) fn start(file: &Path) -> Self {
        let myself = std::env::current_exe().expect("a benchmark knows itself");
        let mut command = Command::new(myself);
        command.arg("--serve").arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the server starts");
        let mut line = String::new();
        let said = BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line);
        said.expect("the server says its port");
        Self { process, base_url: format!("http://127.0.0.1:{}", line.trim()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("the server ends when its standard input does");
    }
}

/// Serves `file` to every request; ends when standard input does.
pub(crate) fn serve(file: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("bound").port());
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        // Returns when the parent is gone, whatever it says.
        let _ = std::io::stdin().read_to_end(&mut nothing);
        std::process::exit(0);
    });
    for stream in listener.incoming().flatten() {
        answer(stream, file);
    }
}

/// Answers one request. A peer that goes away is its own matter.
fn answer(mut stream: TcpStream, file: &Path) {
    let mut request = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut line = String::new();
    while request.read_line(&mut line).is_ok_and(|n| n > 2) {
        line.clear();
    }
    let mut body = File::open(file).expect("the answer is there");
    let length = body.metadata().expect("it has a size").len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    if stream.write_all(head.as_bytes()).is_ok() {
        let _ = copy(&mut body, &mut stream);
    }
}
