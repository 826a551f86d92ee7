//! Each secret from each place, the order of the places, and what is refused.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::{CredentialError, Credentials, PII_KEY_ENV, SMTP_PASSWORD_ENV};

fn given(pairs: &[(&str, &str)]) -> Credentials {
    Credentials::Given(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect())
}

/// A file of `mode` with `text`.
fn file(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn open(secret: Result<SecretString, CredentialError>) -> Result<String, CredentialError> {
    secret.map(|secret| secret.expose_secret().to_owned())
}

#[test]
fn the_year_comes_first_and_a_missing_one_names_the_variables() {
    let credentials = given(&[("T_2026", "year"), ("T", "any"), ("BAD", "two\nlines")]);
    let token = |env: &str, year| open(credentials.token("omspan", env, year));
    assert_eq!(token("T", Some(2026)).as_deref(), Ok("year"));
    assert_eq!(token("T", Some(2025)).as_deref(), Ok("any"));
    assert_eq!(token("BAD", None), Err(CredentialError::Malformed { place: "BAD".to_owned() }));
    let missing = token("NONE", Some(2026)).unwrap_err().to_string();
    assert_eq!(missing, "no token for omspan: set NONE_2026 or NONE");
}

/// Every kind of secret, from `credentials` that know it under its own name.
fn every_kind(credentials: &Credentials) -> Vec<Result<String, CredentialError>> {
    vec![
        open(credentials.token("omspan", "LUMBUNG_OMSPAN_TOKEN", Some(2026))),
        open(credentials.token("padi", "LUMBUNG_PADI_TOKEN", None)),
        credentials.user("oss", "LUMBUNG_OSS_USER"),
        open(credentials.secret("LUMBUNG_INBOX_PADI_TOKEN").map(Option::unwrap_or_default)),
        open(credentials.password("bi", "LUMBUNG_PG_BI_PASSWORD", None)),
        open(credentials.smtp_password()),
        credentials.pii_key(None).map(|key| key.key_id().to_owned()),
    ]
}

const SECRETS: [(&str, &str); 7] = [
    ("LUMBUNG_OMSPAN_TOKEN_2026", "token-of-2026"),
    ("LUMBUNG_PADI_TOKEN", "token-of-padi"),
    ("LUMBUNG_OSS_USER", "user-of-oss"),
    ("LUMBUNG_INBOX_PADI_TOKEN", "token-of-senders"),
    ("LUMBUNG_PG_BI_PASSWORD", "password of bi, with blanks"),
    (SMTP_PASSWORD_ENV, "password of the mail server"),
    (PII_KEY_ENV, "0707070707070707070707070707070707070707070707070707070707070707"),
];

#[test]
fn every_secret_is_found_in_all_three_places() {
    let folder = tempfile::tempdir().unwrap();
    let from_variables = every_kind(&given(&SECRETS));
    let values: Vec<&str> = from_variables.iter().map(|found| found.as_deref().unwrap()).collect();
    assert_eq!(values[..6], SECRETS.map(|(_, value)| value)[..6]);

    let files = SECRETS.map(|(name, value)| {
        let path = file(folder.path(), name, &format!("{value}\r\n"), 0o600);
        (format!("{name}_FILE"), SecretString::from(path.display().to_string()))
    });
    assert_eq!(every_kind(&Credentials::Given(BTreeMap::from(files))), from_variables);

    // systemd shows its files to the service alone, with modes that say otherwise.
    SECRETS.iter().for_each(|(name, value)| drop(file(folder.path(), name, value, 0o440)));
    let handed_over = given(&[("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())]);
    assert_eq!(every_kind(&handed_over), from_variables);

    // The variable goes before systemd, and a file before it, too.
    let before = [("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap()), ("LUMBUNG_PADI_TOKEN", "nearer")];
    assert_eq!(open(given(&before).token("padi", "LUMBUNG_PADI_TOKEN", None)).as_deref(), Ok("nearer"));
    let own = file(folder.path(), "own", "nearer, too", 0o400);
    let before = [before[0], ("LUMBUNG_SMTP_PASSWORD_FILE", own.to_str().unwrap())];
    assert_eq!(open(given(&before).smtp_password()).as_deref(), Ok("nearer, too"));
}

#[test]
fn a_file_that_is_replaced_counts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "t", "old", 0o600);
    let credentials = given(&[("T_FILE", path.to_str().unwrap())]);
    assert_eq!(open(credentials.token("s", "T", Some(2027))).as_deref(), Ok("old"));
    file(folder.path(), "t", "new", 0o600);
    assert_eq!(open(credentials.token("s", "T", Some(2027))).as_deref(), Ok("new"));
}

#[test]
fn two_places_for_one_secret_are_refused() {
    let both = given(&[("T", "a-secret"), ("T_FILE", "a-file")]);
    let refused = both.token("s", "T", None).unwrap_err();
    assert_eq!(refused, CredentialError::Twice { variable: "T".to_owned() });
    assert_eq!(refused.to_string(), "T and T_FILE are both set: unset one of them");
    assert!(both.has("T") && !both.has("U"));
    // Blank is not set.
    assert_eq!(open(given(&[("T", "a-secret"), ("T_FILE", " ")]).token("s", "T", None)).as_deref(), Ok("a-secret"));
}

#[test]
fn files_that_cannot_hold_a_secret_are_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let long = "a".repeat(64 * 1024 + 1);
    let empty = file(folder.path(), "empty", "\n", 0o600);
    let long = file(folder.path(), "long", &long, 0o600);
    let group = file(folder.path(), "group", "hunter2", 0o640);
    let world = file(folder.path(), "world", "hunter2", 0o604);
    let binary = folder.path().join("binary");
    std::fs::write(&binary, [0xff, 0xfe]).unwrap();
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o600)).unwrap();
    for (path, wanted) in [
        (&empty, "should hold a secret and is empty"),
        (&long, "is longer than 65536 bytes"),
        (&group, "(mode 0640): chmod 600"),
        (&world, "(mode 0604): chmod 600"),
        (&binary, "cannot be read"),
        (&folder.path().to_owned(), "it is no file"),
    ] {
        let said = given(&[("T_FILE", path.to_str().unwrap())]).token("s", "T", None).unwrap_err().to_string();
        assert!(said.contains(wanted) && said.contains(path.to_str().unwrap()), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    // The secret where the name of its file belongs.
    let pasted = given(&[("T_FILE", "hunter2")]).token("s", "T", None).unwrap_err().to_string();
    assert!(pasted.contains("that T_FILE names cannot be read") && !pasted.contains("hunter2"), "{pasted}");
    let pasted = given(&[]).pii_key(Some(Path::new("hunter2"))).unwrap_err().to_string();
    assert!(pasted.contains("that privacy.key_file names") && !pasted.contains("hunter2"), "{pasted}");
}

#[test]
fn the_key_for_personal_data_comes_from_the_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "pii.key", &format!("{}\n", "07".repeat(32)), 0o600);
    let none = given(&[]);
    let from_file = none.pii_key(Some(&path)).unwrap();
    let key = |text: &str| given(&[(PII_KEY_ENV, text)]);
    assert_eq!(key(&"07".repeat(32)).pii_key(None).unwrap().key_id(), from_file.key_id());
    assert_ne!(key(&"08".repeat(32)).pii_key(Some(&path)).unwrap().key_id(), from_file.key_id());
    assert_eq!(key(" ").pii_key(Some(&path)).unwrap().key_id(), from_file.key_id());
    assert_eq!(none.pii_key(None).err(), Some(CredentialError::NoPiiKey));
    let short = key("too short").pii_key(Some(&path)).unwrap_err().to_string();
    assert!(short.starts_with("LUMBUNG_PII_KEY cannot be the key") && !short.contains("too short"), "{short}");
    let absent = none.pii_key(Some(&folder.path().join("absent"))).unwrap_err().to_string();
    assert!(absent.contains("cannot be read"), "{absent}");
}

#[test]
fn nothing_that_is_printed_of_credentials_shows_them() {
    let credentials = given(&SECRETS);
    let shown = format!("{credentials:?} {credentials:#?}");
    let panicked = std::panic::catch_unwind(|| {
        // What a failed assertion would print.
        let told = format!("{:?}", every_secret(&given(&SECRETS)));
        assert!(told.is_empty(), "{told}");
    });
    let message = panicked.unwrap_err().downcast::<String>().unwrap();
    for (name, secret) in SECRETS.iter().filter(|(name, _)| *name != "LUMBUNG_OSS_USER") {
        assert!(!shown.contains(secret) && !message.contains(secret), "{name}");
    }
}

/// What the program holds of secrets, as it holds them.
fn every_secret(credentials: &Credentials) -> Vec<SecretString> {
    vec![
        credentials.token("omspan", "LUMBUNG_OMSPAN_TOKEN", Some(2026)).unwrap(),
        credentials.password("bi", "LUMBUNG_PG_BI_PASSWORD", None).unwrap(),
        credentials.smtp_password().unwrap(),
    ]
}
