//! The archive, replays and what an operator takes upon themselves, through the program: the sandbox is stopped before
//! anything is decoded again.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Lab, Ran, YEARS, walk};

/// A setting that changes nothing.
const SAME: &str = "archive.enabled=true";

/// The program on the lab's warehouse, without any source, token or key.
fn offline(lab: &Lab) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumbung"));
    let now = format!("{}T07:00:00+07:00", lab.today);
    command.env_clear().current_dir(lab.path()).arg("--warehouse").arg(lab.warehouse()).args(["--now", &now]);
    command.args(["--output", "json", "--set", "marts.after_load=false"]);
    command
}

fn run(mut command: Command, arguments: &[&str]) -> Ran {
    command.args(arguments).output().unwrap().into()
}

/// The one line of a load of `dataset` that must end with `code`; `set` is `key=value`.
fn load(lab: &Lab, dataset: &str, code: i32, (set, arguments): (&str, &[&str])) -> Value {
    let ran = lab.run(&[&["--output", "json", "--set", set, "snapshot", dataset][..], arguments].concat());
    assert_eq!(ran.code, code, "{}\n{}", ran.stdout, ran.stderr);
    ran.json_lines().remove(0)
}

fn name_of(said: &Value) -> String {
    said["run"].as_str().unwrap().to_owned()
}

/// The files of the archive.
fn raw_files(lab: &Lab) -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(&lab.warehouse().join("state/raw"), &mut files);
    files.sort();
    files
}

