//! What keeps the port from opening is said at once, with exit code 78: it never opens with less protection than was asked
//! for.

use std::process::Command;

use super::house::House;
use crate::harness::{Ran, secret_file};

fn refused(command: &mut Command) -> Ran {
    let ran: Ran = command.output().unwrap().into();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert_eq!(ran.stdout, "", "it never opened");
    ran
}

#[test]
fn a_broken_certificate_stops_the_start() {
    let house = House::empty();
    house.lab.ok(&["snapshot", "omspan.capaian_ik_kl"]);
    std::fs::write(house.path("text.pem"), "secret words").unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(house.path("other.key"), other.signing_key.serialize_pem()).unwrap();
    for (cert, key, wanted) in [
        ("absent.crt", "tls.key", "absent.crt"),
        ("tls.crt", "absent.key", "absent.key"),
        ("text.pem", "tls.key", "text.pem"),
        ("tls.crt", "text.pem", "text.pem"),
        ("tls.crt", "other.key", "cannot be used for TLS"),
    ] {
        let (cert, key) = (format!("serve.postgres.tls_cert={cert}"), format!("serve.postgres.tls_key={key}"));
        let ran = refused(&mut house.command(false, &[&cert, &key]));
        assert!(ran.stderr.contains(wanted) && !ran.stderr.contains("secret words"), "{}", ran.stderr);
    }
    let half = refused(&mut house.command(false, &["serve.postgres.tls_cert=tls.crt"]));
    assert!(half.stderr.contains("go together"), "{}", half.stderr);
}

#[test]
fn it_does_not_open_without_tls_for_others_nor_without_users_and_passwords() {
    let house = House::empty();
    house.lab.ok(&["snapshot", "omspan.capaian_ik_kl"]);
    let everywhere = refused(&mut house.command_at("0.0.0.0:0", false, &[]));
    assert!(everywhere.stderr.contains("tls_cert"), "{}", everywhere.stderr);

    let mut nobody = house.lab.bare_command();
    let nobody = refused(nobody.args(["--set", "serve.http=127.0.0.1:0", "serve", "--pg", "127.0.0.1:0"]));
    assert!(nobody.stderr.contains("nobody may connect"), "{}", nobody.stderr);

    let unset = refused(house.command(false, &[]).env_remove("LUMBUNG_PG_ANA_PASSWORD"));
    assert!(unset.stderr.contains("set LUMBUNG_PG_ANA_PASSWORD"), "{}", unset.stderr);
    let short = refused(house.command(false, &[]).env("LUMBUNG_PG_ANA_PASSWORD", "short"));
    assert!(short.stderr.contains("fewer than 12") && !short.stderr.contains("short\""), "{}", short.stderr);
    secret_file(&house.path("ana.pw"), "a word from a file\n");
    let mut from_file = house.command(false, &["serve.postgres.users.ana.password_file=ana.pw"]);
    from_file.env_remove("LUMBUNG_PG_ANA_PASSWORD").env("LUMBUNG_PG_KEPALA_PASSWORD", "short");
    let from_file = refused(&mut from_file);
    assert!(from_file.stderr.contains("kepala"), "ana's word is there: {}", from_file.stderr);

    let strange = refused(&mut house.command(false, &["serve.postgres.users.ana.role=root"]));
    assert!(strange.stderr.contains("unknown role"), "{}", strange.stderr);
}

#[test]
fn it_runs_beside_the_inbox_and_without_it_and_ends_when_it_is_told() {
    let house = House::empty();
    house.lab.ok(&["snapshot", "omspan.capaian_ik_kl"]);
    let alone = house.serve(false, &["schedule.enabled=false"]);
    assert!(alone.said.get("http").is_none(), "{}", alone.said);
    let (code, log) = alone.terminate();
    assert_eq!(code, 0, "{log}");

    let watched = house.serve(false, &[]);
    assert!(watched.said["http"].is_string(), "with a schedule there is something to watch: {}", watched.said);
    assert_eq!(watched.terminate().0, 0);

    let mut beside = house.command(false, &[]);
    beside.env("LUMBUNG_INBOX_PADI_TOKEN", "a-token");
    let mut child = beside.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let code = child.wait().unwrap().code();
    assert!(line.contains("\"http\"") && line.contains("\"pg\""), "{line}");
    assert!(killed.success() && code == Some(0), "{code:?}");
}
