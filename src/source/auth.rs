//! How a request proves who asks.

pub mod bearer;

use reqwest::RequestBuilder;
use secrecy::SecretString;

use crate::contract::Auth;

/// Puts the secret on `request` in the way the contract names.
pub fn sign(request: RequestBuilder, auth: Auth, secret: &SecretString) -> RequestBuilder {
    match auth {
        Auth::Bearer => bearer::sign(request, secret),
    }
}
