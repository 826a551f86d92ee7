//! Parse, wire, print, exit code. The only reader of argv and the only writer of stdout; one file a command.

mod aside;
mod backfill;
mod backup;
mod catalog;
mod check;
mod cluster;
mod completions;
mod demo;
mod diff;
mod exit;
mod gc;
mod health;
mod inbox;
mod init;
mod key;
mod man;
mod marts;
mod output;
mod progress;
mod reference;
mod replay;
mod report;
mod runs;
mod sandbox;
mod schedule;
mod serve;
mod session;
mod shell;
mod signals;
mod snapshot;
mod sql;
mod status;
mod submit;
mod test;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{self, Config, ConfigFolder, Credentials};
use exit::Failure;
use output::OutputFormat;

/// A government body's data warehouse in one binary.
///
/// Snapshots every source system into Parquet, joins them in SQL views and mails leadership the figures.
#[derive(Debug, Parser)]
#[command(
    name = "lumbung",
    version,
    about,
    after_help = "Try it: lumbung demo\nExit codes: 0 ok, 2 usage, \
    65 data refused, 69 source unavailable, 70 internal, 73 cannot write the warehouse, 75 delivery deferred, \
    77 not authorised, 78 configuration"
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalArgs {
    /// Folder with lumbung.toml, sources/, reports/ and reference/ [default: ./config if it exists, else what the binary carries]
    #[arg(long, global = true, value_name = "DIR")]
    config: Option<PathBuf>,
    /// The warehouse folder
    #[arg(long, global = true, value_name = "DIR", default_value = "warehouse")]
    warehouse: PathBuf,
    /// Set a key of lumbung.toml for this run, e.g. --set sources.omspan.page_rows=10000 (repeatable)
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// How results are printed on stdout
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
    /// The time it is taken to be, e.g. 2026-10-31T06:00:00+07:00, for back-dated runs and tests
    #[arg(long, global = true, value_name = "RFC3339")]
    now: Option<DateTime<Utc>>,
    /// Say less
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more (-vv: much more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything at once: simulated sources, a load of each, the views and a mailed report
    Demo(demo::DemoArgs),
    /// Write a commented config folder
    Init(init::InitArgs),
    /// Only the simulated source systems
    Sandbox(sandbox::SandboxArgs),
    /// Load datasets: one snapshot of each
    Snapshot(snapshot::SnapshotArgs),
    /// Decode the archived pages of a run again, under today's contract and key
    Replay(replay::ReplayArgs),
    /// Run read-only SQL over the snapshots and views
    Sql(sql::SqlArgs),
    /// The processes of a cluster: what `lumbung sql --cluster` hands its work to
    #[cfg(feature = "cluster")]
    Cluster(cluster::ClusterArgs),
    /// The data dictionary: tables, columns, what they mean and how fresh they are
    Catalog(catalog::CatalogArgs),
    /// Check config, contracts, views, credentials and sources
    Check(check::CheckArgs),
    /// What was added, removed and changed between two snapshots
    Diff(diff::DiffArgs),
    /// The daemon: runs the schedule, takes in what sources push, answers SQL clients
    Serve(serve::ServeArgs),
    /// What was pushed: what waits, what was loaded, what was refused
    Inbox(inbox::InboxArgs),
    /// What runs by itself: when, and why
    Schedule(schedule::ScheduleArgs),
    /// How fresh every dataset is, what runs next, and the marts
    Status(status::StatusArgs),
    /// What was loaded when, and what became of it
    Runs(runs::RunsArgs),
    /// The key that personal values are hashed under, and the identity that opens the archive
    Key(key::KeyArgs),
    /// Who may sign in to the console
    User(user::UserArgs),
    /// Check records and send them to a source, one by one
    Submit(submit::SubmitArgs),
    /// What may go by the rules of retention; with --yes it goes
    Gc(gc::GcArgs),
    /// Copy the ledger, the inbox and what cannot be made again to a folder
    Backup(backup::BackupArgs),
    /// Put a backup in its place, and tell what it and the disk do not agree on
    Restore(backup::RestoreArgs),
    /// Run the SQL data tests: rows that break a rule
    #[command(after_help = "Examples:\n  lumbung test\n  lumbung test --output json")]
    Test,
    /// Bring the materialised marts (warehouse/marts) up to date
    #[command(
        after_help = "Every load that commits something does it unless --no-marts or marts.after_load = false says otherwise. \
        The data tests are run before; one of severity error that finds rows holds the marts.\n\n\
        Examples:\n  lumbung marts\n  lumbung marts --output json"
    )]
    Marts,
    /// Reference tables: which there are, and importing official lists
    Reference(reference::ReferenceArgs),
    /// Reports: which there are, and what they say for a period
    Report(report::ReportArgs),
    /// Print the completions of a shell
    Completions(completions::CompletionsArgs),
    /// The manual: the page of the program, or a folder with a page a command
    Man(man::ManArgs),
    /// Where a figure of a recorded edition comes from: query, row, snapshots, source pages
    Explain(report::explain::ExplainArgs),
}

