//! The SQL files: views (`queries/mart/`) and data tests (`queries/check/`), embedded in the binary and overridden or
//! added to by a folder.
//!
//! A file holds one SELECT; its stem is the name. Views may refer to each other in any order. A view that does not
//! plan, or hangs in a circle, is left out with its reason; the others live.

mod embedded;
mod reads;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use datafusion::datasource::ViewTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;

use super::check::{self, DATA_TESTS, OPS, Severity};
use super::error::CatalogError;
use super::guard;
use super::session::{self, hint_unknown_table};
use embedded::EMBEDDED;
pub use reads::Below;

/// SQL schema of the views, and the folder they come from.
pub(crate) const MART: &str = "mart";
/// Folder of the data tests.
const CHECK: &str = "check";

/// One SQL file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewFile {
    /// The stem: the view's name in `mart`, or the data test's.
    pub name: String,
    /// Where the text comes from, for messages: `queries/mart/sisa_dana.sql` or the overriding file.
    pub file: String,
    /// The text.
    pub sql: String,
}

impl ViewFile {
    /// The comment at the head of the file, without its dashes: purpose, grain, owner.
    #[must_use]
    pub fn comment(&self) -> String {
        let lines = self.sql.lines().map_while(|line| line.trim().strip_prefix("--"));
        lines.map(str::trim).collect::<Vec<_>>().join("\n")
    }

    /// Why a view is not written for readers of files, by the line `Not in files: …` of its comment; `None` where it is.
    #[must_use]
    pub fn not_in_files(&self) -> Option<String> {
        self.comment().lines().find_map(|line| line.strip_prefix("Not in files:")).map(|why| why.trim().to_owned())
    }
}

/// The views and data tests of a catalog.
#[derive(Debug, Clone, Default)]
pub struct ViewSet {
    views: BTreeMap<String, ViewFile>,
    checks: BTreeMap<String, ViewFile>,
}

impl ViewSet {
    /// The files of this release.
    #[must_use]
    pub fn embedded() -> Self {
        let mut set = Self::default();
        for &(folder, stem, text) in EMBEDDED {
            set.insert(folder, stem, &format!("queries/{folder}/{stem}.sql"), text);
        }
        set
    }

    /// Adds the files of `dir/mart` and `dir/check`; a file of the same stem replaces the embedded one. Missing
    /// folders are fine.
    pub fn with_overrides(mut self, dir: &Path) -> Result<Self, CatalogError> {
        for kind in [MART, CHECK] {
            let folder = dir.join(kind);
            let fail = |source| CatalogError::QueryFile { path: folder.clone(), source };
            if !folder.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&folder).map_err(fail)? {
                let path = entry.map_err(fail)?.path();
                if path.extension().is_none_or(|e| e != "sql") {
                    continue;
                }
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| CatalogError::QueryFile { path: path.clone(), source })?;
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                self.insert(kind, &stem, &path.display().to_string(), &text);
            }
        }
        Ok(self)
    }

    /// Adds or replaces one view.
    #[must_use]
    pub fn with_view(mut self, name: &str, sql: &str) -> Self {
        self.insert(MART, name, &format!("queries/{MART}/{name}.sql"), sql);
        self
    }

    /// Adds or replaces one data test.
    #[must_use]
    pub fn with_check(mut self, name: &str, sql: &str) -> Self {
        self.insert(CHECK, name, &format!("queries/{CHECK}/{name}.sql"), sql);
        self
    }

    /// The views by name.
    pub fn views(&self) -> impl Iterator<Item = &ViewFile> {
        self.views.values()
    }

    /// The data tests by name.
    pub fn checks(&self) -> impl Iterator<Item = &ViewFile> {
        self.checks.values()
    }

    fn insert(&mut self, kind: &str, stem: &str, file: &str, sql: &str) {
        let view = ViewFile { name: stem.to_owned(), file: file.to_owned(), sql: sql.to_owned() };
        let of_kind = if kind == MART { &mut self.views } else { &mut self.checks };
        of_kind.insert(stem.to_owned(), view);
    }
}

/// A view that could not be registered, or a data test that cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The view's name in `mart`, or the data test's.
    pub name: String,
    /// The file at fault.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.reason)
    }
}

/// What a view that reads `ops.data_tests` waits for, beside views; no view can have the name.
const ALL_TESTS: &str = "ops.data_tests";

/// A parsed query waiting for the views it reads.
struct Waiting<'a> {
    file: &'a ViewFile,
    statement: Statement,
    needs: BTreeSet<String>,
}

/// Registers the views as `mart.<name>`, each after those it reads, and `ops.data_tests` as soon as no more views are
/// ready: only what reads it, like `mart.mutu_data`, comes later.
pub(crate) async fn register(context: &SessionContext, set: &ViewSet) -> Result<Vec<Problem>, CatalogError> {
    let mut problems = BTreeMap::new();
    let mut waiting = Vec::new();
    for file in set.views() {
        match parse(context, set, file) {
            Ok(view) => waiting.push(view),
            Err(reason) => note(&mut problems, file, reason.to_string()),
        }
    }
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut of_tests = Vec::new();
    loop {
        let (ready, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|view| view.needs.is_subset(&done));
        waiting = later;
        if ready.is_empty() {
            let tests_missing = done.insert(ALL_TESTS.to_owned());
            if !tests_missing {
                break;
            }
            if set.checks.is_empty() && !waiting.iter().any(|view| view.needs.contains(ALL_TESTS)) {
                break;
            }
            of_tests = register_tests(context, set, &problems).await?;
        }
        for view in ready {
            match plan(context, view.statement).await {
                Ok(plan) => {
                    let table = ViewTable::new(plan, Some(view.file.sql.clone()));
                    session::register(context, MART, &view.file.name, Arc::new(table))?;
                    done.insert(view.file.name.clone());
                }
                Err(reason) => note(&mut problems, view.file, reason),
            }
        }
    }
    leave_out(&waiting, &mut problems);
    Ok(problems.into_values().chain(of_tests).collect())
}

