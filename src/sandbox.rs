//! The source systems, simulated over real HTTP on the loopback interface, for the demo, tests and training.
//!
//! `world` is the data (seeded, no HTTP); `omspan` and its neighbours make answers of it, one module a system, listed in
//! `system`; `server` speaks HTTP for all of them, `control` adds up what a load must come to, `fault` is what goes
//! wrong on demand. The same seed, scale, day and faults give the
//! same bytes on every machine.

mod answer;
mod control;
mod dataset;
mod document;
mod fault;
mod omspan;
mod oss;
mod padi;
mod push;
mod received;
mod server;
mod simda;
mod sipp;
mod submission;
mod system;
mod token;
mod world;

#[cfg(test)]
mod tests;

pub use control::{Control, ControlTotals};
pub use dataset::Dataset;
pub use fault::{Fault, FaultError, FaultInfo};
pub use push::{
    Extent, KindTotals, OssUser, Push, PushCredentials, PushError, PushKind, PushOptions, PushRecord, PushReport,
    PushTotals, Pusher, Pushes,
};
pub use received::Received;

use chrono::NaiveDate;
use fault::Faults;
use received::Accepted;
use server::{Served, Tail, TailListener};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use world::{Recipe, World};

/// How long a stop waits for answers that are still on their way.
const STOP_SECS_MAX: u64 = 2;

/// The size of the world against the demo's: 1.0 is 60 satker, some 4,000 DIPA rows and 60,000 realisasi rows in two
/// fiscal years; 35 is two million realisasi rows. Beyond 8 there are more postings a line, not more satker.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct ScaleFactor(f64);

impl ScaleFactor {
    /// The demo's size.
    pub const DEMO: Self = Self(1.0);
    /// The largest world: some six million realisasi rows.
    pub const MAX: f64 = 100.0;

    /// A scale above 0, at most [`ScaleFactor::MAX`].
    pub fn new(factor: f64) -> Result<Self, SandboxError> {
        if factor > 0.0 && factor <= Self::MAX {
            Ok(Self(factor))
        } else {
            Err(SandboxError::Scale(factor.to_string()))
        }
    }
}

impl FromStr for ScaleFactor {
    type Err = SandboxError;

    fn from_str(text: &str) -> Result<Self, SandboxError> {
        text.parse().map_err(|_| SandboxError::Scale(text.to_owned())).and_then(Self::new)
    }
}

impl fmt::Display for ScaleFactor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// What to simulate.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// TCP port on the loopback interface; 0 = any free one.
    pub port: u16,
    /// Everything in the world follows from it.
    pub seed: u64,
    /// Size of the world.
    pub scale: ScaleFactor,
    /// The day the services believe it is: the data ends the day before.
    pub today: NaiveDate,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The port is taken, or not allowed.
    #[error("cannot listen on 127.0.0.1:{port}: choose another port, or 0 for any free one")]
    Listen {
        /// The port asked for.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// The size is out of range.
    #[error("scale `{0}` is not a number above 0 and at most {max}", max = ScaleFactor::MAX)]
    Scale(String),
    /// Building the world broke off.
    #[error("the sandbox's world could not be built")]
    World(#[from] JoinError),
}

/// A running sandbox. Dropping it stops it too, without waiting.
pub struct Sandbox {
    served: Arc<Served>,
    address: SocketAddr,
    /// Dropping the sender is the signal to stop.
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sandbox({})", self.address)
    }
}

