//! What a personal value has to look like before it may be hashed.

use std::str::FromStr;

use secrecy::zeroize::Zeroizing;

/// How a personal value is normalised before it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// NIK: 16 digits.
    Nik,
    /// NPWP: 16 digits, or 15 that a leading 0 makes 16; of a person it is the NIK.
    Npwp,
    /// A name or another text: upper case, blanks folded.
    Text,
}

impl FromStr for KeyForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "nik" => Ok(Self::Nik),
            "npwp" => Ok(Self::Npwp),
            "text" => Ok(Self::Text),
            _ => Err("one of nik, npwp, text".to_owned()),
        }
    }
}

/// What became of a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Whole: it has a hash.
    Whole,
    /// Digits or letters hidden by the source: `35140000000000xx`.
    Masked,
    /// Nothing there.
    Empty,
    /// Neither: too short, an exponent out of a spreadsheet, letters.
    Broken,
}

impl KeyState {
    /// The word that stands in a `key_state` column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "utuh",
            Self::Masked => "tersamar",
            Self::Empty => "kosong",
            Self::Broken => "rusak",
        }
    }
}

/// What sources put over a digit they hide.
fn is_mask(c: char) -> bool {
    matches!(c, 'x' | 'X' | '*' | '#' | '•')
}

/// Digits of a NIK, and of an NPWP since 2024.
const DIGITS: usize = 16;

impl KeyForm {
    /// What became of `text`.
    #[must_use]
    pub fn state(self, text: &str) -> KeyState {
        self.whole(text).err().unwrap_or(KeyState::Whole)
    }

    /// Keeps numbers and texts apart under one secret; NIK and NPWP share a domain, because a person's NPWP is the NIK.
    pub(super) fn domain(self) -> &'static [u8] {
        match self {
            Self::Nik | Self::Npwp => b"lumbung identity number\0",
            Self::Text => b"lumbung personal text\0",
        }
    }

    /// The one spelling of a value under which it is hashed.
    ///
    /// # Errors
    /// Why it is not whole.
    pub(super) fn whole(self, text: &str) -> Result<Zeroizing<String>, KeyState> {
        let text = text.trim();
        if text.is_empty() || text == "-" || text.eq_ignore_ascii_case("null") {
            return Err(KeyState::Empty);
        }
        match self {
            // A spreadsheet marks a text that looks like a number with an apostrophe.
            Self::Nik => number(text.trim_start_matches('\''), |c| c.is_whitespace(), DIGITS),
            Self::Npwp if !last_point_is_of_an_npwp(text) => Err(KeyState::Broken),
            Self::Npwp => {
                let is_separator = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '/');
                number(text.trim_start_matches('\''), is_separator, DIGITS - 1)
            }
            Self::Text if text.contains(['*', '•']) => Err(KeyState::Masked),
            Self::Text => Ok(folded(text)),
        }
    }
}

/// Whether the last point, if there is one, is that of `…-901.000`. `12345678901234.0` is a number out of a spreadsheet,
/// and its zero is no digit of the NPWP.
fn last_point_is_of_an_npwp(text: &str) -> bool {
    text.rsplit_once('.').is_none_or(|(_, after)| after.chars().count() == 3)
}

/// The digits of a number of 16 digits; one of `shortest` digits gets a leading 0.
fn number(text: &str, is_separator: impl Fn(char) -> bool, shortest: usize) -> Result<Zeroizing<String>, KeyState> {
    let mut digits = Zeroizing::new(String::with_capacity(DIGITS + 1));
    let mut masked = false;
    for c in text.chars().filter(|c| !is_separator(*c)) {
        if !c.is_ascii_digit() && !is_mask(c) {
            return Err(KeyState::Broken);
        }
        masked |= is_mask(c);
        if digits.len() <= DIGITS && c.is_ascii_digit() {
            digits.push(c);
        }
    }
    if masked {
        return Err(KeyState::Masked);
    }
    // One digit sixteen times is a form filled in for the sake of it: it would join all who did so.
    let first = digits.as_bytes().first().copied();
    if !(shortest..=DIGITS).contains(&digits.len()) || digits.bytes().all(|digit| Some(digit) == first) {
        return Err(KeyState::Broken);
    }
    if digits.len() < DIGITS {
        digits.insert(0, '0');
    }
    Ok(digits)
}

/// Upper case, runs of blanks as one.
fn folded(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(text.len()));
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        if word.is_ascii() {
            let start = folded.len();
            folded.push_str(word);
            folded[start..].make_ascii_uppercase();
        } else {
            folded.extend(word.chars().flat_map(char::to_uppercase));
        }
    }
    folded
}
