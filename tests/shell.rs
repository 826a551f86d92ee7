//! The shell of `lumbung sql` on a real pseudo-terminal, and what it leaves on disk.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::{Lab, Ran, python_has};

/// Talks to a program on a terminal: `>` sends a line, `+` sends keys as they are, `<` waits for a text that came since the
/// last line was sent and after the text waited for before. Prints the transcript.
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
        while (at := seen.find(text, mark)) < 0:
            if time.monotonic() > end or not read(1):
                print(seen)
                sys.exit(f'waited for {text!r}')
        mark = at + len(text)
    else:
        mark = len(seen)
        os.write(fd, (text + ('\r' if kind == '>' else '')).encode())
end = time.monotonic() + 60
while read(1):
    if time.monotonic() > end:
        print(seen)
        sys.exit('it does not end')
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
        self.talk_with("cat", arguments, script)
    }

    /// The same with another pager.
    fn talk_with(&self, pager: &str, arguments: &[&str], script: &[(&str, &str)]) -> String {
        let program = self.lab.systems_command(arguments);
        let mut command = Command::new("python3");
        command.arg("-c").arg(TALK).arg(serde_json::to_string(script).unwrap());
        command.arg(program.get_program()).args(program.get_args());
        command.env_clear().current_dir(self.lab.path());
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", "xterm").env("PAGER", pager).env("HOME", self.lab.path());
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

/// The empty prompt, with the cursor behind it: the shell reads keys. While it still works, keys would go to the terminal's
/// line, and some are lost when the shell takes the terminal over.
const EMPTY_PROMPT: &str = "lumbung> \r\x1b[9C";

/// What every conversation begins with.
const PROMPT: (&str, &str) = ("<", EMPTY_PROMPT);

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
        (">", "SUMMARIZE mart.serapan_satker;"),
        ("<", "serapan_pct"),
        PROMPT,
        (">", r"\nonsense"),
        ("<", r"\? lists them"),
        PROMPT,
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
        PROMPT,
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
        // Pasted: a command of its line, then two statements.
        ("+", "\x1b[200~\\x off\nSELECT 3 AS tiga;\nSELECT 4 AS empat;\x1b[201~\r"),
        ("<", "tiga"),
        ("<", "empat"),
        ("<", "(1 row)"),
        PROMPT,
        (">", r"\o hasil.csv"),
        PROMPT,
        (">", "SELECT ba FROM omspan.capaian_ik_kl LIMIT 2;"),
        ("<", "2 rows in hasil.csv"),
        PROMPT,
        (">", "SELECT 1;"),
        ("<", "holds a result already"),
        PROMPT,
        (">", r"\o"),
        PROMPT,
        ("+", "\x04"),
    ];
    terminal.talk(&["sql"], &script);
    let csv = std::fs::read_to_string(terminal.lab.path().join("hasil.csv")).unwrap();
    assert_eq!(csv, "ba\n056\n056\n");
}

#[test]
fn what_does_not_fit_the_screen_is_turned_or_paged() {
    if !python_has(&["pty"]) {
        return;
    }
    let script = [
        PROMPT,
        (">", "SELECT repeat('x', 100) AS kiri, repeat('y', 100) AS kanan;"),
        ("<", "-[ 1 ]"),
        PROMPT,
        (">", r"\x off"),
        PROMPT,
        (">", "SELECT repeat('x', 100) AS kiri, repeat('y', 100) AS kanan;"),
        ("<", "PAGED:"),
        PROMPT,
        (">", "SELECT value FROM generate_series(1, 100);"),
        ("<", "PAGED: (100 rows)"),
        PROMPT,
        (">", r"\pager off"),
        PROMPT,
        (">", "SELECT value + 1000 AS n FROM generate_series(1, 100);"),
        ("<", "\n 1100"),
        ("<", "\n(100 rows)"),
        PROMPT,
        (">", r"\q"),
    ];
    let terminal = Terminal::new();
    terminal.talk_with("env > pager.env; sed 's/^/PAGED: /'", &["sql"], &script);
    // The pager is somebody else's program: no secret of the environment is handed to it.
    let environment = std::fs::read_to_string(terminal.lab.path().join("pager.env")).unwrap();
    assert!(environment.contains("TERM=xterm"), "{environment}");
    let token = terminal.lab.sandbox().token("sipp", 2026);
    assert!(!environment.contains("LUMBUNG_") && !environment.contains(&token), "{environment}");
}

