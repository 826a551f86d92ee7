//! The schedule of the daemon: woken once a minute, it begins what is due, and ends in good order.

mod beat;
mod loads;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::contract::Contract;
use crate::schedule::{Limits, Plan, Ran, Runner};
use crate::serve::inbox::InboxServer;
use crate::serve::listener::Stop;
use crate::serve::step::{Schedule, Waker};
use crate::serve::watch::Pulse;
use crate::warehouse::Warehouse;
use beat::Beats;
use work::Daily;

/// When the schedule is looked at, beside whenever something ended.
const EVERY_MINUTE: &str = "0 * * * * *";

/// What the schedule works on.
pub(super) struct Scheduled {
    pub(super) plan: Plan,
    pub(super) warehouse: Arc<Warehouse>,
    /// Who answers from what is loaded, and has to know when that changes.
    pub(super) server: Option<Arc<InboxServer>>,
    /// Where monitors hear how it looks.
    pub(super) pulse: Arc<Pulse>,
}

/// Runs what is due until the order to stop; what runs then is finished first, within `schedule.drain_secs`.
pub(super) async fn run(
    context: &Context,
    contracts: &[Contract],
    scheduled: &Scheduled,
    mut stop: Stop,
) -> Result<(), Failure> {
    let settings = &context.config.schedule;
    let limits = Limits {
        loads_max: settings.loads_max,
        queries_max: settings.queries_max,
        lease: TimeDelta::seconds(i64::try_from(settings.lease_secs).unwrap_or(i64::MAX)),
    };
    let stopping = AtomicBool::new(false);
    let work = Daily { context, contracts, scheduled, stopping: &stopping };
    let mut runner = Runner::new(&scheduled.warehouse, &scheduled.plan, &work, limits);
    let mut beats = Beats::new(context, contracts, scheduled);
    let waker = Waker::default();
    let minutes = Schedule::start(EVERY_MINUTE, chrono_tz::UTC, waker.clone()).await?;
    waker.wake();
    loop {
        tokio::select! {
            biased;
            () = stop.ordered() => break,
            ran = runner.next() => note(&mut runner, ran, context),
            () = waker.woken() => {}
        }
        let now = context.clock.now();
        let looked = runner.tick(now);
        if let Err(error) = &looked {
            tracing::error!(%error, "the schedule cannot go on for now");
        }
        beats.looked(&runner, looked.as_ref().err(), now);
    }
    stopping.store(true, Ordering::Relaxed);
    minutes.end().await;
    drain(&mut runner, context, Duration::from_secs(settings.drain_secs)).await;
    beats.ended(context.clock.now());
    Ok(())
}

/// Waits for what runs; what takes too long is broken off and made again later.
async fn drain(runner: &mut Runner<'_>, context: &Context, longest: Duration) {
    let all = async {
        while runner.is_busy() {
            let ran = runner.next().await;
            note(runner, ran, context);
        }
    };
    if tokio::time::timeout(longest, all).await.is_err() {
        runner.break_off(context.clock.now());
    }
}

fn note(runner: &mut Runner<'_>, ran: Ran, context: &Context) {
    if let Err(error) = runner.ended(ran, context.clock.now()) {
        tracing::error!(%error, "how a run ended is not written down; it counts as broken off");
    }
}
