//! SIPP: families of the register of extreme poverty (P3KE), the aid they get, and one person's tracking, in pages as
//! Laravel makes them. Spelling drifts as it does in the real register.

mod http;
mod pages;
mod rows;

use super::system::System;

/// SIPP, below the path of the real service.
pub(crate) const SYSTEM: System = System {
    source: "sipp",
    base_path: "/sipp/api",
    questions: &[
        "p3ke",
        "p3ke?kode_kemdagri=3514141005&page=2&per_page=500",
        "bantuan",
        "bantuan?kecamatan=BANGIL&desa_kelurahan=BENDOMUNGAL",
        "tracking?nik=NIK",
    ],
    routes: http::routes,
    totals: http::totals,
    personal_values: http::personal_values,
};

pub(crate) use http::some_nik;
