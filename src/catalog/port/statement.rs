//! What a client of PostgreSQL may say: its SQL, sorted into the few kinds of statements that a read-only port knows.
//!
//! Questions about data are parsed as they are written. Only questions about the catalog (`pg_catalog`,
//! `information_schema`, `version()`), which clients ask in SQL that the engine does not speak, go through the rewriting
//! rules of `datafusion-pg-catalog`: some of these rules replace what they cannot express (a correlated subquery becomes
//! NULL), which is harmless in a listing and would be a wrong figure elsewhere.

use std::sync::OnceLock;

use datafusion::common::TableReference;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{
    self, CloseCursor, Declare, DiscardObject, Expr, FetchDirection, Reset, Set, TransactionMode, Value,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion_postgres::datafusion_pg_catalog::sql::PostgresCompatibilityParser;

use super::super::error::CatalogError;
use super::rewrite;

/// Deepest nesting of expressions and queries.
const DEPTH_MAX: usize = 50;

/// Most statements in one text.
const STATEMENTS_MAX: usize = 64;

/// One statement.
#[derive(Debug, Clone)]
pub enum PortStatement {
    /// A question: SELECT, VALUES, EXPLAIN, DESCRIBE.
    Query(PortQuery),
    /// `SET name = value`; `None` is DEFAULT.
    Set {
        /// In lower case.
        name: String,
        /// As text, lists joined by ", ".
        value: Option<String>,
        /// Only until the transaction ends.
        local: bool,
    },
    /// `RESET name`; `None` is ALL.
    Reset(Option<String>),
    /// `SHOW name`, in lower case; `None` is ALL.
    Show(Option<String>),
    /// BEGIN or START TRANSACTION; a transaction is read-only and sees one state of the warehouse.
    Begin {
        /// It asked for READ WRITE, which is refused.
        read_write: bool,
    },
    /// COMMIT or END.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// SAVEPOINT.
    Savepoint(String),
    /// RELEASE SAVEPOINT.
    Release(String),
    /// ROLLBACK TO SAVEPOINT.
    RollbackTo(String),
    /// PREPARE.
    Prepare {
        /// The statement's name.
        name: String,
        /// Types of its parameters as SQL writes them.
        types: Vec<String>,
        /// The question.
        query: PortQuery,
    },
    /// EXECUTE, with values as SQL writes them.
    Execute {
        /// The statement's name.
        name: String,
        /// Its parameters.
        values: Vec<PortValue>,
    },
    /// DEALLOCATE; `None` is ALL.
    Deallocate(Option<String>),
    /// DECLARE CURSOR.
    Declare {
        /// The cursor's name.
        name: String,
        /// It outlives its transaction.
        hold: bool,
        /// The question.
        query: PortQuery,
    },
    /// FETCH; `None` is ALL.
    Fetch {
        /// The cursor's name.
        name: String,
        /// Rows forward.
        rows: Option<u64>,
    },
    /// CLOSE; `None` is ALL.
    Close(Option<String>),
    /// DISCARD ALL.
    DiscardAll,
    /// Does nothing and says so by its tag: LISTEN nothing, DISCARD PLANS and the like.
    Nothing(&'static str),
    /// What a read-only port does not do.
    Refused {
        /// The statement's first word.
        what: String,
        /// Whether it would write, or is only not offered.
        writes: bool,
    },
}

/// A question, parsed and not planned yet.
#[derive(Debug, Clone)]
pub struct PortQuery {
    pub(super) statement: Box<ast::Statement>,
    /// It asks about the catalog and nothing else.
    pub(super) about_catalog: bool,
}

/// A value that stands in an EXECUTE.
#[derive(Debug, Clone)]
pub struct PortValue(pub(super) Expr);

impl PortQuery {
    /// Whether it asks for a plan instead of rows.
    #[must_use]
    pub fn is_explain(&self) -> bool {
        matches!(*self.statement, ast::Statement::Explain { .. })
    }

    /// Whether it asks about tables and types only, not about data.
    #[must_use]
    pub fn is_about_catalog(&self) -> bool {
        self.about_catalog
    }
}

/// The statements in `sql`; none where there are only comments.
///
/// # Errors
/// [`CatalogError::Query`] where it is no SQL, [`CatalogError::Refused`] where it is longer than `sql_bytes`.
pub fn parse(sql: &str, sql_bytes: usize) -> Result<Vec<PortStatement>, CatalogError> {
    if sql.len() > sql_bytes {
        return Err(CatalogError::Refused(format!("the SQL text is longer than {sql_bytes} bytes")));
    }
    let plain = parse_plain(sql);
    let statements = match plain {
        Ok(mut statements) if statements.len() == 1 && is_about_catalog(&statements[0]) => {
            if rewrite::name_functions(&mut statements[0]) {
                statements.into_iter().map(rewritten).collect()
            } else {
                // The rules look for whole texts of well-known clients, so they get the text as it came.
                compatible(sql).unwrap_or(statements)
            }
        }
        Ok(statements) => statements.into_iter().map(rewritten).collect(),
        Err(error) => match compatible(sql) {
            Ok(all) if all.iter().all(is_about_catalog) => all,
            _ => return Err(not_sql(&error)),
        },
    };
    if statements.len() > STATEMENTS_MAX {
        return Err(CatalogError::Refused(format!("more than {STATEMENTS_MAX} statements in one text")));
    }
    Ok(statements.into_iter().map(sorted).collect())
}

fn parse_plain(sql: &str) -> Result<Vec<ast::Statement>, ParserError> {
    Parser::new(&PostgreSqlDialect {}).with_recursion_limit(DEPTH_MAX).try_with_sql(sql)?.parse_statements()
}

fn compatible(sql: &str) -> Result<Vec<ast::Statement>, ParserError> {
    Ok(rules().parse(sql)?.into_iter().map(rewrite::for_catalog).collect())
}

/// A statement among several: rewritten where it asks about the catalog alone.
fn rewritten(statement: ast::Statement) -> ast::Statement {
    if is_about_catalog(&statement) { rewrite::for_catalog(rules().rewrite(statement)) } else { statement }
}

/// The rewriting rules; making them parses some hundred texts, so it is done once.
fn rules() -> &'static PostgresCompatibilityParser {
    static RULES: OnceLock<PostgresCompatibilityParser> = OnceLock::new();
    RULES.get_or_init(PostgresCompatibilityParser::new)
}

fn not_sql(error: &ParserError) -> CatalogError {
    let text = error.to_string();
    let text = text.strip_prefix("sql parser error: ").unwrap_or(&text);
    CatalogError::Query(format!("{text}; is a comma, quote or bracket missing?"))
}

/// Functions that stand where tables do.
const ROW_FUNCTIONS: [&str; 2] = ["generate_series", "unnest"];

/// Whether a query reads tables of the catalog and no others; one without any table counts.
fn is_about_catalog(statement: &ast::Statement) -> bool {
    if !matches!(statement, ast::Statement::Query(_)) {
        return false;
    }
    let engine = EngineStatement::Statement(Box::new(statement.clone()));
    let Ok((tables, _)) = resolve_table_references(&engine, true) else { return false };
    let of_catalog = |table: &TableReference| match table.schema() {
        Some(schema) => matches!(schema, "pg_catalog" | "information_schema"),
        None => table.table().starts_with("pg_"),
    };
    // A function that makes rows says nothing of whom a question beside it is about.
    let is_function = |table: &TableReference| table.schema().is_none() && ROW_FUNCTIONS.contains(&table.table());
    tables.iter().all(|table| of_catalog(table) || is_function(table))
        && (tables.is_empty() || tables.iter().any(of_catalog))
}

fn sorted(statement: ast::Statement) -> PortStatement {
    use ast::Statement as S;
    match statement {
        S::Query(_) | S::Explain { .. } | S::ExplainTable { .. } => question(statement),
        S::ShowTables { .. } => PortStatement::Query(listing_of_tables()),
        S::Set(set) => setting(set),
        S::Reset(reset) => PortStatement::Reset(match reset.reset {
            Reset::ALL => None,
            Reset::ConfigurationParameter(name) => Some(name.to_string().to_lowercase()),
        }),
        S::ShowVariable { variable } => {
            let name = variable.iter().map(|word| word.value.to_lowercase()).collect::<Vec<_>>().join(" ");
            PortStatement::Show(Some(name).filter(|name| name != "all"))
        }
        S::StartTransaction { modes, statements, .. } if statements.is_empty() => PortStatement::Begin {
            read_write: modes
                .iter()
                .any(|mode| matches!(mode, TransactionMode::AccessMode(ast::TransactionAccessMode::ReadWrite))),
        },
        S::Commit { .. } => PortStatement::Commit,
        S::Rollback { savepoint: None, .. } => PortStatement::Rollback,
        S::Rollback { savepoint: Some(name), .. } => PortStatement::RollbackTo(name.value),
        S::Savepoint { name } => PortStatement::Savepoint(name.value),
        S::ReleaseSavepoint { name } => PortStatement::Release(name.value),
        S::Prepare { name, data_types, statement } => match question(*statement) {
            PortStatement::Query(query) => PortStatement::Prepare {
                name: name.value,
                types: data_types.iter().map(ToString::to_string).collect(),
                query,
            },
            refused => refused,
        },
        S::Execute { name: Some(name), parameters, immediate: false, .. } => PortStatement::Execute {
            name: unquoted(&name.to_string()),
            values: parameters.into_iter().map(PortValue).collect(),
        },
        S::Deallocate { name, .. } => PortStatement::Deallocate(unless_all(&name)),
        S::Declare { stmts } => cursor(stmts),
        S::Fetch { name, direction, into: None, .. } => fetch(name.value, &direction),
        S::Close { cursor } => PortStatement::Close(match cursor {
            CloseCursor::All => None,
            CloseCursor::Specific { name } => Some(name.value),
        }),
        S::Discard { object_type: DiscardObject::ALL } => PortStatement::DiscardAll,
        S::Discard { .. } => PortStatement::Nothing("DISCARD"),
        S::UNLISTEN { .. } => PortStatement::Nothing("UNLISTEN"),
        other => refused(&other),
    }
}

/// A question; whatever else stands where one has to be is refused.
fn question(statement: ast::Statement) -> PortStatement {
    let inner = match &statement {
        ast::Statement::Explain { statement, .. } => statement.as_ref(),
        other => other,
    };
    if !matches!(inner, ast::Statement::Query(_) | ast::Statement::ExplainTable { .. }) {
        return refused(inner);
    }
    let about_catalog = is_about_catalog(&statement);
    PortStatement::Query(PortQuery { statement: Box::new(statement), about_catalog })
}

/// What SHOW TABLES asks for.
fn listing_of_tables() -> PortQuery {
    let sql = "SELECT table_schema, table_name, table_type FROM information_schema.tables \
        WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY table_schema, table_name";
    let mut statements = parse_plain(sql).expect("it is SQL");
    PortQuery { statement: Box::new(statements.remove(0)), about_catalog: true }
}

fn refused(statement: &ast::Statement) -> PortStatement {
    let text = statement.to_string();
    let word = text.split_whitespace().next().unwrap_or_default();
    let what: String = word.chars().filter(char::is_ascii_alphabetic).take(20).collect::<String>().to_uppercase();
    // What is merely not there; everything else would change something.
    let writes = !matches!(what.as_str(), "LISTEN" | "SHOW" | "FETCH" | "DECLARE" | "EXECUTE" | "CALL" | "COPY");
    PortStatement::Refused { what, writes }
}

fn setting(set: Set) -> PortStatement {
    match set {
        Set::SingleAssignment { scope, variable, values, .. } => {
            let text = values.iter().map(written).collect::<Vec<_>>().join(", ");
            PortStatement::Set {
                name: unquoted(&variable.to_string()).to_lowercase(),
                value: Some(text).filter(|text| !text.eq_ignore_ascii_case("default")),
                local: matches!(scope, Some(ast::ContextModifier::Local)),
            }
        }
        Set::SetTimeZone { local, value } => PortStatement::Set {
            name: "timezone".to_owned(),
            value: Some(written(&value)).filter(|zone| !matches!(zone.to_lowercase().as_str(), "default" | "local")),
            local,
        },
        Set::SetNames { charset_name, .. } => {
            PortStatement::Set { name: "client_encoding".to_owned(), value: Some(charset_name.value), local: false }
        }
        Set::SetTransaction { modes, .. } => {
            let write = TransactionMode::AccessMode(ast::TransactionAccessMode::ReadWrite);
            match modes.contains(&write) {
                true => PortStatement::Refused { what: "SET TRANSACTION READ WRITE".to_owned(), writes: true },
                false => PortStatement::Nothing("SET"),
            }
        }
        Set::SetRole { role_name: None, .. } => PortStatement::Nothing("SET"),
        Set::SetRole { .. } => PortStatement::Refused { what: "SET ROLE".to_owned(), writes: true },
        Set::SetSessionAuthorization(_) => {
            PortStatement::Refused { what: "SET SESSION AUTHORIZATION".to_owned(), writes: true }
        }
        _ => PortStatement::Refused { what: "SET".to_owned(), writes: false },
    }
}

/// A value of SET as text.
fn written(value: &Expr) -> String {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        Expr::Identifier(word) => word.value.clone(),
        other => unquoted(&other.to_string()),
    }
}

