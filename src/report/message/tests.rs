//! One message per office, the same bytes every time, and the outside judge where it is at hand.

use super::messages;
use crate::mail::{FileTransport, Outgoing};
use crate::report::fixture::{Session, definition, deployment, inputs, sources};
use crate::report::{Deployment, Logo, compose};
use std::process::Command;

async fn outgoing(deployment: &Deployment, quiet: bool) -> Vec<Outgoing> {
    let (october, september, sources) = (Session::october(), Session::september(), sources());
    let first = Session::quiet();
    let inputs = match quiet {
        true => inputs(&first, None, &sources, deployment),
        false => inputs(&october, Some(&september), &sources, deployment),
    };
    let definition = definition();
    let edition = compose(&definition, &inputs).await.unwrap();
    messages(&edition, &definition, deployment, inputs.now).unwrap()
}

fn with_logo() -> Deployment {
    Deployment { logo: Some(Logo::granary()), ..deployment() }
}

#[tokio::test]
async fn each_office_gets_its_own_message() {
    let mails = outgoing(&deployment(), false).await;
    assert_eq!(mails.len(), 2);
    assert_ne!(mails[0].message_id, mails[1].message_id);
    for mail in &mails {
        let text = String::from_utf8(mail.eml.clone()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.matches("\r\nTo: ").count(), 1);
        assert!(head.contains(&mail.recipient.to_string()));
        assert!(head.contains(&format!("Message-ID: {}", mail.message_id)), "{head}");
        for line in [
            "Date: Sun, 01 Nov 2026 23:30:00 +0000",
            "Auto-Submitted: auto-generated",
            "List-Id: Laporan serapan anggaran <serapan-anggaran.contoh.go.id>",
            "Content-Language: id",
            "In-Reply-To: <series.serapan-anggaran@contoh.go.id>",
            "References: <series.serapan-anggaran@contoh.go.id>",
        ] {
            assert!(head.contains(line), "{line} is not in {head}");
        }
        let others = mails.iter().filter(|other| other.recipient != mail.recipient);
        assert!(others.into_iter().all(|other| !text.contains(&other.recipient.to_string())), "a recipient leaks");
    }
}

#[tokio::test]
async fn the_same_edition_gives_the_same_bytes() {
    assert_eq!(outgoing(&with_logo(), false).await, outgoing(&with_logo(), false).await);
}

#[tokio::test]
async fn a_logo_stands_beside_the_html() {
    let with = String::from_utf8(outgoing(&with_logo(), false).await.remove(0).eml).unwrap();
    let without = String::from_utf8(outgoing(&deployment(), false).await.remove(0).eml).unwrap();
    assert!(with.contains("multipart/related") && with.contains("Content-ID: <logo@contoh.go.id>"));
    assert!(!without.contains("multipart/related") && !without.contains("image/png"));
}

/// Runs the checker over an `.eml` file and gives its report; `None` where checker or interpreter is missing.
#[expect(
    clippy::disallowed_methods,
    reason = "a test looks for an optional judge; nothing of the product reads this"
)]
fn judge(eml: &std::path::Path) -> Option<(bool, String)> {
    let checker = std::path::PathBuf::from(std::env::var_os("LUMBUNG_SHARED")?).join("tools/check_email.py");
    let run =
        Command::new("python3").arg(&checker).arg(eml).args(["--now", "2026-11-02T00:00:00+00:00"]).output().ok()?;
    Some((run.status.success(), String::from_utf8_lossy(&run.stdout).into_owned()))
}

#[tokio::test]
async fn the_mails_pass_the_checker() {
    let folder = tempfile::tempdir().unwrap();
    for (name, deployment, quiet) in
        [("plain", deployment(), false), ("logo", with_logo(), false), ("quiet", with_logo(), true)]
    {
        let mail = outgoing(&deployment, quiet).await.remove(0);
        let path = FileTransport::new(folder.path().join(name)).deliver(&mail).unwrap();
        let Some((passed, report)) = judge(&path) else {
            println!("skipped: needs LUMBUNG_SHARED and python3");
            return;
        };
        assert!(passed && report.contains("0 errors, 0 warnings"), "{name}: {report}");
    }
}
