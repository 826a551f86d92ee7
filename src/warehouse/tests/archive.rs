//! What a run says of itself beside its figures: the key, the parameters, who accepted it, where its raw pages are.

use super::{CommitMode, Scene, noon, page, stage};
use crate::warehouse::Acceptance;

const DIPA: &str = "omspan.dipa_belanja";

#[test]
fn a_run_says_its_key_its_parameters_and_who_accepted_it() {
    let scene = Scene::new();
    let first = scene.begin(DIPA, noon(20));
    first.record_page(page(1, 1)).unwrap();
    let by = Acceptance { by: "operator".to_owned(), at: noon(21) };
    first.accept(by.clone());
    let staged = stage(&first, "snapshot_date=2026-11-20", &[1]).unwrap();
    let id = first.id().clone();
    first.commit(vec![staged], CommitMode::Snapshot, noon(20), None).unwrap();
    let detail = scene.warehouse.run(&id).unwrap().unwrap();
    assert_eq!(detail.run.key_id.as_deref(), Some("1f2e3d4c"));
    assert_eq!(detail.run.parameters.as_deref(), Some(r#"{"nik":"…"}"#));
    assert_eq!((detail.run.accepted, detail.run.replay_of), (Some(by), None));
    assert_eq!(detail.pages[0].page, page(1, 1));
}