/// What every command gets: who it runs for, where, and when.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) folder: ConfigFolder,
    pub(crate) config: Config,
    pub(crate) warehouse: PathBuf,
    pub(crate) credentials: Credentials,
    pub(crate) clock: Clock,
    pub(crate) output: OutputFormat,
    pub(crate) quiet: bool,
    /// Address of the cluster that queries of this command are handed to.
    pub(crate) cluster: Option<String>,
}

impl Context {
    fn new(global: &GlobalArgs) -> Result<Self, Failure> {
        let folder = ConfigFolder::locate(global.config.as_deref())?;
        Ok(Self {
            config: folder.config(&global.set)?,
            folder,
            warehouse: global.warehouse.clone(),
            credentials: Credentials::Environment,
            clock: global.now.map_or(Clock::System, Clock::Fixed),
            output: global.output,
            quiet: global.quiet,
            cluster: None,
        })
    }
}

/// Runs the program and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    start_logging(cli.global.quiet, cli.global.verbose);
    if matches!(cli.command, Command::Serve(_) | Command::Snapshot(_) | Command::Replay(_) | Command::Demo(_)) {
        crate::serve::pages::small();
    }
    if let Err(failure) = every_set_was_heard(&cli.global) {
        return exit::report(&failure);
    }
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("another TLS provider was installed before");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&Failure::internal(format!("no runtime: {error}"))),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(&failure),
    }
}

/// clap keeps only the `--set` after the command where some stand before it and some after: a setting that is dropped in
/// silence could send a token to another address.
fn every_set_was_heard(global: &GlobalArgs) -> Result<(), Failure> {
    let given = std::env::args().take_while(|argument| argument != "--");
    let n = given.filter(|argument| argument == "--set" || argument.starts_with("--set=")).count();
    if n == global.set.len() {
        return Ok(());
    }
    Err(Failure::usage("put every --set on the same side of the command: all before it, or all after it"))
}

/// Runs a command that reads no config: the config may be what is broken, or not be there yet.
fn run_without_config(cli: &Cli) -> Option<Result<(), Failure>> {
    match &cli.command {
        Command::Init(args) => Some(init::run(&cli.global, args)),
        Command::Completions(args) => Some(completions::run(args, Cli::command())),
        Command::Man(args) => Some(man::run(args, Cli::command())),
        _ => None,
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    if let Some(done) = run_without_config(&cli) {
        return done;
    }
    let context = Context::new(&cli.global)?;
    // Whoever listens to Ctrl-C itself ends in good order: the daemon, a back-fill, and a sender with a record at hand. In the
    // shell it stops the query.
    let hears_signals = match &cli.command {
        Command::Serve(_) | Command::Submit(_) => true,
        #[cfg(feature = "cluster")]
        Command::Cluster(_) => true,
        Command::Snapshot(args) => args.hears_signals(),
        Command::Sql(args) => args.opens_a_shell(),
        Command::Report(args) => args.hears_signals(),
        _ => false,
    };
    let command = async {
        match cli.command {
            Command::Serve(args) => serve::run(&context, &args).await,
            Command::Inbox(args) => inbox::run(&context, &args),
            Command::Demo(args) => demo::run(context, args).await,
            Command::Sandbox(args) => sandbox::run(&context, &args).await,
            Command::Snapshot(args) => snapshot::run(&context, &args).await,
            Command::Replay(args) => replay::run(&context, &args).await,
            Command::Sql(args) => sql::run(&context, &args).await,
            #[cfg(feature = "cluster")]
            Command::Cluster(args) => cluster::run(&context, &args).await,
            Command::Catalog(args) => catalog::run(&context, &args).await,
            Command::Check(args) => check::run(&context, &args).await,
            Command::Diff(args) => diff::run(&context, &args).await,
            Command::Schedule(args) => schedule::run(&context, &args),
            Command::Status(args) => status::run(&context, &args),
            Command::Runs(args) => runs::run(&context, &args),
            Command::Key(args) => key::run(&context, &args).await,
            Command::User(args) => user::run(&context, &args),
            Command::Marts => marts::run(&context).await,
            Command::Reference(args) => reference::run(&context, &args).await,
            Command::Report(args) => report::run(&context, &args).await,
            Command::Explain(args) => report::explain::run(&context, &args).await,
            Command::Submit(args) => submit::run(&context, &args).await,
            Command::Gc(args) => gc::run(&context, &args),
            Command::Backup(args) => backup::run(&context, &args),
            Command::Restore(args) => backup::restore(&context, &args),
            Command::Test => test::run(&context).await,
            // Done before the config was read.
            Command::Init(_) | Command::Completions(_) | Command::Man(_) => Ok(()),
        }
    };
    tokio::select! {
        done = command => done,
        _ = tokio::signal::ctrl_c(), if !hears_signals => Err(Failure::interrupted()),
    }
}

/// Log lines go to stderr; progress and errors have their own words there, so the default is warnings only.
fn start_logging(quiet: bool, verbose: u8) {
    use tracing_subscriber::filter::LevelFilter;
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    let ansi = !config::no_color() && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .with_target(false)
        .with_max_level(level)
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        // A test harness has its own subscriber; the program starts once.
        tracing::debug!("logging was set up before");
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
