//! `lumbung serve`: the daemon. Today the inbox; the loads of what it took in run beside it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Code, Failure};
use super::output::{OutputFormat, print, print_json};
use super::progress::talk;
use super::{Context, marts, session, snapshot};
use crate::catalog::Catalog;
use crate::config;
use crate::contract::Contract;
use crate::load::LoadRequest;
use crate::serve::ServeError;
use crate::serve::inbox::{Catalogs, InboxParts, InboxServer};
use crate::serve::listener::{self, ConnectionLimits, Listener, Stop};
use crate::serve::step::{self, Schedule, Waker};
use crate::warehouse::{AsOf, InboxLimits, InboxWriter, Warehouse};

/// The daemon: takes in what sources push, and loads it
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  LUMBUNG_INBOX_PADI_TOKEN=… lumbung serve\n  \
    lumbung serve --http 127.0.0.1:0 --output json\n  \
    lumbung --set serve.tls_cert=tls.crt --set serve.tls_key=tls.key serve --http 0.0.0.0:8443\n\n\
    Pushes go to /inbox/<source>/<method>; a source's inbox is open when its secrets are set: \
    LUMBUNG_INBOX_OSS_USER and LUMBUNG_INBOX_OSS_PASSWORD, LUMBUNG_INBOX_PADI_TOKEN. SIGTERM or Ctrl-C ends it: \
    running requests are answered, what waits is loaded; a second one ends it at once.")]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes any free one [default: serve.http of lumbung.toml]
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
}

/// Runs until it is told to stop.
pub(crate) async fn run(context: &Context, args: &ServeArgs) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let context = Context { clock: context.clock.started(), ..context.clone() };
    if !context.config.inbox.enabled {
        let hint = "set inbox.enabled = true in lumbung.toml";
        return Err(
            Failure::new(Code::Configuration, "there is nothing to serve: the inbox is switched off").with_hint(hint)
        );
    }
    let contracts = context.folder.contracts()?;
    let listener = listener(&context, args).await?;
    let warehouse = Arc::new(Warehouse::open(&context.warehouse, context.clock.now())?);
    let (server, writer) = inbox(&context, &contracts, &warehouse)?;
    say_where(&context, &listener, &server)?;
    let daemon = Daemon { context, contracts, warehouse, server, writer };
    daemon.run(listener, &mut signals).await
}

async fn listener(context: &Context, args: &ServeArgs) -> Result<Listener, ServeError> {
    let settings = &context.config.serve;
    // Reading the configuration has seen to it that both are there or none.
    let files = settings.tls_cert.as_deref().zip(settings.tls_key.as_deref());
    let tls = files.map(|(cert, key)| listener::acceptor(cert, key)).transpose()?;
    Listener::bind(args.http.unwrap_or(settings.http), tls, connection_limits(context)).await
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

fn say_where(context: &Context, listener: &Listener, server: &InboxServer) -> Result<(), Failure> {
    if !context.quiet {
        talk(&format!("the inbox of {} is open; Ctrl-C ends it", server.sources().join(", ")));
    }
    match context.output {
        OutputFormat::Json => print_json(&json!({ "http": listener.base_url() })),
        OutputFormat::Table => print(&format!("{}\n", listener.base_url())),
    }
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
    warehouse: Arc<Warehouse>,
    server: Arc<InboxServer>,
    writer: InboxWriter,
}

impl Daemon {
    async fn run(self, listener: Listener, signals: &mut Signals) -> Result<(), Failure> {
        let (stopper, stop) = Stop::channel();
        let waker = Waker::default();
        let zone = self.context.config.deployment.timezone;
        let schedule = Schedule::start(&self.context.config.inbox.load, zone, waker.clone()).await?;
        let serving = tokio::spawn(listener.serve(Arc::clone(&self.server).router(), stop.clone()));
        let loading = step::run(&waker, stop, async || self.load_what_waits().await);
        let work = async {
            loading.await;
            schedule.end().await;
            let drained = serving.await;
            // What was acknowledged is on disk; what is on disk is loaded before the program goes.
            let closed = self.writer.shutdown().await;
            self.load_what_waits().await;
            drained.map_err(|error| Failure::internal(format!("the listener ended by a bug: {error}")))?;
            closed.map_err(|error| Failure::new(Code::CannotWrite, error))
        };
        let told = async {
            signals.next().await;
            tracing::info!("told to stop");
            stopper.stop();
            signals.next().await;
        };
        tokio::select! {
            done = work => done,
            () = told => Err(Failure::interrupted()),
        }
    }

    /// Loads every dataset that pushes wait for, one after the other. What goes wrong stands in the ledger and is tried
    /// again next time.
    async fn load_what_waits(&self) {
        if let Err(failure) = self.load().await {
            tracing::error!(reason = failure.message, "the step that loads what the inbox holds failed");
        }
    }

    async fn load(&self) -> Result<(), Failure> {
        let (context, now) = (&self.context, self.context.clock.now());
        let inbox = self.warehouse.inbox()?;
        let settings = &context.config.inbox;
        let waiting = inbox.inbox_status()?.into_iter().filter(|status| status.waiting > 0);
        let names: Vec<String> = waiting.map(|status| status.dataset.to_string()).collect();
        let (known, strange): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| self.receives(name));
        for dataset in strange {
            tracing::warn!(dataset, "pushes wait for a dataset that no contract receives any more");
        }
        if !known.is_empty() {
            let targets = snapshot::targets(context, &self.contracts, &known)?;
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

/// What tells the daemon to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let heard =
            |kind| signal(kind).map_err(|error| Failure::internal(format!("signals cannot be heard: {error}")));
        Ok(Self { terminate: heard(SignalKind::terminate())?, interrupt: heard(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
