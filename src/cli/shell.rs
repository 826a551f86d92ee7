//! The shell of `lumbung sql`: SQL and the commands of `meta`, until `\q`.
//!
//! | file | what |
//! |---|---|
//! | `meta` | commands that begin with a backslash |
//! | `complete` | what Tab offers |
//! | `history` | what was typed before, without personal values |
//! | `editor` | keys and lines, on top of rustyline |
//! | `running` | one query, its progress, and Ctrl-C |
//! | `screen` | wide and long results |

mod complete;
mod editor;
mod history;
mod meta;
mod running;
mod screen;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::catalog::Facts;
use super::exit::Failure;
use super::output::grouped;
use super::progress::talk;
use super::{Context, catalog, session, sql};
use crate::catalog::tokens;
use crate::catalog::{Catalog, Dictionary, Format, Problem, TableEntry, TableShape, profile};
use crate::config;
use crate::warehouse::{AsOf, Warehouse};
use complete::Vocabulary;
use editor::{LineEditor, Read};
use history::History;
use meta::{Expanded, Meta};
use running::{Counter, Ended, Interrupts};
use screen::{Look, Size};

/// How the shell was asked for.
pub(super) struct Start {
    pub(super) as_of: AsOf,
    pub(super) format: Format,
    pub(super) out: Option<PathBuf>,
    /// Whether what is typed is remembered in a file.
    pub(super) history: bool,
}

/// Prompt of the first line.
const PROMPT: &str = "lumbung> ";

/// Reads and runs until the end.
pub(super) async fn run(context: &Context, start: Start) -> Result<(), Failure> {
    let opened = Opened::open(context, start.as_of)?;
    let path = config::state_folder().filter(|_| start.history).map(|folder| folder.join("lumbung/sql_history"));
    let mut history = History::new(path);
    let broken = |error: rustyline::error::ReadlineError| Failure::internal(format!("the terminal: {error}"));
    let mut editor = LineEditor::new(opened.vocabulary(), &history.load()).map_err(broken)?;
    let mut shell = Shell {
        context,
        as_of: start.as_of,
        opened,
        look: Look { format: start.format, expanded: Expanded::Auto, pager: true },
        timing: false,
        out: start.out.map(Out::new),
        interrupts: Interrupts::listen()?,
    };
    if !context.quiet {
        talk("SQL ends with a semicolon; \\? helps, \\q leaves.");
    }
    loop {
        let text = match tokio::task::block_in_place(|| editor.read(PROMPT)).map_err(broken)? {
            Read::Text(text) if text.trim().is_empty() => continue,
            Read::Text(text) => text,
            Read::Interrupted => continue,
            Read::End => return Ok(()),
        };
        match shell.obey(&text).await {
            Ok(Next::Go) => {}
            Ok(Next::Learn) => editor.learn(shell.opened.vocabulary()),
            Ok(Next::Leave) => return Ok(()),
            Err(failure) => tell(&failure),
        }
        // What may be personal is known once the tables are; nothing is written down before.
        let written = match shell.opened.known().await {
            Ok(known) => {
                shell.tell_problems(known);
                history.add(text.trim(), &known.personal).map(drop)
            }
            Err(_) => Ok(()),
        };
        if let Err(error) = written {
            talk(&format!("the history cannot be written: {error}"));
            history = History::new(None);
        }
    }
}

/// What is wrong is told; the shell goes on.
fn tell(failure: &Failure) {
    talk(&format!("error: {}", failure.message));
    if let Some(hint) = failure.hint {
        talk(&format!("hint: {hint}"));
    }
}

/// One consistent state of the warehouse. What the tables are and mean takes a moment to find out; that goes on while the
/// first line is typed.
struct Opened {
    catalog: Arc<Catalog>,
    facts: Arc<Facts>,
    known: Arc<OnceCell<Known>>,
    vocabulary: Arc<OnceLock<Vocabulary>>,
    /// Whether it was said which views are missing.
    told: AtomicBool,
}

/// What is known of the tables.
struct Known {
    shapes: Vec<TableShape>,
    dictionary: Dictionary,
    /// The names under which personal values are known: those of the contracts, stored or not, and of views.
    personal: BTreeSet<String>,
    /// The views that are missing, and why.
    problems: Vec<Problem>,
}

