//! One query of the shell: in a task of its own, so that Ctrl-C stops it and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::catalog::{CatalogError, QueryResult};
use crate::cli::exit::Failure;
use crate::cli::output::grouped;

/// How long a query runs before progress is shown.
const QUIET: Duration = Duration::from_millis(800);
/// How long the end of a query that was stopped is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Ctrl-C, heard from the first query to the last: a press at the prompt is the editor's.
pub(super) struct Interrupts(Signal);

impl Interrupts {
    pub(super) fn listen() -> Result<Self, Failure> {
        let signal = signal(SignalKind::interrupt());
        signal.map(Self).map_err(|error| Failure::internal(format!("cannot listen for Ctrl-C: {error}")))
    }

    /// Forgets what was pressed while nothing ran.
    fn forget(&mut self) {
        while futures::FutureExt::now_or_never(self.0.recv()).is_some() {}
    }
}

/// Rows that came so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter(Arc<AtomicU64>);

impl Counter {
    /// `result`, its rows counted as they come.
    pub(super) fn count(&self, result: QueryResult) -> QueryResult {
        let counter = Arc::clone(&self.0);
        let batches = result.batches.inspect(move |batch| {
            if let Ok(batch) = batch {
                counter.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
            }
        });
        QueryResult { schema: result.schema, batches: batches.boxed() }
    }

    fn rows(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What became of a query.
pub(super) enum Ended<T> {
    /// It is done.
    Done(T, Duration),
    /// Ctrl-C.
    Cancelled(Duration),
}

/// Runs `work` to its end or to Ctrl-C, showing progress on stderr once it takes long.
pub(super) async fn run<T, F>(interrupts: &mut Interrupts, counter: &Counter, work: F) -> Result<Ended<T>, Failure>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CatalogError>> + Send + 'static,
{
    interrupts.forget();
    let began = Instant::now();
    let mut task = tokio::spawn(work);
    let mut tick = tokio::time::interval(TICK);
    let mut bar: Option<ProgressBar> = None;
    let ended = loop {
        tokio::select! {
            done = &mut task => break Some(done),
            _ = interrupts.0.recv() => break None,
            _ = tick.tick() => {
                if began.elapsed() >= QUIET {
                    bar.get_or_insert_with(spinner).set_message(progress(began.elapsed(), counter.rows()));
                }
            }
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    match ended {
        None => {
            task.abort();
            // It ends where it next waits, and takes what it was writing with it. One that never waits is left behind.
            let _ = tokio::time::timeout(PATIENCE, task).await;
            Ok(Ended::Cancelled(began.elapsed()))
        }
        Some(Ok(done)) => Ok(Ended::Done(done?, began.elapsed())),
        Some(Err(error)) => Err(Failure::internal(format!("the query broke off: {error}"))),
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant"));
    bar
}

fn progress(elapsed: Duration, rows: u64) -> String {
    let rows = if rows == 0 { String::new() } else { format!(", {} rows", grouped(rows)) };
    format!("running, {} s{rows}; Ctrl-C stops it", elapsed.as_secs())
}
