//! SQL that is answered at once: one text, perhaps several statements, one state of the warehouse for all of them.

use super::perform::Answer;
use super::{Clock, Session};
use crate::catalog::port::{PortStatement, parse};
use crate::serve::postgres::channel::Trouble;
use crate::serve::postgres::reply::Told;
use crate::serve::postgres::sqlstate;

impl Session {
    /// Answers `sql`. What fails ends it; the client is told and the session goes on.
    pub(super) async fn query(&mut self, sql: &str) -> Result<(), Trouble> {
        self.portals.remove("");
        let mut clock = Clock::start(self.settings.statement_timeout());
        let answered = self.statements(sql, &mut clock).await;
        match answered {
            Ok(()) => self.log(sql, &clock, None),
            Err(Trouble::Told(told)) => {
                self.log(sql, &clock, Some(&told));
                self.failed(&told);
                if told.fatal {
                    return Err(Trouble::Told(told));
                }
            }
            Err(ended) => return Err(ended),
        }
        self.ready();
        Ok(())
    }

    async fn statements(&mut self, sql: &str, clock: &mut Clock) -> Result<(), Trouble> {
        let statements = parse(sql, self.server.limits.sql_bytes).map_err(|error| sqlstate::told(&error))?;
        if statements.is_empty() {
            self.channel.replies.empty_query();
        }
        for statement in &statements {
            self.one(statement, clock).await?;
        }
        Ok(())
    }

    async fn one(&mut self, statement: &PortStatement, clock: &mut Clock) -> Result<(), Trouble> {
        match self.perform(statement, clock).await? {
            Answer::Done(tag) => self.channel.replies.complete(&tag),
            Answer::Texts(texts) => {
                self.channel.replies.columns(&texts.columns, |_| false);
                self.send_texts(&texts);
                self.channel.replies.complete("SHOW");
            }
            Answer::Question(query) => {
                let _place = self.turn(clock).await?;
                let planned = self.planned(&query, &[], clock.deadline).await?;
                if !planned.parameters.is_empty() {
                    let text = format!("there is no parameter ${}", planned.parameters.len());
                    return Err(Told::error("42P02", text).into());
                }
                let mut rows = self.open(&planned, &[], (Vec::new(), clock.deadline)).await?;
                self.channel.replies.columns(&planned.columns, |_| false);
                let before = clock.rows;
                self.send(&mut rows, None, clock).await?;
                let tag =
                    if query.is_explain() { "EXPLAIN".to_owned() } else { format!("SELECT {}", clock.rows - before) };
                self.channel.replies.complete(&tag);
            }
            Answer::Cursor { name, rows } => self.fetch(&name, rows, true, clock).await?,
        }
        Ok(())
    }
}
