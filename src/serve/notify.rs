//! Reports to systemd (`sd_notify`): ready, stopping, still alive. Where nobody listens it says nothing.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::future::pending;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use crate::config::Supervisor;

/// How the daemon reports.
#[derive(Debug)]
pub struct Notifier {
    line: Option<(UnixDatagram, SocketAddr)>,
    supervisor: Supervisor,
}

impl Notifier {
    /// One that reports to `supervisor`. A socket that cannot be used is logged: work goes on without it.
    #[must_use]
    pub fn new(supervisor: Supervisor) -> Self {
        let line = supervisor.socket.as_deref().and_then(|name| match connect(name) {
            Ok(line) => Some(line),
            Err(error) => {
                tracing::warn!(%error, "the socket of NOTIFY_SOCKET cannot be used");
                None
            }
        });
        Self { line, supervisor }
    }

    /// Everything listens and works.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// It ends, in good order.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// Says "still alive" for as long as it is polled, twice as often as it must. On the runtime that does the work, so that
    /// a runtime that hangs is silent.
    pub async fn keep_alive(&self) -> Infallible {
        let Some(longest) = self.supervisor.watchdog.filter(|_| self.line.is_some()) else { return pending().await };
        loop {
            self.say("WATCHDOG=1");
            tokio::time::sleep(longest / 2).await;
        }
    }

    fn say(&self, state: &str) {
        let Some((socket, address)) = &self.line else { return };
        if let Err(error) = socket.send_to_addr(state.as_bytes(), address) {
            tracing::debug!(%error, state, "systemd did not take a report");
        }
    }
}

fn connect(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A supervisor that does not read must not hold up the work.
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

#[cfg(test)]
mod tests {
    use super::Notifier;
    use crate::config::Supervisor;
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    fn heard(listener: &UnixDatagram) -> String {
        let mut bytes = [0; 64];
        let n = listener.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..n].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn it_says_what_systemd_waits_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        listener.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let socket = Some(path.into_os_string());
        let notifier = Notifier::new(Supervisor { socket, watchdog: Some(Duration::from_secs(3_600)) });
        notifier.ready();
        notifier.stopping();
        assert_eq!([heard(&listener), heard(&listener)], ["READY=1", "STOPPING=1"]);
        tokio::select! {
            biased;
            never = notifier.keep_alive() => match never {},
            () = std::future::ready(()) => {}
        }
        assert_eq!(heard(&listener), "WATCHDOG=1", "the first at once");
    }

    #[test]
    fn where_nobody_listens_nothing_happens() {
        Notifier::new(Supervisor::default()).ready();
        let gone = Supervisor { socket: Some("/nowhere/at/all".into()), watchdog: None };
        Notifier::new(gone).ready();
    }
}
