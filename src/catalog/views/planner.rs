//! Views and data tests are planned when somebody first asks for them, each after those it reads: a session that asks
//! about one table plans nothing else.
//!
//! What a query reads is known from its text, so the order is settled before anything is planned: whoever plans a view
//! has planned what lies below it, and a circle is found without walking it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::catalog::TableProvider;
use datafusion::datasource::ViewTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;

use super::super::check::{self, DATA_TESTS, OPS, Severity};
use super::super::error::CatalogError;
use super::super::guard;
use super::super::session::{hint_unknown_table, table_names};
use super::{MART, Problem, ViewFile, ViewSet};

/// What a view that reads `ops.data_tests` needs, beside views; no view can have the name.
const ALL_TESTS: &str = "ops.data_tests";

/// Plans the views and data tests of one session.
pub(crate) struct Planner {
    set: ViewSet,
    /// The session, as long as it lives: it holds the schemas that hold this planner.
    session: Box<dyn Fn() -> Option<SessionState> + Send + Sync>,
    found: Mutex<Found>,
}

/// What is known so far.
#[derive(Default)]
struct Found {
    views: BTreeMap<String, Result<Arc<ViewTable>, Problem>>,
    tests: Option<(Arc<ViewTable>, Vec<Problem>)>,
    /// Name -> the views it reads itself, and [`ALL_TESTS`].
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl std::fmt::Debug for Planner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planner").field("set", &self.set).finish_non_exhaustive()
    }
}

impl Planner {
    /// A planner of `set` in the session of `context`.
    pub(crate) fn new(context: &SessionContext, set: ViewSet) -> Self {
        let state = context.state_weak_ref();
        let session = Box::new(move || state.upgrade().map(|state| state.read().clone()));
        Self { set, session, found: Mutex::default() }
    }

    /// Names of the views, those left out that are known to be broken.
    pub(crate) fn names(&self) -> Vec<String> {
        let found = self.found();
        let broken = |name: &String| found.views.get(name).is_some_and(Result::is_err);
        self.set.views.keys().filter(|name| !broken(name)).cloned().collect()
    }

