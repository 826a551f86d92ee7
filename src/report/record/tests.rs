//! Manifests, grounds and differences.

use super::{
    DeploymentRecord, FORMAT, Grounds, Manifest, MomentRecord, Part, PartRecord, RECIPIENTS, TextRecord, difference,
    json, manifest, parts, recipients_of, recipients_part, sha256, why,
};
use crate::report::fixture::{World, audiences_of, date, definition, deployment, inputs, sources};
use crate::report::{Audience, Edition, Session, compose, messages};
use crate::warehouse::PinnedFile;

struct Made {
    edition: Edition,
    audience: Audience,
    parts: Vec<Part>,
    manifest: Manifest,
}

/// The first audience's edition of a report over `world`, as it is recorded.
async fn made(name: &str, world: &World, before: Option<&World>) -> Made {
    let definition = definition(name);
    let (sources, deployment) = (sources(), deployment());
    let (current, previous) = (Session::new(world), before.map(|before| Session::new(before)));
    let inputs = inputs(&definition, (&current, previous.as_ref()), &sources, &deployment);
    let audience = audiences_of(&definition, &current).await.remove(0);
    let edition = compose(&definition, &inputs, &audience).await.unwrap();
    let mails = messages(&edition, &audience.recipients, &deployment, inputs.now).unwrap();
    let mut parts = parts(&edition, &mails);
    parts.push(recipients_part(&audience.recipients));
    let manifest = manifest((&edition, &audience), &definition, &mails, (&parts, &sha256(b"grounds")));
    Made { edition, audience, parts, manifest }
}

fn grounds() -> Grounds {
    let file = PinnedFile {
        dataset: "omspan.dipa_belanja".to_owned(),
        partition: "tahun_anggaran=2026/snapshot_date=2026-11-01".to_owned(),
        run: "20261101T053000123Z-7f3a9c1e".to_owned(),
        mode: "snapshot".to_owned(),
        snapshot_date: date("2026-11-01"),
        committed_at: "2026-11-01T05:31:00Z".parse().unwrap(),
        rows: 10,
        bytes: 1000,
        latest: true,
        sha256: Some(sha256(b"file")),
    };
    Grounds {
        format: FORMAT,
        report: "serapan-anggaran".to_owned(),
        period: date("2026-10-31"),
        day: date("2026-11-02"),
        now: "2026-11-01T23:30:00Z".parse().unwrap(),
        definition: TextRecord { name: "reports/serapan-anggaran.toml".to_owned(), sha256: sha256(b"definition") },
        queries: [("total".to_owned(), sha256(b"SELECT 1"))].into(),
        views: [("mart.satker".to_owned(), sha256(b"SELECT 2"))].into(),
        config: [("sources/omspan.toml".to_owned(), sha256(b"contract"))].into(),
        deployment: DeploymentRecord {
            agency: "Kementerian Contoh".to_owned(),
            contact_unit: "Biro".to_owned(),
            contact_address: "biro@contoh.go.id".to_owned(),
            from_name: "Lumbung".to_owned(),
            from_address: "lumbung@contoh.go.id".to_owned(),
            logo: None,
        },
        sources: sources(),
        current: MomentRecord {
            edition: None,
            day: Some(date("2026-11-02")),
            runs: 7,
            open_runs: vec![],
            files: vec![file],
        },
        previous: None,
    }
}

#[tokio::test]
async fn the_manifest_has_every_part_figure_and_sentence_and_no_address() {
    let world = World::october().await;
    for report in ["serapan-anggaran", "kartu-satker"] {
        let made = made(report, &world, None).await;
        let text = String::from_utf8(json(&made.manifest)).unwrap();
        for recipient in &made.audience.recipients {
            let address = recipient.address.to_string();
            assert!(!text.contains(&address) && !text.contains(&recipient.name), "{address} in\n{text}");
            let id = made.manifest.messages.iter().map(|message| &message.message_id);
            assert!(id.clone().all(|id| !id.contains(recipient.address.user())), "{address}");
        }
        let names: Vec<&str> = made.manifest.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names[..2], ["edition.html", "edition.txt"]);
        assert!(names.contains(&"1.eml") && names.contains(&RECIPIENTS), "{names:?}");
        for (record, part) in made.manifest.parts.iter().zip(&made.parts) {
            assert!(record.holds(&part.bytes) && !record.holds(b"other"), "{}", record.name);
        }
        assert_eq!(made.manifest.figures, made.edition.figures);
        assert!(made.manifest.figures.iter().any(|figure| figure.unit == "percent"), "units are known");
        // What is read back is what was written, and it gives the same audience.
        assert_eq!(Manifest::read(text.as_bytes()).unwrap(), made.manifest);
        let kept = made.parts.iter().find(|part| part.name == RECIPIENTS).unwrap();
        let again = made.manifest.audience(recipients_of(&kept.bytes).unwrap());
        assert_eq!(
            (&again.roles, again.parameters.get("satker")),
            (&made.audience.roles, made.audience.parameters.get("satker"))
        );
        let who = |audience: &Audience| -> Vec<String> {
            audience.recipients.iter().map(|one| format!("{} {}", one.name, one.address)).collect()
        };
        assert_eq!(who(&again), who(&made.audience));
    }
}

