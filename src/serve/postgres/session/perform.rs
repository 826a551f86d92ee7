//! Statements that are no questions: settings, transactions, prepared statements and cursors by SQL.

use std::borrow::Cow;
use std::sync::Arc;

use super::extended::{Portal, Prepared};
use super::{Clock, Session};
use crate::catalog::port::types::{TEXT, TypeInfo, oid_of_name};
use crate::catalog::port::{PortColumn, PortQuery, PortStatement};
use crate::serve::postgres::channel::Trouble;
use crate::serve::postgres::desk::refusal;
use crate::serve::postgres::reply::{Standing, Told};
use crate::serve::postgres::sqlstate::{self, LIMIT, NOT_OFFERED, READ_ONLY};

/// What a statement comes to.
pub(super) enum Answer {
    /// It is done: its tag.
    Done(Cow<'static, str>),
    /// A few texts.
    Texts(Texts),
    /// Rows are asked for.
    Question(PortQuery),
    /// Rows of a cursor are asked for; `None` = all.
    Cursor { name: String, rows: Option<u64> },
}

/// A small table of texts.
pub(super) struct Texts {
    pub(super) columns: Vec<PortColumn>,
    rows: Vec<Vec<String>>,
}

fn text_column(name: &str) -> PortColumn {
    PortColumn { name: name.to_owned(), info: TypeInfo { oid: TEXT, modifier: -1, size: -1, name: "text" } }
}

fn done(tag: &'static str) -> Answer {
    Answer::Done(Cow::Borrowed(tag))
}

impl Session {
    /// Does what `statement` says, as far as it is no question.
    pub(super) async fn perform(&mut self, statement: &PortStatement, clock: &mut Clock) -> Result<Answer, Trouble> {
        use PortStatement as S;
        if !matches!(statement, S::Commit | S::Rollback | S::RollbackTo(_)) {
            self.in_order()?;
        }
        Ok(match statement {
            S::Query(query) => Answer::Question(query.clone()),
            S::Set { name, value, local } => self.set(name, value.as_deref(), *local)?,
            S::Reset(name) => self.reset(name.as_deref())?,
            S::Show(name) => Answer::Texts(self.shown(name.as_deref())?),
            S::Begin { read_write: true } => {
                return Err(
                    Told::error(READ_ONLY, "cannot set transaction read-write mode: the port is read-only").into()
                );
            }
            S::Begin { .. } => self.begin(),
            S::Commit => self.end(true),
            S::Rollback => self.end(false),
            S::Savepoint(_) | S::Release(_) | S::RollbackTo(_) => self.savepoint(statement)?,
            S::Prepare { name, types, query } => {
                let declared = types.iter().map(|name| oid_of_name(name)).collect();
                let prepared = Prepared::new(String::new(), Some(S::Query(query.clone())), declared);
                self.keep(name.clone(), prepared)?;
                done("PREPARE")
            }
            S::Execute { name, values } => self.filled(name, values)?,
            S::Deallocate(name) => self.deallocate(name.as_deref())?,
            S::Declare { name, hold, query } => self.declare(name, *hold, query, clock).await?,
            S::Fetch { name, rows } => Answer::Cursor { name: name.clone(), rows: *rows },
            S::Close(Some(name)) => {
                self.portals.remove(name).ok_or_else(|| unknown_cursor(name))?;
                done("CLOSE CURSOR")
            }
            S::Close(None) => {
                self.portals.clear();
                done("CLOSE CURSOR ALL")
            }
            S::DiscardAll => self.discard()?,
            S::Nothing(tag) => done(tag),
            S::Refused { what, writes } => return Err(refusal(what, *writes).into()),
        })
    }

    /// Sends the rows of a small table.
    pub(super) fn send_texts(&mut self, texts: &Texts) {
        for row in &texts.rows {
            self.channel.replies.row(row.len(), |out| {
                for text in row {
                    let length = i32::try_from(text.len()).expect("a setting is short");
                    out.extend_from_slice(&length.to_be_bytes());
                    out.extend_from_slice(text.as_bytes());
                }
            });
        }
    }

