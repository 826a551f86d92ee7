//! What may be done with an edition: a proof to oneself, the failed mails again. Each leaves a row in the audit.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::ConsoleServer;
use super::super::checked::Checked;
use super::super::page::see;
use super::super::problem::Problem;
use super::super::signed::{Right, Signed};
use super::{EditionPath, href};
use crate::warehouse::{AuditAct, AuditOutcome, EditionRecord};

#[derive(Deserialize)]
pub(super) struct Nothing {}

pub(super) async fn proof(
    State(server): State<Arc<ConsoleServer>>,
    path: Result<Path<EditionPath>, PathRejection>,
    checked: Checked<Nothing>,
) -> Result<Response, Problem> {
    let (signed, record) = server.acted_on(path, checked, (Right::Reports, AuditAct::Proof)).await?;
    let address = server.users.find(&signed.name)?.and_then(|account| account.mail);
    let Some(address) = address else {
        let words =
            "Akun Anda belum punya alamat surat. Mintalah operator menambahkannya (lumbung user add … --mail).";
        return Err(Problem::Conflict(words.to_owned()));
    };
    let sent = server.parts.desk.proof(&record, &address, &signed.name).await;
    let outcome = if sent.is_ok() { AuditOutcome::Done } else { AuditOutcome::Failed };
    server.note(Some(&signed.name), AuditAct::Proof, Some(&record.edition), outcome).await?;
    sent?;
    Ok(see(&format!("{}?kabar=uji", href(&record))))
}

pub(super) async fn resend(
    State(server): State<Arc<ConsoleServer>>,
    path: Result<Path<EditionPath>, PathRejection>,
    checked: Checked<Nothing>,
) -> Result<Response, Problem> {
    let (signed, record) = server.acted_on(path, checked, (Right::Operate, AuditAct::Resend)).await?;
    let moved = server.parts.desk.resend(&record.edition, &signed.name).await;
    let outcome = if moved.is_ok() { AuditOutcome::Done } else { AuditOutcome::Failed };
    server.note(Some(&signed.name), AuditAct::Resend, Some(&record.edition), outcome).await?;
    Ok(see(&format!("{}?kabar=ulang&n={}", href(&record), moved?)))
}

impl ConsoleServer {
    /// Who acts, and on which edition; whoever may not is refused, and that is noted.
    async fn acted_on(
        self: &Arc<Self>,
        path: Result<Path<EditionPath>, PathRejection>,
        checked: Checked<Nothing>,
        (right, act): (Right, AuditAct),
    ) -> Result<(Signed, EditionRecord), Problem> {
        let Checked { signed, form: Nothing {} } = checked;
        let Path(path) = path.map_err(|_| Problem::NotFound)?;
        let record = self.blocking(move |server| server.record(&path)).await?;
        if let Err(problem) = signed.may(right) {
            self.note(Some(&signed.name), act, Some(&record.edition), AuditOutcome::Refused).await?;
            return Err(problem);
        }
        Ok((signed, record))
    }
}
