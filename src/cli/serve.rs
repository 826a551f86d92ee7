//! `lumbung serve`: the daemon. The schedule, the inbox with the loads of what it took in, and the port for clients of
//! PostgreSQL; each runs without the others.

mod console;
mod port;
mod schedule;
mod watch;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use clap::Args;
use serde_json::json;
use tokio::task::JoinHandle;

use super::exit::{Code, Failure};
use super::health::Rules;
use super::output::{OutputFormat, print, print_json};
use super::progress::talk;
use super::signals::Signals;
use super::{Context, marts, session, snapshot};
use crate::catalog::Catalog;
use crate::config::{self, Supervisor};
use crate::contract::Contract;
use crate::load::LoadRequest;
use crate::serve::ServeError;
use crate::serve::console::ConsoleServer;
use crate::serve::inbox::{Catalogs, InboxParts, InboxServer};
use crate::serve::listener::{self, ConnectionLimits, Listener, Stop, Stopper};
use crate::serve::notify::Notifier;
use crate::serve::postgres::PortServer;
use crate::serve::step::{self, Schedule, Waker};
use crate::serve::watch::{Pulse, WatchServer};
use crate::warehouse::{AsOf, InboxLimits, InboxWriter, Warehouse};
use console::Shown;
use schedule::Scheduled;
use watch::Watched;

/// The daemon: runs the schedule, takes in what sources push, and answers clients of PostgreSQL
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  LUMBUNG_INBOX_PADI_TOKEN=… lumbung serve\n  \
    lumbung serve --http 127.0.0.1:0 --output json\n  \
    lumbung --set inbox.enabled=false serve\n  \
    lumbung --set serve.tls_cert=tls.crt --set serve.tls_key=tls.key serve --http 0.0.0.0:8443 --pg 0.0.0.0:5432\n\n\
    It loads, makes the marts and mails reports by itself: `lumbung schedule` shows when and why, docs/schedule.md how \
    (schedule.enabled = false in lumbung.toml switches it off). Monitors ask /healthz, /readyz and /metrics \
    (docs/watch.md). Pushes go to /inbox/<source>/<method>; a source's inbox is open when its secrets are set: \
    LUMBUNG_INBOX_OSS_USER and LUMBUNG_INBOX_OSS_PASSWORD, LUMBUNG_INBOX_PADI_TOKEN. With --pg it also answers psql, BI \
    tools and the like: users stand in lumbung.toml, docs/postgres.md says how they connect. SIGTERM or Ctrl-C ends it: \
    running requests are answered, running loads are finished, what waits is loaded; a second one ends it at once.")]
pub(crate) struct ServeArgs {
    /// Where senders push and monitors ask; port 0 takes any free one [default: serve.http of lumbung.toml]
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Where clients of PostgreSQL connect; port 0 takes any free one [default: serve.postgres.listen of lumbung.toml, else nowhere]
    #[arg(long, value_name = "ADDR")]
    pg: Option<SocketAddr>,
}

