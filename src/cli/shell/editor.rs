//! The line editor: keys, completion, several lines until the semicolon.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Behavior, CompletionType, Config, Editor, Helper};

use super::complete::Vocabulary;
use super::meta;
use crate::catalog::tokens;

/// What was read.
pub(super) enum Read {
    /// A command or one or more statements.
    Text(String),
    /// Ctrl-C: the line is given up.
    Interrupted,
    /// Ctrl-D, or the terminal is gone.
    End,
}

/// The editor of one shell.
pub(super) struct LineEditor {
    editor: Editor<Rules, MemHistory>,
}

impl LineEditor {
    /// An editor that remembers `entries`, and knows tables as soon as they are in `vocabulary`.
    pub(super) fn new(vocabulary: Arc<OnceLock<Vocabulary>>, entries: &[String]) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_prompt_limit(100)
            .behavior(Behavior::Stdio)
            .build();
        let mut editor = Editor::with_history(config, MemHistory::new())?;
        editor.set_helper(Some(Rules { vocabulary }));
        for entry in entries {
            editor.add_history_entry(entry)?;
        }
        Ok(Self { editor })
    }

    /// Tab knows other tables from now on.
    pub(super) fn learn(&mut self, vocabulary: Arc<OnceLock<Vocabulary>>) {
        self.editor.set_helper(Some(Rules { vocabulary }));
    }

    /// Reads up to the end of a statement or command. What was typed can be called back, also what is never written down.
    pub(super) fn read(&mut self, prompt: &str) -> Result<Read, ReadlineError> {
        match self.editor.readline(prompt) {
            Ok(text) => {
                if !text.trim().is_empty() {
                    self.editor.add_history_entry(text.trim())?;
                }
                Ok(Read::Text(text))
            }
            Err(ReadlineError::Interrupted) => Ok(Read::Interrupted),
            Err(ReadlineError::Eof) => Ok(Read::End),
            Err(error) => Err(error),
        }
    }
}

struct Rules {
    vocabulary: Arc<OnceLock<Vocabulary>>,
}

impl Helper for Rules {}

impl Hinter for Rules {
    type Hint = String;
}

impl Highlighter for Rules {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Borrowed(hint)
    }
}

impl Completer for Rules {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        // Before the tables are known there are the keywords.
        let offers = self.vocabulary.get().map(|vocabulary| vocabulary.offers(line, pos));
        Ok(offers.unwrap_or_else(|| Vocabulary::default().offers(line, pos)))
    }
}

impl Validator for Rules {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let mut text = context.input();
        while let Some((_, after)) = meta::first_line(text) {
            text = after;
        }
        let whole = !tokens::statements(text).1;
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}
