//! What is done to a source's text before it is a value of its column's type.

/// The steps between a source's text and a value; by default none.
///
/// They are taken in this order: `unescape`, `extract`, `pad_zeros`, `one_of`, and last the bounds of the type,
/// `max_chars` and `whole`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// HTML's character references are resolved: `&quot;` is `"`.
    pub unescape_html: bool,
    /// The part of the text that is the value.
    pub extract: Option<Extract>,
    /// Leading zeros that a number lost are given back to a code of fixed length.
    pub pad_zeros: bool,
    /// The only values allowed.
    pub one_of: Option<OneOf>,
    /// Longest text, in characters.
    pub max_chars: Option<usize>,
    /// An amount with a fraction is refused.
    pub whole: bool,
}

impl Reading {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// The part of a text that is the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extract {
    /// The one run of digits: `27 Hari` is 27.
    Integer,
    /// The code of a programme, an activity or a sub-activity in front of its name, in the spelling of Permendagri 90/2019.
    ProgramCode {
        /// The key of the same row whose code supplies the first groups of one that begins with a point.
        repair_from: Option<String>,
    },
    /// The name behind that code.
    ProgramName,
    /// The items of a comma-separated list, each once, in order.
    DistinctList,
}

/// The only values a column may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOf {
    /// The values, as they are stored.
    pub values: Vec<String>,
    /// Whether the source's case does not matter.
    pub ignore_case: bool,
}

impl OneOf {
    /// The allowed value that `text` is, in the contract's spelling.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&str> {
        let lower = self.ignore_case.then(|| text.to_lowercase());
        let is_it = |value: &&String| match &lower {
            Some(lower) => value.to_lowercase() == *lower,
            None => *value == text,
        };
        self.values.iter().find(is_it).map(String::as_str)
    }
}
