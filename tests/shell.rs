//! The shell of `lumbung sql` on a real pseudo-terminal, and what it leaves on disk.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::{Lab, Ran, python_has};

/// Talks to a program on a terminal: `>` sends a line, `+` sends keys as they are, `<` waits for a text that came since the
/// last line was sent. Prints the transcript.
const TALK: &str = r#"
import os, pty, select, sys, time, struct, fcntl, termios, json
script = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 160, 0, 0))
seen, mark = '', 0
def read(timeout):
    global seen
    ready, _, _ = select.select([fd], [], [], timeout)
    if not ready:
        return True
    try:
        data = os.read(fd, 65536)
    except OSError:
        return False
    seen += data.decode('utf-8', 'replace')
    return bool(data)
for kind, text in script:
    if kind == '<':
        end = time.monotonic() + 120
        while text not in seen[mark:]:
            if time.monotonic() > end or not read(1):
                print(seen)
                sys.exit(f'waited for {text!r}')
    else:
        mark = len(seen)
        os.write(fd, (text + ('\r' if kind == '>' else '')).encode())
while read(5):
    pass
_, status = os.waitpid(pid, 0)
print(seen)
sys.exit(os.waitstatus_to_exitcode(status))
"#;

/// A NIK that is one.
const NIK: &str = "3514140101900001";

struct Terminal {
    lab: Lab,
}

impl Terminal {
    fn new() -> Self {
        let lab = Lab::new(&[]);
        let load = ["snapshot", "omspan.capaian_ik_kl", "omspan.dipa_belanja", "sipp.p3ke"];
        let ran: Ran = lab.systems_command(&load).output().unwrap().into();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        Self { lab }
    }

    /// Runs the shell with `arguments` and holds the conversation; returns what the terminal showed.
    fn talk(&self, arguments: &[&str], script: &[(&str, &str)]) -> String {
        let program = self.lab.systems_command(arguments);
        let mut command = Command::new("python3");
        command.arg("-c").arg(TALK).arg(serde_json::to_string(script).unwrap());
        command.arg(program.get_program()).args(program.get_args());
        command.env_clear().current_dir(self.lab.path());
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", "xterm").env("PAGER", "cat").env("HOME", self.lab.path());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        assert!(!ran.stdout.contains("panicked"), "{}", ran.stdout);
        ran.stdout
    }

    fn history(&self) -> std::path::PathBuf {
        self.lab.path().join(".local/state/lumbung/sql_history")
    }
}

/// What every conversation begins with.
const PROMPT: (&str, &str) = ("<", "lumbung> ");

#[test]
fn tables_are_looked_up_and_names_completed() {
    if !python_has(&["pty"]) {
        return;
    }
    let script = [
        PROMPT,
        (">", r"\dt omspan.*"),
        ("<", "omspan.capaian_ik_kl"),
        PROMPT,
        (">", r"\d sipp.p3ke"),
        ("<", "NIK of the head of the family; NULL where it is not whole (hashed)"),
        PROMPT,
        (">", r"\d sipp.p3k"),
        ("<", "did you mean sipp.p3ke"),
        PROMPT,
        ("+", "SELECT count(*) FROM omspan.capaian_ik_k\t"),
        ("<", "capaian_ik_kl"),
        // A column of the alias.
        ("+", " k WHERE k.ik_realisa\t"),
        ("<", "k.ik_realisasi"),
        (">", " IS NOT NULL;"),
        ("<", "(1 row)"),
        PROMPT,
        (">", r"\profile omspan.dipa_belanja"),
        ("<", "distinct_approx"),
        ("<", "amount"),
        PROMPT,
        (">", r"\nonsense"),
        ("<", r"\? lists them"),
        (">", r"\q"),
    ];
    Terminal::new().talk(&["sql"], &script);
}