fn sql(lab: &Lab, config: &str, query: &str) -> Vec<Value> {
    let ran = run(offline(lab), &["--config", config, "sql", "--format", "ndjson", query]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.json_lines()
}

#[test]
fn a_wrong_contract_is_repaired_without_asking_the_source() {
    let mut lab = Lab::new(&[]);
    let first = load(&lab, "omspan.realisasi_belanja", 0, ("sources.omspan.page_rows=1500", &[]));
    let files = lab.published();
    lab.stop_sandbox();
    let archived = raw_files(&lab);
    assert!(archived.len() > YEARS.len(), "{archived:?}");
    let config = lab.config(&[
        ("version = 1", "version = 2"),
        (r#"{ name = "cara_tarik", type = "code(1)""#, r#"{ name = "cara_tarik", type = "integer""#),
    ]);
    let types = "SELECT arrow_typeof(cara_tarik) AS t, count(*) AS n, sum(amount) AS s FROM omspan.realisasi_belanja GROUP BY 1";
    let ran = run(offline(&lab), &["--config", &config, "replay", &name_of(&first)]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let said = ran.json_lines().remove(0);
    assert_eq!(said["status"], "committed", "{said}");
    for figure in ["rows", "quarantined", "control", "pages", "bytes"] {
        assert_eq!(said[figure], first[figure], "{figure}");
    }
    let now = sql(&lab, &config, types);
    assert_eq!((now.len(), now[0]["t"].as_str(), &now[0]["n"]), (1, Some("Int64"), &first["rows"]), "{now:?}");
    assert_eq!(lab.published().len(), files.len(), "into the partitions of the run that is repeated");
    assert_eq!(raw_files(&lab), archived, "a replay archives nothing anew");

    let told = run(offline(&lab), &["runs", &name_of(&said)]).json_lines().remove(0);
    assert_eq!((&told["replay_of"], &told["contract_version"]), (&first["run"], &Value::from(2)), "{told}");
    assert!(told["pages"].as_array().unwrap().iter().all(|page| page["raw"].is_string()), "{told}");
    let ops = sql(&lab, &config, "SELECT replay_of FROM ops.runs WHERE replay_of IS NOT NULL");
    assert_eq!(ops[0]["replay_of"], first["run"]);
    // The replay can be repeated in turn, and so can the first run: nothing was asked of the source since.
    for name in [name_of(&said), name_of(&first)] {
        let again = run(offline(&lab), &["--config", &config, "replay", &name]);
        assert_eq!(again.code, 0, "{}", again.stderr);
    }
}

#[test]
fn what_was_loaded_since_is_not_replaced() {
    let mut lab = Lab::new(&[]);
    let first = load(&lab, "omspan.dipa_belanja", 0, (SAME, &["--tahun", "2026"]));
    assert_eq!(run(offline(&lab), &["replay", "20261101T000000000Z-00000000"]).code, 2);
    // The same partition is loaded again an hour later, and its fiscal year is another answer by then.
    lab.replace_sandbox(&["shrink"]);
    lab.today = "2026-11-02".to_owned();
    let later =
        load(&lab, "omspan.dipa_belanja", 0, (SAME, &["--tahun", "2026", "--date", "2026-11-01", "--accept-shrink"]));
    assert_eq!(later["status"], "committed", "{later}");
    let before = lab.contents();
    lab.stop_sandbox();
    let refused = run(offline(&lab), &["replay", &name_of(&first)]);
    assert_eq!(refused.code, 2, "{}", refused.stdout);
    let said = refused.json_lines().remove(0);
    assert!(said["error"].as_str().unwrap().contains(&name_of(&later)), "{said}");
    assert!(before == lab.contents());
    // Under a date of its own it replaces nothing.
    let apart = run(offline(&lab), &["replay", &name_of(&later), "--date", "2026-11-02"]);
    assert_eq!(apart.code, 0, "{}", apart.stderr);
    assert_eq!(lab.contents().len(), before.len() + 1, "one more in history, and latest shows it");
}

#[test]
fn a_failed_run_is_repaired_where_it_had_everything_and_only_there() {
    let mut lab = Lab::new(&["maxdate-moves"]);
    let dataset = "omspan.realisasi_belanja";
    let once = lab.config(&[("restarts = 3", "restarts = 0")]);
    let pages = "sources.omspan.page_rows=1000";
    let part = load(&lab, dataset, 65, (pages, &["--config", &once]));
    assert_eq!(part["status"], "failed");
    // One answer with everything, of a year that the contract does not take.
    let mut stranger = lab.command(&["--output", "json", "--set", "sources.omspan.page_rows=0", "snapshot", dataset]);
    stranger.args(["--tahun", "2026"]).env("LUMBUNG_OMSPAN_TOKEN_2026", lab.sandbox().token("omspan", 2025));
    let whole = Ran::from(stranger.output().unwrap()).json_lines().remove(0);
    assert_eq!(whole["status"], "failed", "{whole}");
    lab.stop_sandbox();
    let lenient = [(r#"constant = ["maxdate"], "#, ""), ("fiscal_year_column = \"tanggal\"\n", "")];
    let config = lab.config(&lenient);
    let replay =
        |said: &Value, set: &str| run(offline(&lab), &["--config", &config, "--set", set, "replay", &name_of(said)]);
    let refused = replay(&part, pages);
    assert_eq!(refused.code, 65, "{}\n{}", refused.stdout, refused.stderr);
    let said = refused.json_lines().remove(0);
    assert!(said["error"].as_str().unwrap().contains("page 3 of"), "{said}");
    assert_eq!(lab.published(), [""; 0], "a part must not be taken for the whole");
    let repaired = replay(&whole, "sources.omspan.page_rows=0");
    assert_eq!(repaired.code, 0, "{}\n{}", repaired.stdout, repaired.stderr);
    let published = lab.published();
    assert!(published.len() == 2 && published.iter().all(|file| file.contains("=2026/")), "{published:?}");
}

#[test]
fn sealed_pages_open_for_their_identity_alone() {
    let mut lab = Lab::new(&[]);
    let identity = |name: &str| {
        let made = run(offline(&lab), &["key", "identity", name]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        made.json_lines()[0]["recipients"][0].as_str().unwrap().to_owned()
    };
    let (recipient, _other) = (identity("own"), identity("other"));
    assert_eq!(identity("own"), recipient, "a second call reads the file");
    let sealed = format!("archive.recipient={recipient}");
    let span = ["--from", "2026-10-20", "--to", "2026-10-30", "--tahun", "2026"];
    // Without a recipient nothing personal is kept, and that is said.
    let open = lab.run(&[&["snapshot", "omspan.detail_pnbp"][..], &span].concat());
    assert!(open.code == 0 && open.stderr.contains("[archive] recipient"), "{}", open.stderr);
    assert!(raw_files(&lab).is_empty());
    std::fs::remove_dir_all(lab.warehouse()).unwrap();
    let said = load(&lab, "omspan.detail_pnbp", 0, (&sealed, &span));
    let names = payers(&lab);
    lab.stop_sandbox();
    let files = raw_files(&lab);
    assert!(!files.is_empty() && files.iter().all(|file| file.extension().unwrap() == "age"), "{files:?}");
    assert!(names.len() > 2, "{names:?}");
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(&[0x28, 0xb5, 0x2f, 0xfd]) && !names.iter().any(|name| holds(name.as_bytes())));
    }
    let run_id = name_of(&said);
    let replay = |arguments: &[&str]| run(offline(&lab), &[&["replay", &run_id][..], arguments].concat());
    for arguments in [&[][..], &["--identity", "other"]] {
        let refused = replay(arguments);
        assert_eq!(refused.code, 77, "{}\n{}", refused.stdout, refused.stderr);
    }
    assert_eq!(replay(&["--identity", "own"]).code, 0);
    let whole = std::fs::read(&files[0]).unwrap();
    std::fs::write(&files[0], &whole[..whole.len() - 1]).unwrap();
    let damaged = replay(&["--identity", "own"]);
    assert!(damaged.code == 65 && damaged.stdout.contains("is damaged"), "{}", damaged.stdout);
    std::fs::remove_file(&files[0]).unwrap();
    let gone = replay(&["--identity", "own"]);
    assert!(gone.code == 65 && gone.stdout.contains("not in the archive"), "{}", gone.stdout);
}

/// Names of payers that the sandbox serves.
fn payers(lab: &Lab) -> Vec<String> {
    let mut names = Vec::new();
    for day in 20..=30 {
        let answer = lab.ask(2026, &format!("DetailPNBPAllRev/GL/2026-10-{day}")).to_string();
        let words = answer.split('"').filter(|text| text.len() > 8 && text.contains(' ') && !text.contains(':'));
        names.extend(words.map(str::to_owned));
    }
    names
}

#[test]
fn a_held_load_is_published_by_who_accepts_it() {
    let mut lab = Lab::new(&[]);
    let strict = r#"{ name = "cara_tarik", type = "code(1)", one_of = ["1"]"#;
    let config = lab.config(&[(r#"{ name = "cara_tarik", type = "code(1)""#, strict)]);
    let dataset = "omspan.realisasi_belanja";
    let with = ["--config", &config, "--output", "json", "snapshot", dataset, "--tahun", "2026"];
    let held = lab.run(&with);
    assert_eq!(held.code, 65, "{}\n{}", held.stdout, held.stderr);
    let held = held.json_lines().remove(0);
    assert_eq!(held["status"], "held");
    assert!(held["error"].as_str().unwrap().contains("--accept publishes it"), "{held}");
    let mut accepting = lab.command(&with);
    accepting.arg("--accept").env("LUMBUNG_OPERATOR", "biro perencanaan");
    let accepted: Ran = accepting.output().unwrap().into();
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    let accepted = accepted.json_lines().remove(0);
    assert_eq!((&accepted["status"], &accepted["rows"]), (&"committed".into(), &held["rows"]), "{accepted}");
    lab.stop_sandbox();
    let told = run(offline(&lab), &["runs", &name_of(&accepted)]).json_lines().remove(0);
    assert_eq!(told["accepted_by"], "biro perencanaan", "{told}");
    assert_eq!(told["accepted_at"], "2026-10-31T23:00:00+00:00", "{told}");
    assert!(told["reason"].as_str().unwrap().starts_with("accepted: "), "{told}");
    assert_eq!(run(offline(&lab), &["runs", &name_of(&held)]).json_lines()[0]["accepted_by"], Value::Null);
    let reasons =
        sql(&lab, &config, "SELECT DISTINCT run, source, dataset, \"column\" FROM ops.quarantine ORDER BY run");
    assert!(reasons.iter().all(|row| row["column"] == "cara_tarik" && row["source"] == "omspan"), "{reasons:?}");
    // A held run can be accepted from the archive, too.
    let replayed = run(offline(&lab), &["--config", &config, "replay", &name_of(&held)]);
    assert_eq!(replayed.code, 65, "{}", replayed.stderr);
    let refused = replayed.json_lines().remove(0);
    assert_eq!(refused["status"], "held", "{refused}");
}

#[test]
fn keys_are_made_once_and_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new(&[]);
    let made = run(offline(&lab), &["key", "new", "pii.key"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let id = made.json_lines()[0]["key_id"].as_str().unwrap().to_owned();
    let path = lab.path().join("pii.key");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!((text.trim().len(), std::fs::metadata(&path).unwrap().permissions().mode() & 0o777), (64, 0o600));
    assert!(!made.stdout.contains(text.trim()));
    assert_eq!(run(offline(&lab), &["key", "new", "pii.key"]).code, 2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "a key is never overwritten");
    let shown = run(offline(&lab), &["--set", "privacy.key_file=pii.key", "key", "id"]);
    assert_eq!(shown.json_lines()[0]["key_id"], Value::from(id), "{}", shown.stderr);
    assert_eq!(run(offline(&lab), &["key", "id"]).code, 78);
}

/// The program against the sandbox's SIPP, with the PII key in `key`.
fn sipp(lab: &Lab, key: &str, arguments: &[&str]) -> Ran {
    let mut command = lab.command(&["--output", "json"]);
    let settings = [
        format!("sources.sipp.base_url={}", lab.sandbox().base_url("sipp")),
        "sources.sipp.enabled=true".to_owned(),
        "sources.sipp.backoff_secs=0".to_owned(),
        format!("privacy.key_file={key}"),
    ];
    settings.iter().for_each(|set| {
        command.args(["--set", set]);
    });
    command.env("LUMBUNG_SIPP_TOKEN", lab.sandbox().token("sipp", YEARS[1])).args(arguments);
    command.output().unwrap().into()
}

#[test]
fn a_rotated_key_joins_as_before_and_what_cannot_be_hashed_again_is_listed() {
    let mut lab = Lab::new(&[]);
    let made = |arguments: &[&str]| {
        let ran = run(offline(&lab), arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.json_lines().remove(0)
    };
    let old = made(&["key", "new", "old.key"])["key_id"].as_str().unwrap().to_owned();
    let new = made(&["key", "new", "new.key"])["key_id"].as_str().unwrap().to_owned();
    let recipient = made(&["key", "identity", "own"])["recipients"][0].as_str().unwrap().to_owned();
    let seal = format!("archive.recipient={recipient}");
    let ran = sipp(&lab, "old.key", &["--set", &seal, "snapshot", "sipp.p3ke", "sipp.bantuan"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    lab.stop_sandbox();
    let ask = |query: &str| {
        let ran = run(offline(&lab), &["sql", "--format", "ndjson", query]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.json_lines().remove(0)
    };
    let join = "SELECT count(*) AS n, count(DISTINCT p.nik) AS k, min(p.nik) AS least FROM sipp.p3ke p JOIN sipp.bantuan b \
        ON p.nik = b.nik";
    let before = ask(join);
    assert!(before["n"].as_u64().unwrap() > 0, "{before}");

    let rotate = || run(offline(&lab), &["key", "rotate", "--identity", "own", "--new-key", "new.key"]);
    let rotated = rotate();
    assert_eq!(rotated.code, 0, "{}\n{}", rotated.stdout, rotated.stderr);
    let said = rotated.json_lines().pop().unwrap();
    assert_eq!(
        (said["key_id"].as_str(), &said["replayed"], &said["left"]),
        (Some(&*new), &2.into(), &Value::Array(vec![]))
    );
    let after = ask(join);
    assert_eq!((&after["n"], &after["k"]), (&before["n"], &before["k"]), "the same people join");
    assert_ne!(after["least"], before["least"], "under other hashes");
    let keys = "SELECT count(*) FILTER (WHERE key_id <> '{}') AS o FROM ops.runs WHERE replay_of IS NOT NULL";
    assert_eq!(ask(&keys.replace("{}", &new))["o"], 0);
    // Nothing is left to do.
    assert_eq!(rotate().json_lines().pop().unwrap()["replayed"], 0);

    // Back to the old key, without the raw pages of one dataset.
    for file in raw_files(&lab).iter().filter(|file| file.to_str().unwrap().contains("bantuan")) {
        std::fs::remove_file(file).unwrap();
    }
    let back = run(offline(&lab), &["key", "rotate", "--identity", "own", "--new-key", "old.key"]);
    assert_eq!(back.code, 65, "{}", back.stdout);
    let left = back.json_lines().pop().unwrap()["left"].as_array().unwrap().clone();
    assert_eq!(
        (left.len(), left[0]["dataset"].as_str(), left[0]["key_id"].as_str()),
        (1, Some("sipp.bantuan"), Some(&*new))
    );
    assert!(left[0]["why"].as_str().unwrap().contains("not in the archive"), "{left:?}");
    assert_eq!(ask(join)["n"], 0, "two keys join nothing, rather than strangers");
    let shown = run(offline(&lab), &["--set", "privacy.key_file=old.key", "key", "id"]).json_lines().remove(0);
    assert_eq!(shown["key_id"], Value::from(old));
    assert_eq!(shown["datasets"].as_array().unwrap().len(), 2, "{shown}");
}
