//! One message per office, the same bytes every time, and the outside judge where it is at hand.

use super::messages;
use crate::mail::{FileTransport, Outgoing};
use crate::report::compose::{compose, compose_with};
use crate::report::fixture::{World, audiences_of, definition, deployment, inputs, sources};
use crate::report::{Deployment, Edition, Format, Logo, Session};
use chrono::{DateTime, Utc};
use std::process::Command;

/// The one edition of `serapan-anggaran`, its messages, and its chart's picture where `png` is one.
async fn outgoing(deployment: &Deployment, quiet: bool, png: Option<&[u8]>) -> (Edition, Vec<Outgoing>) {
    let (world, september) =
        if quiet { (World::quiet().await, None) } else { (World::october().await, Some(World::september().await)) };
    let (session, sources) = (Session::new(&world), sources());
    let previous = september.as_ref().map(|world| Session::new(world));
    let definition = definition("serapan-anggaran");
    let inputs = inputs(&definition, (&session, previous.as_ref()), &sources, deployment);
    let audience = audiences_of(&definition, &session).await.remove(0);
    let edition = compose_with(&definition, &inputs, &audience, &|_| png.map(<[u8]>::to_vec)).await.unwrap();
    let mails = messages(&edition, &audience.recipients, deployment, now()).unwrap();
    (edition, mails)
}

fn now() -> DateTime<Utc> {
    "2026-11-01T23:30:00Z".parse().unwrap()
}

fn with_logo() -> Deployment {
    Deployment { logo: Some(Logo::granary()), ..deployment() }
}

#[tokio::test]
async fn each_office_gets_its_own_message() {
    let (_, mails) = outgoing(&deployment(), true, None).await;
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
    let (first, second) = (outgoing(&with_logo(), true, None).await, outgoing(&with_logo(), true, None).await);
    assert_eq!(first.1, second.1);
}

#[tokio::test]
async fn pictures_stand_beside_the_html() {
    let text = |(_, mut mails): (Edition, Vec<Outgoing>)| String::from_utf8(mails.remove(0).eml).unwrap();
    let logo = Logo::granary();
    let with = text(outgoing(&with_logo(), true, Some(&logo.png)).await);
    let without = text(outgoing(&deployment(), true, None).await);
    assert!(with.contains("multipart/related"));
    assert!(with.contains("Content-ID: <logo@contoh.go.id>") && with.contains("Content-ID: <grafik@contoh.go.id>"));
    assert!(!without.contains("multipart/related") && !without.contains("image/png"));
    let (edition, _) = outgoing(&deployment(), true, Some(&logo.png)).await;
    assert!(
        edition.html.contains("cid:grafik@contoh.go.id") && edition.html.contains("alt=\"Grafik garis: Realisasi")
    );
    assert!(edition.text.contains("Grafik garis: Realisasi"), "the alternative text stands in the text part");
}

/// The quiet edition with every kind of file.
async fn with_files() -> (Edition, Vec<Outgoing>) {
    let (world, sources, deployment) = (World::quiet().await, sources(), with_logo());
    let session = Session::new(&world);
    let mut definition = definition("serapan-anggaran");
    definition.attachments = vec![Format::Xlsx, Format::Csv, Format::Pdf];
    let inputs = inputs(&definition, (&session, None), &sources, &deployment);
    let audience = audiences_of(&definition, &session).await.remove(0);
    let edition = compose(&definition, &inputs, &audience).await.unwrap();
    let mails = messages(&edition, &audience.recipients, &deployment, now()).unwrap();
    (edition, mails)
}

/// The parts of a message as Python's own reader finds them: type, disposition, name, Content-ID, first bytes.
fn parts(eml: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.eml");
    std::fs::write(&path, eml).unwrap();
    let program = "import sys, email, email.policy\n\
        mail = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)\n\
        for p in mail.walk():\n\
        \x20   body = b'' if p.get_content_maintype() in ('multipart', 'text') else p.get_payload(decode=True)\n\
        \x20   print(p.get_content_type(), p.get_content_disposition(), p.get_filename(), p['Content-ID'], body[:4])";
    let run = Command::new("python3").args(["-c", program]).arg(&path).output().ok()?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap())
}

#[tokio::test]
async fn pictures_stand_in_the_page_and_files_behind_it() {
    let (edition, mut mails) = with_files().await;
    let mail = mails.remove(0);
    let Some(parts) = parts(&mail.eml) else {
        println!("skipped: needs python3");
        return;
    };
    let expected = "multipart/mixed None None None b''\n\
        multipart/alternative None None None b''\n\
        text/plain None None None b''\n\
        multipart/related None None None b''\n\
        text/html None None None b''\n\
        image/png inline logo.png <logo@contoh.go.id> b'\\x89PNG'\n\
        image/png inline grafik.png <grafik@contoh.go.id> b'\\x89PNG'\n\
        application/vnd.openxmlformats-officedocument.spreadsheetml.sheet attachment serapan-anggaran-2026-10.xlsx \
        None b'PK\\x03\\x04'\n\
        text/csv attachment serapan-anggaran-2026-10.csv None b''\n\
        application/pdf attachment serapan-anggaran-2026-10.pdf None b'%PDF'\n";
    assert_eq!(parts, expected);
    assert!(edition.html.contains("cid:grafik@contoh.go.id"));
}

#[tokio::test]
async fn files_are_the_same_bytes_in_every_message() {
    let (first, second) = (with_files().await.1, with_files().await.1);
    assert_eq!(first, second);
    let file = |mail: &Outgoing| {
        let text = String::from_utf8(mail.eml.clone()).unwrap();
        let (_, from) = text.split_once("serapan-anggaran-2026-10.pdf").unwrap();
        let (_, body) = from.split_once("\r\n\r\n").unwrap();
        body.split_once("\r\n--").unwrap().0.to_owned()
    };
    assert_eq!(file(&first[0]), file(&first[1]));
    assert!(
        first[0].eml.split(|byte| *byte == b'\n').all(|line| line.len() <= 998),
        "RFC 5322 allows no longer line"
    );
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
        let mail = outgoing(&deployment, quiet, None).await.1.remove(0);
        let path = FileTransport::new(folder.path().join(name)).deliver(&mail).unwrap();
        let Some((passed, report)) = judge(&path) else {
            println!("skipped: needs LUMBUNG_SHARED and python3");
            return;
        };
        assert!(passed && report.contains("0 errors, 0 warnings"), "{name}: {report}");
    }
}
