//! The archive from outside: what goes in comes out, what is sealed stays shut, what is damaged is noticed.

use super::{ArchiveError, ArchiveReader, ArchivedPage, Keeping, RunArchive, Seal};
use crate::seal::Identity;
use crate::warehouse::PageRecord;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A body that compresses, with a value in it that must not be found in a sealed file.
fn body() -> Vec<u8> {
    let row = |i: u32| format!("{{\"NIK\":\"35750123456{i:05}\",\"NAMA\":\"SITI AMINAH\"}},");
    (0..20_000).flat_map(|i| row(i).into_bytes()).collect()
}

fn archive(root: &Path, seal: Seal) -> RunArchive {
    RunArchive::new(root.to_path_buf(), PathBuf::from("sipp/p3ke/run"), Keeping { seal, level: Some(1) })
}

/// Archives `body` in chunks and says what the ledger would.
fn stored(archive: &RunArchive, root: &Path, body: &[u8]) -> ArchivedPage {
    let mut writer = archive.page(Some("{\"nik\":\"35750123\"}")).unwrap().unwrap();
    body.chunks(10_007).for_each(|chunk| writer.write(chunk).unwrap());
    let raw = writer.finish().unwrap();
    let page = PageRecord {
        window: "2026-11-20".to_owned(),
        page: 1,
        url: "http://127.0.0.1/p3ke".to_owned(),
        http_status: Some(200),
        bytes: body.len() as u64,
        sha256: Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect(),
        rows: 1,
        quarantined: 0,
        started_at: "2026-11-20T00:00:00Z".parse().unwrap(),
        millis: 1,
        verdict: "rows".to_owned(),
        raw: Some(raw.clone()),
        parameters: None,
    };
    ArchivedPage { page, path: root.join(raw.file) }
}

fn read(page: &ArchivedPage, identity: Option<&Identity>) -> Result<Vec<u8>, ArchiveError> {
    let note = ArchiveReader::verify(page, identity)?;
    let mut reader = ArchiveReader::open(page, identity)?;
    let mut body = Vec::new();
    reader.read_to_end(&mut body).unwrap();
    // A note may be personal: it stands in sealed pages only.
    let sealed = page.page.raw.as_ref().unwrap().sealed;
    assert_eq!(note.as_deref(), sealed.then_some("{\"nik\":\"35750123\"}"));
    Ok(body)
}

#[test]
fn an_open_page_comes_back_as_it_was_and_only_its_owner_may_look() {
    let folder = tempfile::tempdir().unwrap();
    let (root, body) = (folder.path(), body());
    let open = archive(root, Seal::Open);
    let page = stored(&open, root, &body);
    assert_eq!(page.page.raw.as_ref().unwrap().file, "sipp/p3ke/run/00001.zst");
    assert_eq!(read(&page, None).unwrap(), body);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&page.path), mode(&root.join("sipp/p3ke/run"))), (0o600, 0o700));
    assert!(fs::metadata(&page.path).unwrap().len() < body.len() as u64 / 4);
    open.sync().unwrap();
    open.remove().unwrap();
    assert!(matches!(read(&page, None), Err(ArchiveError::Missing { .. })));
}

#[test]
fn a_sealed_page_opens_for_its_identity_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (root, body, own) = (folder.path(), body(), Identity::generate());
    let page = stored(&archive(root, Seal::To(own.recipients()[0].clone())), root, &body);
    assert_eq!(page.page.raw.as_ref().unwrap().file, "sipp/p3ke/run/00001.zst.age");
    assert_eq!(read(&page, Some(&own)).unwrap(), body);
    let refused = read(&page, None).unwrap_err();
    assert!(refused.is_identity() && refused.to_string().contains("--identity"), "{refused}");
    assert!(matches!(read(&page, Some(&Identity::generate())), Err(ArchiveError::WrongIdentity { .. })));
    // Neither the words nor the compressed page are in the file.
    let bytes = fs::read(&page.path).unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(!holds(b"SITI") && !holds(b"35750123") && !holds(&[0x28, 0xb5, 0x2f, 0xfd]));
}

#[test]
fn a_page_that_is_cut_off_changed_or_another_one_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (root, body, own) = (folder.path(), body(), Identity::generate());
    for seal in [Seal::Open, Seal::To(own.recipients()[0].clone())] {
        let archive = archive(root, seal);
        let page = stored(&archive, root, &body);
        let whole = fs::read(&page.path).unwrap();
        let refused_as = |bytes: &[u8]| {
            fs::write(&page.path, bytes).unwrap();
            let refused = read(&page, Some(&own)).unwrap_err();
            assert!(matches!(refused, ArchiveError::Damaged { .. }), "{refused}");
            refused.to_string()
        };
        for n in [whole.len() - 1, whole.len() / 2, 3, 0] {
            refused_as(&whole[..n]);
        }
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x40;
        refused_as(&flipped);
        let other = stored(&archive, root, &body[..body.len() - 2]);
        assert!(refused_as(&fs::read(&other.path).unwrap()).contains("SHA-256"));
        let longer = stored(&archive, root, &[&body[..], b"more"].concat());
        assert!(refused_as(&fs::read(&longer.path).unwrap()).contains("more than"));
        archive.remove().unwrap();
    }
}

#[test]
fn a_page_that_breaks_off_leaves_nothing_and_what_is_personal_needs_a_recipient() {
    let folder = tempfile::tempdir().unwrap();
    let open = archive(folder.path(), Seal::Open);
    let mut writer = open.page(None).unwrap().unwrap();
    writer.write(b"[{").unwrap();
    drop(writer);
    assert_eq!(fs::read_dir(folder.path().join("sipp/p3ke/run")).unwrap().count(), 0);
    let nothing = archive(&folder.path().join("other"), Seal::Nothing);
    assert!(!nothing.keeps_pages() && nothing.page(None).unwrap().is_none());
    assert!(!folder.path().join("other").exists());
}
