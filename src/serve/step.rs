//! The scheduled step: what the inbox took in is loaded now and then.
//!
//! The scheduler only wakes; one load runs at a time, and a wake-up during it is answered by one more load after it.

use std::sync::Arc;

use chrono_tz::Tz;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use super::ServeError;
use super::listener::Stop;

/// Wakes the step; clones wake the same one.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Asks for a load, as soon as the one that runs has ended.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Returns at the next wake-up, or at once for one that nobody waited for.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// Wakes by the clock until it is dropped.
pub struct Schedule {
    scheduler: JobScheduler,
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Schedule")
    }
}

impl Schedule {
    /// Wakes `waker` at every time of `cron` (with seconds) in `zone`.
    ///
    /// # Errors
    /// [`ServeError::Schedule`] where `cron` is no schedule.
    pub async fn start(cron: &str, zone: Tz, waker: Waker) -> Result<Self, ServeError> {
        let refused =
            |error: JobSchedulerError| ServeError::Schedule { cron: cron.to_owned(), reason: error.to_string() };
        let job = Job::new_async_tz(cron, zone, move |_, _| {
            let waker = waker.clone();
            Box::pin(async move { waker.wake() })
        });
        let scheduler = JobScheduler::new().await.map_err(refused)?;
        scheduler.add(job.map_err(refused)?).await.map_err(refused)?;
        scheduler.start().await.map_err(refused)?;
        Ok(Self { scheduler })
    }

    /// Wakes nobody any more.
    pub async fn end(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!(%error, "the schedule did not end as it should");
        }
    }
}

/// Loads at once and at every wake-up until the order to stop; a load that runs then is finished first.
pub async fn run(waker: &Waker, mut stop: Stop, load: impl AsyncFn()) {
    waker.wake();
    loop {
        tokio::select! {
            biased;
            () = stop.ordered() => return,
            () = waker.0.notified() => load().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, Waker, run};
    use crate::serve::listener::Stop;
    use std::cell::Cell;

    #[tokio::test]
    async fn it_loads_at_the_start_and_once_for_wakes_during_a_load() {
        let waker = Waker::default();
        let (stopper, stop) = Stop::channel();
        let n_loads = Cell::new(0);
        let load = async || {
            n_loads.set(n_loads.get() + 1);
            match n_loads.get() {
                1 => (waker.wake(), waker.wake()).0,
                2 => stopper.stop(),
                _ => {}
            }
        };
        run(&waker, stop, load).await;
        assert_eq!(n_loads.get(), 2);
    }

    #[tokio::test]
    async fn a_schedule_wakes_by_itself_and_a_wrong_one_is_refused() {
        let waker = Waker::default();
        let zone = chrono_tz::Asia::Jakarta;
        let schedule = Schedule::start("* * * * * *", zone, waker.clone()).await.unwrap();
        waker.0.notified().await;
        schedule.end().await;
        for wrong in ["every day", "* * * * *", "99 * * * * *", ""] {
            let error = Schedule::start(wrong, zone, waker.clone()).await.unwrap_err().to_string();
            assert!(error.contains("inbox.load") && error.contains("seconds first"), "{error}");
        }
    }
}
