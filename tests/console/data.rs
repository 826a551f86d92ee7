//! The pages on data over HTTP: what is found, what a table shows, and what nobody is shown.

use super::visitor::{INJECTIONS, Place, assert_escaped};

fn house() -> Place {
    Place::with(&["omspan.dipa_belanja", "omspan.realisasi_belanja", "sipp.p3ke"])
}

#[test]
fn tables_are_found_by_name_column_and_meaning_page_by_page() {
    let house = house();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    let first = ana.get("/data").text();
    assert!(first.contains("mart.") && first.contains("sesudah="), "{first}");
    // Every table is on exactly one page.
    let mut seen = std::collections::BTreeSet::new();
    let mut next = Some("/data".to_owned());
    while let Some(place) = next {
        let page = ana.get(&place).text();
        assert!(page.len() < 150_000, "{place}: {} bytes", page.len());
        for piece in page.split("<th scope=\"row\"><a href=\"/data/").skip(1) {
            let name = piece.split('"').next().unwrap().to_owned();
            assert!(seen.insert(name.clone()), "{name} twice");
        }
        next = page
            .split("<a href=\"")
            .find(|piece| piece.contains("rel=\"next\""))
            .map(|piece| piece.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"));
    }
    assert!(seen.len() > 100 && seen.contains("omspan.dipa_belanja"), "{}", seen.len());

    let by_name = ana.get("/data?q=dipa_belanja&jenis=dataset").text();
    assert!(by_name.contains("omspan.dipa_belanja") && !by_name.contains("omspan.realisasi_belanja"), "{by_name}");
    let by_column = ana.get("/data?q=ntpn").text();
    assert!(by_column.contains("<code>ntpn</code>"), "{by_column}");
    assert!(ana.get("/data?q=tidakadayangbegini").text().contains("Tidak ada tabel yang cocok"));
}

#[test]
fn a_table_tells_its_columns_freshness_lineage_and_how_it_is_read() {
    let house = house();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    let page = ana.get("/data/omspan.dipa_belanja").text();
    for wanted in
        ["1 Nov 2026", "<svg class=\"lineage\"", "Dibaca oleh", "read_parquet", "pl.scan_parquet", "psql", "rupiah"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains(&house.lab.path().display().to_string()), "no path of this machine is told");
    let view = ana.get("/data/mart.serapan_satker").text();
    assert!(view.contains("Membaca dari") && view.contains("role=\"img\""), "{view}");
    for name in ["omspan.nope", "nope", "a%2F..%2Fb", "a%00b"] {
        assert_eq!(ana.get(&format!("/data/{name}")).status.as_u16(), 404, "{name}");
    }
}

#[test]
fn a_profile_counts_and_shows_no_value_of_a_person() {
    let house = house();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    let page = ana.get("/data/omspan.dipa_belanja/profil").text();
    assert!(page.contains("Terkecil") && page.contains("100,0%"), "{page}");
    let persons = ana.get("/data/sipp.p3ke/profil").text();
    assert!(persons.contains("Nilai berbeda") && !persons.contains("Terkecil"), "{persons}");
    assert_eq!(ana.get("/data/omspan.nope/profil").status.as_u16(), 404);
}

#[test]
fn what_is_searched_for_is_never_more_than_text() {
    let house = house();
    let daemon = house.serve(&["schedule.enabled=false"]);
    let ana = daemon.visitor("ana");
    for injected in INJECTIONS {
        let encoded: String = injected.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for place in [
            format!("/data?q={encoded}"),
            format!("/data?jenis={encoded}"),
            format!("/data?sesudah={encoded}"),
            format!("/data/{encoded}"),
        ] {
            let page = ana.get(&place);
            assert!(page.status.as_u16() < 500, "{place}");
            assert!(page.headers.get("x").is_none() && page.headers.get("set-cookie").is_none());
            assert_escaped(&page.text(), injected);
        }
    }
}
