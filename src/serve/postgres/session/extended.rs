//! Statements step by step: prepared once, bound to values, executed as often as wanted and in portions of rows.

use std::sync::Arc;

use super::perform::{Answer, unknown_cursor, unknown_statement};
use super::rows::Rows;
use super::{Clock, Session};
use crate::catalog::port::value::Parameter;
use crate::catalog::port::{Planned, PortColumn, PortStatement, parse};
use crate::serve::postgres::channel::Trouble;
use crate::serve::postgres::parameter;
use crate::serve::postgres::reply::Told;
use crate::serve::postgres::sqlstate::{self, LIMIT, NOT_OFFERED, PROTOCOL};
use crate::serve::postgres::wire::{Bind, Target};

/// A prepared statement.
pub(super) struct Prepared {
    /// As it was sent, for the log.
    pub(super) sql: String,
    /// `None`: there was no SQL in the text.
    pub(super) statement: Option<PortStatement>,
    /// Object ids of the types that the client gave its parameters; 0 where it left them open.
    pub(super) declared: Vec<u32>,
    /// What the client was told of its columns: a later state of the warehouse may not give others.
    columns: Option<Vec<PortColumn>>,
}

/// A statement with values, on its way through its rows; a cursor is one, too.
pub(super) struct Portal {
    prepared: Arc<Prepared>,
    values: Vec<Parameter>,
    /// Which columns are to be binary.
    results: Vec<bool>,
    pub(super) planned: Option<Arc<Planned>>,
    rows: Option<Rows>,
    finished: bool,
    /// It outlives its transaction.
    pub(super) hold: bool,
}

impl Prepared {
    pub(super) fn new(sql: String, statement: Option<PortStatement>, declared: Vec<u32>) -> Self {
        Self { sql, statement, declared, columns: None }
    }
}

impl Portal {
    pub(super) fn new(prepared: Arc<Prepared>, values: Vec<Parameter>, results: Vec<bool>) -> Self {
        Self { prepared, values, results, planned: None, rows: None, finished: false, hold: false }
    }
}

impl Session {
    /// Prepares a statement; a question is planned at once, so that its mistakes are told here.
    pub(super) async fn parse(&mut self, name: String, sql: String, types: Vec<u32>) -> Result<(), Trouble> {
        let clock = Clock::start(self.settings.statement_timeout());
        let prepared = self.prepare(&name, &sql, types, &clock).await;
        if let Err(Trouble::Told(told)) = &prepared {
            self.log(&sql, &clock, Some(told));
        }
        let (declared, statement) = prepared?;
        let columns = self.plans.get(&name).map(|planned| planned.columns.clone());
        self.keep(name, Prepared { columns, ..Prepared::new(sql, statement, declared) })?;
        self.channel.replies.parsed();
        Ok(())
    }

    async fn prepare(
        &mut self,
        name: &str,
        sql: &str,
        types: Vec<u32>,
        clock: &Clock,
    ) -> Result<(Vec<u32>, Option<PortStatement>), Trouble> {
        let mut statements = parse(sql, self.server.limits.sql_bytes).map_err(|error| sqlstate::told(&error))?;
        if statements.len() > 1 {
            let text = "cannot insert multiple commands into a prepared statement";
            return Err(Told::error("42601", text).into());
        }
        if !name.is_empty() && self.statements.contains_key(name) {
            return Err(Told::error("42P05", format!("prepared statement \"{name}\" already exists")).into());
        }
        self.plans.remove(name);
        let statement = statements.pop();
        if let Some(PortStatement::Query(query)) = &statement {
            self.in_order()?;
            let planned = self.planned(query, &types, clock.deadline).await?;
            self.plans.insert(name.to_owned(), planned);
        }
        Ok((types, statement))
    }

    /// Keeps a prepared statement.
    pub(super) fn keep(&mut self, name: String, prepared: Prepared) -> Result<(), Told> {
        if self.statements.len() >= self.server.limits.prepared && !self.statements.contains_key(&name) {
            return Err(Told::error(LIMIT, "too many prepared statements").with_hint("DEALLOCATE some"));
        }
        self.statements.insert(name, Arc::new(prepared));
        Ok(())
    }

    /// Keeps a portal.
    pub(super) fn enter(&mut self, name: String, portal: Portal) -> Result<(), Told> {
        if self.portals.len() >= self.server.limits.prepared && !self.portals.contains_key(&name) {
            return Err(Told::error(LIMIT, "too many open cursors").with_hint("CLOSE some"));
        }
        self.portals.insert(name, portal);
        Ok(())
    }