/// Runs until it is told to stop.
pub(crate) async fn run(context: &Context, args: &ServeArgs) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let context = Context { clock: context.clock.started(), ..context.clone() };
    let port = args.pg.or(context.config.serve.postgres.listen);
    let scheduled = context.config.schedule.enabled;
    let shows = context.config.serve.console.enabled;
    let only_shows = shows && args.http.is_some();
    if !context.config.inbox.enabled && port.is_none() && !scheduled && !only_shows {
        let hint = "set inbox.enabled = true or schedule.enabled = true in lumbung.toml, open the SQL port with --pg, or the \
                    console with --http";
        let message = "there is nothing to serve: the inbox and the schedule are switched off";
        return Err(Failure::new(Code::Configuration, message).with_hint(hint));
    }
    let contracts = context.folder.contracts()?;
    // A schedule that cannot be read is found before anything is opened.
    let Rules { plan, limits } = Rules::read(&context, &contracts)?;
    let takes_in = opens_inbox(&context, &contracts, args, port.is_some());
    let listener =
        if takes_in || scheduled || args.http.is_some() { Some(listener(&context, args).await?) } else { None };
    let shows = shows && listener.is_some();
    let warehouse = Arc::new(match takes_in || scheduled || shows {
        true => Warehouse::open(&context.warehouse, context.clock.now())?,
        false => Warehouse::open_for_reading(&context.warehouse)?,
    });
    let receiving = if takes_in { Some(receiving(&context, &contracts, &warehouse)?) } else { None };
    let desk = match port.is_some() || shows {
        true => Some(port::desk(&context, &contracts, &warehouse)?),
        false => None,
    };
    let port = match (port, &desk) {
        (Some(address), Some(desk)) => Some(port::bind(&context, Arc::clone(desk), address).await?),
        _ => None,
    };
    let server = receiving.as_ref().map(|receiving| Arc::clone(&receiving.server));
    let (stopper, stop) = Stop::channel();
    let console = match desk.filter(|_| shows) {
        Some(sql) => {
            let (limits, plan, ledger) = (limits.clone(), plan.clone(), Arc::clone(&warehouse));
            let shown = Shown { contracts: &contracts, limits, plan, ledger, sql, stop: stop.clone() };
            console::server(&context, shown, listener.as_ref())?
        }
        None => None,
    };
    let pulse = Arc::new(Pulse::default());
    let scheduled = plan.map(|plan| Scheduled { plan, warehouse, server, pulse: Arc::clone(&pulse) });
    let watched = Watched {
        contracts: &contracts,
        limits,
        plan: scheduled.as_ref().map(|scheduled| &scheduled.plan),
        pulse: scheduled.as_ref().map(|_| pulse),
        receiving: receiving.as_ref(),
    };
    let watch = watch::server(&context, watched, &stop)?;
    let notifier = Notifier::new(Supervisor::from_environment());
    let daemon = Daemon { context, contracts, listener, watch, console, receiving, port, scheduled, notifier };
    daemon.say_where()?;
    daemon.notifier.ready();
    daemon.run(&mut signals, (stopper, stop)).await
}

/// What takes pushes in.
struct Receiving {
    warehouse: Arc<Warehouse>,
    server: Arc<InboxServer>,
    writer: InboxWriter,
}

/// Whether pushes are taken in: not where that is switched off, nor where there are no secrets and there is the SQL port to serve.
fn opens_inbox(context: &Context, contracts: &[Contract], args: &ServeArgs, beside_port: bool) -> bool {
    let is_unwanted =
        beside_port && args.http.is_none() && !InboxServer::has_secrets(contracts, &context.credentials);
    context.config.inbox.enabled && !is_unwanted
}

fn receiving(context: &Context, contracts: &[Contract], warehouse: &Arc<Warehouse>) -> Result<Receiving, Failure> {
    let (server, writer) = inbox(context, contracts, warehouse)?;
    Ok(Receiving { warehouse: Arc::clone(warehouse), server, writer })
}

async fn listener(context: &Context, args: &ServeArgs) -> Result<Listener, ServeError> {
    let settings = &context.config.serve;
    let tls = tls_files(context).map(|(cert, key)| listener::acceptor(cert, key, listener::HTTP)).transpose()?;
    Listener::bind(args.http.unwrap_or(settings.http), tls, connection_limits(context)).await
}

/// Certificate and key. Reading the configuration has seen to it that both are there or none.
fn tls_files(context: &Context) -> Option<(&Path, &Path)> {
    let settings = &context.config.serve;
    settings.tls_cert.as_deref().zip(settings.tls_key.as_deref())
}

/// What a connection may take here.
pub(super) fn connection_limits(context: &Context) -> ConnectionLimits {
    let settings = &context.config.serve;
    ConnectionLimits {
        connections_max: settings.connections_max,
        header_timeout: Duration::from_secs(settings.header_timeout_secs),
        drain: Duration::from_secs(settings.drain_secs),
    }
}