#[tokio::test]
async fn the_same_ground_gives_the_same_bytes_and_another_world_others() {
    let (october, september) = (World::october().await, World::september().await);
    let first = made("serapan-anggaran", &october, Some(&september)).await;
    let again = made("serapan-anggaran", &october, Some(&september)).await;
    assert_eq!(first.parts, again.parts);
    assert_eq!(first.manifest, again.manifest);
    let other = made("serapan-anggaran", &september, None).await;
    assert_ne!(first.parts, other.parts);
}

#[tokio::test]
async fn what_changed_between_two_editions_has_old_new_and_difference() {
    let (october, september) = (World::october().await, World::september().await);
    let (old, new) =
        (made("serapan-anggaran", &september, None).await, made("serapan-anggaran", &october, None).await);
    let found = difference(&old.manifest, &new.manifest);
    let changed =
        found.figures.iter().find(|change| change.id.starts_with("figures.") && change.id.ends_with(".serapan"));
    let changed = changed.unwrap_or_else(|| panic!("{:#?}", found.figures));
    let value = |figure: &Option<crate::report::PrintedFigure>| {
        crate::report::Amount::parse(&figure.as_ref().unwrap().value).unwrap()
    };
    let difference_told = crate::report::Amount::parse(changed.difference.as_deref().unwrap()).unwrap();
    assert_eq!(difference_told, value(&changed.new).minus(value(&changed.old)));
    assert!(changed.words.as_ref().unwrap().ends_with("poin"), "a difference of percentages: {changed:?}");
    assert!(found.figures.iter().all(|change| change.old.is_some() || change.new.is_some()));
    assert!(found.figures.iter().any(|change| change.old.is_none() && change.difference.is_none()), "new figures");
    let headline = found.sentences.iter().find(|change| change.place == "headline").unwrap();
    assert!(headline.old.is_some() && headline.new.is_some() && headline.old != headline.new);
    let nothing = difference(&new.manifest, &new.manifest);
    assert_eq!((nothing.figures.len(), nothing.sentences.len(), nothing.same), (0, 0, new.manifest.figures.len()));
}

#[tokio::test]
async fn why_another_record_was_needed_is_said() {
    let made = made("serapan-anggaran", &World::october().await, None).await.manifest;
    let same = grounds();
    assert_eq!(why((&made, &same), (&made, &same)), "the same grounds gave other bytes");
    let mut other = grounds();
    other.now = "2026-11-02T23:30:00Z".parse().unwrap();
    other.current.files[0].sha256 = Some(sha256(b"other"));
    other.definition.sha256 = sha256(b"another definition");
    assert_eq!(why((&made, &same), (&made, &other)), "another definition, other snapshots, composed at another time");
    let templates = Manifest { templates: String::new(), program: "0.0.9".to_owned(), ..made.clone() };
    assert_eq!(why((&templates, &same), (&made, &same)), "another version of the program, other templates");
}

#[test]
fn grounds_are_read_back_and_those_of_a_newer_program_refused() {
    let written = json(&grounds());
    assert_eq!(Grounds::read(&written).unwrap(), grounds());
    let newer = String::from_utf8(written).unwrap().replacen("\"format\": 1", "\"format\": 2", 1);
    assert!(Grounds::read(newer.as_bytes()).unwrap_err().contains("use the newer lumbung"));
    assert!(Grounds::read(b"{}").is_err());
    assert_eq!(PartRecord::of(&Part { name: "1.eml".to_owned(), bytes: vec![] }).kind(), "eml");
}
