//! What a pusher is told: where to, how much, how fast, under which credentials.

use super::PushKind;
use crate::clock::Clock;
use secrecy::SecretString;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// How many pushes there are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything in the world once.
    World,
    /// So many. Beyond the world's own, businesses and transactions come again under new numbers.
    Count(u64),
    /// Until [`super::Pusher::stop`].
    Endless,
}

impl Extent {
    /// Whether push `number` (from 0) is one of them, where the world has `world` pushes.
    pub(super) fn holds(self, number: u64, world: u64) -> bool {
        match self {
            Self::World => number < world,
            Self::Count(count) => number < count,
            Self::Endless => true,
        }
    }
}

/// Who OSS says it is.
#[derive(Debug, Clone)]
pub struct OssUser {
    /// The user.
    pub user: String,
    /// Its password.
    pub password: SecretString,
}

/// What the inbox lets each sender in with.
#[derive(Debug, Clone, Default)]
pub struct PushCredentials {
    /// OSS; needed for every kind but PaDi's.
    pub oss: Option<OssUser>,
    /// The key a PaDi buyer shows.
    pub padi: Option<SecretString>,
}

/// How to push.
#[derive(Debug, Clone)]
pub struct PushOptions {
    /// The inbox: `http://127.0.0.1:8088/inbox`. An address without a path means its `/inbox`.
    pub url: String,
    /// How many.
    pub extent: Extent,
    /// Pushes a second over all clients; none = as fast as the answers come.
    pub per_second: Option<NonZeroU32>,
    /// How many push at the same time.
    pub clients: NonZeroUsize,
    /// Of 1,000 pushes so many are sent twice on purpose, half of these at the same moment.
    pub twice_per_mille: u16,
    /// Decides which pushes are sent twice.
    pub seed: u64,
    /// Who is calling.
    pub credentials: PushCredentials,
    /// Certificate authorities to trust besides the machine's, as PEM.
    pub ca: Option<Vec<u8>>,
    /// The day that OSS's token is made of.
    pub clock: Clock,
    /// Tries of each sending until it is given up.
    pub attempts_max: u32,
    /// Wait before the second try; it doubles from try to try, up to five seconds.
    pub pause: Duration,
}

impl PushOptions {
    /// A push of everything once to `url`, by one client, nothing twice, patient for about 20 seconds.
    #[must_use]
    pub fn new(url: &str, credentials: PushCredentials, clock: Clock) -> Self {
        Self {
            url: url.to_owned(),
            extent: Extent::World,
            per_second: None,
            clients: NonZeroUsize::MIN,
            twice_per_mille: 0,
            seed: 1,
            credentials,
            ca: None,
            clock,
            attempts_max: 10,
            pause: Duration::from_millis(100),
        }
    }
}

/// Why a pusher cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The address is none.
    #[error("`{0}` is not the address of an inbox: write it as http://127.0.0.1:8088/inbox")]
    Address(String),
    /// A credential is missing.
    #[error("{kind} needs {what}", what = if kind.source() == "oss" { "OSS's user and password" } else { "a key" })]
    Credential {
        /// What it is for.
        kind: PushKind,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}
