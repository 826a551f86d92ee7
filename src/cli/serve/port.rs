//! The SQL port of the daemon: who may connect, and the states of the warehouse it shows.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio_rustls::TlsAcceptor;

use crate::catalog::{Catalog, SharedEngine, ViewSet};
use crate::cli::exit::Failure;
use crate::cli::{Context, session};
use crate::config::PostgresRole;
use crate::contract::Contract;
use crate::reference::Reference;
use crate::serve::ServeError;
use crate::serve::listener;
use crate::serve::postgres::{ALPN, Desk, DeskParts, PortParts, PortServer, PortUser, States, role};
use crate::warehouse::Warehouse;

/// Where the port and the console have questions answered.
pub(super) fn desk(
    context: &Context,
    contracts: &[Contract],
    warehouse: &Arc<Warehouse>,
) -> Result<Arc<Desk>, Failure> {
    let settings = &context.config.serve.postgres;
    let views = session::views(context)?;
    let audience = |role| role::audience(role, contracts, &views, settings.bi_sees_persons);
    let audiences = PostgresRole::ALL.map(audience);
    let states = Committed {
        context: context.clone(),
        warehouse: Arc::clone(warehouse),
        contracts: contracts.to_vec(),
        reference: Reference::load(&context.folder)?,
        views,
    };
    Ok(Desk::open(DeskParts { settings, audiences, states: Arc::new(states) })?)
}

/// Binds the port; everything that is wrong with its configuration is found here.
pub(super) async fn bind(context: &Context, desk: Arc<Desk>, address: SocketAddr) -> Result<PortServer, Failure> {
    let parts = PortParts {
        settings: &context.config.serve.postgres,
        users: users(context)?,
        desk,
        tls: tls(context)?,
        drain: Duration::from_secs(context.config.serve.drain_secs),
    };
    Ok(PortServer::bind(address, parts).await?)
}

/// The port's own certificate and key, else those of the daemon.
fn tls(context: &Context) -> Result<Option<(TlsAcceptor, Vec<u8>)>, ServeError> {
    let serve = &context.config.serve;
    let own = serve.postgres.tls_cert.as_deref().zip(serve.postgres.tls_key.as_deref());
    let common = serve.tls_cert.as_deref().zip(serve.tls_key.as_deref());
    let Some((cert, key)) = own.or(common) else { return Ok(None) };
    let acceptor = listener::acceptor(cert, key, ALPN)?;
    Ok(Some((acceptor, pem(cert)?)))
}

fn pem(cert: &Path) -> Result<Vec<u8>, ServeError> {
    std::fs::read(cert).map_err(|error| ServeError::TlsFile { path: cert.to_owned(), reason: error.to_string() })
}

fn users(context: &Context) -> Result<Vec<(PortUser, SecretString)>, Failure> {
    let users = context.config.serve.postgres.users.iter();
    let one = |(name, user): (&String, &crate::config::PostgresUser)| {
        let password = context.credentials.password(name, &user.password_env, user.password_file.as_deref())?;
        Ok((PortUser { name: name.clone(), role: user.role }, password))
    };
    users.map(one).collect()
}

/// The states of one warehouse.
struct Committed {
    context: Context,
    warehouse: Arc<Warehouse>,
    contracts: Vec<Contract>,
    reference: Reference,
    views: ViewSet,
}

#[async_trait]
impl States for Committed {
    fn mark(&self) -> Result<u64, String> {
        self.warehouse.runs_ended().map_err(|error| error.to_string())
    }

    async fn newest(&self, engine: Arc<SharedEngine>) -> Result<(u64, Catalog), String> {
        let over = (&self.contracts[..], &self.reference, &self.views);
        let opened = session::newest_state(&self.context, &self.warehouse, over, engine);
        opened.map_err(|failure| failure.message)
    }
}
