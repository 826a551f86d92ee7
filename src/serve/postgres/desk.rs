//! Where questions are answered: one engine with one pool of memory, one gate, the same states of the warehouse, the same roles and
//! one log. The port's sessions ask here, and so does the console: what one may not do, the other may not either.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::gate::Gate;
use super::generation::{Generations, State, States};
use super::journal::{self, Asker, Entry};
use super::reply::Told;
use super::settings::ClientSettings;
use super::sqlstate::{self, CANCELLED, NOT_OFFERED, READ_ONLY};
use crate::catalog::port::{Audience, PortColumn, PortStatement, SessionFacts, parse};
use crate::catalog::{Catalog, CatalogError, QueryResult, SharedEngine, TableShape, profile};
use crate::config::{PostgresRole, PostgresSettings};
use crate::serve::ServeError;

/// What a desk is made of.
pub struct DeskParts<'a> {
    /// `[serve.postgres]`: memory, places, time.
    pub settings: &'a PostgresSettings,
    /// What the roles see, in the order of [`PostgresRole::ALL`].
    pub audiences: [Audience; PostgresRole::ALL.len()],
    /// Where states of the warehouse come from.
    pub states: Arc<dyn States>,
}

/// Where questions are answered.
pub struct Desk {
    pub(super) generations: Generations,
    pub(super) gate: Gate,
    engine: Arc<SharedEngine>,
    statement: Duration,
    rows: u64,
    sql_bytes: usize,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("statement", &self.statement).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// A question that was asked and is not answered yet: who asks, what, and since when. It enters the log when it ends.
pub(in crate::serve) struct Asked {
    asker: Asker,
    role: PostgresRole,
    sql: String,
    began: Instant,
    waited: Duration,
    mark: Option<u64>,
}

/// A question that is being answered. Its place at the gate and its state of the warehouse are held until this goes.
pub(in crate::serve) struct Opened {
    /// The columns, in PostgreSQL's words.
    pub(in crate::serve) columns: Vec<PortColumn>,
    /// The rows.
    pub(in crate::serve) result: QueryResult,
    _place: OwnedSemaphorePermit,
    _state: Arc<State>,
}

impl Desk {
    /// A desk, with the memory and the space to spill that the settings say.
    ///
    /// # Errors
    /// [`ServeError::Engine`] when there is no place to spill.
    pub fn open(parts: DeskParts<'_>) -> Result<Arc<Self>, ServeError> {
        let settings = parts.settings;
        let memory = usize::try_from(settings.memory_mb.saturating_mul(1 << 20)).unwrap_or(usize::MAX);
        let spill = settings.spill_mb.saturating_mul(1 << 20);
        let engine = SharedEngine::new(memory, settings.spill_dir.clone(), spill).map_err(ServeError::Engine)?;
        Ok(Arc::new(Self {
            generations: Generations::new(parts.states, Arc::clone(&engine), parts.audiences),
            gate: Gate::new(settings.statements_max, Duration::from_secs(settings.queue_secs)),
            engine,
            statement: Duration::from_secs(settings.statement_timeout_secs),
            rows: settings.rows_max,
            sql_bytes: settings.sql_bytes_max,
        }))
    }

    /// The most memory that statements had reserved together, in bytes.
    pub(super) fn peak(&self) -> usize {
        self.engine.peak_reserved()
    }

    /// Longest time that a statement may take.
    pub(in crate::serve) fn statement_timeout(&self) -> Duration {
        self.statement
    }

    /// Most rows of an answer.
    pub(in crate::serve) fn rows_max(&self) -> u64 {
        self.rows
    }

    /// A number that grows whenever the ledger has something new to show, and the newest state of the warehouse: without a role,
    /// for what the program itself asks.
    pub(in crate::serve) async fn newest(&self) -> Result<(u64, Arc<Catalog>), Told> {
        let state = self.generations.newest().await?;
        Ok((state.mark, state.catalog()))
    }