/// The inbox of every source whose secrets are set, and what stores its pushes.
pub(super) fn inbox(
    context: &Context,
    contracts: &[Contract],
    warehouse: &Arc<Warehouse>,
) -> Result<(Arc<InboxServer>, InboxWriter), Failure> {
    let settings = &context.config.inbox;
    let limits = InboxLimits {
        waiting_bytes_max: settings.waiting_mb_max.saturating_mul(1 << 20),
        refused_max: settings.refused_max,
        refused_days: settings.refused_days,
    };
    let key = context.credentials.pii_key(context.config.privacy.key_file.as_deref())?;
    let writer = InboxWriter::start(&warehouse.inbox()?, limits)?;
    let server = InboxServer::new(InboxParts {
        contracts,
        credentials: &context.credentials,
        inbox: settings,
        serve: &context.config.serve,
        key: Arc::new(key),
        clock: context.clock,
        writer: writer.clone(),
        catalogs: Arc::new(Committed { context: context.clone(), warehouse: Arc::clone(warehouse) }),
    })?;
    Ok((server, writer))
}

/// The sessions that questions of senders are answered from.
struct Committed {
    context: Context,
    warehouse: Arc<Warehouse>,
}

#[async_trait]
impl Catalogs for Committed {
    async fn latest(&self) -> Result<Catalog, String> {
        session::open(&self.context, &self.warehouse, AsOf::Latest).map_err(|failure| failure.message)
    }
}

/// Everything that runs.
struct Daemon {
    context: Context,
    contracts: Vec<Contract>,
    /// Where senders push and monitors ask.
    listener: Option<Listener>,
    watch: Arc<WatchServer>,
    console: Option<Arc<ConsoleServer>>,
    receiving: Option<Receiving>,
    port: Option<PortServer>,
    scheduled: Option<Scheduled>,
    notifier: Notifier,
}

impl Daemon {
    /// Where it is reached: addresses on stdout, words about them on stderr.
    fn say_where(&self) -> Result<(), Failure> {
        let mut places = serde_json::Map::new();
        let (mut lines, mut words) = (String::new(), Vec::new());
        if let Some(listener) = &self.listener {
            let url = listener.base_url();
            if let Some(receiving) = &self.receiving {
                words.push(format!("the inbox of {} is open; Ctrl-C ends it", receiving.server.sources().join(", ")));
            }
            if self.console.is_some() {
                words.push(format!("people open {url}/ in a browser (lumbung user add, docs/console.md)"));
            }
            words.push(format!("monitors may ask {url}/readyz and {url}/metrics (docs/watch.md)"));
            lines.push_str(&format!("{url}\n"));
            places.insert("http".to_owned(), json!(url));
        }
        if let Some(port) = &self.port {
            words.push("the SQL port is open; Ctrl-C ends it".to_owned());
            places.insert("pg".to_owned(), json!(port.address().to_string()));
            lines.push_str(&format!("postgresql://{}/lumbung\n", port.address()));
        }
        if let Some(scheduled) = &self.scheduled {
            let n_jobs = scheduled.plan.jobs.len();
            words.push(format!("{n_jobs} jobs run by themselves (lumbung schedule); Ctrl-C ends it"));
            places.insert("jobs".to_owned(), json!(n_jobs));
        }
        if !self.context.quiet {
            words.iter().for_each(|words| talk(words));
        }
        match self.context.output {
            OutputFormat::Json => print_json(&places.into()),
            OutputFormat::Table => print(&lines),
        }
    }

    async fn run(self, signals: &mut Signals, (stopper, stop): (Stopper, Stop)) -> Result<(), Failure> {
        let Self { context, contracts, listener, watch, console, receiving, port, scheduled, notifier } = self;
        let inbox = receiving.as_ref().map(|receiving| Arc::clone(&receiving.server));
        let serving =
            listener.map(|listener| tokio::spawn(listener.serve(watch.router(inbox, console), stop.clone())));
        let answering = port.map(|port| tokio::spawn(port.serve(stop.clone())));
        let work = async {
            let stopping_all_if_it_failed = |done: Result<(), Failure>| {
                if done.is_err() {
                    stopper.stop();
                }
                done
            };
            let received = async {
                let served = ended(serving);
                match receiving {
                    Some(receiving) => {
                        let done = take_in(&context, &contracts, receiving, (served, stop.clone())).await;
                        stopping_all_if_it_failed(done)
                    }
                    None => served.await,
                }
            };
            let ran = async {
                match &scheduled {
                    Some(scheduled) => {
                        stopping_all_if_it_failed(schedule::run(&context, &contracts, scheduled, stop.clone()).await)
                    }
                    None => Ok(()),
                }
            };
            let (received, ran) = tokio::join!(received, ran);
            received.and(ran).and(ended(answering).await)
        };
        let told = async {
            signals.next().await;
            tracing::info!("told to stop");
            notifier.stopping();
            stopper.stop();
            signals.next().await;
        };
        tokio::select! {
            done = work => done,
            () = told => Err(Failure::interrupted()),
            never = notifier.keep_alive() => match never {},
        }
    }
}