#[test]
fn every_format_goes_to_a_file() {
    if !python_has(&["pty"]) {
        return;
    }
    let terminal = Terminal::new();
    let names =
        ["csv", "json", "ndjson", "parquet", "xlsx", "md", "txt"].map(|extension| format!("hasil.{extension}"));
    let mut lines: Vec<(&str, String)> = vec![("<", EMPTY_PROMPT.to_owned())];
    for name in &names {
        for (kind, text) in [
            (">", format!(r"\o {name}")),
            ("<", EMPTY_PROMPT.to_owned()),
            (">", "SELECT '01' AS kode, 1.50 AS nilai;".to_owned()),
            ("<", format!("1 row in {name}")),
            ("<", EMPTY_PROMPT.to_owned()),
        ] {
            lines.push((kind, text));
        }
    }
    // A format without an extension to tell it, and one that is not for a screen.
    for (kind, text) in [
        (">", r"\format ndjson"),
        PROMPT,
        (">", r"\o hasil"),
        PROMPT,
        (">", "SELECT 2 AS dua;"),
        ("<", "1 row in hasil"),
        PROMPT,
        (">", r"\o"),
        PROMPT,
        (">", r"\format xlsx"),
        ("<", "not for a terminal"),
        PROMPT,
        (">", r"\q"),
    ] {
        lines.push((kind, text.to_owned()));
    }
    let script: Vec<(&str, &str)> = lines.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
    terminal.talk(&["sql"], &script);
    let bytes = |name: &str| std::fs::read(terminal.lab.path().join(name)).unwrap();
    assert_eq!(bytes("hasil.csv"), b"kode,nilai\n01,1.50\n");
    assert_eq!(bytes("hasil.json"), b"[{\"kode\":\"01\",\"nilai\":1.50}]\n");
    assert_eq!(bytes("hasil.ndjson"), b"{\"kode\":\"01\",\"nilai\":1.50}\n");
    assert!(bytes("hasil.parquet").starts_with(b"PAR1") && bytes("hasil.xlsx").starts_with(b"PK"));
    assert!(
        bytes("hasil.md").starts_with(b"| kode | nilai |\n") && bytes("hasil.txt").starts_with(b" kode | nilai\n")
    );
    assert_eq!(bytes("hasil"), b"{\"dua\":2}\n");
    let left: Vec<_> =
        std::fs::read_dir(terminal.lab.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
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
    let again = [PROMPT, ("+", "\x1b[A\x1b[A"), ("<", "banyak"), ("+", "\x03"), PROMPT, ("+", "\x04")];
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
            PROMPT,
            (">", endless),
            ("<", "Ctrl-C stops it"),
            ("+", "\x03"),
            ("<", "cancelled"),
            PROMPT,
            // What was being written is gone with it.
            (">", r"\o separuh.csv"),
            PROMPT,
            (">", "SELECT value FROM generate_series(1, 4000000000);"),
            ("<", "Ctrl-C stops it"),
            ("+", "\x03"),
            ("<", "cancelled"),
            PROMPT,
            (">", r"\o"),
            PROMPT,
            (">", "SELECT 7 AS tujuh;"),
            ("<", "(1 row)"),
            PROMPT,
            // A line given up, then the end.
            ("+", "SELECT nothing"),
            ("<", "nothing"),
            ("+", "\x03"),
            PROMPT,
            ("+", "\x04"),
        ],
    );
    assert!(!shown.contains("interrupted"), "{shown}");
    for name in ["separuh.csv", "separuh.csv.part"] {
        assert!(!terminal.lab.path().join(name).exists(), "{name}");
    }
}

#[test]
fn without_a_terminal_there_is_no_shell() {
    let lab = Lab::new(&[]);
    let ran: Ran = lab.command(&["sql"]).stdin(std::process::Stdio::null()).output().unwrap().into();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("the query is empty"), "{}", ran.stderr);
}
