//! The shipped contract reads; a broken one names everything at once.

mod inbox;
mod shipped;
mod submit;

use super::parse;
use crate::contract::{Class, ColumnType, DateFormat, Paging, RowShape, file_schema};

const OMSPAN: &str = include_str!("../../../config/sources/omspan.toml");

#[test]
fn the_omspan_contract_has_the_seven_endpoints() {
    let contract = parse("omspan.toml", OMSPAN).unwrap();
    let names: Vec<&str> = contract.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "dipa_belanja",
            "realisasi_belanja",
            "capaian_ik_kl",
            "capaian_ik_satker",
            "capaian_ik_eselon1",
            "detail_pnbp",
            "ketersediaan_dana"
        ]
    );
    let realisasi = contract.dataset("realisasi_belanja").unwrap();
    assert!(matches!(&realisasi.paging, Paging::RowRange { page_rows: 50_000, row_number: 0, constant, .. }
        if realisasi.columns[constant[0]].name == "maxdate"));
    assert_eq!(realisasi.columns[15].ty, ColumnType::Date(vec![DateFormat::DdMonYy]));
    let pnbp = contract.dataset("detail_pnbp").unwrap();
    assert!(pnbp.personal && pnbp.accumulates());
    assert_eq!(pnbp.rows, RowShape::HeaderPositional { fold_surplus_into: pnbp.column("nama_waj_bay") });
    assert_eq!(pnbp.columns[pnbp.column("nama_waj_bay").unwrap()].class, Class::Drop);
}

#[test]
fn a_payer_name_is_in_no_file_schema() {
    let contract = parse("omspan.toml", OMSPAN).unwrap();
    let schema = file_schema(contract.dataset("detail_pnbp").unwrap());
    assert!(schema.field_with_name("nama_waj_bay").is_err());
    assert!(schema.field_with_name("extra").is_err());
    assert!(file_schema(contract.dataset("dipa_belanja").unwrap()).field_with_name("extra").is_ok());
}

#[test]
fn every_problem_is_reported_at_once() {
    let broken = OMSPAN
        .replace("timezone = \"Asia/Jakarta\"", "timezone = \"Asia/Bogor\"")
        .replace("kind = \"bearer\"", "kind = \"basic\"")
        .replace("path = \"DipaBelanjaKL/BELANJA\"", "path = \"DipaBelanjaKL/{x}\"")
        .replace("control = [\"amount\"]", "control = [\"amonut\"]")
        .replace("name = \"kdsatker\", type = \"code(6)\"", "name = \"kdsatker\", type = \"kode(6)\"")
        .replace("constant = [\"maxdate\"]", "constants = [\"maxdate\"]");
    let problems = parse("omspan.toml", &broken).unwrap_err().to_string();
    for expected in [
        "Asia/Bogor",
        "unknown kind of authentication \"basic\"",
        "a placeholder that its paging does not fill in",
        "unknown column \"amonut\"",
        "cannot be \"kode(6)\"",
        "did you mean `constant`?",
    ] {
        assert!(problems.contains(expected), "{expected} is missing in:\n{problems}");
    }
    assert!(problems.lines().all(|line| line.starts_with("omspan.toml:")), "{problems}");
}

#[test]
fn a_personal_dataset_classes_every_column() {
    let broken = OMSPAN
        .replace("{ name = \"bank\", type = \"text\", class = \"public\",", "{ name = \"bank\", type = \"text\",");
    let problems = parse("omspan.toml", &broken).unwrap_err();
    assert_eq!(problems.0.len(), 1, "{problems}");
    assert!(problems.to_string().contains("\"bank\" states no `class`"));
}

#[test]
fn plain_http_is_for_this_machine_only() {
    assert!(super::check_base_url("http://127.0.0.1:8080/x/").is_ok_and(|url| url.ends_with("/x")));
    assert!(super::check_base_url("http://spanint.kemenkeu.go.id/x").is_err());
    assert!(super::check_base_url("https://user:secret@example.org/").is_err());
}
