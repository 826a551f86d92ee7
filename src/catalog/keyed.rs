//! Personal numbers in SQL: what is typed is hashed before it becomes a query.
//!
//! A key column (class `key`) holds HMAC-SHA256 digits, so `WHERE nik = '3514…'` would find nobody. Here the literal beside
//! such a column is replaced by its hash, in the plan, before the engine sees it: the number stands in no plan, no error
//! and no log. What a hash cannot answer (order, patterns, pieces of a number) is refused with a sentence instead of
//! giving an empty result that looks like a finding.

use std::collections::BTreeMap;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::{Between, Case, InList, Like};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use super::error::CatalogError;
use super::lineage::{self, Origin};
use crate::contract::{Class, Contract};
use crate::privacy::{KeyForm, KeyState, PiiKey};

/// The columns that hold hashes, and the key to hash what is compared with them.
#[derive(Debug, Clone)]
pub struct KeyColumns {
    forms: BTreeMap<Origin, KeyForm>,
    key: Result<PiiKey, String>,
}

impl KeyColumns {
    /// The key columns of every dataset and of its history. `key` is the secret, or why there is none.
    #[must_use]
    pub fn new(contracts: &[Contract], key: Result<PiiKey, String>) -> Self {
        let mut forms = BTreeMap::new();
        for contract in contracts {
            for dataset in &contract.datasets {
                for column in &dataset.columns {
                    let Class::Key(form) = column.class else { continue };
                    let latest = (contract.source.clone(), dataset.name.clone());
                    let history = ("history".to_owned(), format!("{}_{}", contract.source, dataset.name));
                    for (schema, table) in [latest, history] {
                        forms.insert(Origin { schema, table, column: column.name.clone() }, form);
                    }
                }
            }
        }
        Self { forms, key }
    }

    /// The form of what `expr` holds, and the name to call it in a message.
    fn of(&self, expr: &Expr, inputs: &[&LogicalPlan]) -> Option<KeyColumn> {
        let origins = lineage::origins_of(expr, inputs);
        let form = origins.iter().find_map(|origin| self.forms.get(origin))?;
        let name = match stripped(expr) {
            Expr::Column(column) => column.name.clone(),
            _ => origins.first().map(|origin| origin.column.clone()).unwrap_or_default(),
        };
        Some(KeyColumn { name, form: *form })
    }

    /// The first key column anywhere inside `expr`.
    fn inside(&self, expr: &Expr, inputs: &[&LogicalPlan]) -> Option<KeyColumn> {
        expr.column_refs().into_iter().find_map(|column| self.of(&Expr::Column(column.clone()), inputs))
    }

    /// The hash that stands for `text`; a hash stays as it is, and so does what is empty: no row holds it.
    fn hash(&self, column: &KeyColumn, text: &str) -> Result<String, CatalogError> {
        if is_hash(text) {
            return Ok(text.to_owned());
        }
        match column.form.state(text) {
            KeyState::Empty => return Ok(String::new()),
            KeyState::Whole => {}
            KeyState::Masked | KeyState::Broken => return Err(column.refuse(column.wanted())),
        }
        let key = self.key.as_ref().map_err(|reason| {
            let reason = format!(
                "what is compared with it has to be hashed, and that needs the key ({reason}); or compare it with the \
                 hash that `lumbung key hash` prints"
            );
            column.refuse(&reason)
        })?;
        key.keyed(column.form, text).map_err(|_| column.refuse(column.wanted()))
    }
}

/// A column with hashes, as a comparison meets it.
struct KeyColumn {
    name: String,
    form: KeyForm,
}

impl KeyColumn {
    fn refuse(&self, reason: &str) -> CatalogError {
        CatalogError::KeyColumn { column: self.name.clone(), reason: reason.to_owned() }
    }

    /// What a comparison with it takes.
    fn wanted(&self) -> &'static str {
        match self.form {
            KeyForm::Nik => "compare it with a whole NIK (16 digits), or with a hash (64 hex digits)",
            KeyForm::Npwp => "compare it with a whole NPWP (15 or 16 digits), or with a hash (64 hex digits)",
            KeyForm::Text => "compare it with a whole text, or with a hash (64 hex digits)",
        }
    }
}

/// Why order and patterns are refused.
const ONLY_EQUAL: &str = "hashes have neither order nor parts: use = or IN with the whole value";

/// Digits of a hash.
const HASH_CHARS: usize = 64;

fn is_hash(text: &str) -> bool {
    text.len() == HASH_CHARS && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// `plan` with every literal that is compared with a key column hashed.
pub(crate) fn hash_literals(plan: LogicalPlan, keys: &KeyColumns) -> Result<LogicalPlan, CatalogError> {
    if keys.forms.is_empty() {
        return Ok(plan);
    }
    let hashed = plan.transform_down_with_subqueries(|node| {
        let copy = node.clone();
        let inputs = copy.inputs();
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let done = expr.transform_down(|expr| Ok(comparison(expr, keys, &inputs)?))?;
            Ok(done.update_data(|expr| name.restore(expr)))
        })
    });
    hashed.map(|done| done.data).map_err(|error| match error {
        DataFusionError::External(own) => match own.downcast::<CatalogError>() {
            Ok(own) => *own,
            Err(other) => CatalogError::Internal(other.to_string()),
        },
        other => CatalogError::from_engine(&other),
    })
}

impl From<CatalogError> for DataFusionError {
    fn from(error: CatalogError) -> Self {
        Self::External(Box::new(error))
    }
}

