//! A card a satker: each office gets its own rows and nobody else's.

use super::super::definition::ReportDefinition;
use super::super::fixture::{World, audiences_of, definition, deployment, inputs, sources};
use super::super::rows::Session;
use super::super::{Edition, compose};
use crate::report::queries::QuerySet;

async fn cards(definition: &ReportDefinition, session: &Session<'_>) -> Vec<Edition> {
    let (sources, deployment) = (sources(), deployment());
    let inputs = inputs(definition, (session, None), &sources, &deployment);
    let mut editions = Vec::new();
    for audience in audiences_of(definition, session).await {
        editions.push(compose(definition, &inputs, &audience).await.unwrap());
    }
    editions
}

#[tokio::test]
async fn a_recipient_gets_only_its_own_rows() {
    let world = World::october().await;
    let session = Session::new(&world);
    let definition = definition("kartu-satker");
    let audiences = audiences_of(&definition, &session).await;
    let addresses: Vec<String> =
        audiences.iter().flat_map(|audience| &audience.recipients).map(|r| r.address.to_string()).collect();
    let codes = ["430101", "431001", "431002", "431003"];
    assert_eq!(addresses, codes.map(|code| format!("satker-{code}@contoh.go.id")));
    let editions = cards(&definition, &session).await;
    assert_eq!(
        editions.iter().map(Edition::id).collect::<Vec<_>>(),
        codes.map(|c| format!("kartu-satker-2026-10-31-{c}"))
    );
    // What only this satker's rows hold: its code, its name, its pagu, its IKPA.
    let own = [
        ["430101", "Sekretariat Utama", "Rp600,0\u{a0}miliar", "89,00"],
        ["431001", "Kantor Pertanahan <Barat>", "Rp100,0\u{a0}miliar", "91,20"],
        ["431002", "Kantor Wilayah Timur", "Rp780,0\u{a0}miliar", "90,00"],
        ["431003", "Satker 431003", "Rp20,0\u{a0}miliar", "50,50"],
    ];
    for (edition, own_marks) in editions.iter().zip(&own) {
        super::assert_promises(edition);
        for mark in own_marks {
            assert!(edition.text.contains(mark), "{}: {mark} is missing", edition.id());
        }
        for mark in own.iter().filter(|marks| marks[0] != own_marks[0]).flat_map(|marks| &marks[..3]) {
            for part in [&edition.text, &edition.html, &edition.subject] {
                assert!(!part.contains(mark), "{}: {mark} of another satker", edition.id());
            }
        }
        let keys = edition
            .figures
            .iter()
            .filter(|figure| own.iter().any(|marks| marks[0] != own_marks[0] && figure.row == marks[0]));
        assert_eq!(keys.count(), 0, "{}", edition.id());
    }
}

#[tokio::test]
async fn a_query_that_forgets_whose_rows_it_gives_is_refused() {
    let world = World::october().await;
    let session = Session::new(&world);
    let queries = QuerySet::embedded();
    let leaking =
        queries.get("kartu_pnbp").unwrap().sql.replace("kdsatker AS satker", "kdsatker, '430101' AS punya_siapa");
    let leaking = leaking.replace("ORDER BY satker", "ORDER BY kdsatker");
    let queries = queries.with_query("kartu_pnbp", &leaking);
    let (file, text) = crate::config::ConfigFolder::embedded().read("reports/kartu-satker.toml").unwrap();
    let definition = ReportDefinition::load(&text, &file, &queries).unwrap();
    let (sources, deployment) = (sources(), deployment());
    let audience = audiences_of(&definition, &session).await.remove(1);
    let inputs = inputs(&definition, (&session, None), &sources, &deployment);
    let error = compose(&definition, &inputs, &audience).await.unwrap_err().to_string();
    assert!(error.starts_with("queries/report/kartu_pnbp.sql gives no column satker: select it"), "{error}");
}

#[tokio::test]
async fn a_parameter_is_bound_and_never_pasted() {
    let world = World::october().await;
    let session = Session::new(&world);
    // One question an office, its code bound; and what would be SQL if it were pasted is only a code nobody has.
    let queries = QuerySet::embedded();
    let bound = queries.get("kartu_pnbp").unwrap().sql.replace("WHERE tahun", "WHERE kdsatker = $satker AND tahun");
    let queries = queries.with_query("kartu_pnbp", &bound);
    let (file, text) = crate::config::ConfigFolder::embedded().read("reports/kartu-satker.toml").unwrap();
    let mut definition = ReportDefinition::load(&text, &file, &queries).unwrap();
    let editions = cards(&definition, &session).await;
    assert!(editions[1].text.contains("Target: 15,0; Realisasi: 12,0"), "revenue of 431001: {}", editions[1].text);
    assert!(!editions[0].text.contains("PENERIMAAN BUKAN PAJAK MENURUT AKUN"), "430101 has none");
    let office = |code: &str| {
        let parameters = [("satker".to_owned(), code.to_owned())].into();
        let address = "kantah@contoh.go.id".parse().unwrap();
        crate::report::Recipient { name: "Yth. Kepala Kantor".to_owned(), address, roles: Vec::new(), parameters }
    };
    let hostile = office("431001' OR '1' = '1");
    definition.recipients = vec![crate::report::definition::RecipientSource::Office(hostile)];
    let (sources, deployment) = (sources(), deployment());
    let audience = audiences_of(&definition, &session).await.remove(0);
    let inputs = inputs(&definition, (&session, None), &sources, &deployment);
    let error = compose(&definition, &inputs, &audience).await.unwrap_err();
    assert!(matches!(error, crate::report::ReportError::NoFigures { .. }), "{error}");
}