    /// The columns of an answer that is no question's, where it has any.
    pub(super) fn fixed_columns(&self, statement: &PortStatement) -> Option<Vec<PortColumn>> {
        match statement {
            PortStatement::Show(name) => self.shown(name.as_deref()).ok().map(|texts| texts.columns),
            PortStatement::Fetch { name, .. } => Some(self.portals.get(name)?.planned.as_ref()?.columns.clone()),
            _ => None,
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>, local: bool) -> Result<Answer, Told> {
        let before = self.settings.values().get(name).cloned();
        let change = self.settings.set(name, value)?;
        if local && let Some(before) = before {
            self.transaction.local.entry(name.to_owned()).or_insert(before);
        }
        self.tell(change.into_iter());
        Ok(done("SET"))
    }

    fn reset(&mut self, name: Option<&str>) -> Result<Answer, Told> {
        let changes = match name {
            Some(name) => self.settings.set(name, None)?.into_iter().collect(),
            None => self.settings.reset(),
        };
        self.tell(changes.into_iter());
        Ok(done("RESET"))
    }

    fn deallocate(&mut self, name: Option<&str>) -> Result<Answer, Told> {
        let Some(name) = name else {
            self.statements.clear();
            self.plans.clear();
            return Ok(done("DEALLOCATE ALL"));
        };
        self.statements.remove(name).ok_or_else(|| unknown_statement(name))?;
        self.plans.remove(name);
        Ok(done("DEALLOCATE"))
    }

    fn tell(&mut self, changes: impl Iterator<Item = (&'static str, String)>) {
        changes.for_each(|(name, value)| self.channel.replies.parameter(name, &value));
    }

    fn shown(&self, name: Option<&str>) -> Result<Texts, Told> {
        let Some(name) = name else {
            let rows =
                self.settings.all().into_iter().map(|(name, value)| vec![name.to_owned(), value, String::new()]);
            let columns = ["name", "setting", "description"].map(text_column).to_vec();
            return Ok(Texts { columns, rows: rows.collect() });
        };
        let (name, value) = self.settings.show(name)?;
        Ok(Texts { columns: vec![text_column(name)], rows: vec![vec![value]] })
    }

    fn begin(&mut self) -> Answer {
        if self.transaction.standing == Standing::Idle {
            self.transaction.standing = Standing::InTransaction;
            self.transaction.before = Some(self.settings.values().clone());
        } else {
            let told = Told::error("25001", "there is already a transaction in progress");
            self.channel.replies.warning(&told);
        }
        done("BEGIN")
    }

    /// Ends the transaction. Nothing was written, so the two ways differ in settings alone.
    fn end(&mut self, commit: bool) -> Answer {
        let standing = self.transaction.standing;
        if standing == Standing::Idle {
            self.channel.replies.warning(&Told::error("25P01", "there is no transaction in progress"));
        }
        let kept = commit && standing != Standing::Failed;
        let local = std::mem::take(&mut self.transaction.local);
        let values = match (kept, self.transaction.before.take()) {
            (false, Some(before)) => before,
            _ => {
                let mut values = self.settings.values().clone();
                values.extend(local);
                values
            }
        };
        let changes = self.settings.restore(values);
        self.tell(changes.into_iter());
        self.transaction.standing = Standing::Idle;
        self.transaction.savepoints.clear();
        self.let_go();
        done(if kept { "COMMIT" } else { "ROLLBACK" })
    }

    fn savepoint(&mut self, statement: &PortStatement) -> Result<Answer, Told> {
        if self.transaction.standing == Standing::Idle {
            return Err(Told::error("25P01", "savepoints are for transactions"));
        }
        let names = &mut self.transaction.savepoints;
        let place = |names: &[String], name: &String| {
            let unknown = || Told::error("3B001", format!("savepoint \"{name}\" does not exist"));
            names.iter().rposition(|known| known == name).ok_or_else(unknown)
        };
        Ok(match statement {
            PortStatement::Release(name) => {
                let at = place(names, name)?;
                names.truncate(at);
                done("RELEASE")
            }
            PortStatement::RollbackTo(name) => {
                let at = place(names, name)?;
                names.truncate(at + 1);
                self.transaction.standing = Standing::InTransaction;
                done("ROLLBACK")
            }
            PortStatement::Savepoint(name) if names.len() < self.server.limits.prepared => {
                names.push(name.clone());
                done("SAVEPOINT")
            }
            _ => return Err(Told::error(LIMIT, "too many savepoints")),
        })
    }

    /// EXECUTE: the prepared question with values in it.
    fn filled(&self, name: &str, values: &[crate::catalog::port::PortValue]) -> Result<Answer, Told> {
        let prepared = self.statements.get(name).ok_or_else(|| unknown_statement(name))?;
        match &prepared.statement {
            Some(PortStatement::Query(query)) => {
                let filled = query.with_values(values, &prepared.declared);
                Ok(Answer::Question(filled.map_err(|error| sqlstate::told(&error))?))
            }
            _ => Err(Told::error(NOT_OFFERED, "only questions are executed by SQL")),
        }
    }

    async fn declare(
        &mut self,
        name: &str,
        hold: bool,
        query: &PortQuery,
        clock: &mut Clock,
    ) -> Result<Answer, Trouble> {
        if self.transaction.standing == Standing::Idle && !hold {
            return Err(Told::error("25P01", "DECLARE CURSOR can only be used in transaction blocks").into());
        }
        if self.portals.contains_key(name) {
            return Err(Told::error("42P03", format!("cursor \"{name}\" already exists")).into());
        }
        let planned = self.planned(query, &[], clock.deadline).await?;
        let prepared = Prepared::new(String::new(), Some(PortStatement::Query(query.clone())), Vec::new());
        let mut portal = Portal::new(Arc::new(prepared), Vec::new(), Vec::new());
        (portal.hold, portal.planned) = (hold, Some(planned));
        self.enter(name.to_owned(), portal)?;
        Ok(done("DECLARE CURSOR"))
    }

    /// DISCARD ALL: as if the connection were new.
    fn discard(&mut self) -> Result<Answer, Told> {
        if self.transaction.standing != Standing::Idle {
            return Err(Told::error("25001", "DISCARD ALL cannot run inside a transaction block"));
        }
        self.statements.clear();
        self.portals.clear();
        self.let_go();
        let changes = self.settings.reset();
        self.tell(changes.into_iter());
        Ok(done("DISCARD ALL"))
    }
}

pub(super) fn unknown_statement(name: &str) -> Told {
    Told::error("26000", format!("prepared statement \"{name}\" does not exist"))
}

pub(super) fn unknown_cursor(name: &str) -> Told {
    Told::error("34000", format!("cursor \"{name}\" does not exist"))
}
