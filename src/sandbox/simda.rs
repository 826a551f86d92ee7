//! SIMDA: agencies, their aims and their budgets, as trees in an envelope.

mod http;
mod trees;

use super::system::System;

/// SIMDA. The document names no path.
pub(crate) const SYSTEM: System = System {
    source: "simda",
    base_path: "/simda",
    questions: &["instansi", "renstra?tahun=YYYY&idKantor=3&idInstansi=3", "rka?tahun=YYYY&idKantor=3&idInstansi=3"],
    routes: http::routes,
    totals: http::totals,
    personal_values: |_, _| {},
};
