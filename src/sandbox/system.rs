//! The simulated systems: what each must bring to be served beside the others. A new one is a module and a line in
//! [`ALL`].

use super::control::ControlTotals;
use super::dataset::Dataset;
use super::server::Served;
use super::{omspan, oss, padi, simda, sipp};
use axum::Router;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One simulated source system.
pub(crate) struct System {
    /// Its name in contracts and tokens: `omspan`.
    pub(crate) source: &'static str,
    /// Where it answers, below the host: begins with a slash and does not end with one.
    pub(crate) base_path: &'static str,
    /// What can be asked below the base path, for the index page.
    pub(crate) questions: &'static [&'static str],
    /// Its routes below the base path.
    pub(crate) routes: fn() -> Router<Arc<Served>>,
    /// What a faultless load of each of its datasets comes to.
    pub(crate) totals: fn(&Served) -> Vec<(Dataset, ControlTotals)>,
    /// Adds every personal value it serves.
    pub(crate) personal_values: fn(&Served, &mut BTreeSet<String>),
}

/// All systems.
pub(crate) const ALL: &[&System] = &[&omspan::SYSTEM, &sipp::SYSTEM, &simda::SYSTEM, &padi::SYSTEM, &oss::SYSTEM];

/// The system called `source`.
pub(crate) fn named(source: &str) -> Option<&'static System> {
    ALL.iter().copied().find(|system| system.source == source)
}

#[cfg(test)]
mod tests {
    use super::{ALL, named};
    use crate::sandbox::dataset::Dataset;

    #[test]
    fn every_dataset_has_its_system() {
        assert!(Dataset::ALL.iter().all(|dataset| named(dataset.source()).is_some()));
        for system in ALL {
            assert!(Dataset::ALL.iter().any(|dataset| dataset.source() == system.source), "{}", system.source);
            assert!(system.base_path.starts_with('/') && !system.base_path.ends_with('/'));
        }
    }
}
