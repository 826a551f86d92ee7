//! Which names a definition may use where: a misspelt one is a problem of the file, not an empty place in a mail.

use super::super::condition::Condition;
use super::super::nearest;
use super::super::queries::{QueryFile, QuerySet};
use super::super::sentence::{Choice, Sentence};
use crate::config::document::Section as Keys;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known while a definition is read.
pub(super) struct Names<'q> {
    queries: &'q QuerySet,
    /// What sentences of the whole report may print.
    pub(super) report: BTreeSet<String>,
    /// What queries may have after `$`.
    pub(super) bound: BTreeSet<String>,
}

/// Names beside those of the report.
#[derive(Clone, Copy)]
pub(super) enum Own<'a> {
    /// None.
    Nothing,
    /// The columns of a query.
    Row(&'a QueryFile),
    /// What a comparison offers, beside the figures of the previous edition.
    Comparison,
}

/// What the sentence of a change may print beside the figures.
const COMPARISON: [&str; 4] = ["label", "lama", "baru", "selisih"];

impl<'q> Names<'q> {
    pub(super) fn new(queries: &'q QuerySet) -> Self {
        let report = ["tanggal", "basi", "baris_lain"].map(str::to_owned).into();
        Self { queries, report, bound: ["tanggal".to_owned()].into() }
    }

    /// The query that `key` names.
    pub(super) fn query(&self, keys: &Keys<'_, '_>, key: &'static str) -> Option<Arc<QueryFile>> {
        let name = keys.required_text(key, "the name of a file below queries/report, without .sql");
        if name.is_empty() {
            return None;
        }
        let Some(query) = self.queries.get(&name) else {
            let hint = nearest::candidates(&name, self.queries.names().into_iter());
            keys.problem(key, format!("there is no query {name:?} below queries/report"), hint);
            return None;
        };
        for parameter in query.parameters().difference(&self.bound) {
            let hint = nearest::candidates(parameter, self.bound.iter().map(String::as_str));
            let message = format!("{} asks for ${parameter}, which nothing gives before it", query.file);
            keys.problem(key, message, format!("name it in [parameters] or in an earlier [[figures]]; {hint}"));
        }
        Some(Arc::new(query.clone()))
    }

    /// Whether `query` can give `column`, as far as its text tells.
    pub(super) fn column(&self, keys: &Keys<'_, '_>, key: &'static str, query: &QueryFile, column: &str) {
        let words = query.words();
        if !column.is_empty() && !words.contains(column) {
            let hint = nearest::candidates(column, words.iter().map(String::as_str).filter(|word| column_like(word)));
            keys.problem(key, format!("{} gives no column {column:?}", query.file), hint);
        }
    }

    fn known(&self, name: &str, own: Own<'_>) -> bool {
        let here = match own {
            Own::Nothing => false,
            Own::Row(query) => query.words().contains(name),
            Own::Comparison => {
                COMPARISON.contains(&name)
                    || name.strip_prefix("lalu.").is_some_and(|name| self.report.contains(name))
            }
        };
        here || self.report.contains(name)
    }

    /// Records every one of `names` that is not known.
    pub(super) fn check(&self, keys: &Keys<'_, '_>, key: &'static str, names: &[&str], own: Own<'_>) {
        for name in names.iter().filter(|name| !self.known(name, own)) {
            let words = if let Own::Row(query) = own { query.words() } else { BTreeSet::new() };
            let candidates = self.report.iter().chain(&words).map(String::as_str).filter(|word| column_like(word));
            let hint = nearest::candidates(name, candidates);
            keys.problem(key, format!("`{key}` names {name:?}, which is no figure and no column here"), hint);
        }
    }

    /// An optional sentence or list of variants, `key = "…"` or `key = [{ if = "…", text = "…" }, …]`.
    pub(super) fn choice(&self, keys: &Keys<'_, '_>, key: &'static str, own: Own<'_>) -> Choice {
        let mut choice = Choice::default();
        let sentence = |keys: &Keys<'_, '_>, key, text: &str| match Sentence::parse(text) {
            Ok(sentence) => Some(sentence),
            Err(message) => {
                keys.problem(key, message, "");
                None
            }
        };
        if keys.is_list(key) {
            for variant in keys.sections(key) {
                let condition = condition(&variant, "if");
                let text = variant.required_text("text", "the sentence");
                if let Some(sentence) = sentence(&variant, "text", &text) {
                    choice.variants.push((condition, sentence));
                }
                let names = Choice { variants: choice.variants.last().cloned().into_iter().collect() };
                self.check(&variant, "text", &names.names(), own);
                variant.finish();
            }
            return choice;
        }
        if let Some(sentence) = keys.text(key).and_then(|text| sentence(keys, key, text)) {
            choice.variants.push((None, sentence));
        }
        self.check(keys, key, &choice.names(), own);
        choice
    }

    /// As [`Names::choice`], and it must be there.
    pub(super) fn required_choice(&self, keys: &Keys<'_, '_>, key: &'static str, own: Own<'_>) -> Choice {
        if !keys.has(key) {
            keys.problem(key, format!("`{key}` is missing"), "a sentence, or a list of { if = \"…\", text = \"…\" }");
        }
        self.choice(keys, key, own)
    }

    /// An optional condition whose names are known.
    pub(super) fn condition(&self, keys: &Keys<'_, '_>, key: &'static str, own: Own<'_>) -> Option<Condition> {
        let condition = condition(keys, key)?;
        self.check(keys, key, &condition.names().collect::<Vec<_>>(), own);
        Some(condition)
    }
}

fn condition(keys: &Keys<'_, '_>, key: &'static str) -> Option<Condition> {
    match Condition::parse(keys.text(key)?) {
        Ok(condition) => Some(condition),
        Err(message) => {
            keys.problem(key, message, "");
            None
        }
    }
}

/// Words of SQL that may be a column: not its own, which stand in capitals.
fn column_like(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase()) && word.len() > 1
}