fn unquoted(name: &str) -> String {
    name.trim_matches('"').to_owned()
}

fn unless_all(name: &ast::Ident) -> Option<String> {
    let is_all = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all");
    (!is_all).then(|| name.value.clone())
}

fn cursor(mut declared: Vec<Declare>) -> PortStatement {
    let (Some(one), true) = (declared.pop(), declared.is_empty()) else {
        return PortStatement::Refused { what: "DECLARE".to_owned(), writes: false };
    };
    let (Some(name), Some(query)) = (one.names.into_iter().next(), one.for_query) else {
        return PortStatement::Refused { what: "DECLARE".to_owned(), writes: false };
    };
    let statement = rewritten(ast::Statement::Query(query));
    match question(statement) {
        PortStatement::Query(query) => {
            PortStatement::Declare { name: name.value, hold: one.hold == Some(true), query }
        }
        other => other,
    }
}

/// FETCH forward; backwards would need rows that are gone.
fn fetch(name: String, direction: &FetchDirection) -> PortStatement {
    use FetchDirection as D;
    let count = |limit: &ast::ValueWithSpan| match &limit.value {
        Value::Number(digits, _) => digits.parse::<u64>().ok(),
        _ => None,
    };
    let rows = match direction {
        D::Next | D::Forward { limit: None } => Some(Some(1)),
        D::All | D::ForwardAll => Some(None),
        D::Count { limit } | D::Forward { limit: Some(limit) } => count(limit).map(Some),
        _ => None,
    };
    match rows {
        Some(rows) => PortStatement::Fetch { name, rows },
        None => PortStatement::Refused { what: "FETCH BACKWARD".to_owned(), writes: false },
    }
}

#[cfg(test)]
mod tests;
