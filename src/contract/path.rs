//! A path into a JSON document: `data.total`, `*.kode`, `.` for the document itself.

use std::fmt;
use std::str::FromStr;

use super::normalise_key;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// Any key.
    Any,
    /// This key, normalised as column keys are.
    Key(String),
}

impl PathStep {
    /// Whether a normalised key is meant by this step.
    #[must_use]
    pub fn takes(&self, normalised: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Key(key) => key == normalised,
        }
    }
}

/// A path from the document inwards. A step through a list means each of its elements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonPath {
    /// The steps; none = the document itself.
    pub steps: Vec<PathStep>,
}

/// Most steps of a path.
const STEPS_MAX: usize = 32;

impl FromStr for JsonPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "." {
            return Ok(Self::default());
        }
        let step = |part: &str| match part.trim() {
            "" => Err("a path has keys joined by single points, or is `.` for the document itself".to_owned()),
            "*" => Ok(PathStep::Any),
            key => Ok(PathStep::Key(normalise_key(key.strip_suffix("[]").unwrap_or(key)))),
        };
        let steps: Vec<PathStep> = text.split('.').map(step).collect::<Result<_, String>>()?;
        if steps.len() > STEPS_MAX {
            return Err(format!("a path has at most {STEPS_MAX} steps"));
        }
        Ok(Self { steps })
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str(".");
        }
        for (i, step) in self.steps.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            match step {
                PathStep::Any => write!(f, "{dot}*")?,
                PathStep::Key(key) => write!(f, "{dot}{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonPath, PathStep};

    #[test]
    fn paths_are_read_and_refused() {
        let path: JsonPath = "*.data Total".parse().unwrap();
        assert_eq!(path.steps, [PathStep::Any, PathStep::Key("DATA_TOTAL".to_owned())]);
        assert_eq!(".".parse::<JsonPath>().unwrap().steps, []);
        assert_eq!("data[].rows".parse::<JsonPath>().unwrap().to_string(), "DATA.ROWS");
        for wrong in ["", "a..b", ".a"] {
            assert!(wrong.parse::<JsonPath>().is_err(), "{wrong}");
        }
    }
}
