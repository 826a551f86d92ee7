//! `Amount`: an exact decimal for the figures of a report: money, percentages and percentage points.
//!
//! It holds what a `Decimal128` cell holds, an unscaled `i128` and a scale, and nothing here passes through a float.
//! Rounding is half up in the sense of commerce: a tie goes away from zero (`71,45` prints as `71,5`).

use std::cmp::Ordering;
use std::fmt;

/// Powers of ten that fit an `i128`: the largest scale an [`Amount`] can have.
const SCALE_MAX: u32 = 38;

/// `unscaled / 10^scale`, exactly.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    unscaled: i128,
    scale: u32,
}

impl Amount {
    /// Nothing, in whole units.
    pub const ZERO: Self = Self::whole(0);

    /// `unscaled / 10^scale`.
    ///
    /// # Panics
    /// When `scale` is above 38, which no `Decimal128` has.
    #[must_use]
    pub const fn new(unscaled: i128, scale: u32) -> Self {
        assert!(scale <= SCALE_MAX, "no Decimal128 has more than 38 decimals");
        Self { unscaled, scale }
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(units: i128) -> Self {
        Self { unscaled: units, scale: 0 }
    }

    /// Reads `-1234.56`: an optional sign, digits, and at most one decimal point. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || digits.ends_with('.') || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let scale = u32::try_from(fraction.len()).ok().filter(|scale| *scale <= SCALE_MAX)?;
        let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
        Some(Self::new(sign * unscaled, scale))
    }

    /// True below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.unscaled < 0
    }

    /// True at exactly zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.unscaled == 0
    }

    /// The same distance from zero, without the sign.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Self { unscaled: self.unscaled.abs(), scale: self.scale }
    }

    /// The value with exactly `decimals` decimals, a tie rounded away from zero, as its unscaled integer.
    #[must_use]
    pub fn unscaled_at(self, decimals: u32) -> i128 {
        match self.scale.cmp(&decimals) {
            Ordering::Equal => self.unscaled,
            Ordering::Less => self.unscaled * power(decimals - self.scale),
            Ordering::Greater => divide_half_away(self.unscaled, power(self.scale - decimals)),
        }
    }

    /// The value rounded to `decimals` decimals.
    #[must_use]
    pub fn rounded(self, decimals: u32) -> Self {
        Self::new(self.unscaled_at(decimals), decimals)
    }

    /// The value divided by `10^places`: rupiah into millions with `places = 6`. Exact.
    #[must_use]
    pub const fn shifted_down(self, places: u32) -> Self {
        Self::new(self.unscaled, self.scale + places)
    }

    /// The unscaled integer and the scale.
    #[must_use]
    pub const fn parts(self) -> (i128, u32) {
        (self.unscaled, self.scale)
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self::new(self.unscaled_at(scale) + other.unscaled_at(scale), scale)
    }

    /// What is left after taking `other` away.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(Self { unscaled: -other.unscaled, scale: other.scale })
    }

    /// How many percent of `whole` this is, rounded once to `decimals`. `None` where `whole` is not above zero: a share
    /// of nothing is not a figure.
    #[must_use]
    pub fn percent_of(self, whole: Self, decimals: u32) -> Option<Self> {
        if whole.unscaled <= 0 {
            return None;
        }
        let scale = self.scale.max(whole.scale);
        let part = self.unscaled_at(scale) * 100 * power(decimals);
        Some(Self::new(divide_half_away(part, whole.unscaled_at(scale)), decimals))
    }
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    /// By value: `1.0` equals `1.00`.
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.unscaled_at(scale).cmp(&other.unscaled_at(scale))
    }
}

impl fmt::Display for Amount {
    /// `-1234.56`: what [`Amount::parse`] reads, exactly, without zeros at the end of the fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let (sign, point) = (if self.is_negative() { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

const fn power(exponent: u32) -> i128 {
    10_i128.pow(exponent)
}

/// Integer division, a tie rounded away from zero. `divisor` is above zero.
const fn divide_half_away(value: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (value / divisor, value % divisor);
    if rest.abs() >= divisor - rest.abs() { quotient + value.signum() } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn ties_go_away_from_zero() {
        for (text, decimals, expected) in
            [("71.45", 1, 715), ("71.449", 1, 714), ("-0.05", 1, -1), ("-0.04", 1, 0), ("2.5", 0, 3), ("-2.5", 0, -3)]
        {
            assert_eq!(amount(text).unscaled_at(decimals), expected, "{text} at {decimals}");
        }
    }

    #[test]
    fn a_share_is_rounded_once() {
        // 71.4499... must not become 71.45 and then 71.5.
        let share = amount("714499999.99").percent_of(amount("1000000000"), 1).unwrap();
        assert_eq!(share, amount("71.4"));
        assert_eq!(amount("-5").percent_of(amount("1000"), 1).unwrap(), amount("-0.5"));
        assert!(amount("5").percent_of(Amount::ZERO, 1).is_none());
        assert!(amount("5").percent_of(amount("-10"), 1).is_none());
    }

    #[test]
    fn scales_do_not_matter_to_the_value() {
        assert_eq!(amount("1.0"), amount("1.00"));
        assert!(amount("0.9") < amount("1"));
        assert_eq!(amount("1.25").plus(amount("-0.250")), amount("1"));
        assert_eq!([amount("0.1"), amount("0.2")].into_iter().sum::<Amount>(), amount("0.3"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (text, written) in
            [("-1234.50", "-1234.5"), ("0.00", "0"), ("-0.07", "-0.07"), ("100", "100"), ("100.000", "100")]
        {
            assert_eq!(amount(text).to_string(), written);
            assert_eq!(amount(written), amount(text));
        }
        assert_eq!(super::Amount::new(i128::MIN, 38).to_string(), "-1.70141183460469231731687303715884105728");
    }

    #[test]
    fn only_plain_decimals_are_read() {
        for text in ["", "-", ".5", "5.", "1,5", "1e3", "1.2.3", "+1", " 1", "١"] {
            assert!(Amount::parse(text).is_none(), "{text:?}");
        }
    }
}
