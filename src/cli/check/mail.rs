//! Whether mail could leave: the settings, and the server up to the login.

use crate::cli::Context;
use crate::cli::exit::{Code, Failure};
use crate::config::MailTransport;
use crate::mail::outbox::{Stopped, probe};

use super::Finding;

/// Adds what is found; with `offline` nobody is asked.
pub(super) async fn mail(context: &Context, offline: bool, findings: &mut Vec<Finding>) {
    let mail = &context.config.mail;
    if mail.transport == MailTransport::File {
        let remark = match mail.file_is_delivery {
            true => format!("ok, files in {} are deliveries", mail.folder.display()),
            false => "ok, but `report send` sends nothing (transport = \"file\")".to_owned(),
        };
        findings.push(Finding::remark("mail", remark));
        return;
    }
    let probed = probe(mail, &context.credentials, offline).await;
    let result = match probed {
        Ok(None) => Ok(()),
        Ok(Some(Stopped::Unauthorised(why))) => Err((Code::NotAuthorised, why)),
        Ok(Some(Stopped::Unavailable(why))) => Err((Code::Unavailable, why)),
        Ok(Some(Stopped::Asked | Stopped::Lost)) => Err((Code::Unavailable, "the connection was lost".to_owned())),
        Err(error) => {
            let failure = Failure::from(error);
            Err((failure.code, failure.message))
        }
    };
    findings.push(Finding::new(if offline { "mail" } else { "mail server reachable" }, result));
}
