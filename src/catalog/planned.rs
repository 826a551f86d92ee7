//! `rencana_pada(rencana, tahun, tanggal)`: what a plan of twelve month ends asks for on a day.
//!
//! `rencana` is a text of twelve cumulative figures with blanks between, as a report binds its lists (`'4 9 15 … 95'`); within a
//! month the plan lies on the straight line from the end of the month before to its own. A day after the year asks for its last figure:
//! a posting of January that belongs to the old year does not bring back January's target. A day before it has no target,
//! nor has what is NULL. DECIMAL(9, 1), rounded once, half away from zero.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Builder};
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use chrono::{Datelike, NaiveDate};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The scale of the figures of a plan, and of what is given.
const PLAN_SCALE: u32 = 4;
const SCALE: u32 = 1;
const PRECISION: u8 = 9;

/// Longest text of a plan, in bytes.
const PLAN_BYTES_MAX: usize = 500;

/// The function.
pub(super) fn function() -> ScalarUDF {
    let arguments = vec![DataType::Utf8, DataType::Int64, DataType::Date32];
    PlannedOn { signature: Signature::exact(arguments, Volatility::Immutable) }.into()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PlannedOn {
    signature: Signature,
}

impl ScalarUDFImpl for PlannedOn {
    fn name(&self) -> &'static str {
        "rencana_pada"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(PRECISION, SCALE.cast_signed() as i8))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [plans, years, days] = &arrays[..] else { return exec_err!("rencana_pada(rencana, tahun, tanggal)") };
        let (plans, years) = (plans.as_string::<i32>(), years.as_primitive::<Int64Type>());
        let days = days.as_primitive::<Date32Type>();
        let mut answers = Decimal128Builder::with_capacity(plans.len())
            .with_precision_and_scale(PRECISION, SCALE.cast_signed() as i8)?;
        for row in 0..plans.len() {
            if plans.is_null(row) || years.is_null(row) || days.is_null(row) {
                answers.append_null();
                continue;
            }
            let Some(day) = days.value_as_date(row) else {
                return exec_err!("rencana_pada: the day is out of range");
            };
            answers.append_option(planned_on(&month_ends(plans.value(row))?, years.value(row), day));
        }
        Ok(ColumnarValue::Array(Arc::new(answers.finish()) as ArrayRef))
    }
}

/// The twelve figures of a plan, in ten-thousandths.
fn month_ends(text: &str) -> Result<[i128; 12]> {
    let figures: Option<Vec<i128>> = match text.len() {
        0..=PLAN_BYTES_MAX => text.split_ascii_whitespace().map(figure).collect(),
        _ => None,
    };
    match figures.map(TryInto::try_into) {
        Some(Ok(figures)) => Ok(figures),
        _ => exec_err!("rencana_pada: a plan is twelve figures of at most four decimals, with blanks between"),
    }
}

/// A figure like `33` or `12.5`, in ten-thousandths.
fn figure(text: &str) -> Option<i128> {
    const DIGITS_MAX: usize = 12;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > PLAN_SCALE as usize {
        return None;
    }
    format!("{whole}{part:0<4}").parse().ok()
}

/// The plan on `day`, in tenths.
fn planned_on(month_ends: &[i128; 12], year: i64, day: NaiveDate) -> Option<i128> {
    let year_of_day = i64::from(day.year());
    if year_of_day < year {
        return None;
    }
    let month = if year_of_day > year { 11 } else { day.month0() as usize };
    let days = i128::from(day.num_days_in_month());
    let passed = if year_of_day > year { days } else { i128::from(day.day()) };
    let from = if month == 0 { 0 } else { month_ends[month - 1] };
    let asked = from * days + (month_ends[month] - from) * passed;
    let unit = days * 10_i128.pow(PLAN_SCALE - SCALE);
    // Half away from zero; a plan has no figure below zero, but a straight line down is one.
    let half = if asked < 0 { -unit } else { unit };
    Some((2 * asked + half) / (2 * unit))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{month_ends, planned_on};

    const PLAN: &str = "4 9 15 24 33 42 51 59 67 76 85 95.25";

    fn on(day: &str) -> Option<i128> {
        planned_on(&month_ends(PLAN).unwrap(), 2026, day.parse().unwrap())
    }

    #[test]
    fn the_plan_lies_on_straight_lines_between_month_ends() {
        for (day, tenths) in [
            ("2026-01-31", 40),
            // 4 * 1 / 31 = 0.129…
            ("2026-01-01", 1),
            // 9 + 6 * 10 / 31 = 10.935…
            ("2026-03-10", 109),
            ("2026-10-31", 760),
            // 95.25 is a half: away from zero.
            ("2026-12-31", 953),
            ("2027-01-05", 953),
        ] {
            assert_eq!(on(day), Some(tenths), "{day}");
        }
        assert_eq!(on("2025-12-31"), None);
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for text in [
            "",
            "1 2 3",
            "1 2 3 4 5 6 7 8 9 10 11 x",
            "1 2 3 4 5 6 7 8 9 10 11 1.23456",
            "1 2 3 4 5 6 7 8 9 10 11 -1",
        ] {
            assert!(month_ends(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_plan_that_grows_never_falls() {
        let ends = month_ends(PLAN).unwrap();
        let days: Vec<NaiveDate> = NaiveDate::from_ymd_opt(2026, 1, 1)
            .unwrap()
            .iter_days()
            .take_while(|day| *day < NaiveDate::from_ymd_opt(2027, 2, 1).unwrap())
            .collect();
        let targets: Vec<i128> = days.iter().map(|day| planned_on(&ends, 2026, *day).unwrap()).collect();
        assert!(targets.is_sorted(), "{targets:?}");
    }
}
