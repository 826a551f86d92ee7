//! What is sealed is unreadable without its identity, whole, and readable with it.

use super::{Identity, Recipient, SealError, Sealing, open};
use secrecy::ExposeSecret;
use std::io::{Read, Write};

const PLAIN: &[u8] = b"3575012345678901 is nobody's number";

fn sealed(identity: &Identity) -> Vec<u8> {
    let mut sealing = Sealing::new(&identity.recipients()[0], Vec::new()).unwrap();
    sealing.write_all(PLAIN).unwrap();
    sealing.finish().unwrap()
}

fn opened(bytes: &[u8], identity: &Identity) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    open(bytes, identity).map_err(|e| e.to_string())?.read_to_end(&mut text).map_err(|e| e.to_string())?;
    Ok(text)
}

#[test]
fn only_its_identity_opens_it_and_only_whole() {
    let (own, other) = (Identity::generate(), Identity::generate());
    let bytes = sealed(&own);
    assert!(!bytes.windows(8).any(|window| PLAIN.windows(8).any(|plain| plain == window)));
    assert_eq!(opened(&bytes, &own).unwrap(), PLAIN);
    assert!(matches!(open(&bytes[..], &other), Err(SealError::NoMatch)));
    assert!(opened(&bytes[..bytes.len() - 1], &own).is_err());
    assert!(matches!(open(&bytes[..40], &own), Err(SealError::Damaged(_))));
    assert!(matches!(open(PLAIN, &own), Err(SealError::Damaged(_))));
    let mut changed = bytes;
    *changed.last_mut().unwrap() ^= 1;
    assert!(opened(&changed, &own).is_err());
}

#[test]
fn keys_are_read_back_and_never_repeated_in_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity");
    let identity = Identity::generate();
    std::fs::write(&path, identity.to_file().expose_secret()).unwrap();
    let again = Identity::read(&path).unwrap();
    assert_eq!(again.recipients(), identity.recipients());
    assert_eq!(opened(&sealed(&identity), &again).unwrap(), PLAIN);
    let recipient = identity.recipients()[0].to_string();
    assert_eq!(recipient.parse::<Recipient>().unwrap().to_string(), recipient);

    std::fs::write(&path, "# mine\nAGE-SECRET-KEY-1WRONG\n").unwrap();
    let refused = Identity::read(&path).unwrap_err().to_string();
    assert!(refused.contains("line 2") && !refused.contains("WRONG"), "{refused}");
    std::fs::write(&path, "# nothing\n").unwrap();
    assert!(matches!(Identity::read(&path), Err(SealError::Identity { line: 0, .. })));
    assert!(matches!(Identity::read(&folder.path().join("none")), Err(SealError::Read { .. })));
    assert!(matches!("age1wrong".parse::<Recipient>(), Err(SealError::Recipient)));
    let secret = identity.to_file().expose_secret().lines().nth(1).unwrap().parse::<Recipient>().unwrap_err();
    assert!(matches!(secret, SealError::Secret), "{secret}");
    assert!(!format!("{identity:?}").contains("SECRET"));
}
