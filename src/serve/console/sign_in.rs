//! Signing in and out: `/masuk` and `/keluar`.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use secrecy::SecretString;
use serde::Deserialize;

use super::ConsoleServer;
use super::checked::{Checked, FORM_BYTES_MAX, checked};
use super::cookie;
use super::frame::Frame;
use super::page::{page, see};
use super::place::{encoded, own_place};
use super::problem::Problem;
use super::session::{Session, token};
use super::signed::Signed;
use crate::password;
use crate::serve::listener::Peer;
use crate::warehouse::{Account, AuditAct, AuditOutcome};

/// Longest wait for a place among those whose password is checked.
const QUEUE: Duration = Duration::from_secs(10);

/// What is said to whoever is refused, whatever the reason.
const REFUSED: &str = "Nama atau sandi tidak cocok.";

pub(super) fn routes() -> Router<Arc<ConsoleServer>> {
    Router::new().route("/masuk", get(form).post(sign_in)).route("/keluar", post(sign_out))
}

/// The form, which leads back to where somebody wanted to go.
pub(super) fn place_for(uri: &Uri) -> String {
    match uri.path_and_query().map_or("/", |place| place.as_str()) {
        "/" => "/masuk".to_owned(),
        place => format!("/masuk?ke={}", encoded(place)),
    }
}

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    agency: &'a str,
    place: &'a str,
    name: &'a str,
    refused: Option<&'a str>,
    is_empty: bool,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    ke: String,
}

#[derive(Deserialize)]
struct Typed {
    nama: String,
    sandi: SecretString,
    #[serde(default)]
    ke: String,
}

/// What is said on the form.
#[derive(Default)]
struct Said<'a> {
    place: &'a str,
    name: &'a str,
    refused: Option<&'a str>,
}

async fn form(
    State(server): State<Arc<ConsoleServer>>,
    signed: Option<Signed>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = wanted.map(|Query(wanted)| wanted.ke).unwrap_or_default();
    if signed.is_some() {
        return Ok(see(own_place(&place)));
    }
    server.sign_in_form(&headers, StatusCode::OK, &Said { place: own_place(&place), ..Said::default() })
}

async fn sign_in(State(server): State<Arc<ConsoleServer>>, request: Request) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let client = server.client(request.extensions().get::<Peer>().copied(), &headers);
    // Nobody is signed in yet: the token is that of the form's own cookie, which other sites can neither read nor set.
    let own = cookie::read(&headers, cookie::FORM, server.is_secure()).unwrap_or_default().to_owned();
    let typed: Typed = checked(request, &server, FORM_BYTES_MAX, &own).await?;
    let now = server.now();
    if let Err(seconds) = server.guesses.begin(&typed.nama, &client, now) {
        tracing::warn!(client, "an attempt to sign in came too early after wrong ones");
        return Err(Problem::Wait(seconds));
    }
    let account = server.users.find(&typed.nama)?;
    if !server.is_password(account.as_ref(), typed.sandi).await? {
        tracing::warn!(client, is_user = account.is_some(), "an attempt to sign in was refused");
        if server.guesses.is_noted(now) {
            let who = account.as_ref().map(|_| typed.nama.as_str());
            server.note(who, AuditAct::SignIn, None, AuditOutcome::Refused).await?;
        }
        let said = Said { place: own_place(&typed.ke), name: &typed.nama, refused: Some(REFUSED) };
        return server.sign_in_form(&headers, StatusCode::UNAUTHORIZED, &said);
    }
    let account = account.ok_or(Problem::Internal)?;
    server.guesses.passed(&typed.nama, &client);
    server.begin_session(&headers, typed.nama, &account, own_place(&typed.ke)).await
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(
    State(server): State<Arc<ConsoleServer>>,
    headers: HeaderMap,
    checked: Checked<Nothing>,
) -> Result<Response, Problem> {
    let Checked { signed, form: Nothing {} } = checked;
    if let Some(id) = cookie::read(&headers, cookie::SESSION, server.is_secure()) {
        server.sessions.end(id);
    }
    server.note(Some(&signed.name), AuditAct::SignOut, None, AuditOutcome::Done).await?;
    let mut response = see("/masuk");
    response.headers_mut().append(header::SET_COOKIE, cookie::clear(cookie::SESSION, server.is_secure()));
    Ok(response)
}

impl ConsoleServer {
    fn sign_in_form(&self, headers: &HeaderMap, status: StatusCode, said: &Said<'_>) -> Result<Response, Problem> {
        let secure = self.is_secure();
        let held = cookie::read(headers, cookie::FORM, secure).filter(|held| held.len() == 64);
        let (own, is_new) = match held {
            Some(held) => (held.to_owned(), false),
            None => (token()?, true),
        };
        let mut frame = Frame::bare("Masuk");
        frame.csrf = own.clone();
        let template = SignInPage {
            frame,
            agency: &self.parts.agency,
            place: said.place,
            name: said.name,
            refused: said.refused,
            is_empty: self.users.is_empty()?,
        };
        let mut response = page(&template, status);
        if is_new {
            response.headers_mut().append(header::SET_COOKIE, cookie::set(cookie::FORM, &own, secure));
        }
        Ok(response)
    }

    /// Looks at a password on a thread of its own; for a name that nobody has it takes as long.
    async fn is_password(&self, account: Option<&Account>, typed: SecretString) -> Result<bool, Problem> {
        let kept = account.and_then(|account| account.password.clone());
        let place = tokio::time::timeout(QUEUE, Arc::clone(&self.sign_ins).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(Problem::Unavailable("Banyak yang sedang masuk. Cobalah lagi sebentar lagi.".to_owned()));
        };
        let looked = tokio::task::spawn_blocking(move || {
            let is = password::matches(&typed, kept.as_deref());
            drop(place);
            is
        });
        looked.await.map_err(|error| Problem::internal(&error))
    }

    async fn begin_session(
        self: &Arc<Self>,
        headers: &HeaderMap,
        name: String,
        account: &Account,
        place: &str,
    ) -> Result<Response, Problem> {
        let secure = self.is_secure();
        // A session that is there already ends: its id was known before the password was.
        if let Some(old) = cookie::read(headers, cookie::SESSION, secure) {
            self.sessions.end(old);
        }
        self.note(Some(&name), AuditAct::SignIn, None, AuditOutcome::Done).await?;
        let (id, _) = self.sessions.begin(Session::new(name, account.changed_at, false, self.now())?)?;
        let mut response = see(place);
        for cookie in [cookie::set(cookie::SESSION, &id, secure), cookie::clear(cookie::FORM, secure)] {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}