/// The end of what was spawned, where it was.
async fn ended<T>(task: Option<JoinHandle<T>>) -> Result<(), Failure> {
    match task {
        Some(task) => task.await.map(|_| ()).map_err(|error| ended_by_a_bug(&error)),
        None => Ok(()),
    }
}

fn ended_by_a_bug(error: &tokio::task::JoinError) -> Failure {
    Failure::internal(format!("the listener ended by a bug: {error}"))
}

/// Loads what is pushed until the order to stop; `served` ends when no more can come.
async fn take_in(
    context: &Context,
    contracts: &[Contract],
    receiving: Receiving,
    (served, stop): (impl Future<Output = Result<(), Failure>>, Stop),
) -> Result<(), Failure> {
    let Receiving { warehouse, server, writer } = receiving;
    let waker = Waker::default();
    let zone = context.config.deployment.timezone;
    let schedule = Schedule::start(&context.config.inbox.load, zone, waker.clone()).await?;
    let loading = Loading { context, contracts, warehouse, server };
    step::run(&waker, stop, async || loading.load_what_waits().await).await;
    schedule.end().await;
    let drained = served.await;
    // What was acknowledged is on disk; what is on disk is loaded before the program goes.
    let closed = writer.shutdown().await;
    loading.load_what_waits().await;
    drained?;
    closed.map_err(|error| Failure::new(Code::CannotWrite, error))
}

/// Loads what the inbox took in.
struct Loading<'a> {
    context: &'a Context,
    contracts: &'a [Contract],
    warehouse: Arc<Warehouse>,
    server: Arc<InboxServer>,
}

impl Loading<'_> {
    /// Loads every dataset that pushes wait for, one after the other. What goes wrong stands in the ledger and is tried
    /// again next time.
    async fn load_what_waits(&self) {
        if let Err(failure) = self.load().await {
            tracing::error!(reason = failure.message, "the step that loads what the inbox holds failed");
        }
    }

    async fn load(&self) -> Result<(), Failure> {
        let (context, now) = (self.context, self.context.clock.now());
        let inbox = self.warehouse.inbox()?;
        let settings = &context.config.inbox;
        let waiting = inbox.inbox_status()?.into_iter().filter(|status| status.waiting > 0);
        let names: Vec<String> = waiting.map(|status| status.dataset.to_string()).collect();
        let (known, strange): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| self.receives(name));
        for dataset in strange {
            tracing::warn!(dataset, "pushes wait for a dataset that no contract receives any more");
        }
        if !known.is_empty() {
            let targets = snapshot::targets(context, self.contracts, &known)?;
            let today = context.clock.today(context.config.deployment.timezone);
            let request = LoadRequest::of(today, config::operator());
            let reports = snapshot::load_all(context, &self.warehouse, &targets, &request).await;
            self.server.warehouse_changed().await;
            marts::after_load(context, &self.warehouse, &reports).await;
        }
        inbox.forget(now - TimeDelta::days(i64::from(settings.remember_days)))?;
        inbox.forget_refused(now - TimeDelta::days(i64::from(settings.refused_days)))?;
        Ok(())
    }

    fn receives(&self, name: &str) -> bool {
        let is = |contract: &Contract| {
            let mut received = contract.datasets.iter().filter(|dataset| dataset.receive.is_some());
            received.any(|dataset| format!("{}.{}", contract.source, dataset.name) == name)
        };
        self.contracts.iter().any(is)
    }
}