    /// Whether there is a file of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.set.views.contains_key(name)
    }

    /// Why the view of that name is not there, once somebody has asked for it.
    pub(crate) fn problem(&self, name: &str) -> Option<Problem> {
        self.found().views.get(name)?.as_ref().err().cloned()
    }

    /// The view; `None` where there is none, or a broken one.
    pub(crate) async fn view(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        for next in self.order(name) {
            if !self.found().views.contains_key(&next) {
                let planned = self.plan_view(&self.set.views[&next]).await;
                self.found().views.entry(next).or_insert(planned);
            }
        }
        let found = self.found();
        let view = found.views.get(name)?.as_ref().ok()?;
        Some(Arc::clone(view) as Arc<dyn TableProvider>)
    }

    /// `ops.data_tests`.
    pub(crate) async fn data_tests(&self) -> Result<Arc<dyn TableProvider>, CatalogError> {
        if let Some((table, _)) = &self.found().tests {
            return Ok(Arc::clone(table) as Arc<dyn TableProvider>);
        }
        let (mut problems, mut planned) = (Vec::new(), Vec::new());
        for file in self.set.checks() {
            if let Err(word) = Severity::of_comment(&file.comment()) {
                problems.push(problem(file, format!("unknown severity {word}; write error or warning")));
            }
            let plan = match self.plan_test(file).await {
                Ok(plan) => Some(plan),
                Err(reason) => {
                    problems.push(problem(file, reason));
                    None
                }
            };
            planned.push(check::Planned { file, plan });
        }
        let table = Arc::new(check::table(planned)?);
        self.found().tests.get_or_insert((Arc::clone(&table), problems));
        Ok(table)
    }

    /// Plans everything and says what does not plan: views first, then data tests, each by name.
    pub(crate) async fn problems(&self) -> Result<Vec<Problem>, CatalogError> {
        for name in self.set.views.keys() {
            self.view(name).await;
        }
        self.data_tests().await?;
        let found = self.found();
        let views = found.views.values().filter_map(|view| view.as_ref().err());
        let tests = found.tests.iter().flat_map(|(_, problems)| problems);
        Ok(views.chain(tests).cloned().collect())
    }

    /// A view whose views below are planned.
    async fn plan_view(&self, file: &ViewFile) -> Result<Arc<ViewTable>, Problem> {
        let valid = file.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !valid {
            return Err(problem(file, "a query's file name may hold only a-z, 0-9 and _".to_owned()));
        }
        if let Some(circle) = self.circle(&file.name) {
            return Err(problem(file, format!("the views read each other in a circle: {}", circle.join(" -> "))));
        }
        match self.on_broken(&file.name) {
            Some(reason) => Err(problem(file, reason)),
            None => self.plan(file).await.map_err(|reason| problem(file, reason)),
        }
        .map(|plan| Arc::new(ViewTable::new(plan, Some(file.sql.clone()))))
    }

    async fn plan_test(&self, file: &ViewFile) -> Result<LogicalPlan, String> {
        let needs = super::reads::tables(&file.sql).map(|names| self.needs_among(&names)).unwrap_or_default();
        if let Some(late) = needs.iter().find(|name| self.reaches_tests(name)) {
            let late =
                if late == ALL_TESTS { late.clone() } else { format!("{MART}.{late}, which reads {ALL_TESTS}") };
            return Err(format!("a data test cannot read {late}: that is a circle"));
        }
        for name in &needs {
            self.view(name).await;
            if let Some(broken) = self.problem(name) {
                return Err(reads_broken(&broken));
            }
        }
        self.plan(file).await
    }

    /// The plan of a statement of ours, or what is wrong with it, with the nearest names.
    async fn plan(&self, file: &ViewFile) -> Result<LogicalPlan, String> {
        let state = (self.session)().ok_or("the session has ended")?;
        let planned = async {
            let statement: Statement = guard::single_statement(&state, &file.sql)?;
            guard::plan_statement(&state, statement).await
        };
        planned.await.map_err(|error| match error {
            CatalogError::Query(text) => {
                let mut names = table_names(state.catalog_list());
                names.retain(|name| name.strip_prefix("mart.") != Some(&file.name));
                hint_unknown_table(&text, &names)
            }
            other => other.to_string(),
        })
    }

    /// `name` and the views below it, the lowest first.
    fn order(&self, name: &str) -> Vec<String> {
        let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
        // A name comes twice: to go below it, and when all below it have come.
        let mut open = vec![(name.to_owned(), false)];
        while let Some((name, below_done)) = open.pop() {
            if below_done {
                order.push(name);
            } else if self.has(&name) && seen.insert(name.clone()) {
                let needs = self.needs(&name);
                open.push((name, true));
                open.extend(needs.into_iter().map(|need| (need, false)));
            }
        }
        order
    }

    /// The views that the view reads itself; [`ALL_TESTS`] where it reads those.
    fn needs(&self, name: &str) -> BTreeSet<String> {
        if let Some(known) = self.found().needs.get(name) {
            return known.clone();
        }
        let tables = self.set.views.get(name).and_then(|file| super::reads::tables(&file.sql));
        let needs = tables.map(|names| self.needs_among(&names)).unwrap_or_default();
        self.found().needs.insert(name.to_owned(), needs.clone());
        needs
    }

    fn needs_among(&self, tables: &BTreeSet<String>) -> BTreeSet<String> {
        let tests = format!("{OPS}.{DATA_TESTS}");
        let of_interest = |name: &String| match name.strip_prefix("mart.") {
            Some(view) => self.has(view).then(|| view.to_owned()),
            None => (*name == tests).then(|| ALL_TESTS.to_owned()),
        };
        tables.iter().filter_map(of_interest).collect()
    }

    fn reaches_tests(&self, name: &str) -> bool {
        name == ALL_TESTS || self.order(name).iter().any(|view| self.needs(view).contains(ALL_TESTS))
    }

    fn on_broken(&self, name: &str) -> Option<String> {
        let needs = self.needs(name);
        needs.iter().find_map(|need| self.problem(need)).map(|broken| reads_broken(&broken))
    }

    /// The circle that one comes into from `name`, if there is one: its names, the first one again at the end.
    fn circle(&self, name: &str) -> Option<Vec<String>> {
        let mut path: Vec<(String, Vec<String>)> = vec![(name.to_owned(), self.needs(name).into_iter().collect())];
        let mut clear = BTreeSet::new();
        while let Some((at, rest)) = path.last_mut() {
            let Some(next) = rest.pop() else {
                clear.insert(at.clone());
                path.pop();
                continue;
            };
            if let Some(start) = path.iter().position(|(name, _)| *name == next) {
                let names = path[start..].iter().map(|(name, _)| name.clone());
                return Some(names.chain([next]).collect());
            }
            if !clear.contains(&next) {
                let needs = self.needs(&next).into_iter().collect();
                path.push((next, needs));
            }
        }
        None
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        // What was found stays true, whoever fell over while it was noted.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn problem(file: &ViewFile, reason: String) -> Problem {
    Problem { name: file.name.clone(), file: file.file.clone(), reason }
}

fn reads_broken(broken: &Problem) -> String {
    format!("it reads {MART}.{}, which is broken ({})", broken.name, broken.file)
}
