//! The road that deliveries take: a mail server, or a folder from which another system takes them.

use super::smtp::{Ended, Fault, Server, Session};
use super::state::Outcome;
use super::{FileTransport, Letter, MailError, Outgoing};
use crate::config::{Credentials, MailSettings, MailTransport};
use crate::warehouse::{DeliveryRecord, DeliveryStage};

/// Where mail goes.
pub(super) enum Road {
    Server(Box<Server>),
    Folder(FileTransport),
}

/// A road that was entered.
pub(super) enum Line {
    Server(Box<Session>),
    Folder(FileTransport),
}

impl Road {
    /// The road of this deployment; nobody is asked yet.
    pub(super) fn new(settings: &MailSettings, credentials: &Credentials) -> Result<Self, MailError> {
        match (settings.transport, &settings.smtp) {
            (MailTransport::Smtp, Some(smtp)) => {
                let password = smtp.user.as_ref().map(|_| credentials.smtp_password()).transpose()?;
                Ok(Self::Server(Box::new(Server::new(smtp, password)?)))
            }
            _ if settings.file_is_delivery => Ok(Self::Folder(FileTransport::new(&settings.folder))),
            _ => Err(MailError::NoDelivery),
        }
    }

    /// Connects.
    pub(super) async fn open(&self) -> Result<Line, Fault> {
        match self {
            Self::Server(server) => Ok(Line::Server(Box::new(server.open().await?))),
            Self::Folder(folder) => Ok(Line::Folder(folder.clone())),
        }
    }
}

impl Line {
    /// Whether nothing was sent through it yet.
    pub(super) fn is_fresh(&self) -> bool {
        match self {
            Self::Server(session) => session.is_fresh(),
            Self::Folder(_) => true,
        }
    }

    /// Whether it may take another message.
    pub(super) fn has_room(&self) -> bool {
        match self {
            Self::Server(session) => session.has_room(),
            Self::Folder(_) => true,
        }
    }

    /// Sends one message; see [`Session::deliver`].
    pub(super) async fn deliver(
        &mut self,
        record: &DeliveryRecord,
        letter: &Letter<'_>,
        at_dot: impl FnOnce() -> Result<(), MailError>,
    ) -> Result<Ended, MailError> {
        match self {
            Self::Server(session) => session.deliver(letter, at_dot).await,
            Self::Folder(folder) => {
                let message = Outgoing {
                    edition: record.edition.clone(),
                    recipient: letter.to.clone(),
                    message_id: record.message_id.clone(),
                    eml: letter.eml.to_vec(),
                };
                // Once it is there another system may take it away: from here on it may have been delivered.
                at_dot()?;
                let written = folder.deliver(&message);
                Ok(Ended {
                    outcome: if written.is_ok() { Outcome::Accepted } else { Outcome::NotTaken },
                    stage: DeliveryStage::Dot,
                    code: None,
                    text: written.map_or_else(|error| error.to_string(), |_| "in the folder".to_owned()),
                    usable: true,
                    unauthorised: false,
                })
            }
        }
    }

    /// Takes leave.
    pub(super) async fn close(self) {
        if let Self::Server(session) = self {
            session.close().await;
        }
    }
}
