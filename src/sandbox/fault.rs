//! Faults: what real services do wrong, by name, so that tests and training can have it on demand.

mod names;
#[cfg(test)]
mod tests;

pub use names::Fault;

use super::dataset::Dataset;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// A fault with its name and a line on what it does.
#[derive(Debug)]
pub struct FaultInfo {
    /// The fault, not restricted.
    pub fault: Fault,
    /// Its name: `error-500-once`.
    pub name: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
}

impl Fault {
    fn info(&self) -> &'static FaultInfo {
        let base = match self {
            Self::On { fault, .. } => fault,
            other => other,
        };
        Self::ALL.iter().find(|info| info.fault == *base).expect("ALL is made of the same list as the faults")
    }

    /// Where it strikes if it is not restricted; none = everywhere.
    fn home(&self) -> Option<Dataset> {
        match self {
            Self::UnknownKey | Self::MissingKey | Self::BadRow => Some(Dataset::DipaBelanja),
            Self::Dispensasi10000 => Some(Dataset::CapaianIkKl),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.info().name)?;
        match self {
            Self::On { dataset, .. } => write!(out, "@{}", dataset.name()),
            _ => Ok(()),
        }
    }
}

/// Why a text names no fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FaultError {
    /// No such fault.
    #[error("unknown fault `{0}`: `lumbung sandbox --help` lists them")]
    Unknown(String),
    /// No such dataset after the at sign.
    #[error(
        "unknown dataset `{dataset}` in fault `{given}`: write it as in the contract, `truncated@realisasi_belanja`"
    )]
    UnknownDataset {
        /// The whole text.
        given: String,
        /// Its part after the at sign.
        dataset: String,
    },
    /// The fault is one of the world, not of a dataset.
    #[error("fault `{0}` changes the world itself and cannot be restricted to a dataset")]
    NotRestrictable(String),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(given: &str) -> Result<Self, FaultError> {
        let (name, dataset) = match given.split_once('@') {
            Some((name, dataset)) => (name, Some(dataset)),
            None => (given, None),
        };
        let info = Self::ALL.iter().find(|info| info.name == name);
        let fault = info.ok_or_else(|| FaultError::Unknown(given.to_owned()))?.fault.clone();
        let Some(dataset) = dataset else { return Ok(fault) };
        if fault == Self::Overrun {
            return Err(FaultError::NotRestrictable(name.to_owned()));
        }
        let dataset = Dataset::named(dataset)
            .ok_or_else(|| FaultError::UnknownDataset { given: given.to_owned(), dataset: dataset.to_owned() })?;
        Ok(Self::On { fault: Box::new(fault), dataset })
    }
}

/// The faults of one running sandbox, and which of the "once" ones have struck.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(Fault, Option<Dataset>)>,
    struck: Mutex<HashSet<(&'static str, &'static str, String)>>,
}

impl Faults {
    /// The faults asked for.
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let rule = |fault: &Fault| match fault {
            Fault::On { fault, dataset } => (fault.as_ref().clone(), Some(*dataset)),
            other => (other.clone(), other.home()),
        };
        Self { rules: faults.iter().map(rule).collect(), struck: Mutex::default() }
    }

    /// Whether answers of `dataset` have this fault.
    pub(crate) fn on(&self, fault: &Fault, dataset: Dataset) -> bool {
        self.rules.iter().any(|(active, only)| active == fault && only.is_none_or(|only| only == dataset))
    }

    /// Whether the world has this fault.
    pub(crate) fn in_world(&self, fault: &Fault) -> bool {
        self.rules.iter().any(|(active, _)| active == fault)
    }

    /// Like [`Faults::on`], but true only the first time for each `key` of a source.
    pub(crate) fn once(&self, fault: &Fault, dataset: Dataset, key: &str) -> bool {
        let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        self.on(fault, dataset) && struck.insert((fault.info().name, dataset.source(), key.to_owned()))
    }
}