impl Sandbox {
    /// Builds the world and serves it on 127.0.0.1.
    pub async fn start(options: SandboxOptions) -> Result<Self, SandboxError> {
        let port = options.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|source| SandboxError::Listen { port, source })?;
        let address = listener.local_addr().map_err(|source| SandboxError::Listen { port, source })?;
        let served = tokio::task::spawn_blocking(move || Arc::new(build(&options))).await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let service = server::router(Arc::clone(&served)).into_make_service_with_connect_info::<Tail>();
        let server = axum::serve(TailListener(listener), service);
        let server = server.with_graceful_shutdown(async move {
            // Sent or dropped: either way it is time to go.
            let _ = stopped.await;
        });
        let task = tokio::spawn(server.into_future());
        Ok(Self { served, address, stop, task })
    }

    /// The names of the source systems served: `omspan` and so on.
    pub fn sources(&self) -> impl Iterator<Item = &'static str> {
        system::ALL.iter().map(|system| system.source)
    }

    /// The base URL of a source system, with the path of the real one.
    #[must_use]
    pub fn base_url(&self, source: &str) -> String {
        match system::named(source) {
            Some(system) => format!("http://{}{}", self.address, system.base_path),
            None => format!("http://{}/{source}", self.address),
        }
    }

    /// Where the totals are served: [`Sandbox::control`] as JSON.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://{}/_control", self.address)
    }

    /// Where [`Sandbox::received`] is served as JSON.
    #[must_use]
    pub fn received_url(&self) -> String {
        format!("http://{}/_received", self.address)
    }

    /// The token of a source system for a fiscal year. Valid are today's year and the one before.
    #[must_use]
    pub fn token(&self, source: &str, fiscal_year: i32) -> String {
        token::token(self.served.seed, source, fiscal_year)
    }

    /// Moves the day: rows of later days are not served. A later day adds rows and rewrites none. Answers already
    /// begun stay at the day they began. In a new year this builds that year's world, which takes a moment.
    pub fn set_today(&self, today: NaiveDate) {
        *self.served.today.write().unwrap_or_else(PoisonError::into_inner) = today;
        self.served.years();
    }

    /// What a faultless load of everything served adds up to.
    #[must_use]
    pub fn control(&self) -> Control {
        self.served.control()
    }

    /// Every personal value served by any system (whole identity numbers, names, addresses), each once: what must not
    /// be found in a warehouse.
    #[must_use]
    pub fn personal_values(&self) -> Vec<String> {
        let mut values = BTreeSet::new();
        for system in system::ALL {
            (system.personal_values)(&self.served, &mut values);
        }
        values.into_iter().collect()
    }

    /// User of OSS's login (`sendSecurityKey`); the password is [`Sandbox::token`] of `oss`.
    #[must_use]
    pub fn oss_user(&self) -> &'static str {
        oss::USER
    }

    /// The NIBs to ask OSS for: all that are issued, and one that it does not know.
    #[must_use]
    pub fn nibs(&self) -> Vec<String> {
        oss::Registry::new(&self.served).nibs()
    }

    /// The ids of all licences applied for at OSS.
    #[must_use]
    pub fn id_izins(&self) -> Vec<String> {
        oss::Registry::new(&self.served).licence_ids()
    }

    /// PaDi's number of each satker with its KDSATKER: the mapping the customer owns.
    #[must_use]
    pub fn padi_satkers(&self) -> Vec<(String, String)> {
        padi::satkers(&self.served.world)
    }

    /// What was sent to the systems and accepted, by source, method and key; served at `/_received` as JSON.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.served.accepted.list()
    }

    /// What OSS and a PaDi buyer push about today's world, `kinds` only; of 1,000 NIBs so many come again changed.
    #[must_use]
    pub fn pushes(&self, kinds: &[PushKind], changed_per_mille: u16) -> Pushes {
        let about = (self.served.seed, &self.served.world);
        Pushes::new(about, self.served.today(), kinds, changed_per_mille)
    }

    /// The identity number of somebody in SIPP's register who gets aid there, for the `tracking` drill-down. Part of
    /// [`Sandbox::personal_values`].
    #[must_use]
    pub fn some_nik(&self) -> Option<String> {
        sipp::some_nik(&self.served)
    }

    /// Stops the server; answers on their way get two seconds.
    pub async fn stop(self) {
        drop(self.stop);
        let mut task = self.task;
        if tokio::time::timeout(Duration::from_secs(STOP_SECS_MAX), &mut task).await.is_err() {
            task.abort();
        }
    }
}

fn build(options: &SandboxOptions) -> Served {
    let faults = Faults::new(&options.faults);
    let overrun = faults.in_world(&Fault::Overrun);
    let world = World::new(Recipe { seed: options.seed, scale: options.scale.0, overrun });
    let served = Served {
        seed: options.seed,
        world,
        faults,
        today: RwLock::new(options.today),
        oss_keys: oss::Keys::default(),
        accepted: Accepted::default(),
    };
    // Both years are built here, so that no request waits for them.
    served.years();
    served
}
