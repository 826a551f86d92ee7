//! The demo's inbox: opened on a free loopback port, pushed to by the simulated OSS and a simulated buyer over real HTTP,
//! closed again. What was acknowledged waits in the warehouse for the load that follows.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::cli::exit::Failure;
use crate::cli::{Context, serve};
use crate::sandbox::{Extent, OssUser, PushCredentials, PushKind, PushOptions, PushReport, Pusher, Sandbox};
use crate::serve::listener::{Listener, Stop};
use crate::warehouse::{AsOf, Warehouse};

/// What is pushed to the last one: the simulation counts these.
const COUNTED: [PushKind; 2] = [PushKind::NibKkpr, PushKind::NibPse];
/// What is pushed besides, so many in all.
const BESIDES: [PushKind; 4] = [PushKind::Nib, PushKind::NibStpw, PushKind::FileDs, PushKind::Transaksi];
const BESIDES_MAX: u64 = 400;
/// Of 1,000 pushes so many come twice, and of 1,000 NIBs so many change: the inbox has to tell them apart.
const TWICE_PER_MILLE: u16 = 100;
const CLIENTS: usize = 4;
/// The demo's senders are as fast as they like.
const REQUESTS_PER_SECOND: u32 = 1_000_000;

/// The tables that pushes are rows of.
const TABLES: [&str; 6] =
    ["oss.kkpr", "oss.pse", "oss.nib_masuk", "oss.nib_stpw_masuk", "oss.file_ds_masuk", "padi.transaksi_masuk"];

/// What was pushed, and from what world.
pub(super) struct Senders<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) credentials: &'a PushCredentials,
}

/// Opens the inbox, lets the senders push, and closes it. Returns how many pushes were acknowledged.
pub(super) async fn receive(context: &Context, warehouse: &Warehouse, senders: &Senders<'_>) -> Result<u64, Failure> {
    let mut context = context.clone();
    context.config.inbox.requests_per_second = REQUESTS_PER_SECOND;
    context.config.inbox.burst = REQUESTS_PER_SECOND;
    let contracts = context.folder.contracts()?;
    let limits = serve::connection_limits(&context);
    let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None, limits).await?;
    let url = listener.base_url();
    let (server, writer) = serve::inbox(&context, &contracts, &Arc::new(warehouse.clone()))?;
    let (stopper, stop) = Stop::channel();
    let serving = tokio::spawn(listener.serve(server.router(), stop));
    let counted = push(&context, senders, &url, (&COUNTED, Extent::World)).await?;
    let besides = push(&context, senders, &url, (&BESIDES, Extent::Count(BESIDES_MAX))).await?;
    stopper.stop();
    serving.await.map_err(Failure::internal)?;
    writer.shutdown().await.map_err(Failure::internal)?;
    for report in [&counted, &besides] {
        if report.totals.acknowledged != report.totals.pushes {
            let totals = &report.totals;
            let message =
                format!("{} of {} pushes were not acknowledged", totals.refused + totals.unanswered, totals.pushes);
            return Err(Failure::internal(message));
        }
    }
    Ok(counted.totals.acknowledged + besides.totals.acknowledged)
}

async fn push(
    context: &Context,
    senders: &Senders<'_>,
    url: &str,
    (kinds, extent): (&[PushKind], Extent),
) -> Result<PushReport, Failure> {
    let pushes = senders.sandbox.pushes(kinds, TWICE_PER_MILLE);
    let options = PushOptions {
        extent,
        clients: NonZeroUsize::new(CLIENTS).expect("there are some"),
        twice_per_mille: TWICE_PER_MILLE,
        ..PushOptions::new(url, senders.credentials.clone(), context.clock)
    };
    let pusher = Pusher::new(pushes, options).map_err(Failure::internal)?;
    Ok(pusher.run().await)
}

/// What the senders show: the inbox's own secrets.
pub(super) fn credentials(user: &str, password: &str, token: &str) -> PushCredentials {
    PushCredentials {
        oss: Some(OssUser { user: user.to_owned(), password: password.to_owned().into() }),
        padi: Some(token.to_owned().into()),
    }
}

/// Proves that every acknowledged push is a row, and one row only.
pub(super) fn prove(warehouse: &Warehouse, acknowledged: u64) -> Result<String, Failure> {
    let files = warehouse.committed_files(AsOf::Latest)?;
    let of_pushes = files.iter().filter(|file| TABLES.contains(&file.dataset.to_string().as_str()));
    let rows: u64 = of_pushes.map(|file| file.rows).sum();
    if rows != acknowledged {
        return Err(Failure::internal(format!(
            "{acknowledged} pushes were acknowledged, and {rows} are in the tables"
        )));
    }
    Ok(format!("Inbox      {acknowledged} pushes of OSS and a buyer acknowledged, each of them one row"))
}
