//! An exact decimal total: a 128-bit integer and where its point stands.

use std::fmt;
use std::str::FromStr;

/// An exact decimal: `unscaled` / 10^`scale`. Written plainly, `-1234.50`; never a float, never an exponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExactSum {
    /// The figure without its point: 123450 for 1234.50.
    pub unscaled: i128,
    /// Digits after the point.
    pub scale: u8,
}

/// A text that is not a plain decimal of at most 38 digits.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a plain decimal such as -1234.50")]
pub struct ParseSumError(String);

impl fmt::Display for ExactSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let scale = usize::from(self.scale);
        let digits = format!("{:0width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        if scale == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{part}") }
    }
}

impl FromStr for ExactSum {
    type Err = ParseSumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseSumError(text.to_owned());
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if digits.is_empty() || !plain(digits) || !plain(part) || (part.is_empty() && text.contains('.')) {
            return Err(refused());
        }
        let unscaled = format!("{whole}{part}").parse().map_err(|_| refused())?;
        Ok(Self { unscaled, scale: u8::try_from(part.len()).map_err(|_| refused())? })
    }
}

#[cfg(test)]
mod tests {
    use super::ExactSum;

    #[test]
    fn a_sum_reads_back_as_it_was_written() {
        for (unscaled, scale, text) in [
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (123_450, 2, "1234.50"),
            (-7, 0, "-7"),
            (i128::MAX, 4, "17014118346046923173168730371588410.5727"),
        ] {
            let sum = ExactSum { unscaled, scale };
            assert_eq!(sum.to_string(), text);
            assert_eq!(text.parse::<ExactSum>().unwrap(), sum);
        }
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in ["", "-", ".5", "1.", "1e3", "1,5", "+1", "1.-5", "--1", "1.2.3"] {
            assert!(text.parse::<ExactSum>().is_err(), "{text}");
        }
    }
}
