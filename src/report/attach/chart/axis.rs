//! The vertical axis: always holds zero, ends on round figures, and is labelled the Indonesian way.

use crate::report::amount::Amount;
use crate::report::id_id;
use crate::report::page::Unit;

/// Figures are placed with so many decimals: far finer than a pixel.
const DECIMALS: u32 = 4;
const ONE: i128 = 10_i128.pow(DECIMALS);
/// About so many steps from bottom to top.
const STEPS: i128 = 5;
/// The words a money or count axis may use: the power of ten and the word.
const WORDS: [(u32, &str); 3] = [(12, "triliun"), (9, "miliar"), (6, "juta")];

/// A zero-based axis in ten-thousandths of its unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    low: i128,
    high: i128,
    step: i128,
    unit: Unit,
}

/// One line of the grid.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) label: String,
    /// Distance from the bottom, in the length that was asked for.
    pub(super) at: i32,
    pub(super) zero: bool,
}

impl Axis {
    /// The axis that holds zero and all of `figures`.
    pub(super) fn of(figures: impl Iterator<Item = Amount>, unit: Unit) -> Self {
        let (low, high) = figures
            .map(|figure| figure.unscaled_at(DECIMALS))
            .fold((0, 0), |(low, high), figure| (figure.min(low), figure.max(high)));
        let high = if low == high { ONE } else { high };
        let step = nice((high - low + STEPS - 1) / STEPS, unit == Unit::Count);
        let up = |distance: i128| (distance + step - 1) / step * step;
        Self { low: -up(-low), high: up(high), step, unit }
    }

    /// How far above the bottom a figure stands on an axis of `length`.
    pub(super) fn place(&self, figure: Amount, length: i32) -> i32 {
        self.distance(figure.unscaled_at(DECIMALS), length)
    }

    fn distance(&self, figure: i128, length: i32) -> i32 {
        let (mut part, mut whole) = (figure - self.low, self.high - self.low);
        // So that the product below fits, whatever the figures are.
        while whole > 10_i128.pow(30) {
            (part, whole) = (part / 10, whole / 10);
        }
        i32::try_from(part * i128::from(length) / whole).unwrap_or(length)
    }

    /// The lines of the grid, from the bottom.
    pub(super) fn ticks(&self, length: i32) -> Vec<Tick> {
        let count = (self.high - self.low) / self.step;
        let tick = |index: i128| {
            let figure = self.low + index * self.step;
            Tick { label: self.label(figure), at: self.distance(figure, length), zero: figure == 0 }
        };
        (0..=count).map(tick).collect()
    }

    fn label(&self, figure: i128) -> String {
        let amount = Amount::new(figure, DECIMALS);
        match self.unit {
            Unit::Percent => format!("{}%", id_id::decimal(amount, self.decimals(0))),
            Unit::Points | Unit::Value(_) => id_id::decimal(amount, self.decimals(0)),
            Unit::Rupiah | Unit::Count => self.in_words(amount),
        }
    }

    /// All labels in the largest word in which a step has at most one decimal: `250 miliar`, not `0,25 triliun`.
    fn in_words(&self, amount: Amount) -> String {
        let fits = |places: u32| {
            let word = 10_i128.pow(places) * ONE;
            self.high.max(-self.low) >= word && self.step % (word / 10) == 0
        };
        let word = WORDS.into_iter().find(|(places, _)| fits(*places));
        match word {
            _ if amount.is_zero() => id_id::decimal(amount, 0),
            Some((places, word)) => {
                format!("{}\u{a0}{word}", id_id::decimal(amount.shifted_down(places), self.decimals(places)))
            }
            None => id_id::decimal(amount, self.decimals(0)),
        }
    }

    /// The fewest decimals that tell every step apart, the figures divided by `10^places`.
    fn decimals(&self, places: u32) -> u32 {
        let whole = 10_i128.pow(places) * ONE;
        (0..places + DECIMALS).find(|decimals| self.step % (whole / 10_i128.pow(*decimals)) == 0).unwrap_or(DECIMALS)
    }
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`; whole units when `whole`.
fn nice(least: i128, whole: bool) -> i128 {
    let mut power = if whole { ONE } else { 1 };
    loop {
        for (times, over) in [(1, 1), (2, 1), (5, 2), (5, 1)] {
            let step = power * times / over;
            let exact = power * times % over == 0 && (!whole || step % ONE == 0);
            if exact && step >= least {
                return step;
            }
        }
        power *= 10;
    }
}

/// A figure as the label at a line's end prints it.
pub(super) fn printed(figure: Amount, unit: Unit) -> String {
    match unit {
        Unit::Rupiah => id_id::rupiah_prose(figure),
        Unit::Percent => id_id::percent(figure),
        Unit::Points => id_id::signed_points(figure),
        Unit::Count if figure.magnitude() >= Amount::whole(1_000_000) => id_id::compact(figure, 1),
        Unit::Count => id_id::decimal(figure, 0),
        Unit::Value(decimals) => id_id::decimal(figure, decimals),
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;
    use crate::report::amount::Amount;
    use crate::report::page::Unit;

    fn labels(figures: &[&str], unit: Unit) -> Vec<String> {
        let figures = figures.iter().map(|text| Amount::parse(text).unwrap());
        let ticks = Axis::of(figures, unit).ticks(1_000);
        assert!(ticks.len() <= 8 && ticks.iter().filter(|tick| tick.zero).count() == 1, "{ticks:?}");
        assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at), "{ticks:?}");
        ticks.into_iter().map(|tick| tick.label.replace('\u{a0}', " ")).collect()
    }

    #[test]
    fn ticks_are_round_and_say_their_word() {
        assert_eq!(labels(&["12", "98.4"], Unit::Percent), ["0%", "20%", "40%", "60%", "80%", "100%"]);
        assert_eq!(
            labels(&["1070000000000"], Unit::Rupiah),
            ["0", "250 miliar", "500 miliar", "750 miliar", "1.000 miliar", "1.250 miliar"]
        );
        assert_eq!(
            labels(&["2400000000000"], Unit::Rupiah),
            ["0", "0,5 triliun", "1,0 triliun", "1,5 triliun", "2,0 triliun", "2,5 triliun"]
        );
        assert_eq!(labels(&["450000"], Unit::Rupiah), ["0", "100.000", "200.000", "300.000", "400.000", "500.000"]);
        assert_eq!(labels(&["3"], Unit::Count), ["0", "1", "2", "3"]);
        assert_eq!(labels(&["0.9"], Unit::Value(2)), ["0,0", "0,2", "0,4", "0,6", "0,8", "1,0"]);
    }

    #[test]
    fn figures_below_zero_have_room() {
        assert_eq!(labels(&["-4.6", "6.1"], Unit::Points), ["−5,0", "−2,5", "0,0", "2,5", "5,0", "7,5"]);
        assert_eq!(labels(&["-3000000"], Unit::Rupiah), ["−3 juta", "−2 juta", "−1 juta", "0"]);
    }

    #[test]
    fn nothing_and_the_huge_have_an_axis() {
        assert_eq!(labels(&[], Unit::Percent).first().unwrap(), "0,0%");
        assert_eq!(labels(&["0", "0"], Unit::Count), ["0", "1"]);
        let huge = labels(&["99999999999999999999.99", "-99999999999999999999.99"], Unit::Rupiah);
        assert_eq!(huge.last().unwrap(), "100.000.000 triliun");
        let axis = Axis::of([Amount::whole(10_i128.pow(30))].into_iter(), Unit::Rupiah);
        assert_eq!(axis.place(Amount::whole(10_i128.pow(30)), 1_000), 1_000);
    }
}
