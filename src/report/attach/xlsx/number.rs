//! A figure as a number cell: only where Excel's 15 digits hold all of it.

use crate::report::amount::Amount;
use crate::report::page::{Figure, Unit};

/// Digits a number cell keeps.
const DIGITS: usize = 15;

/// The number, where a 64-bit float of 15 digits is the same number. This is the file format's own type: nothing is
/// computed with it.
pub(super) fn exact(amount: Amount) -> Option<f64> {
    let text = amount.to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.trim_matches('0').len() > DIGITS {
        return None;
    }
    text.parse().ok()
}

/// The number format of a figure: as many decimals as it is printed with; rupiah show cents where there are any.
pub(super) fn number_format(figure: Figure) -> String {
    match figure.unit {
        Unit::Rupiah if figure.amount != figure.amount.rounded(0) => decimals(2),
        Unit::Rupiah | Unit::Count => decimals(0),
        Unit::Percent => decimals(1),
        // The sign is what matters of a difference.
        Unit::Points => "+0.0;-0.0;0.0".to_owned(),
        Unit::Value(places) => decimals(places),
    }
}

fn decimals(places: u32) -> String {
    match places {
        0 => "#,##0".to_owned(),
        _ => format!("#,##0.{}", "0".repeat(places as usize)),
    }
}

#[cfg(test)]
mod tests {
    use super::exact;
    use crate::report::amount::Amount;

    #[test]
    fn a_number_is_exact_or_none() {
        for (text, number) in [
            ("999999999999999", Some(999_999_999_999_999.0)),
            ("9999999999999.99", Some(9_999_999_999_999.99)),
            ("1000000000000000000000", Some(1e21)),
            ("-0.1", Some(-0.1)),
            ("0", Some(0.0)),
            ("1234567890123456", None),
            ("99999999999999.99", None),
        ] {
            assert_eq!(exact(Amount::parse(text).unwrap()), number, "{text}");
        }
    }
}
