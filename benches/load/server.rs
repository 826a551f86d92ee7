//! An HTTP server in a process of its own, so that its memory and its time are not the loader's: nginx where it is
//! installed, else this benchmark once more.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write, copy};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where Debian puts it; `PATH` is asked first.
const NGINX: [&str; 2] = ["nginx", "/usr/sbin/nginx"];

/// Longest wait for a server to answer.
const START: Duration = Duration::from_secs(10);

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    /// Where it answers.
    pub(crate) base_url: String,
    /// What it is.
    pub(crate) name: &'static str,
}

impl Server {
    /// Starts a server of the files below `root`, which keeps what it needs in `folder`.
    pub(crate) fn start(root: &Path, folder: &Path) -> Self {
        NGINX.iter().find_map(|program| Self::nginx(program, root, folder)).unwrap_or_else(|| Self::own(root))
    }

    /// nginx as one process in the foreground.
    fn nginx(program: &str, root: &Path, folder: &Path) -> Option<Self> {
        // Free when it is asked for; nobody else on this machine takes ports while a benchmark runs.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).ok()?.port();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};", folder.join(kind).display()))
            .concat();
        let text = format!(
            "daemon off; master_process off; pid {}; error_log stderr crit; events {{}}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; default_type application/json; {temporary}\n\
             server {{ listen 127.0.0.1:{port}; root {}; }} }}\n",
            folder.join("nginx.pid").display(),
            root.display(),
        );
        let config = folder.join("nginx.conf");
        std::fs::write(&config, text).ok()?;
        let mut command = Command::new(program);
        command.arg("-p").arg(folder).arg("-c").arg(&config).stdin(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        let began = Instant::now();
        while began.elapsed() < START && process.try_wait().is_ok_and(|ended| ended.is_none()) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(Self { process, base_url: format!("http://127.0.0.1:{port}"), name: "nginx" });
            }
            std::thread::yield_now();
        }
        let _ = process.kill();
        let _ = process.wait();
        None
    }

    /// This benchmark once more, with `--serve`; it also ends when its standard input closes.
    fn own(root: &Path) -> Self {
        let myself = std::env::current_exe().expect("a benchmark knows itself");
        let mut command = Command::new(myself);
        command.arg("--serve").arg(root).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the server starts");
        let mut line = String::new();
        let said = BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line);
        said.expect("the server says its port");
        let base_url = format!("http://127.0.0.1:{}", line.trim());
        Self { process, base_url, name: "a server of this benchmark (nginx is not installed)" }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that ended by itself is no concern of the figures.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves the files below `root`; ends when standard input does.
pub(crate) fn serve(root: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("bound").port());
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        // Returns when the parent is gone, whatever it says.
        let _ = std::io::stdin().read_to_end(&mut nothing);
        std::process::exit(0);
    });
    for stream in listener.incoming().flatten() {
        answer(stream, root);
    }
}

/// Answers one request. A peer that goes away is its own matter.
fn answer(mut stream: TcpStream, root: &Path) {
    let mut request = BufReader::new(stream.try_clone().expect("a second handle"));
    let (mut first, mut line) = (String::new(), String::new());
    let asked = request.read_line(&mut first).is_ok();
    while request.read_line(&mut line).is_ok_and(|n| n > 2) {
        line.clear();
    }
    // The only peer is the load beside it, which asks for what was written.
    let path = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let Ok(mut body) = File::open(root.join(path)) else {
        assert!(!asked || path.is_empty(), "there is no {path}");
        return;
    };
    let length = body.metadata().expect("it has a size").len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    if stream.write_all(head.as_bytes()).is_ok() {
        let _ = copy(&mut body, &mut stream);
    }
}
