//! The totals are what the answers add up to, and the answers agree with each other.

use super::{TODAY, control_of, payments, rows, start, sum, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn control_is_what_the_answers_add_up_to() {
    let sandbox = start(TODAY, &[]).await;
    let control = sandbox.control();
    let (_, served) = text(reqwest::Client::new().get(sandbox.control_url())).await;
    assert_eq!(served, serde_json::to_string(&control).unwrap());
    let of_omspan = control.datasets.keys().filter(|name| name.starts_with("omspan.")).count();
    assert_eq!(of_omspan, 7);
    let plain = [
        ("dipa_belanja", "DipaBelanjaKL/BELANJA", &["AMOUNT"][..]),
        ("realisasi_belanja", "RealisasiKL", &["AMOUNT"]),
        ("capaian_ik_kl", "CapaianIKKLRe", &[]),
        ("capaian_ik_satker", "CapaianIKSatkerRe", &[]),
        ("capaian_ik_eselon1", "CapaianIKEselon1Re", &[]),
        ("ketersediaan_dana", "DataFA", &["DIPA", "KONTRAK", "BLOKIR", "ACTUAL_AMT", "BALANCING_AMT"]),
    ];
    for (dataset, path, columns) in plain {
        let mut all = rows(&sandbox, 2025, path).await;
        all.extend(rows(&sandbox, 2026, path).await);
        let mut sums: Vec<(String, String)> = Vec::new();
        for column in columns {
            let sum = sum(all.iter().map(|row| &row[*column]));
            sums.push((column.to_lowercase(), format!("{sum}.00")));
        }
        sums.sort();
        assert_eq!(control_of(&control, &format!("omspan.{dataset}")), (all.len() as u64, sums));
    }
    let mut paid = payments(&sandbox, 2025, "DetailPNBPAllRev/GL").await;
    paid.extend(payments(&sandbox, 2026, "DetailPNBPAllRev/GL").await);
    let rupiah = format!("{}.00", sum(paid.iter().map(|row| &row[7])));
    assert_eq!(control_of(&control, "omspan.detail_pnbp"), (paid.len() as u64, vec![("rupiah".to_owned(), rupiah)]));
}

/// Sums of `money` over the rows, by the values under `keys` put together.
fn by(rows: &[Value], keys: &[&str], money: &str) -> BTreeMap<String, i128> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let key: String = keys.iter().map(|key| row[*key].as_str().unwrap()).collect();
        *sums.entry(key).or_default() += sum(std::iter::once(&row[money]));
    }
    sums
}

#[tokio::test]
async fn dipa_realisasi_and_funds_tell_one_story() {
    let sandbox = start(TODAY, &[]).await;
    let mut dipa = rows(&sandbox, 2026, "DipaBelanjaKL/BELANJA").await;
    dipa.retain(|row| row["BUDGET_TYPE"] == "2" && !row["KDSATKER"].as_str().unwrap().contains('Z'));
    let spent = rows(&sandbox, 2026, "RealisasiKL").await;
    let funds = rows(&sandbox, 2026, "DataFA").await;

    let line = ["KDSATKER", "AKUN", "PROGRAM", "KEGIATAN", "OUTPUT", "SUMBER_DANA"];
    let pagu = by(&dipa, &line, "AMOUNT");
    for (key, amount) in by(&spent, &line, "AMOUNT") {
        assert!(amount <= pagu[&key], "{key}: {amount} of {}", pagu[&key]);
    }
    let fine = by(
        &spent,
        &["KDSATKER", "AKUN", "PROGRAM", "KEGIATAN", "OUTPUT", "SUMBER_DANA", "CARA_TARIK", "KDREGISTER"],
        "AMOUNT",
    );
    let mut actual = by(&funds, &["SATKER", "AKUN", "PROGRAM", "OUTPUT", "DANA"], "ACTUAL_AMT");
    actual.retain(|key, amount| *amount != 0 || fine.contains_key(key));
    assert_eq!(actual, fine);
    assert_eq!(by(&funds, &["SATKER", "AKUN", "PROGRAM", "OUTPUT"], "DIPA"), by(&dipa, &line[..5], "AMOUNT"));
    let satker = |rows: &[Value], key: &str| -> BTreeSet<String> {
        rows.iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
    };
    let named = rows(&sandbox, 2026, "CapaianIKSatkerRe").await;
    assert_eq!(satker(&named, "KDSATKER"), satker(&dipa, "KDSATKER"));
}

#[tokio::test]
async fn personal_values_are_the_payers() {
    let sandbox = start("2027-01-01", &[]).await;
    let mut names = BTreeSet::new();
    for year in [2026, 2027] {
        let path = "DetailPNBPAllRev/GL";
        if year == 2027 {
            assert_eq!(text(super::ask(&sandbox, year, path)).await.1, super::NO_DATA);
            continue;
        }
        for row in payments(&sandbox, year, path).await {
            names.insert(row[4].as_str().unwrap().to_owned());
        }
    }
    let listed: BTreeSet<String> = sandbox.personal_values().into_iter().collect();
    assert!(names.is_subset(&listed));
    assert!(names.iter().any(|name| name.contains(", S.H.")));
    assert!(names.iter().all(|name| name.contains(' ')), "a payer has more than one word");
}
