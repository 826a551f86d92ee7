//! The values of parameters, as they come over the wire: decoded by what the client says they are, exact, and made into the
//! engine's own only when the type they are compared with is known.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use super::super::error::CatalogError;

/// The value of one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// NULL.
    Null,
    /// A text, or a value in text form whose type only the question knows.
    Text(String),
    /// A number with a fraction in binary, as text.
    Float(String),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal: `unscaled` × 10^-`scale`.
    Decimal {
        /// All its digits.
        unscaled: i128,
        /// How many stand behind the point.
        scale: i8,
    },
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01.
    Timestamp {
        /// The microseconds.
        micros: i64,
        /// It is an instant, not a reading of a clock.
        utc: bool,
    },
    /// Bytes.
    Bytes(Vec<u8>),
    /// Several values of one type.
    List(Vec<Parameter>),
}

/// Most digits of a decimal.
const DIGITS_MAX: usize = 38;

impl Parameter {
    /// The engine's value; `target` is the type of what it is compared with, where that is known.
    ///
    /// # Errors
    /// A text that is no value of the type; it is not repeated.
    pub(super) fn scalar(&self, target: Option<&DataType>) -> Result<ScalarValue, CatalogError> {
        Ok(match self {
            Self::Null => match target {
                Some(target) => ScalarValue::try_new_null(target).map_err(|e| CatalogError::from_engine(&e))?,
                None => ScalarValue::Utf8(None),
            },
            Self::Text(text) => of_text(text, target)?,
            Self::Float(text) => of_text(text, Some(&DataType::Float64))?,
            Self::Bool(value) => ScalarValue::Boolean(Some(*value)),
            Self::Int(number) => ScalarValue::Int64(Some(*number)),
            Self::Decimal { unscaled, scale } => decimal(*unscaled, *scale),
            Self::Date(days) => ScalarValue::Date32(Some(*days)),
            Self::Timestamp { micros, utc } => {
                ScalarValue::TimestampMicrosecond(Some(*micros), utc.then(|| Arc::from("UTC")))
            }
            Self::Bytes(bytes) => ScalarValue::Binary(Some(bytes.clone())),
            Self::List(items) => list(items, target)?,
        })
    }
}

fn list(items: &[Parameter], target: Option<&DataType>) -> Result<ScalarValue, CatalogError> {
    let item = match target {
        Some(DataType::List(field) | DataType::LargeList(field)) => Some(field.data_type()),
        _ => None,
    };
    let scalars = items.iter().map(|one| one.scalar(item)).collect::<Result<Vec<_>, _>>()?;
    let data_type = scalars.iter().find(|one| !one.is_null()).or(scalars.first()).map(ScalarValue::data_type);
    let data_type = data_type.or(item.cloned()).unwrap_or(DataType::Utf8);
    Ok(ScalarValue::List(ScalarValue::new_list_nullable(&scalars, &data_type)))
}

fn of_text(text: &str, target: Option<&DataType>) -> Result<ScalarValue, CatalogError> {
    let unfit = || CatalogError::Value { wanted: target.map(ToString::to_string).unwrap_or_default() };
    match target {
        Some(DataType::Decimal128(..) | DataType::Decimal256(..)) => {
            let (unscaled, scale) = exact(text).ok_or_else(unfit)?;
            Ok(decimal(unscaled, scale))
        }
        Some(DataType::Boolean) => match text.trim().to_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Ok(ScalarValue::Boolean(Some(true))),
            "f" | "false" | "n" | "no" | "off" | "0" => Ok(ScalarValue::Boolean(Some(false))),
            _ => Err(unfit()),
        },
        None | Some(DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Null) => {
            Ok(ScalarValue::Utf8(Some(text.to_owned())))
        }
        Some(other) => match ScalarValue::try_from_string(dated(text.trim(), other), other) {
            Ok(value) if !value.is_null() => Ok(value),
            _ => Err(unfit()),
        },
    }
}

/// A date or an instant as the engine reads it: drivers put a time or a zone behind a date, and leave out the minutes of a zone.
fn dated(text: &str, target: &DataType) -> String {
    match target {
        DataType::Date32 | DataType::Date64 => text.split([' ', 'T']).next().unwrap_or_default().to_owned(),
        DataType::Timestamp(..) => match text.rfind(['+', '-']) {
            Some(sign) if sign > 10 && text.len() - sign == 3 => format!("{text}:00"),
            _ => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

fn decimal(unscaled: i128, scale: i8) -> ScalarValue {
    let digits = unscaled.unsigned_abs().to_string().len();
    let behind = usize::try_from(scale).unwrap_or(0);
    let precision = u8::try_from(digits.max(behind).min(DIGITS_MAX)).expect("at most 38");
    ScalarValue::Decimal128(Some(unscaled), precision, scale)
}

/// The digits of a decimal and how many of them stand behind the point: nothing is rounded.
#[must_use]
pub fn exact(text: &str) -> Option<(i128, i8)> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{behind}");
    let sign_free = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
    if sign_free.is_empty() || !sign_free.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = i32::try_from(behind.len()).ok()?.checked_sub(exponent)?;
    let unscaled: i128 = digits.parse().ok()?;
    if scale < 0 {
        let factor = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
        return Some((unscaled.checked_mul(factor)?, 0));
    }
    Some((unscaled, i8::try_from(scale).ok().filter(|scale| *scale <= 38)?))
}

#[cfg(test)]
mod tests {
    use super::{Parameter, exact};
    use arrow::datatypes::DataType;
    use datafusion::common::ScalarValue;

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(exact("1.005"), Some((1_005, 3)));
        assert_eq!(exact("-0.10"), Some((-10, 2)));
        assert_eq!(exact("+12"), Some((12, 0)));
        assert_eq!(exact("1e3"), Some((1_000, 0)));
        assert_eq!(exact("1.5e-2"), Some((15, 3)));
        for wrong in ["", ".", "1.2.3", "abc", "NaN", "1e", "--1", "9e99"] {
            assert_eq!(exact(wrong), None, "{wrong}");
        }
        let money = DataType::Decimal128(20, 2);
        let value = Parameter::Text("1.005".to_owned()).scalar(Some(&money)).unwrap();
        assert_eq!(value, ScalarValue::Decimal128(Some(1_005), 4, 3));
    }

    #[test]
    fn a_text_that_does_not_fit_is_not_repeated() {
        let error = Parameter::Text("3514xyz".to_owned()).scalar(Some(&DataType::Date32)).unwrap_err().to_string();
        assert!(!error.contains("3514") && error.contains("Date32"), "{error}");
        for text in ["2026-10-31", "2026-10-31 +07", "2026-10-31 00:00:00+07"] {
            let dated = Parameter::Text(text.to_owned()).scalar(Some(&DataType::Date32)).unwrap();
            assert_eq!(dated, ScalarValue::Date32(Some(20_757)), "{text}");
        }
        let instant = DataType::Timestamp(arrow::datatypes::TimeUnit::Millisecond, Some("UTC".into()));
        let read = |text: &str| Parameter::Text(text.to_owned()).scalar(Some(&instant)).unwrap();
        assert_eq!(read("2026-10-31 07:00:00+07"), read("2026-10-31T00:00:00Z"));
    }
}
