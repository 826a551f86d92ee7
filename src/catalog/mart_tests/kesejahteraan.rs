//! Tests of the closing of small cells: what is closed stays closed when every published figure is added and subtracted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::Catalog;
use super::super::fixture::{Fixture, json_rows};

/// Kecamatan and village of a world with villages of every size.
const KECAMATAN: [&str; 3] = ["351401", "351402", "351403"];
const VILLAGES: usize = 5;

/// A sequence that looks random and is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Families and aid, drawn anew for each seed: small villages beside large ones, reached by one or two programmes or not.
fn world(seed: u64) -> Fixture {
    let mut dice = Dice(seed);
    let (mut families, mut aid) = (Vec::new(), Vec::new());
    for kecamatan in KECAMATAN {
        for village in 0..VILLAGES {
            let code = format!("{kecamatan}{:04}", 2001 + village);
            let size = [3, 9, 30][usize::try_from(dice.below(3)).unwrap()];
            for _ in 0..dice.below(size) {
                let n = families.len();
                let nik = format!("k{n}");
                families.push(json!({"id_keluarga_p3ke": n.to_string(), "kode_kemdagri": code, "nik": nik,
                    "desil_kesejahteraan": 1 + dice.below(4), "nik_keadaan": "utuh"}));
                for program in 0..dice.below(3) {
                    aid.push(gift(&nik, &code, program));
                }
            }
            for stranger in 0..dice.below(7) {
                aid.push(gift(&format!("x{code}{stranger}"), &code, 0));
            }
        }
    }
    Fixture::new().with("p3ke", 2026, &families).with("bantuan", 2026, &aid)
}

fn gift(nik: &str, village: &str, program: u64) -> Value {
    json!({"nik": nik, "nik_keadaan": "utuh", "kode_kemdagri": village, "program_kode": format!("1.02.{program:02}")})
}

/// True counts by code (2 digits and more) and count: those of villages and, added up, of the regions above.
async fn truth(catalog: &Catalog) -> BTreeMap<(String, String), i64> {
    let sql = "SELECT kode_kemdagri AS kode, concat('keluarga_desil_', desil_kesejahteraan) AS ukuran, count(*) AS n
        FROM sipp.p3ke GROUP BY 1, 2
        UNION ALL
        SELECT kode_kemdagri, 'penerima', count(DISTINCT nik) FROM sipp.bantuan GROUP BY 1";
    let mut counts = BTreeMap::new();
    for row in json_rows(catalog, sql).await {
        let (kode, ukuran) = (row["kode"].as_str().unwrap(), row["ukuran"].as_str().unwrap());
        for digits in [4, 6, 10] {
            let count = counts.entry((kode[..digits].to_owned(), ukuran.to_owned())).or_insert(0);
            *count += row["n"].as_i64().unwrap();
        }
    }
    counts
}

#[tokio::test]
async fn no_total_gives_a_small_cell_away() {
    for seed in 1..=3 {
        let world = world(seed);
        let catalog = world.catalog().await;
        let truth = truth(&catalog).await;
        let sql = "SELECT kode, ukuran, nilai, tertutup FROM kesejahteraan_sel WHERE tingkat <> 'semua'";
        let mut closed = BTreeMap::new();
        for row in json_rows(&catalog, sql).await {
            let key = (row["kode"].as_str().unwrap().to_owned(), row["ukuran"].as_str().unwrap().to_owned());
            let Some(n) = truth.get(&key) else { continue };
            let shut = row["tertutup"] == "true";
            assert_eq!(row["nilai"].as_i64(), (!shut).then_some(*n), "seed {seed}: {row}");
            closed.insert(key, shut);
        }
        assert_eq!(closed.len(), truth.len(), "every count has a cell");
        for (key, n) in &truth {
            assert!(closed[key] || *n >= 5, "seed {seed}: {key:?} is {n} and open");
        }
        for (above, shut_above) in closed.iter().filter(|((kode, _), _)| kode.len() < 10) {
            let digits = if above.0.len() == 4 { 6 } else { 10 };
            let inside = closed.iter().filter(|((kode, ukuran), shut)| {
                **shut && kode.len() == digits && kode.starts_with(&above.0) && *ukuran == above.1
            });
            let hidden: Vec<i64> = inside.map(|(key, _)| truth[key]).collect();
            let sum: i64 = hidden.iter().sum();
            // An open total and the open cells below give the sum of the closed ones; a closed total wants one.
            let kept =
                if *shut_above { !hidden.is_empty() } else { hidden.is_empty() || (hidden.len() >= 2 && sum >= 5) };
            assert!(kept, "seed {seed}: {above:?} (closed: {shut_above}) over closed cells {hidden:?}");
        }
    }
}

#[tokio::test]
async fn coverage_is_shown_only_with_both_its_cells_and_the_rest() {
    let world = world(7);
    let catalog = world.catalog().await;
    let sql = "SELECT count(*) AS n FROM kesejahteraan_wilayah WHERE cakupan_desil_1_pct IS NOT NULL
        AND (keluarga_desil_1 IS NULL OR terbantu_desil_1 IS NULL OR keluarga_desil_1 BETWEEN 1 AND 4
            OR terbantu_desil_1 BETWEEN 1 AND 4 OR keluarga_desil_1 - terbantu_desil_1 BETWEEN 1 AND 4)";
    assert_eq!(json_rows(&catalog, sql).await, [json!({"n": 0})]);
    let levels = "SELECT tingkat, count(*) AS n FROM kesejahteraan_wilayah GROUP BY tingkat ORDER BY n, tingkat";
    let levels = json_rows(&catalog, levels).await;
    assert_eq!(levels[0], json!({"tingkat": "kabkota", "n": 1}));
    assert_eq!(levels[2], json!({"tingkat": "kecamatan", "n": 3}));
}
