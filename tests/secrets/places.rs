//! Every secret the program knows, from each of its three places and with a known value: what works, what is refused, and that
//! none of them is printed, written, or seen by another process.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::assert_hidden;
use crate::harness::{Lab, PII_KEY, Ran, Running, YEARS, secret_file};

/// A small dataset.
const SMALL: &str = "omspan.capaian_ik_kl";

/// Secrets that nothing accepts, each findable by its value.
const WRONG: [(&str, &str); 12] = [
    ("LUMBUNG_OMSPAN_TOKEN", "rahasia-omspan-3f81aa20"),
    ("LUMBUNG_OSS_TOKEN", "rahasia-oss-90be1c47"),
    ("LUMBUNG_PADI_TOKEN", "rahasia-padi-7714dd02"),
    ("LUMBUNG_SIMDA_TOKEN", "rahasia-simda-b5c6d7e8"),
    ("LUMBUNG_SIPP_TOKEN", "rahasia-sipp-11223344"),
    ("LUMBUNG_INBOX_OSS_USER", "rahasia-pengguna-0a0b0c"),
    ("LUMBUNG_INBOX_OSS_PASSWORD", "rahasia-sandi-oss-5e5f60"),
    ("LUMBUNG_INBOX_PADI_TOKEN", "rahasia-inbox-padi-9d8c7b"),
    ("LUMBUNG_PG_ANA_PASSWORD", "rahasia-basis-data-6a6b6c"),
    ("LUMBUNG_SMTP_PASSWORD", "rahasia-surat-dd11ee22"),
    ("LUMBUNG_PII_KEY", PII_KEY),
    // By the word that stands in no message.
    ("LUMBUNG_OSS_USER", "rahasia-pemakai-4d4e4f"),
];

fn values(secrets: &[(&str, &str)]) -> Vec<Vec<u8>> {
    secrets.iter().map(|(_, value)| value.as_bytes().to_vec()).collect()
}

/// The program against every system of the sandbox, with `WRONG` instead of what the sandbox would take.
fn with_wrong_secrets(lab: &Lab, arguments: &[&str]) -> Command {
    let mut command = lab.systems_command(&[]);
    let known: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
    for name in &known {
        command.env_remove(name);
    }
    command.envs(WRONG).args(["--set", "serve.postgres.users.ana.role=bi"]).args(arguments);
    command
}

#[test]
fn no_secret_of_any_kind_is_told_whatever_fails() {
    let lab = Lab::new(&[]);
    let mail = [
        "--set",
        "mail.transport=smtp",
        "--set",
        "mail.smtp_url=smtps://lumbung@127.0.0.1:9",
        "--set",
        "mail.timeouts.connect_secs=2",
    ];
    let commands: [&[&str]; 12] = [
        &["-vv", "snapshot", SMALL, "sipp.p3ke", "padi.transaksi", "simda.instansi", "oss.referensi"],
        &["-vv", "--set", "sources.oss.auth=security_key", "snapshot", "oss.referensi"],
        &["-vv", "check"],
        &["-vv", "--output", "json", "check"],
        &["-vv", "--output", "json", "status"],
        &["-vv", "--output", "json", "schedule"],
        &["-vv", "--output", "json", "runs"],
        &["-vv", "--output", "json", "inbox", "list"],
        &["-vv", "--output", "json", "key", "id"],
        &["-vv", "--output", "json", "catalog"],
        &["-vv", "sql", "SELECT * FROM ops.runs"],
        &["-vv", "report", "send", "serapan-anggaran"],
    ];
    let mut all = Vec::new();
    for command in commands {
        let ran: Ran = with_wrong_secrets(&lab, &[&mail[..], command].concat()).output().unwrap().into();
        all.push(ran);
    }
    assert!(all[0].stderr.contains("DEBUG"), "nothing was asked to be said: {}", all[0].stderr);
    assert_eq!(all[0].code, 77, "every source refuses its token: {}", all[0].stderr);
    // The id of the key is public; the key is not.
    assert_hidden(&lab, &values(&WRONG), &all);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let lab = Lab::new(&[]);
    let secret = "rahasia8a9b8c7d6e5f";
    for setting in [
        "sources.omspan.token_env={}",
        "sources.oss.user_env={}",
        "sources.omspan.token={}",
        "sources.omspan.base_url=https://{}:{}@host.contoh.go.id",
        "sources.omspan.base_url=https://host.contoh.go.id/?key={}",
        "serve.postgres.users.ana.password_env={}",
        "mail.smtp_url=smtps://lumbung:{}@mail.contoh.go.id",
        "archive.recipient=AGE-SECRET-KEY-1{}",
    ] {
        let setting = setting.replace("{}", secret);
        let ran =
            lab.run(&["-vv", "--set", "serve.postgres.users.ana.role=bi", "--set", &setting, "snapshot", SMALL]);
        assert_eq!(ran.code, 78, "{setting}: {}", ran.stderr);
        assert_hidden(&lab, &[secret.as_bytes().to_vec()], &[ran]);
    }
    let setting = format!("privacy.key_file={secret}");
    let ran: Ran = lab.bare_command().args(["-vv", "--set", &setting, "key", "id"]).output().unwrap().into();
    assert!(ran.stderr.contains("that privacy.key_file names cannot be read"), "{}", ran.stderr);
    let mut command = lab.bare_command();
    let pasted: Ran = command.env("LUMBUNG_PII_KEY_FILE", secret).args(["key", "id"]).output().unwrap().into();
    assert_eq!((ran.code, pasted.code), (78, 78));
    assert_hidden(&lab, &[secret.as_bytes().to_vec()], &[ran, pasted]);
}

