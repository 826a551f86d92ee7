//! A real Chromium, driven over its debugging pipe: what a person with a keyboard does, and what axe finds.
//!
//! `LUMBUNG_CHROMIUM` names the program, else it is looked for on PATH. `LUMBUNG_AXE` names `axe.min.js` of axe-core, and
//! `LUMBUNG_SCREENSHOTS` a folder for pictures. What is not there is skipped by name.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for the browser.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names that it goes by.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser with one page, ended when it is dropped.
pub(super) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    /// Events that nobody has asked for yet.
    events: VecDeque<Value>,
    next_id: u64,
    session: String,
    _profile: TempDir,
}

/// The program, where there is one; says what is skipped otherwise.
#[expect(clippy::disallowed_methods, reason = "where a browser is installed is known to the machine alone")]
fn program() -> Option<PathBuf> {
    let named = std::env::var_os("LUMBUNG_CHROMIUM").map(PathBuf::from);
    let found = named.or_else(|| {
        let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
        folders.iter().flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|path| path.is_file())
    });
    if found.is_none() {
        eprintln!("skipped: needs chromium");
    }
    found
}

impl Browser {
    /// Starts one; `None` where there is none.
    pub(super) fn start() -> Option<Self> {
        let program = program()?;
        let profile = TempDir::new().unwrap();
        // The pipe is file descriptors 3 and 4 of the browser: the shell puts our two ends there.
        let script = "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--force-device-scale-factor=1"])
            .args(["--font-render-hinting=none", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (to, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            let mut message = Vec::new();
            while reader.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { return };
                if sender.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let events = VecDeque::new();
        let mut browser = Self { child, to, from, events, next_id: 1, session: String::new(), _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Asks the browser to do something and gives what it answers.
    #[expect(clippy::needless_pass_by_value, reason = "it is written where it is passed")]
    pub(super) fn call(&mut self, method: &str, parameters: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == json!(id) {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push_back(answer);
        }
    }

    /// Waits for an event.
    fn wait_for(&mut self, method: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.events.iter().position(|event| event["method"] == json!(method)) {
                return self.events.remove(at).unwrap();
            }
            let left = until.saturating_duration_since(Instant::now());
            let event = self.from.recv_timeout(left).unwrap_or_else(|error| panic!("{method}: {error}"));
            self.events.push_back(event);
        }
    }

    /// What the browser complained about since it was last asked: errors of scripts, refused by policy, failed to load.
    pub(super) fn complaints(&mut self) -> Vec<String> {
        self.eval("1");
        let all: Vec<Value> = self.events.drain(..).collect();
        let bad = |event: &Value| match event["method"].as_str() {
            Some("Log.entryAdded") => event["params"]["entry"]["level"] == json!("error"),
            Some("Runtime.exceptionThrown") => true,
            _ => false,
        };
        all.iter().filter(|event| bad(event)).map(|event| event["params"].to_string()).collect()
    }

    /// Opens an address and waits until it is loaded; gives the milliseconds until its first byte.
    pub(super) fn open(&mut self, address: &str) -> f64 {
        self.events.retain(|event| event["method"] != json!("Page.loadEventFired"));
        self.call("Page.navigate", json!({ "url": address }));
        self.wait_for("Page.loadEventFired");
        self.eval("performance.getEntriesByType('navigation')[0]?.responseStart ?? 0").as_f64().unwrap_or(0.0)
    }

    /// Does what loads another page, and waits until that is loaded.
    pub(super) fn and_load(&mut self, act: impl FnOnce(&mut Self)) {
        self.events.retain(|event| event["method"] != json!("Page.loadEventFired"));
        act(self);
        self.wait_for("Page.loadEventFired");
    }

    /// The value of an expression in the page.
    pub(super) fn eval(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.call("Runtime.evaluate", parameters);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// The text of an expression.
    pub(super) fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Where the browser is, without the host.
    pub(super) fn place(&mut self) -> String {
        self.text("location.pathname + location.search")
    }

    /// Presses a key: `Tab`, `Enter`, `Escape`, `ArrowDown` and the like.
    pub(super) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "Space" => (32, " "),
            "ArrowDown" => (40, ""),
            "ArrowUp" => (38, ""),
            other => panic!("no key {other}"),
        };
        let name = if key == "Space" { " " } else { key };
        let down = json!({ "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "key": name, "code": key,
            "windowsVirtualKeyCode": code, "text": text });
        self.call("Input.dispatchKeyEvent", down);
        let up = json!({ "type": "keyUp", "key": name, "code": key, "windowsVirtualKeyCode": code });
        self.call("Input.dispatchKeyEvent", up);
    }

    /// Types a text into what has the focus.
    pub(super) fn insert(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Presses Tab until something matches `selector`; at most `most` times.
    pub(super) fn tab_to(&mut self, selector: &str, most: usize) {
        for _ in 0..most {
            self.press("Tab");
            if self.eval(&format!("!!document.activeElement?.matches({})", json!(selector))) == json!(true) {
                return;
            }
        }
        panic!("{selector} is not reached by {most} times Tab on {}", self.place());
    }

    /// A window of this size, with light or dark colours.
    pub(super) fn look(&mut self, width: u32, height: u32, dark: bool) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// Switches scripts off, or on again.
    pub(super) fn scripts(&mut self, on: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !on }));
    }

    /// Writes a picture of the whole page to the folder of pictures, where there is one.
    #[expect(clippy::disallowed_methods, reason = "whether a person wants to look is known to them alone")]
    pub(super) fn shoot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("LUMBUNG_SCREENSHOTS") else { return };
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }));
        let bytes = unbase64(shot["data"].as_str().unwrap());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }

    /// What axe finds wrong with the page; `None` where there is no axe.
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where that file is")]
    pub(super) fn axe(&mut self) -> Option<Vec<String>> {
        let Some(file) = std::env::var_os("LUMBUNG_AXE") else {
            eprintln!("skipped: needs LUMBUNG_AXE");
            return None;
        };
        // The debugger's own scripts are not bound by the page's policy.
        self.eval(&format!("{};1", std::fs::read_to_string(file).unwrap()));
        let found = self.eval(
            "axe.run(document, {resultTypes: ['violations'], iframes: false}).then(r => r.violations.map(v => \
             v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120) + ' ' + (n.any[0]?.message ?? '')).join(' | ')))",
        );
        Some(found.as_array().unwrap().iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The pipe's end is the browser's end; the shell has become the browser.
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && self.from.recv_timeout(Duration::from_millis(200)) != Err(GONE) {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a reader hears when the browser is gone.
const GONE: std::sync::mpsc::RecvTimeoutError = std::sync::mpsc::RecvTimeoutError::Disconnected;

/// RFC 4648 §4.
fn unbase64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut n) = (0_u32, 0);
    for c in text.bytes().filter(|c| *c != b'=') {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        (bits, n) = ((bits << 6) | u32::from(six), n + 6);
        if n >= 8 {
            n -= 8;
            bytes.push(u8::try_from((bits >> n) & 0xff).unwrap());
        }
    }
    bytes
}
