//! Figures, dates and lists as Indonesian leadership reads them (id-ID).
//!
//! The rules are EYD's and the government's, which differ from CLDR on purpose: no space after `Rp`, a true minus
//! (U+2212), grouped `triliun`, no `M`/`T`/`jt`, days without a leading zero, and never a negative zero.
//! Every function takes exact [`Amount`]s and rounds once, here, at print.

use crate::amount::Amount;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

/// Between a figure and its word, so that a line never breaks there (Outlook ignores `white-space:nowrap`).
const NO_BREAK_SPACE: char = '\u{a0}';
const MINUS: char = '\u{2212}';

const MONTHS: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];
const MONTHS_SHORT: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
const DAYS: [&str; 7] = ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"];

/// A thousand, a million, a billion, a trillion: the power of ten and the word.
const STEPS: [(u32, &str); 4] = [(12, "triliun"), (9, "miliar"), (6, "juta"), (3, "ribu")];

/// `1.234.567,89` with exactly `decimals` decimals.
#[must_use]
pub fn decimal(amount: Amount, decimals: u32) -> String {
    let unscaled = amount.unscaled_at(decimals);
    let text = format!("{:0>width$}", unscaled.unsigned_abs(), width = decimals as usize + 1);
    let (whole, fraction) = text.split_at(text.len() - decimals as usize);
    let mut out = String::with_capacity(text.len() * 2);
    if unscaled < 0 {
        out.push(MINUS);
    }
    push_grouped(&mut out, whole);
    if decimals > 0 {
        out.push(',');
        out.push_str(fraction);
    }
    out
}

/// A count: `1.234.567`.
#[must_use]
pub fn count(number: i64) -> String {
    decimal(Amount::whole(i128::from(number)), 0)
}

/// `71,4%`; `amount` is already in percent.
#[must_use]
pub fn percent(amount: Amount) -> String {
    format!("{}%", decimal(amount, 1))
}

/// `Rp1.234.567,89`, in full, with exactly `decimals` decimals.
#[must_use]
pub fn rupiah(amount: Amount, decimals: u32) -> String {
    prefixed_rupiah(&decimal(amount, decimals))
}

/// Rupiah for running text: `Rp46,5 miliar`, `Rp1,07 triliun`; below a million in full (`Rp999.499`).
///
/// Trillions carry two decimals, millions and billions one: enough to tell two neighbouring figures apart.
#[must_use]
pub fn rupiah_prose(amount: Amount) -> String {
    if amount.magnitude() < Amount::whole(1_000_000) {
        return rupiah(amount, 0);
    }
    let decimals = if amount.magnitude().rounded(0) >= Amount::whole(999_950_000_000) { 2 } else { 1 };
    prefixed_rupiah(&compact(amount, decimals))
}

/// `46,5 miliar`, `1.000,0 triliun`: the figure in the largest fitting step, and the step's word after a no-break
/// space; below a thousand the plain decimal. A figure that rounds up to the next step is written in that step.
#[must_use]
pub fn compact(amount: Amount, decimals: u32) -> String {
    // Judged as it would print one step lower: 999,96 million is 1.000,0 million, hence 1,0 billion.
    let fits = |places: u32| amount.shifted_down(places - 3).rounded(decimals).magnitude() >= Amount::whole(1_000);
    match STEPS.into_iter().find(|(places, _)| fits(*places)) {
        Some((places, word)) => format!("{}{NO_BREAK_SPACE}{word}", decimal(amount.shifted_down(places), decimals)),
        None => decimal(amount, decimals),
    }
}

/// A difference with its sign: `+6,1 poin`, `−4,6 poin`, `0,0 poin`.
#[must_use]
pub fn signed_points(difference: Amount) -> String {
    format!("{}{NO_BREAK_SPACE}poin", signed(difference, 1))
}

/// A distance without a sign, for a sentence that says the direction: `4,6 poin`.
#[must_use]
pub fn points(distance: Amount) -> String {
    format!("{}{NO_BREAK_SPACE}poin", decimal(distance.magnitude(), 1))
}

/// A decimal that also shows a plus: `+6,1`, `−4,6`, `0,0`.
#[must_use]
pub fn signed(amount: Amount, decimals: u32) -> String {
    let plus = if amount.unscaled_at(decimals) > 0 { "+" } else { "" };
    format!("{plus}{}", decimal(amount, decimals))
}

/// `21 November 2026`.
#[must_use]
pub fn date_long(date: NaiveDate) -> String {
    format!("{} {}", date.day(), month_year(date))
}

/// `21 Nov 2026`.
#[must_use]
pub fn date_medium(date: NaiveDate) -> String {
    format!("{} {} {}", date.day(), MONTHS_SHORT[date.month0() as usize], date.year())
}

/// `Kamis, 1 Januari 2026`.
#[must_use]
pub fn date_full(date: NaiveDate) -> String {
    format!("{}, {}", DAYS[date.weekday().num_days_from_monday() as usize], date_long(date))
}

/// `November 2026`.
#[must_use]
pub fn month_year(date: NaiveDate) -> String {
    format!("{} {}", MONTHS[date.month0() as usize], date.year())
}

/// The month's name, 1 to 12; `None` outside.
#[must_use]
pub fn month(number: u32) -> Option<&'static str> {
    MONTHS.get((number as usize).checked_sub(1)?).copied()
}

/// `06.00 WIB`: the instant in the zone's own time, with the zone's Indonesian name.
#[must_use]
pub fn time(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    format!("{:02}.{:02}{NO_BREAK_SPACE}{}", local.hour(), local.minute(), zone_name(zone).unwrap_or(zone.name()))
}

/// `21 November 2026 pukul 06.00 WIB`.
#[must_use]
pub fn instant(at: DateTime<Utc>, zone: Tz) -> String {
    format!("{} pukul {}", date_long(at.with_timezone(&zone).date_naive()), time(at, zone))
}

/// `WIB`, `WITA` or `WIT`; `None` for a zone outside Indonesia.
#[must_use]
pub fn zone_name(zone: Tz) -> Option<&'static str> {
    match zone {
        Tz::Asia__Jakarta | Tz::Asia__Pontianak => Some("WIB"),
        Tz::Asia__Makassar => Some("WITA"),
        Tz::Asia__Jayapura => Some("WIT"),
        _ => None,
    }
}

/// The month's short name, 1 to 12; `None` outside.
#[must_use]
pub fn month_short(number: u32) -> Option<&'static str> {
    MONTHS_SHORT.get((number as usize).checked_sub(1)?).copied()
}

/// `a, b, dan c`.
#[must_use]
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [one, two] => format!("{} dan {}", one.as_ref(), two.as_ref()),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{}, dan {}", head.join(", "), last.as_ref())
        }
    }
}

fn push_grouped(out: &mut String, digits: &str) {
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
}

/// The sign stands before the currency: `−Rp1.000`.
fn prefixed_rupiah(figure: &str) -> String {
    match figure.strip_prefix(MINUS) {
        Some(rest) => format!("{MINUS}Rp{rest}"),
        None => format!("Rp{figure}"),
    }
}

#[cfg(test)]
mod tests;