#[test]
fn results_are_shown_timed_expanded_and_written() {
    if !python_has(&["pty"]) {
        return;
    }
    let terminal = Terminal::new();
    let script = [
        PROMPT,
        (">", r"\timing on"),
        ("<", "timing is on"),
        (">", "SELECT 1 AS satu; SELECT 2 AS dua;"),
        ("<", "satu"),
        ("<", "time: "),
        ("<", "dua"),
        PROMPT,
        (">", r"\x on"),
        PROMPT,
        (">", "SELECT 1 AS satu, 2 AS dua;"),
        ("<", "-[ 1 ]"),
        PROMPT,
        (">", "SELEC 1;"),
        ("<", "error: "),
        PROMPT,
        (">", r"\o hasil.csv"),
        PROMPT,
        (">", "SELECT ba FROM omspan.capaian_ik_kl LIMIT 2;"),
        ("<", "2 rows in hasil.csv"),
        (">", "SELECT 1;"),
        ("<", "holds a result already"),
        (">", r"\o"),
        PROMPT,
        ("+", "\x04"),
    ];
    terminal.talk(&["sql"], &script);
    let csv = std::fs::read_to_string(terminal.lab.path().join("hasil.csv")).unwrap();
    assert_eq!(csv, "ba\n056\n056\n");
}

#[test]
fn history_remembers_statements_and_no_personal_value() {
    if !python_has(&["pty"]) {
        return;
    }
    let terminal = Terminal::new();
    let personal = format!("SELECT count(*) AS orang FROM sipp.p3ke WHERE nik = '{NIK}';");
    let script = [
        PROMPT,
        // Enter ends nothing before the semicolon.
        (">", "SELECT count(*) AS banyak\rFROM omspan.capaian_ik_kl;"),
        ("<", "(1 row)"),
        PROMPT,
        (">", &personal),
        ("<", "orang"),
        ("<", "(1 row)"),
        PROMPT,
        (">", "SELECT count(*) FROM sipp.p3ke WHERE nik LIKE '3514%';"),
        ("<", "column nik holds hashes"),
        PROMPT,
        (">", r"\q"),
    ];
    terminal.talk(&["sql"], &script);
    let history = std::fs::read_to_string(terminal.history()).unwrap();
    assert!(history.contains(r"SELECT count(*) AS banyak\nFROM omspan.capaian_ik_kl;"), "{history}");
    assert!(!history.contains(NIK) && !history.contains("LIKE"), "{history}");
    assert_eq!(std::fs::metadata(terminal.history()).unwrap().permissions().mode() & 0o777, 0o600);

    // What was typed before comes back with the arrow; with --no-history nothing is read or written.
    let again = [PROMPT, ("+", "\x1b[A\x1b[A"), ("<", "banyak"), ("+", "\x03"), ("+", "\x04")];
    terminal.talk(&["sql"], &again);
    let before = std::fs::read(terminal.history()).unwrap();
    let silent = [PROMPT, (">", "SELECT 3 AS tiga;"), ("<", "(1 row)"), PROMPT, (">", "exit")];
    terminal.talk(&["sql", "--no-history"], &silent);
    assert_eq!(std::fs::read(terminal.history()).unwrap(), before);
}

#[test]
fn ctrl_c_stops_the_query_and_not_the_shell() {
    if !python_has(&["pty"]) {
        return;
    }
    let terminal = Terminal::new();
    let endless = "SELECT count(*) FROM generate_series(1, 4000000000) a WHERE a.value % 7 = 3;";
    let shown = terminal.talk(
        &["sql"],
        &[
            ("<", "lumbung> "),
            (">", endless),
            ("<", "Ctrl-C stops it"),
            ("+", "\x03"),
            ("<", "cancelled"),
            ("<", "lumbung> "),
            (">", "SELECT 7 AS tujuh;"),
            ("<", "(1 row)"),
            ("<", "lumbung> "),
            // A line given up, then the end.
            ("+", "SELECT nothing"),
            ("<", "nothing"),
            ("+", "\x03"),
            ("<", "lumbung> "),
            ("+", "\x04"),
        ],
    );
    assert!(!shown.contains("interrupted"), "{shown}");
}

#[test]
fn without_a_terminal_there_is_no_shell() {
    let lab = Lab::new(&[]);
    let ran: Ran = lab.command(&["sql"]).stdin(std::process::Stdio::null()).output().unwrap().into();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("the query is empty"), "{}", ran.stderr);
}
