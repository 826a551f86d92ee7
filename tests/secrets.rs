//! No secret leaves the process: no token (nor a part of one, nor what a part decodes to) and no payer's name is found
//! in what the program prints, however much it is asked to print, or in any file it writes.

mod places;

use std::path::PathBuf;

use crate::harness::{Lab, Ran, YEARS, walk};

/// The most the program can be made to say.
const TALKATIVE: [&str; 2] = ["-vv", "snapshot"];

/// Days with payments, and few of them.
const SPAN: [&str; 4] = ["--from", "2026-10-28", "--to", "2026-10-31"];

/// Shorter parts of a token could be found anywhere by chance.
const PART_CHARS_MIN: usize = 10;

#[test]
fn no_token_is_printed_or_written_when_all_is_well() {
    let lab = Lab::new(&[]);
    let load = [&TALKATIVE[..], &SPAN].concat();
    let mut all = vec![lab.ok(&load), lab.ok(&load)];
    for command in [
        &["-vv", "check"][..],
        &["-vv", "status"],
        &["-vv", "runs"],
        &["-vv", "--output", "json", "runs"],
        &["-vv", "sql", "SELECT * FROM ops.runs"],
        &["-vv", "snapshot", "--dry-run"],
    ] {
        all.push(lab.run(command));
    }
    assert!(all[0].stderr.contains("DEBUG"), "nothing was asked to be said: {}", all[0].stderr);
    assert_hidden(&lab, &tokens(&lab), &all);
}

#[test]
fn no_token_is_printed_or_written_when_something_fails() {
    for fault in ["unauthorised", "truncated", "cut-connection", "error-500", "html-fatal", "bad-row@detail_pnbp"] {
        let lab = Lab::new(&[fault]);
        let ran = lab.run(&[&TALKATIVE[..], &SPAN].concat());
        let run_ids: Vec<String> =
            lab.ok(&["--output", "json", "runs"]).json_lines().iter().map(|run| run["run"].to_string()).collect();
        let detail = lab.run(&["-vv", "runs", run_ids[0].trim_matches('"')]);
        assert_hidden(&lab, &tokens(&lab), &[ran, detail]);
    }
}

#[test]
fn a_refused_or_unusable_token_is_not_repeated() {
    let lab = Lab::new(&[]);
    let bad =
        ["hunter2-hunter2-hunter2", "hunter2 hunter2\nhunter2", "hunter2\u{e9}hunter2", "eyJhdW50ZXIy.aHVudGVyMg.x"];
    for token in bad {
        let mut command =
            lab.command(&["-vv", "--output", "json", "snapshot", "omspan.capaian_ik_kl", "--tahun", "2026"]);
        let ran: Ran = command.env("LUMBUNG_OMSPAN_TOKEN_2026", token).output().unwrap().into();
        assert!(matches!(ran.code, 77 | 78), "{}", ran.stderr);
        assert_hidden(&lab, &[b"hunter2".to_vec(), b"eyJhdW50ZXIy".to_vec(), b"aHVudGVyMg".to_vec()], &[ran]);
    }
    // A key that was pasted where its variable's name belongs is a mistake that must not be made worse.
    let secret = tokens(&lab).remove(0);
    let pasted =
        format!("sources.omspan.base_url=https://user:{}@host.example.go.id", String::from_utf8_lossy(&secret));
    let ran = lab.run(&["-vv", "--set", &pasted, "snapshot"]);
    assert_eq!(ran.code, 78);
    assert!(ran.stderr.contains("secrets come from the environment"), "{}", ran.stderr);
    assert_hidden(&lab, &[secret], &[ran]);
}

#[test]
fn no_payer_is_printed_or_written() {
    for fault in
        ["overrun", "bad-row@detail_pnbp", "unknown-key@detail_pnbp", "truncated@detail_pnbp", "pnbp-csv-rows"]
    {
        let lab = Lab::new(&[fault]);
        let payers: Vec<Vec<u8>> = lab.sandbox().personal_values().into_iter().map(String::into_bytes).collect();
        assert!(payers.len() > 100, "there are payers to be found");
        let load = lab.run(&[&TALKATIVE[..], &["omspan.detail_pnbp"], &SPAN].concat());
        let table = lab.run(&["sql", "SELECT * FROM omspan.detail_pnbp"]);
        let refused = lab.run(&["sql", "SELECT * FROM ops.quarantine"]);
        assert_eq!((table.code, refused.code), (0, 0), "{}", table.stderr);
        assert_hidden(&lab, &payers, &[load, table, refused]);
        let columns = lab.ok(&["sql", "--format", "csv", "DESCRIBE omspan.detail_pnbp"]).stdout;
        assert!(columns.contains("ntpn") && !columns.contains("nama_waj_bay"), "{columns}");
    }
}

/// Both years' tokens, their parts, and what the parts decode to.
fn tokens(lab: &Lab) -> Vec<Vec<u8>> {
    let mut secrets = Vec::new();
    for year in YEARS {
        let token = lab.sandbox().token("omspan", year);
        for part in token.split('.').filter(|part| part.len() > PART_CHARS_MIN) {
            secrets.push(part.as_bytes().to_vec());
            secrets.push(decoded(part));
        }
        secrets.push(token.into_bytes());
    }
    assert_eq!(secrets.len(), 14, "tokens have three parts");
    secrets
}

/// The bytes of a base64url text.
fn decoded(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let (mut bits, mut n_bits) = (0_u32, 0);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push(u8::try_from(bits >> n_bits & 0xff).unwrap());
        }
    }
    bytes
}

#[test]
fn the_test_itself_can_decode_and_find() {
    assert_eq!(decoded("eyJ0eXAiOiJKV1QifQ"), br#"{"typ":"JWT"}"#);
    assert!(holds(b"....needle..", b"needle") && !holds(b"....needl", b"needle"));
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    memchr::memmem::find(bytes, secret).is_some()
}

/// None of `secrets` is in what was printed, nor in any file below the laboratory's folder.
fn assert_hidden(lab: &Lab, secrets: &[Vec<u8>], all: &[Ran]) {
    let mut files = Vec::new();
    walk(lab.path(), &mut files);
    let is_ledger = |file: &PathBuf| file.file_name().is_some_and(|name| name == "ledger.db");
    assert!(all.iter().any(|ran| ran.code == 78) || files.iter().any(is_ledger), "{files:?}");
    assert!(secrets.iter().all(|secret| !secret.is_empty()), "nothing would be found everywhere");
    let mut places: Vec<(String, Vec<u8>)> =
        files.iter().map(|file| (file.display().to_string(), std::fs::read(file).unwrap())).collect();
    for ran in all {
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        places.push(("stdout".to_owned(), ran.stdout.clone().into_bytes()));
        places.push(("stderr".to_owned(), ran.stderr.clone().into_bytes()));
    }
    for (place, bytes) in &places {
        let found = secrets.iter().position(|secret| holds(bytes, secret));
        assert!(found.is_none(), "secret number {} stands in {place}", found.unwrap_or_default());
    }
}