    /// The plan of a prepared question, in the state that the session sees now.
    async fn plan_of(&mut self, name: &str, prepared: &Prepared, clock: &Clock) -> Result<Arc<Planned>, Trouble> {
        if let Some(planned) = self.plans.get(name) {
            return Ok(Arc::clone(planned));
        }
        let Some(PortStatement::Query(query)) = &prepared.statement else {
            return Err(Told::error(NOT_OFFERED, "only questions are planned").into());
        };
        let planned = self.planned(query, &prepared.declared, clock.deadline).await?;
        if prepared.columns.as_ref().is_some_and(|columns| *columns != planned.columns) {
            return Err(Told::error(NOT_OFFERED, "cached plan must not change result type").into());
        }
        self.plans.insert(name.to_owned(), Arc::clone(&planned));
        Ok(planned)
    }

    /// Gives a prepared statement its values.
    pub(super) async fn bind(&mut self, bind: Bind) -> Result<(), Trouble> {
        let clock = Clock::start(self.settings.statement_timeout());
        let prepared = self.statements.get(&bind.statement).ok_or_else(|| unknown_statement(&bind.statement))?;
        let prepared = Arc::clone(prepared);
        let mut planned = None;
        let mut types = Vec::new();
        if matches!(prepared.statement, Some(PortStatement::Query(_))) {
            self.in_order()?;
            let plan = self.plan_of(&bind.statement, &prepared, &clock).await?;
            types.clone_from(&plan.parameters);
            planned = Some(plan);
        }
        let (wanted, given) = (types.len(), bind.values.len());
        if wanted != given {
            let text = format!("bind message supplies {given} parameters, but the statement requires {wanted}");
            return Err(Told::error(PROTOCOL, text).into());
        }
        if bind.formats.len() > 1 && bind.formats.len() != given {
            return Err(Told::error(PROTOCOL, "bind message has formats for other parameters").into());
        }
        let columns = planned.as_ref().map_or(0, |planned| planned.columns.len());
        if bind.results.len() > 1 && bind.results.len() != columns {
            return Err(Told::error(PROTOCOL, "bind message has formats for other columns").into());
        }
        let is_binary = |i: usize| match bind.formats.as_slice() {
            [] => false,
            [all] => *all,
            each => each[i],
        };
        let values = bind.values.into_iter().zip(types).enumerate();
        let values = values.map(|(i, (value, oid))| parameter::read(oid, is_binary(i), value));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let portal = Portal { planned, ..Portal::new(prepared, values, bind.results) };
        self.enter(bind.portal, portal)?;
        self.channel.replies.bound();
        Ok(())
    }

    /// Says what a statement takes and gives, or what a portal gives.
    pub(super) async fn describe(&mut self, of: Target, name: &str) -> Result<(), Trouble> {
        let clock = Clock::start(self.settings.statement_timeout());
        let (prepared, results) = match of {
            Target::Statement => {
                let found = self.statements.get(name).ok_or_else(|| unknown_statement(name))?;
                (Arc::clone(found), Vec::new())
            }
            Target::Portal => {
                let found = self.portals.get(name).ok_or_else(|| unknown_cursor(name))?;
                (Arc::clone(&found.prepared), found.results.clone())
            }
        };
        let (types, columns) = match (&prepared.statement, of) {
            (Some(PortStatement::Query(_)), Target::Statement) => {
                let planned = self.plan_of(name, &prepared, &clock).await?;
                (planned.parameters.clone(), Some(planned.columns.clone()))
            }
            (Some(PortStatement::Query(_)), Target::Portal) => {
                let planned = self.portals.get(name).and_then(|portal| portal.planned.as_ref());
                (Vec::new(), planned.map(|planned| planned.columns.clone()))
            }
            (Some(PortStatement::Execute { name, values }), _) => {
                (Vec::new(), self.columns_of_execute(name, values, &clock).await?)
            }
            (Some(other), _) => (Vec::new(), self.fixed_columns(other)),
            (None, _) => (Vec::new(), None),
        };
        if of == Target::Statement {
            self.channel.replies.parameters(&types);
        }
        match columns {
            Some(columns) => self.channel.replies.columns(&columns, |i| match results.as_slice() {
                [] => false,
                [all] => *all,
                each => each.get(i).copied().unwrap_or(false),
            }),
            None => self.channel.replies.no_rows(),
        }
        Ok(())
    }

    async fn columns_of_execute(
        &mut self,
        name: &str,
        values: &[crate::catalog::port::PortValue],
        clock: &Clock,
    ) -> Result<Option<Vec<PortColumn>>, Trouble> {
        let prepared = Arc::clone(self.statements.get(name).ok_or_else(|| unknown_statement(name))?);
        let Some(PortStatement::Query(query)) = &prepared.statement else { return Ok(None) };
        let filled = query.with_values(values, &prepared.declared).map_err(|error| sqlstate::told(&error))?;
        Ok(Some(self.planned(&filled, &[], clock.deadline).await?.columns.clone()))
    }

