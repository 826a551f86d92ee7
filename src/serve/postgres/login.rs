//! Who is there: SCRAM-SHA-256, over TLS also bound to the channel (SCRAM-SHA-256-PLUS), so that nobody in between can pass
//! a login on.
//!
//! The server keeps no password, only what SCRAM derives from it. Somebody who is not known goes through the same steps and
//! fails at the same one, so that names cannot be tried out.

use std::collections::BTreeMap;

use pgwire::api::auth::Password;
use pgwire::api::auth::sasl::scram::{SCRAM_ITERATIONS, ScramServerAuth, gen_salted_password, random_nonce};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::PortUser;
use super::channel::{Channel, Ended, Trouble};
use super::reply::Told;
use super::wire::{self, Message};

/// Proofs without and with the channel in them.
const PLAIN: &str = "SCRAM-SHA-256";
const BOUND: &str = "SCRAM-SHA-256-PLUS";

/// Everybody who may connect.
pub(super) struct Logins {
    known: BTreeMap<String, Verifier>,
    scram: ScramServerAuth,
    /// Whether a login can be bound to the TLS channel.
    binds: bool,
    /// What the salts of unknown users are made from.
    secret: String,
}

impl std::fmt::Debug for Logins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logins").field("users", &self.known.keys()).finish_non_exhaustive()
    }
}

struct Verifier {
    user: PortUser,
    password: Password,
}

impl Logins {
    /// `users` with their passwords; `certificate` is the server's own, as PEM, where it speaks TLS.
    pub(super) fn new(users: Vec<(PortUser, SecretString)>, certificate: Option<&[u8]>) -> Self {
        let mut scram = ScramServerAuth::new();
        // A certificate whose signature it cannot name (Ed25519) leaves logins unbound.
        let binds = certificate.is_some_and(|pem| scram.configure_certificate(pem).is_ok());
        let verifier = |(user, password): (PortUser, SecretString)| {
            let salt = random_text().into_bytes();
            let salted = gen_salted_password(password.expose_secret(), &salt, SCRAM_ITERATIONS);
            (user.name.clone(), Verifier { user, password: Password::new(Some(salt), salted) })
        };
        Self { known: users.into_iter().map(verifier).collect(), scram, binds, secret: random_text() }
    }

    /// Lets the client prove that it is `name`. `secure`: the channel is TLS.
    pub(super) async fn admit(&self, channel: &mut Channel, name: &str, secure: bool) -> Result<PortUser, Trouble> {
        let binds = secure && self.binds;
        channel.replies.login_methods(if binds { &[BOUND, PLAIN] } else { &[PLAIN] });
        channel.flush().await?;
        let (method, proof) = wire::first_proof(answer(channel).await?).map_err(Ended::from)?;
        check_binding(&method, &proof, binds).map_err(Trouble::Told)?;
        let found = self.known.get(name);
        let password = found.map_or_else(|| self.nobody(name), |known| known.password.clone());
        let wrong =
            || Trouble::Told(Told::fatal("28P01", format!("password authentication failed for user \"{name}\"")));
        let (first, state) = self.scram.on_client_first_message(&proof, password).map_err(|_| wrong())?;
        channel.replies.login_step(&first, false);
        channel.flush().await?;
        let last = state.on_client_final_message(&answer(channel).await?);
        match (last, found) {
            (Ok(last), Some(known)) => {
                channel.replies.login_step(&last, true);
                Ok(known.user.clone())
            }
            _ => Err(wrong()),
        }
    }

    /// A password that nobody has, always the same salt for a name.
    fn nobody(&self, name: &str) -> Password {
        let salt = Sha256::digest(format!("{}{name}", self.secret).as_bytes())[..24].to_vec();
        Password::new(Some(salt), Sha256::digest(random_text().as_bytes()).to_vec())
    }
}

async fn answer(channel: &mut Channel) -> Result<bytes::Bytes, Trouble> {
    match channel.read().await? {
        Message::Password(answer) => Ok(answer),
        _ => Err(Trouble::Told(Told::fatal("08P01", "a login was expected"))),
    }
}

/// Whether the way the client chose fits what it says of the channel. One that could bind the login and believes that the
/// server cannot ("y") was lied to by somebody in between.
fn check_binding(method: &str, proof: &[u8], binds: bool) -> Result<(), Told> {
    let fits = match (method, proof.first()) {
        (PLAIN, Some(b'n')) => true,
        (PLAIN, Some(b'y')) => !binds,
        (BOUND, Some(b'p')) => binds,
        _ => false,
    };
    if fits { Ok(()) } else { Err(Told::fatal("28000", "the login does not fit the channel it came by")) }
}

/// 24 characters that nobody can guess.
pub(super) fn random_text() -> String {
    random_nonce()
}

#[cfg(test)]
mod tests {
    use super::check_binding;

    #[test]
    fn a_login_that_was_tampered_with_is_refused() {
        assert!(check_binding("SCRAM-SHA-256", b"n,,n=,r=x", true).is_ok());
        assert!(check_binding("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=x", true).is_ok());
        assert!(check_binding("SCRAM-SHA-256", b"y,,n=,r=x", false).is_ok());
        for (method, proof, binds) in [
            ("SCRAM-SHA-256", &b"y,,n=,r=x"[..], true),
            ("SCRAM-SHA-256", b"p=tls-server-end-point,,n=,r=x", true),
            ("SCRAM-SHA-256-PLUS", b"n,,n=,r=x", true),
            ("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=x", false),
            ("PLAIN", b"n", true),
            ("SCRAM-SHA-256", b"", true),
        ] {
            assert!(check_binding(method, proof, binds).is_err(), "{method}");
        }
    }
}