/// Plans the data tests and registers `ops.data_tests`; gives those that do not plan.
async fn register_tests(
    context: &SessionContext,
    set: &ViewSet,
    problems: &BTreeMap<String, Problem>,
) -> Result<Vec<Problem>, CatalogError> {
    let mut found = BTreeMap::new();
    let mut planned = Vec::new();
    for file in set.checks() {
        if let Err(word) = Severity::of_comment(&file.comment()) {
            note(&mut found, file, format!("unknown severity {word}; write error or warning"));
        }
        let plan = match plan_test(context, set, (file, problems)).await {
            Ok(plan) => Some(plan),
            Err(reason) => {
                note(&mut found, file, reason);
                None
            }
        };
        planned.push(check::Planned { file, plan });
    }
    check::register(context, planned)?;
    Ok(found.into_values().collect())
}

async fn plan_test(
    context: &SessionContext,
    set: &ViewSet,
    (file, problems): (&ViewFile, &BTreeMap<String, Problem>),
) -> Result<LogicalPlan, String> {
    let test = parse(context, set, file).map_err(|reason| reason.to_string())?;
    if let Some(reason) = on_broken(&test, problems) {
        return Err(reason);
    }
    let there: BTreeSet<String> = session::table_names(context).into_iter().collect();
    if let Some(late) = test.needs.iter().find(|name| !there.contains(&format!("{MART}.{name}"))) {
        let late = if late == ALL_TESTS { late.clone() } else { format!("{MART}.{late}, which reads {ALL_TESTS}") };
        return Err(format!("a data test cannot read {late}: that is a circle"));
    }
    plan(context, test.statement).await
}

/// The plan of a statement of ours, or what is wrong with it, with the nearest names.
async fn plan(context: &SessionContext, statement: Statement) -> Result<LogicalPlan, String> {
    guard::plan_statement(context, statement).await.map_err(|error| match error {
        CatalogError::Query(text) => hint_unknown_table(&text, &session::table_names(context)),
        other => other.to_string(),
    })
}

fn note(problems: &mut BTreeMap<String, Problem>, file: &ViewFile, reason: String) {
    let problem = Problem { name: file.name.clone(), file: file.file.clone(), reason };
    problems.insert(file.name.clone(), problem);
}

fn parse<'a>(context: &SessionContext, set: &ViewSet, file: &'a ViewFile) -> Result<Waiting<'a>, CatalogError> {
    let valid = file.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !valid {
        return Err(CatalogError::Query("a query's file name may hold only a-z, 0-9 and _".to_owned()));
    }
    let state = context.state();
    let statement = guard::single_statement(&state, &file.sql)?;
    let tables = state.resolve_table_references(&statement).map_err(|e| CatalogError::from_engine(&e))?;
    let needs = tables
        .iter()
        .filter_map(|t| match t.schema() {
            Some(OPS) if t.table() == DATA_TESTS => Some(ALL_TESTS.to_owned()),
            None | Some(MART) if set.views.contains_key(t.table()) => Some(t.table().to_owned()),
            _ => None,
        })
        .collect();
    Ok(Waiting { file, statement, needs })
}

/// Notes why the views left over cannot be registered: they read a broken view, or each other in a circle.
fn leave_out(waiting: &[Waiting], problems: &mut BTreeMap<String, Problem>) {
    let mut rest: Vec<&Waiting> = waiting.iter().collect();
    // What reads a broken view is broken itself, and so on up.
    while let Some(at) = rest.iter().position(|view| on_broken(view, problems).is_some()) {
        let view = rest.remove(at);
        let reason = on_broken(view, problems).unwrap_or_default();
        note(problems, view.file, reason);
    }
    for view in &rest {
        note(problems, view.file, circle(view, &rest));
    }
}

fn on_broken(view: &Waiting, problems: &BTreeMap<String, Problem>) -> Option<String> {
    let broken = view.needs.iter().find_map(|name| problems.get(name))?;
    Some(format!("it reads {MART}.{}, which is broken ({})", broken.name, broken.file))
}

/// Follows what `view` reads until a name comes again.
fn circle(view: &Waiting, rest: &[&Waiting]) -> String {
    let mut path = vec![view.file.name.as_str()];
    let mut at = view;
    while let Some(next) = rest.iter().find(|w| at.needs.contains(&w.file.name)) {
        let seen = path.iter().position(|name| *name == next.file.name);
        path.push(&next.file.name);
        if let Some(start) = seen {
            return format!("the views read each other in a circle: {}", path[start..].join(" -> "));
        }
        at = next;
    }
    "it reads a view that could not be registered".to_owned()
}

#[cfg(test)]
mod tests;