/// `expr` with its own literals hashed, where it compares a key column with literals.
fn comparison(expr: Expr, keys: &KeyColumns, inputs: &[&LogicalPlan]) -> Result<Transformed<Expr>, CatalogError> {
    check(&expr, keys, inputs)?;
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (left_key, right_key) = (keys.of(&left, inputs), keys.of(&right, inputs));
            let (left, right) = match (left_key, right_key) {
                (Some(column), None) => (left, Box::new(hashed(*right, &column, keys)?)),
                (None, Some(column)) => (Box::new(hashed(*left, &column, keys)?), right),
                _ => (left, right),
            };
            Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right })))
        }
        Expr::InList(InList { expr, list, negated }) => {
            let list = match keys.of(&expr, inputs) {
                Some(column) => list.into_iter().map(|item| hashed(item, &column, keys)).collect::<Result<_, _>>()?,
                None => list,
            };
            Ok(Transformed::yes(Expr::InList(InList { expr, list, negated })))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Refuses what a hash cannot answer.
fn check(expr: &Expr, keys: &KeyColumns, inputs: &[&LogicalPlan]) -> Result<(), CatalogError> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            if is_order(*op) || is_pattern(*op) {
                unordered(left, &[right], keys, inputs)?;
                unordered(right, &[left], keys, inputs)?;
            }
            beside(left, right, keys, inputs)?;
            beside(right, left, keys, inputs)
        }
        Expr::InList(InList { expr, list, .. }) => list.iter().try_for_each(|item| beside(expr, item, keys, inputs)),
        Expr::Like(Like { expr, pattern, .. }) | Expr::SimilarTo(Like { expr, pattern, .. }) => {
            unordered(expr, &[pattern], keys, inputs)?;
            beside(expr, pattern, keys, inputs)
        }
        Expr::Between(Between { expr, low, high, .. }) => unordered(expr, &[low, high], keys, inputs),
        Expr::Case(Case { expr: Some(base), when_then_expr, .. }) => match keys.of(base, inputs) {
            Some(column) if when_then_expr.iter().any(|(when, _)| literal(when).is_some()) => {
                Err(column.refuse("write CASE WHEN column = value THEN …"))
            }
            _ => Ok(()),
        },
        Expr::ScalarFunction(call) if call.name() != "coalesce" => {
            let column = call.args.iter().find_map(|arg| keys.of(arg, inputs));
            match column {
                Some(column) if call.args.iter().any(|arg| literal(arg).is_some_and(|text| is_number(&text))) => {
                    Err(column.refuse(ONLY_EQUAL))
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn is_order(op: Operator) -> bool {
    matches!(op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq)
}

fn is_pattern(op: Operator) -> bool {
    use Operator as O;
    matches!(
        op,
        O::RegexMatch
            | O::RegexIMatch
            | O::RegexNotMatch
            | O::RegexNotIMatch
            | O::LikeMatch
            | O::ILikeMatch
            | O::NotLikeMatch
            | O::NotILikeMatch
    )
}

/// A key column is neither ordered nor searched by `literals`; `> ''` is a way to say "not empty".
fn unordered(
    expr: &Expr,
    literals: &[&Expr],
    keys: &KeyColumns,
    inputs: &[&LogicalPlan],
) -> Result<(), CatalogError> {
    let asks = literals.iter().filter_map(|value| literal(value)).any(|text| !text.is_empty());
    match keys.of(expr, inputs) {
        Some(column) if asks => Err(column.refuse(ONLY_EQUAL)),
        _ => Ok(()),
    }
}

/// Something computed from a key column (`substr(nik, 1, 6)`) is not compared with a number or a piece of one.
fn beside(expr: &Expr, value: &Expr, keys: &KeyColumns, inputs: &[&LogicalPlan]) -> Result<(), CatalogError> {
    let Some(text) = literal(value).filter(|text| is_number(text)) else { return Ok(()) };
    if keys.of(expr, inputs).is_some() {
        return Ok(());
    }
    // A short number is the answer of length() or the like, unless it is written as a text.
    let counts = !matches!(stripped(value), Expr::Literal(scalar, _) if scalar.try_as_str().is_some());
    match keys.inside(expr, inputs) {
        Some(column) if !counts || text.len() >= NUMBER_DIGITS => Err(column.refuse(column.wanted())),
        _ => Ok(()),
    }
}

/// Fewest digits of a NIK or NPWP.
const NUMBER_DIGITS: usize = 15;

/// Is it digits only, as a NIK or a piece of one?
fn is_number(text: &str) -> bool {
    let text = text.trim_matches('%');
    text.len() > 1 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `value` as its hash where it is a literal; anything else as it is.
fn hashed(value: Expr, column: &KeyColumn, keys: &KeyColumns) -> Result<Expr, CatalogError> {
    match literal(&value) {
        Some(text) => Ok(Expr::Literal(ScalarValue::Utf8(Some(keys.hash(column, &text)?)), None)),
        None => Ok(value),
    }
}

/// The text of a literal: of a string, or of a whole number typed without quotes.
fn literal(expr: &Expr) -> Option<String> {
    let Expr::Literal(value, _) = stripped(expr) else { return None };
    if let Some(text) = value.try_as_str() {
        return text.map(str::to_owned);
    }
    match value {
        ScalarValue::Int64(Some(number)) => Some(number.to_string()),
        ScalarValue::UInt64(Some(number)) => Some(number.to_string()),
        ScalarValue::Decimal128(Some(number), _, 0) => Some(number.to_string()),
        _ => None,
    }
}

/// `expr` without the casts and names around it.
fn stripped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => stripped(&alias.expr),
        Expr::Cast(cast) => stripped(&cast.expr),
        Expr::TryCast(cast) => stripped(&cast.expr),
        other => other,
    }
}

#[cfg(test)]
mod tests;