/// Files with the sandbox's tokens, the PII key and a password, each named as its variable.
fn secret_files(lab: &Lab, folder: &Path) -> Vec<(String, String)> {
    let tokens = YEARS.map(|year| (format!("LUMBUNG_OMSPAN_TOKEN_{year}"), lab.sandbox().token("omspan", year)));
    let others = [
        ("LUMBUNG_PII_KEY", PII_KEY),
        ("LUMBUNG_PG_ANA_PASSWORD", "rahasia-basis-data-6a6b6c"),
        ("LUMBUNG_INBOX_PADI_TOKEN", "rahasia-inbox-padi-9d8c7b"),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let all: Vec<(String, String)> = tokens.into_iter().chain(others).collect();
    all.iter().for_each(|(name, value)| secret_file(&folder.join(name), &format!("{value}\n")));
    all
}

/// The program with `NAME_FILE` for every file of `folder`.
fn with_files(lab: &Lab, folder: &Path, secrets: &[(String, String)]) -> Command {
    let mut command = lab.bare_command();
    command.envs(secrets.iter().map(|(name, _)| (format!("{name}_FILE"), folder.join(name))));
    command
}

#[test]
fn files_and_credentials_of_systemd_hold_secrets_as_variables_do() {
    let lab = Lab::new(&[]);
    let folder = TempDir::new().unwrap();
    let secrets = secret_files(&lab, folder.path());
    let ends = |mut command: Command, code: i32| {
        let ran: Ran = command.args(["-vv", "snapshot", SMALL]).output().unwrap().into();
        assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
        ran
    };
    let from_files = ends(with_files(&lab, folder.path(), &secrets), 0);
    let mut handed_over = lab.bare_command();
    handed_over.env("CREDENTIALS_DIRECTORY", folder.path());
    let from_systemd = ends(handed_over, 0);

    let token = folder.path().join("LUMBUNG_OMSPAN_TOKEN_2026");
    let mut twice = with_files(&lab, folder.path(), &secrets);
    twice.env("LUMBUNG_OMSPAN_TOKEN_2026", "rahasia-lain");
    let twice = ends(twice, 78);
    assert!(twice.stderr.contains("LUMBUNG_OMSPAN_TOKEN_2026 and LUMBUNG_OMSPAN_TOKEN_2026_FILE are both set"));
    std::fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let shown = ends(with_files(&lab, folder.path(), &secrets), 78);
    assert!(shown.stderr.contains(&format!("chmod 600 {}", token.display())), "{}", shown.stderr);

    let mut hidden: Vec<Vec<u8>> = secrets.into_iter().map(|(_, value)| value.into_bytes()).collect();
    hidden.push(b"rahasia-lain".to_vec());
    assert_hidden(&lab, &hidden, &[from_files, from_systemd, twice, shown]);
}

#[test]
fn the_process_list_shows_no_secret_of_the_daemon() {
    let lab = Lab::new(&[]);
    let folder = TempDir::new().unwrap();
    let secrets = secret_files(&lab, folder.path());
    lab.ok(&["snapshot", SMALL]);
    let mut command = with_files(&lab, folder.path(), &secrets);
    command.args(["-vv", "--output", "json", "--set", "serve.http=127.0.0.1:0"]);
    command.args(["--set", "serve.postgres.users.ana.role=bi", "serve", "--pg", "127.0.0.1:0"]);
    let mut daemon = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut stdout = String::new();
    BufReader::new(daemon.0.stdout.take().unwrap()).read_line(&mut stdout).unwrap();
    assert!(stdout.contains("\"pg\"") && stdout.contains("\"http\""), "{stdout}");

    let pid = daemon.0.id();
    let seen = ["cmdline", "environ"].map(|name| std::fs::read(format!("/proc/{pid}/{name}")).unwrap());
    assert!(super::holds(&seen[1], b"LUMBUNG_PII_KEY_FILE"), "the environment was read");
    for (name, value) in &secrets {
        assert!(seen.iter().all(|bytes| !super::holds(bytes, value.as_bytes())), "{name} stands in the process list");
    }
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
    let mut stderr = String::new();
    daemon.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let ran = Ran { code: daemon.0.wait().unwrap().code().unwrap_or(-1), stdout, stderr };
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("INFO"), "nothing was asked to be said: {}", ran.stderr);
    let hidden: Vec<Vec<u8>> = secrets.into_iter().map(|(_, value)| value.into_bytes()).collect();
    assert_hidden(&lab, &hidden, &[ran]);
}
