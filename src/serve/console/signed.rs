//! Who asks, and what they may.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::ConsoleServer;
use super::page::see;
use super::problem::Problem;
use super::sign_in;
use crate::config::ConsoleRole;

/// What a page or an act takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Figures, reports, downloads, a proof to oneself.
    Reports,
    /// The catalog.
    Data,
    /// SQL.
    Query,
    /// Runs, schedule, and acts on them; sending again.
    Operate,
}

impl Right {
    /// Whether a role has it.
    #[must_use]
    pub fn is_of(self, role: ConsoleRole) -> bool {
        match self {
            Self::Reports => true,
            Self::Data | Self::Query => role != ConsoleRole::Leader,
            Self::Operate => role == ConsoleRole::Operator,
        }
    }
}

/// A user who is signed in. As an argument of a handler it sends whoever is not to the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    /// Their name.
    pub(super) name: String,
    /// Their role as it is now, not as it was when they signed in.
    pub(super) role: ConsoleRole,
    /// The token of their forms.
    pub(super) csrf: String,
    /// Whether a proxy says who they are.
    pub(super) by_proxy: bool,
}

impl Signed {
    /// Whether they have a right.
    pub(super) fn has(&self, right: Right) -> bool {
        right.is_of(self.role)
    }

    /// Fails where they have not.
    pub(super) fn may(&self, right: Right) -> Result<(), Problem> {
        if self.has(right) { Ok(()) } else { Err(Problem::Forbidden) }
    }

    /// Their role as pages say it.
    pub(super) fn role_label(&self) -> &'static str {
        match self.role {
            ConsoleRole::Leader => "Pimpinan",
            ConsoleRole::Analyst => "Analis",
            ConsoleRole::Operator => "Operator",
        }
    }
}

/// Whoever is not signed in is sent to the form and back; a form that was sent is not taken.
pub(super) struct NotSigned(Response);

impl IntoResponse for NotSigned {
    fn into_response(self) -> Response {
        self.0
    }
}

impl FromRequestParts<Arc<ConsoleServer>> for Signed {
    type Rejection = NotSigned;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<ConsoleServer>) -> Result<Self, NotSigned> {
        if let Some(signed) = parts.extensions.get::<Self>() {
            return Ok(signed.clone());
        }
        Err(NotSigned(match parts.method {
            Method::GET | Method::HEAD => see(&sign_in::place_for(&parts.uri)),
            _ => Problem::SignedOut.into_response(),
        }))
    }
}

impl OptionalFromRequestParts<Arc<ConsoleServer>> for Signed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<ConsoleServer>) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