impl Opened {
    fn open(context: &Context, as_of: AsOf) -> Result<Self, Failure> {
        let warehouse = Warehouse::open_for_reading(&context.warehouse)?;
        let catalog = Arc::new(session::open(context, &warehouse, as_of)?);
        let facts = Arc::new(Facts::gather(context, &warehouse)?);
        let opened = Self { catalog, facts, known: Arc::default(), vocabulary: Arc::default(), told: false.into() };
        let (catalog, facts) = (Arc::clone(&opened.catalog), Arc::clone(&opened.facts));
        let (known, vocabulary) = (Arc::clone(&opened.known), Arc::clone(&opened.vocabulary));
        // Whoever needs it before it is there waits for it, and hears what went wrong.
        tokio::spawn(async move {
            if let Ok(known) = known.get_or_try_init(|| Known::learn(&catalog, &facts)).await {
                vocabulary.get_or_init(|| Vocabulary::new(&known.shapes));
            }
        });
        Ok(opened)
    }

    fn vocabulary(&self) -> Arc<OnceLock<Vocabulary>> {
        Arc::clone(&self.vocabulary)
    }

    async fn known(&self) -> Result<&Known, Failure> {
        self.known.get_or_try_init(|| Known::learn(&self.catalog, &self.facts)).await
    }
}

impl Known {
    async fn learn(catalog: &Catalog, facts: &Facts) -> Result<Self, Failure> {
        let (shapes, dictionary) = facts.dictionary(catalog).await?;
        let columns = dictionary.tables.iter().flat_map(|table| &table.columns);
        let shown = columns.filter(|column| column.class != "public").map(|column| column.name.as_str());
        let personal = shown.chain(facts.personal_columns()).map(str::to_owned).collect();
        Ok(Self { shapes, dictionary, personal, problems: catalog.problems().await? })
    }

    fn find(&self, name: &str) -> Result<(&TableEntry, &TableShape), Failure> {
        let entry = catalog::find(&self.dictionary, name)?;
        let shape = self.shapes.iter().find(|shape| shape.name() == entry.name());
        shape.map(|shape| (entry, shape)).ok_or_else(|| Failure::usage(format!("no table is called {name}")))
    }
}

/// What follows a command.
enum Next {
    Go,
    /// The tables may be others.
    Learn,
    Leave,
}

/// Where results go instead of the screen.
struct Out {
    path: PathBuf,
    results: usize,
}

impl Out {
    fn new(path: PathBuf) -> Self {
        Self { path, results: 0 }
    }

    /// The format of the file's extension, else the one in force.
    fn format(&self, otherwise: Format) -> Format {
        let extension = self.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension {
            "md" => Format::Markdown,
            "txt" => Format::Table,
            name => name.parse().unwrap_or(otherwise),
        }
    }
}

struct Shell<'a> {
    context: &'a Context,
    as_of: AsOf,
    opened: Opened,
    look: Look,
    timing: bool,
    out: Option<Out>,
    interrupts: Interrupts,
}

