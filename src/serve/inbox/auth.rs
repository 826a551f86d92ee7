//! Who pushes: the token of a request, compared in constant time.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::fill::filled;

/// Bytes of a SHA-1.
const SHA1_BYTES: usize = 20;

/// What a token is checked against.
pub(crate) enum Proof {
    /// The hex SHA-1 of a text with the day in it.
    DailySha1 {
        /// The text, with `{user}`, `{password}`, `{date}` and columns of the push.
        digest: String,
        /// The user's name.
        user: SecretString,
        /// The user's password.
        password: SecretString,
    },
    /// The secret itself.
    Plain(SecretString),
}

impl Proof {
    /// Whether `given` is the token of a push whose columns `text` gives, on one of `days`. Takes the same time for every
    /// token of the same length, right or wrong.
    pub(crate) fn holds(&self, given: &[u8], days: &[NaiveDate], text: impl Fn(&str) -> Option<String>) -> bool {
        match self {
            Self::Plain(secret) => {
                let digest = |bytes: &[u8]| Sha256::digest(bytes);
                digest(given).ct_eq(&digest(secret.expose_secret().as_bytes())).into()
            }
            Self::DailySha1 { digest, user, password } => {
                let given = sha1_of_hex(given);
                let mut found = Choice::from(0);
                for day in days {
                    let date = day.format("%Y%m%d").to_string();
                    let value = |name: &str| match name {
                        "user" => Some(user.expose_secret().to_owned()),
                        "password" => Some(password.expose_secret().to_owned()),
                        "date" => Some(date.clone()),
                        column => Some(text(column).unwrap_or_default()),
                    };
                    let wanted = Zeroizing::new(filled(digest, value));
                    found |= Sha1::digest(wanted.as_bytes()).ct_eq(&given.unwrap_or_default());
                }
                // A text that is no hex SHA-1 is wrong even if the right one were all zeros.
                (found & Choice::from(u8::from(given.is_some()))).into()
            }
        }
    }

    /// Whether the token is made from the push's columns, so that it can be checked only after they were read.
    pub(crate) fn reads_columns(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::DailySha1 { .. } => true,
        }
    }
}

/// The bytes that 40 hex digits stand for, in upper or lower case.
fn sha1_of_hex(text: &[u8]) -> Option<[u8; SHA1_BYTES]> {
    if text.len() != 2 * SHA1_BYTES {
        return None;
    }
    let mut bytes = [0; SHA1_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// The days that it is in `zone`, give or take `tolerance`: two around midnight, else one.
pub(crate) fn days_around(now: DateTime<Utc>, tolerance: TimeDelta, zone: Tz) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> =
        [now - tolerance, now, now + tolerance].map(|instant| instant.with_timezone(&zone).date_naive()).into();
    days.dedup();
    days
}

#[cfg(test)]
mod tests {
    use super::{Proof, days_around};
    use chrono::{NaiveDate, TimeDelta};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn daily() -> Proof {
        let digest = "{user}{password}{nib}{date}".to_owned();
        Proof::DailySha1 { digest, user: "oss".to_owned().into(), password: "rahasia".to_owned().into() }
    }

    fn nib(name: &str) -> Option<String> {
        (name == "nib").then(|| "0220001234567".to_owned())
    }

    #[test]
    fn the_token_is_the_sha1_of_user_password_nib_and_day() {
        // printf 'ossrahasia022000123456720261101' | sha1sum
        let token = "248a2da18a652ccc8fcea6792bfc5b3fd04a36b1";
        let days = [day("2026-10-31"), day("2026-11-01")];
        assert!(daily().holds(token.as_bytes(), &days, nib));
        assert!(daily().holds(token.to_uppercase().as_bytes(), &days, nib), "hex in either case");
        assert!(!daily().holds(token.as_bytes(), &days[..1], nib), "another day");
        assert!(!daily().holds(token.as_bytes(), &days, |_| None), "another NIB");
        assert!(!daily().holds(token.as_bytes(), &[], nib));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let days = [day("2026-11-01")];
        let zeros = "0".repeat(40);
        for wrong in ["", "0", "zz", &zeros, &"g".repeat(40), &"é".repeat(20), &"0".repeat(1 << 16)] {
            assert!(!daily().holds(wrong.as_bytes(), &days, nib));
        }
    }

    #[test]
    fn a_plain_secret_is_compared_whole() {
        let plain = Proof::Plain("kunci-rahasia".to_owned().into());
        assert!(plain.holds(b"kunci-rahasia", &[], nib));
        for wrong in ["", "kunci", "kunci-rahasia ", "KUNCI-RAHASIA"] {
            assert!(!plain.holds(wrong.as_bytes(), &[], nib), "{wrong}");
        }
    }

    #[test]
    fn around_midnight_both_days_hold() {
        let zone = chrono_tz::Asia::Jakarta;
        let days = |at: &str| days_around(at.parse().unwrap(), TimeDelta::minutes(15), zone);
        assert_eq!(days("2026-11-01T00:10:00+07:00"), [day("2026-10-31"), day("2026-11-01")]);
        assert_eq!(days("2026-11-01T00:20:00+07:00"), [day("2026-11-01")]);
        assert_eq!(days("2026-10-31T23:50:00+07:00"), [day("2026-10-31"), day("2026-11-01")]);
        assert_eq!(days("2026-10-31T23:40:00+07:00"), [day("2026-10-31")]);
    }
}