    /// What stands in each column of `shape` ([`profile`]), of the newest state and without values of the columns `hidden`: with a
    /// place at the gate, within `longest`.
    pub(in crate::serve) async fn profile(
        &self,
        shape: &TableShape,
        hidden: &[String],
        longest: Duration,
    ) -> Result<RecordBatch, Told> {
        let work = async {
            let _place = self.gate.enter().await?;
            let state = self.generations.newest().await?;
            let catalog = state.catalog();
            let profiled = profile::profile(&catalog, shape, hidden).await.map_err(|error| sqlstate::told(&error))?;
            let batches = profiled.collect().await.map_err(|error| sqlstate::told(&error))?;
            let none = || Told::error(sqlstate::INTERNAL, "a profile has rows");
            batches.into_iter().next().ok_or_else(none)
        };
        tokio::time::timeout(longest, work).await.unwrap_or_else(|_| Err(timed_out()))
    }

    /// `user` asks `sql` in `role`; `process` tells its questions apart in the log.
    pub(in crate::serve) fn asked(&self, user: &str, role: PostgresRole, process: i32, sql: &str) -> Asked {
        let asker = Asker { user: user.to_owned(), role: role.word(), process };
        Asked { asker, role, sql: sql.to_owned(), began: Instant::now(), waited: Duration::ZERO, mark: None }
    }

    /// Begins to answer: the one statement of the text has to be a question. Whoever drops this stops the work.
    pub(in crate::serve) async fn answer(&self, asked: &mut Asked) -> Result<Opened, Told> {
        let mut statements = parse(&asked.sql, self.sql_bytes).map_err(|error| sqlstate::told(&error))?;
        let query = match (statements.pop(), statements.is_empty()) {
            (Some(PortStatement::Query(query)), true) => query,
            (None, _) => return Err(Told::error("42601", "there is no statement in the text")),
            (_, false) => return Err(Told::error(NOT_OFFERED, "one statement at a time, please")),
            (Some(PortStatement::Refused { what, writes }), _) => return Err(refusal(&what, writes)),
            (Some(_), _) => {
                let text = "only questions are answered here: SELECT, VALUES, WITH, EXPLAIN, DESCRIBE, SHOW TABLES";
                return Err(Told::error(NOT_OFFERED, text));
            }
        };
        let place = self.gate.enter().await;
        asked.waited = asked.began.elapsed();
        let place = place?;
        let state = self.generations.newest().await?;
        asked.mark = Some(state.mark);
        let port = self.generations.port(&state, asked.role)?;
        let told = |error: CatalogError| sqlstate::told(&error);
        let planned = port.plan(&facts(&asked.asker, self.statement), &query, &[]).await.map_err(told)?;
        if !planned.parameters.is_empty() {
            let text = format!("there is no parameter ${}", planned.parameters.len());
            return Err(Told::error("42P02", text));
        }
        let result = port.run(&planned, &[]).await.map_err(told)?;
        Ok(Opened { columns: planned.columns.clone(), result, _place: place, _state: state })
    }

    /// Enters a question that ended into the log.
    pub(in crate::serve) fn ended(&self, asked: &Asked, rows: u64, failed: Option<&Told>) {
        let entry = Entry {
            sql: &asked.sql,
            rows,
            took: asked.began.elapsed(),
            waited: asked.waited,
            mark: asked.mark,
            failed: failed.map(|told| told.state),
        };
        journal::enter(&asked.asker, &entry);
    }
}

/// What somebody is told who had the statement stopped.
pub(in crate::serve) fn cancelled() -> Told {
    Told::error(CANCELLED, "canceling statement due to user request")
}

/// What somebody is told whose statement took too long.
pub(in crate::serve) fn timed_out() -> Told {
    Told::error(CANCELLED, "canceling statement due to statement timeout")
}

/// What became of rows on their way.
pub(in crate::serve) fn told(error: &CatalogError) -> Told {
    sqlstate::told(error)
}

/// What is not done here, in the words of the port.
pub(super) fn refusal(what: &str, writes: bool) -> Told {
    match writes {
        true => Told::error(READ_ONLY, format!("cannot execute {what}: the port is read-only")),
        false => Told::error(NOT_OFFERED, format!("{what} is not offered")),
    }
}

fn facts(asker: &Asker, timeout: Duration) -> SessionFacts {
    let settings = ClientSettings::new(&asker.user, true, timeout);
    SessionFacts {
        user: asker.user.clone(),
        process: asker.process,
        search_path: settings.search_path(),
        settings: settings.values().clone(),
    }
}