impl Shell<'_> {
    /// Does what was typed, or pasted: commands of a line each, then SQL.
    async fn obey(&mut self, text: &str) -> Result<Next, Failure> {
        let (mut rest, mut next) = (text, Next::Go);
        while let Some((line, after)) = meta::first_line(rest) {
            match self.command(meta::parse(line).map_err(Failure::usage)?).await? {
                Next::Go => {}
                Next::Learn => next = Next::Learn,
                Next::Leave => return Ok(Next::Leave),
            }
            rest = after;
        }
        for statement in tokens::statements(rest).0 {
            self.query(statement).await?;
        }
        Ok(next)
    }

    async fn command(&mut self, command: Meta) -> Result<Next, Failure> {
        match command {
            Meta::Quit => return Ok(Next::Leave),
            Meta::Refresh => {
                self.opened = Opened::open(self.context, self.as_of)?;
                return Ok(Next::Learn);
            }
            Meta::Help => self.show(&meta::help())?,
            Meta::Tables(pattern) => {
                self.show(&catalog::list(&self.opened.known().await?.dictionary, pattern.as_deref()))?;
            }
            Meta::Describe(name) => self.show(&catalog::describe(self.opened.known().await?.find(&name)?.0))?,
            Meta::Profile(name) => self.profile(&name).await?,
            Meta::Format(None) => talk(&format!("format {}", self.look.format)),
            Meta::Format(Some(format)) if format.is_binary() && self.out.is_none() => {
                return Err(Failure::usage(format!("{format} is not for a terminal: \\o FILE first")));
            }
            Meta::Format(Some(format)) => self.look.format = format,
            Meta::Out(path) => self.redirect(path),
            Meta::Expanded(to) => {
                self.look.expanded = to.unwrap_or(match self.look.expanded {
                    Expanded::On => Expanded::Off,
                    Expanded::Off | Expanded::Auto => Expanded::On,
                });
            }
            Meta::Pager(to) => self.look.pager = to.unwrap_or(!self.look.pager),
            Meta::Timing(to) => {
                self.timing = to.unwrap_or(!self.timing);
                talk(if self.timing { "timing is on" } else { "timing is off" });
            }
        }
        Ok(Next::Go)
    }

    fn redirect(&mut self, path: Option<PathBuf>) {
        if path.is_none() && self.look.format.is_binary() {
            self.look.format = Format::Table;
        }
        self.out = path.map(Out::new);
    }

    /// Says once, after the first command, which views are missing.
    fn tell_problems(&self, known: &Known) {
        if !self.opened.told.swap(true, Ordering::Relaxed) {
            known.problems.iter().for_each(|problem| talk(&format!("a view is missing: {problem}")));
        }
    }

    fn show(&self, text: &str) -> Result<(), Failure> {
        screen::show(text, self.look, Size::of_terminal())
    }

    async fn query(&mut self, statement: &str) -> Result<(), Failure> {
        if self.out.is_some() {
            return self.query_to_file(statement).await;
        }
        let (catalog, counter) = (Arc::clone(&self.opened.catalog), Counter::default());
        let (sql, counted) = (statement.to_owned(), counter.clone());
        let (look, size) = (self.look, Size::of_terminal());
        let work = async move {
            let result = catalog.query_read_only(&sql).await?;
            screen::render(counted.count(result), look, size).await
        };
        let ended = running::run(&mut self.interrupts, &counter, work).await?;
        self.show_ended(ended)
    }

    async fn profile(&mut self, name: &str) -> Result<(), Failure> {
        let (entry, shape) = self.opened.known().await?.find(name)?;
        let hashed = entry.columns.iter().filter(|column| column.class == "key");
        let hashed: Vec<String> = hashed.map(|column| column.name.clone()).collect();
        let (catalog, shape) = (Arc::clone(&self.opened.catalog), shape.clone());
        let (look, size) = (self.look, Size::of_terminal());
        let work = async move {
            let result = profile::profile(&catalog, &shape, &hashed).await?;
            screen::render(result, look, size).await
        };
        let ended = running::run(&mut self.interrupts, &Counter::default(), work).await?;
        self.show_ended(ended)
    }

    /// Shows what a query gave, then how long it took.
    fn show_ended(&self, ended: Ended<String>) -> Result<(), Failure> {
        let (text, took) = given(ended);
        text.map_or(Ok(()), |text| self.show(&text))?;
        self.tell_time(took);
        Ok(())
    }

    fn tell_time(&self, took: Duration) {
        if self.timing {
            talk(&format!("time: {}.{:03} s", took.as_secs(), took.subsec_millis()));
        }
    }

    async fn query_to_file(&mut self, statement: &str) -> Result<(), Failure> {
        let Some(out) = &self.out else { return Ok(()) };
        let (path, format) = (out.path.clone(), out.format(self.look.format));
        if out.results > 0 {
            let reason = format!("{} holds a result already; \\o FILE names the next one", path.display());
            return Err(Failure::usage(reason));
        }
        let (catalog, counter) = (Arc::clone(&self.opened.catalog), Counter::default());
        let (sql, counted, file) = (statement.to_owned(), counter.clone(), path.clone());
        let work = async move {
            let result = catalog.query_read_only(&sql).await?;
            Ok(sql::write_file(counted.count(result), format, &file).await)
        };
        let ended = running::run(&mut self.interrupts, &counter, work).await?;
        let (written, took) = given(ended);
        if let Some(written) = written {
            let rows = written?;
            if let Some(out) = &mut self.out {
                out.results += 1;
            }
            let word = if rows == 1 { "row" } else { "rows" };
            talk(&format!("{} {word} in {}", grouped(rows), path.display()));
        }
        self.tell_time(took);
        Ok(())
    }
}

/// What a query gave, and how long it took; nothing where it was stopped, which is said.
fn given<T>(ended: Ended<T>) -> (Option<T>, Duration) {
    match ended {
        Ended::Done(given, took) => (Some(given), took),
        Ended::Cancelled(took) => {
            talk("cancelled");
            (None, took)
        }
    }
}
