//! A warehouse with a running SQL port, a certificate and three users.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{Lab, PII_KEY, Ran};

/// The users: name, role, password.
pub(super) const USERS: [(&str, &str, &str); 3] = [
    ("ana", "analyst", "an analyst's word"),
    ("metabase", "bi", "a dashboard's word"),
    ("kepala", "leader", "a leader's word"),
];

/// What the tests load, unless they say otherwise.
pub(super) const DATASETS: [&str; 4] =
    ["omspan.dipa_belanja", "omspan.realisasi_belanja", "omspan.capaian_ik_satker", "omspan.ketersediaan_dana"];

/// A warehouse, a certificate for localhost, and the program.
pub(super) struct House {
    pub(super) lab: Lab,
}

impl House {
    /// With the snapshots of [`DATASETS`].
    pub(super) fn new() -> Self {
        let house = Self::empty();
        house.lab.ok(&[&["snapshot"][..], &DATASETS].concat());
        house
    }

    /// Without a snapshot.
    pub(super) fn empty() -> Self {
        let lab = Lab::new(&[]);
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        std::fs::write(lab.path().join("tls.crt"), made.cert.pem()).unwrap();
        std::fs::write(lab.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
        Self { lab }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.lab.path().join(name)
    }

    /// `lumbung serve --pg` on loopback with the users and further settings; `tls`: with the certificate.
    pub(super) fn command(&self, tls: bool, settings: &[&str]) -> Command {
        self.command_at("127.0.0.1:0", tls, settings)
    }

    /// The same at another address.
    pub(super) fn command_at(&self, address: &str, tls: bool, settings: &[&str]) -> Command {
        let mut command = self.lab.bare_command();
        command.env("LUMBUNG_PII_KEY", PII_KEY).args(["-v", "--output", "json"]);
        for (name, role, password) in USERS {
            command.env(format!("LUMBUNG_PG_{}_PASSWORD", name.to_uppercase()), password);
            command.args(["--set", &format!("serve.postgres.users.{name}.role={role}")]);
        }
        if tls {
            command.args(["--set", "serve.postgres.tls_cert=tls.crt", "--set", "serve.postgres.tls_key=tls.key"]);
        }
        // Monitors are answered on any free port.
        command.args(["--set", "serve.http=127.0.0.1:0"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.args(["serve", "--pg", address]);
        command
    }

    /// Starts the port and waits until it says where it is.
    pub(super) fn serve(&self, tls: bool, settings: &[&str]) -> Port {
        let command = self.command(tls, settings);
        Port::start(command, self.path("tls.crt"))
    }
}

/// A running `lumbung serve`, ended when it is dropped.
pub(super) struct Port {
    child: Child,
    /// What it said when it opened.
    pub(super) said: Value,
    pub(super) number: String,
    certificate: PathBuf,
    /// Everything it has written to stderr.
    log: Option<std::thread::JoinHandle<String>>,
}

impl Port {
    fn start(mut command: Command, certificate: PathBuf) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        // Read all the time: a full pipe would stop the program.
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            panic!("the port did not open: {line}{}", log.join().unwrap());
        };
        let number = said["pg"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
        Self { child, said, number, certificate, log: Some(log) }
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How libpq is told to connect, the password left out.
    pub(super) fn dsn(&self, user: &str) -> String {
        format!(
            "host=localhost port={} dbname=lumbung user={user} sslmode=verify-full sslrootcert={}",
            self.number,
            self.certificate.display()
        )
    }

    /// A client program with what it needs to connect as `user` in its environment.
    pub(super) fn client(&self, program: &str, user: &str) -> Command {
        let mut command = Command::new(program);
        // What a client writes, it writes there.
        command.current_dir(self.certificate.parent().unwrap());
        let password = USERS.iter().find(|(name, ..)| *name == user).unwrap().2;
        command
            .env("PGPASSWORD", password)
            .env("DSN", self.dsn(user))
            .env("PORT", &self.number)
            .env("CERT", &self.certificate)
            .env("PGCONNECT_TIMEOUT", "30")
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// What psql prints for a script, both its outputs in one.
    pub(super) fn psql(&self, user: &str, script: &str) -> String {
        let mut command = self.client("psql", user);
        command.args(["-X", "-A", "-t", "-v", "VERBOSITY=verbose", &self.dsn(user)]).stdin(Stdio::piped());
        let script = format!("\\set ON_ERROR_STOP off\n{script}");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
        let ran: Ran = child.wait_with_output().unwrap().into();
        format!("{}{}", ran.stdout, ran.stderr)
    }

    /// What a Python program prints; it must succeed.
    pub(super) fn python(&self, user: &str, program: &str, arguments: &[&str]) -> String {
        let mut command = self.client("python3", user);
        let ran: Ran = command.arg("-c").arg(program).args(arguments).output().unwrap().into();
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// Asks it to end and returns its exit code and its log.
    pub(super) fn terminate(mut self) -> (i32, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // Ended already, where the test asked for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether `program` can be run at all; says what is skipped otherwise.
pub(super) fn has(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: needs {program}");
    }
    found
}
