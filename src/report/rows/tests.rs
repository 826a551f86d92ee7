//! Exact cells from Arrow, answers remembered, and rows of one recipient only.

use super::{Parameter, Parameters, QueryFailure, Rows, RowsError, Session};
use crate::report::amount::Amount;
use crate::report::queries::{QueryFile, QuerySet};
use crate::report::value::Value;
use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int32Array, RecordBatch, StringViewArray};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers everything with the same rows and counts how often it was asked.
struct Fixed(Vec<RecordBatch>, AtomicUsize);

impl Rows for Fixed {
    fn rows<'a>(
        &'a self,
        _sql: &'a str,
        _parameters: &'a Parameters,
    ) -> BoxFuture<'a, Result<Vec<RecordBatch>, QueryFailure>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(self.0.clone()) })
    }
}

fn query(sql: &str) -> QueryFile {
    QuerySet::default().with_query("probe", sql).get("probe").unwrap().clone()
}

fn batch() -> RecordBatch {
    let money = Decimal128Array::from(vec![Some(12_345), None]).with_precision_and_scale(20, 2).unwrap();
    RecordBatch::try_from_iter([
        ("money", Arc::new(money) as ArrayRef),
        ("year", Arc::new(Int32Array::from(vec![2026, 2025]))),
        ("satker", Arc::new(StringViewArray::from(vec![Some("431001"), Some("431002")]))),
    ])
    .unwrap()
}

#[tokio::test]
async fn figures_are_exact_and_floats_are_refused() {
    let rows = Fixed(vec![batch(), batch()], AtomicUsize::new(0));
    let session = Session::new(&rows);
    let answer = session.ask(&query("SELECT 1"), &Parameters::new(), None).await.unwrap();
    let money: Vec<Value> = answer.rows().map(|row| row.value("money").clone()).collect();
    let once = [Value::Amount(Amount::new(12_345, 2)), Value::Null];
    assert_eq!(money, [once.clone(), once].concat());
    assert_eq!(answer.rows().next().unwrap().value("year").amount(), Some(Amount::whole(2026)));
    let message = answer.require(["monye"]).unwrap_err().to_string();
    assert_eq!(message, "queries/report/probe.sql gives no column monye: select it; did you mean money?");

    let float = RecordBatch::try_from_iter([("share", Arc::new(Float64Array::from(vec![1.5])) as ArrayRef)]).unwrap();
    let rows = Fixed(vec![float], AtomicUsize::new(0));
    let error = Session::new(&rows).ask(&query("SELECT 1"), &Parameters::new(), None).await.err().unwrap();
    assert!(matches!(&error, RowsError::ColumnType { column, .. } if column == "share"), "{error}");
}

#[tokio::test]
async fn a_recipient_gets_the_rows_with_its_key_and_no_others() {
    let rows = Fixed(vec![batch()], AtomicUsize::new(0));
    let session = Session::new(&rows);
    let query = query("SELECT 1");
    for (key, years) in [("431001", vec![2026]), ("431002", vec![2025]), ("431003", vec![])] {
        let own = session.ask(&query, &Parameters::new(), Some(("satker", key))).await.unwrap();
        let found: Vec<i128> = own.rows().map(|row| row.value("year").amount().unwrap().unscaled_at(0)).collect();
        assert_eq!(found, years, "{key}");
    }
    assert_eq!(rows.1.load(Ordering::Relaxed), 1, "one question, asked once");
    let error = session.ask(&query, &Parameters::new(), Some(("kdsatker", "431001"))).await.err().unwrap();
    assert!(error.to_string().contains("gives no column kdsatker"), "{error}");
}

#[tokio::test]
async fn only_what_the_query_names_is_bound_and_makes_another_question() {
    let rows = Fixed(vec![batch()], AtomicUsize::new(0));
    let session = Session::new(&rows);
    let parameters = |satker: &str, other: &str| {
        let text = |text: &str| Parameter::Text(text.to_owned());
        Parameters::from([("satker".to_owned(), text(satker)), ("other".to_owned(), text(other))])
    };
    let query = query("SELECT * FROM t WHERE kdsatker = $satker");
    for (satker, other) in [("1", "a"), ("1", "b"), ("2", "a")] {
        session.ask(&query, &parameters(satker, other), None).await.unwrap();
    }
    assert_eq!(rows.1.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn no_batches_are_no_rows() {
    let rows = Fixed(Vec::new(), AtomicUsize::new(0));
    let session = Session::new(&rows);
    let answer = session.ask(&query("SELECT 1"), &Parameters::new(), Some(("satker", "1"))).await.unwrap();
    assert_eq!(answer.rows().count(), 0);
    assert!(answer.require(["anything"]).is_ok());
}