    /// Executes a portal: all of it, or so many rows.
    pub(super) async fn execute(&mut self, name: &str, rows: u32) -> Result<(), Trouble> {
        let portal = self.portals.get(name).ok_or_else(|| unknown_cursor(name))?;
        let prepared = Arc::clone(&portal.prepared);
        let mut clock = Clock::start(self.settings.statement_timeout());
        let done = self.execute_portal(name, &prepared, u64::from(rows), &mut clock).await;
        match &done {
            Ok(()) => self.log(&prepared.sql, &clock, None),
            Err(Trouble::Told(told)) => self.log(&prepared.sql, &clock, Some(told)),
            Err(Trouble::Ended(_)) => {}
        }
        done
    }

    async fn execute_portal(
        &mut self,
        name: &str,
        prepared: &Prepared,
        rows: u64,
        clock: &mut Clock,
    ) -> Result<(), Trouble> {
        let Some(statement) = &prepared.statement else {
            self.channel.replies.empty_query();
            return Ok(());
        };
        match self.perform(statement, clock).await? {
            Answer::Done(tag) => self.channel.replies.complete(&tag),
            Answer::Texts(texts) => {
                self.send_texts(&texts);
                self.channel.replies.complete("SHOW");
            }
            Answer::Cursor { name, rows } => self.fetch(&name, rows, false, clock).await?,
            Answer::Question(query) if matches!(statement, PortStatement::Query(_)) => {
                let before = clock.rows;
                let more = self.some_rows(name, (rows > 0).then_some(rows), clock).await?;
                match (more, query.is_explain()) {
                    (true, _) => self.channel.replies.suspended(),
                    (false, true) => self.channel.replies.complete("EXPLAIN"),
                    (false, false) => self.channel.replies.complete(&format!("SELECT {}", clock.rows - before)),
                }
            }
            // EXECUTE of what SQL prepared.
            Answer::Question(query) => {
                let _place = self.turn(clock).await?;
                let planned = self.planned(&query, &[], clock.deadline).await?;
                let results = self.portals.get(name).map(|portal| portal.results.clone()).unwrap_or_default();
                let mut rows = self.open(&planned, &[], (results, clock.deadline)).await?;
                self.send(&mut rows, None, clock).await?;
                self.channel.replies.complete(&format!("SELECT {}", clock.rows));
            }
        }
        Ok(())
    }

    /// Sends rows of the portal `name`; true when there may be more.
    async fn some_rows(&mut self, name: &str, max: Option<u64>, clock: &mut Clock) -> Result<bool, Trouble> {
        let _place = self.turn(clock).await?;
        // Taken out while it is read: whatever fails leaves it closed.
        let mut portal = self.portals.remove(name).ok_or_else(|| unknown_cursor(name))?;
        if portal.finished {
            self.portals.insert(name.to_owned(), portal);
            return Ok(false);
        }
        let planned = portal.planned.clone().ok_or_else(|| unknown_cursor(name))?;
        let mut rows = match portal.rows.take() {
            Some(rows) => rows,
            None => self.open(&planned, &portal.values, (portal.results.clone(), clock.deadline)).await?,
        };
        let more = self.send(&mut rows, max, clock).await?;
        portal.finished = !more;
        portal.rows = more.then_some(rows);
        self.portals.insert(name.to_owned(), portal);
        Ok(more)
    }

    /// FETCH: so many rows of a cursor; in the simple protocol with its columns first.
    pub(super) async fn fetch(
        &mut self,
        name: &str,
        rows: Option<u64>,
        with_columns: bool,
        clock: &mut Clock,
    ) -> Result<(), Trouble> {
        let portal = self.portals.get(name).ok_or_else(|| unknown_cursor(name))?;
        if with_columns && let Some(planned) = &portal.planned {
            self.channel.replies.columns(&planned.columns, |_| false);
        }
        let before = clock.rows;
        self.some_rows(name, rows, clock).await?;
        self.channel.replies.complete(&format!("FETCH {}", clock.rows - before));
        Ok(())
    }

    /// Forgets a statement or a portal; one that is not there is no mistake.
    pub(super) fn close(&mut self, of: Target, name: &str) {
        match of {
            Target::Statement => {
                self.statements.remove(name);
                self.plans.remove(name);
            }
            Target::Portal => {
                self.portals.remove(name);
            }
        }
        self.channel.replies.closed();
    }
}
