//! The headers of every answer: what a browser may not do with a page.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// A page takes style, script and pictures from here and nothing from elsewhere; nothing stands in the page itself. Its frames are
/// editions, served from here.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// An hour of TLS would be too short to help and a year is what browsers expect.
const TLS_ONLY: &str = "max-age=31536000";

/// What a page never needs.
const NO_FEATURES: &str =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()";

/// Sets what is the same for all answers; a handler's own policy and cache rule stay.
pub(super) fn guard(headers: &mut HeaderMap, is_secure: bool) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not no-referrer: with that a browser names no origin in a form, and the form is refused.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), NO_FEATURES),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ONLY));
    }
}
