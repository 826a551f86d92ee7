//! Drift, planted: the same dataset comes again, and a column, the rows or a sum are no longer what they were. No row of the
//! table in docs/quirks.md: what changed is not how the source writes, but what it says.

use super::bench::{Bench, Contract, ROADS, Road};

const COLUMNS: &str = r#"
  { name = "kdsatker", type = "code(6)", required = true, class = "public", meaning = "satker" },
  { name = "lokasi", type = "code(4)", class = "public", meaning = "place" },
  { name = "amount", type = "money", class = "public", meaning = "rupiah" },
"#;

const LIMITS: &str = r#"control = ["amount"]
drift = { rows_min = 5, rows_pct = 100, null_points = 40, sums_pct = 50, distinct = ["kdsatker"] }"#;

/// Ten rows that differ in what a test says of them.
struct Rows {
    n: u32,
    /// Different satkers among them.
    satkers: u32,
    /// Rows without a place.
    placeless: u32,
    /// What each is worth.
    amount: u32,
}

/// What is loaded first.
const GOOD: Rows = Rows { n: 10, satkers: 10, placeless: 0, amount: 100 };

impl Rows {
    fn body(&self, road: Road) -> String {
        let row = |i: u32| {
            let place = if i < self.placeless { String::new() } else { "\"lokasi\":\"0551\",".to_owned() };
            format!(r#"{{"kdsatker":"{:06}",{place}"amount":"{}"}}"#, i % self.satkers, self.amount)
        };
        road.wrap(&(0..self.n).map(row).collect::<Vec<_>>().join(","))
    }
}

#[test]
fn a_snapshot_that_is_too_far_from_the_one_before_is_held_until_it_is_accepted() {
    let planted = [
        (
            Rows { placeless: 5, ..GOOD },
            "lokasi is empty in 50.0 % of the rows where it was in 0.0 %, a rise of more than 40 points (drift.null_points)",
            "--accept-drift",
        ),
        (
            Rows { amount: 151, ..GOOD },
            "amount adds up to 1510.00 where it came to 1000.00, a change of more than 50 % (drift.sums_pct)",
            "--accept-drift",
        ),
        (
            Rows { n: 21, amount: 50, ..GOOD },
            "21 rows where there were 10, a growth of more than 100 % (drift.rows_pct)",
            "--accept-drift",
        ),
        (
            Rows { satkers: 7, ..GOOD },
            "kdsatker has 7 different values where it had 10, a loss of more than 20 % (drift.distinct_pct)",
            "--accept-shrink",
        ),
    ];
    for road in ROADS {
        for (rows, says, option) in &planted {
            let bench = Bench::new(&Contract::new(road, LIMITS, COLUMNS));
            bench.lands(GOOD.body(road));
            let before = bench.lab().contents();
            bench.says(rows.body(road));
            let load = bench.load(&[]);
            load.fails(65, "held", says);
            assert!(
                load.said["error"].as_str().unwrap().ends_with(&format!("{option} publishes it")),
                "{}",
                load.said
            );
            assert_eq!(bench.lab().contents(), before, "{road:?}: {says}");
            // The other option is none for this.
            let other = if *option == "--accept-drift" { "--accept-shrink" } else { "--accept-drift" };
            bench.load(&[other]).fails(65, "held", says);
            bench.load(&[option]).is(0, "committed");
            let noted = bench.sql("SELECT accepted_by IS NOT NULL, reason LIKE 'accepted: %' FROM ops.runs WHERE status = 'committed' ORDER BY started_at DESC, run DESC");
            assert!(noted.contains(&"true,true".to_owned()), "{noted:?}");
            // What was accepted is what the next snapshot is compared with.
            bench.says(rows.body(road).replace("0551", "0552"));
            bench.load(&[]).is(0, "committed");
        }
    }
}

#[test]
fn what_stays_within_the_limits_and_what_another_contract_wrote_is_published() {
    for road in ROADS {
        let bench = Bench::new(&Contract::new(road, LIMITS, COLUMNS));
        bench.lands(GOOD.body(road));
        // All limits reached at once, and a handful of rows.
        bench.lands(Rows { n: 20, satkers: 8, placeless: 8, amount: 75 }.body(road));
        bench.says(Rows { n: 4, satkers: 4, placeless: 4, amount: 1 }.body(road));
        bench.load(&["--accept-shrink"]).is(0, "committed");
        bench.lands(GOOD.body(road));
        let path = bench.lab().path().join("config-of-test/sources/uji.toml");
        let contract = std::fs::read_to_string(&path).unwrap();
        assert!(contract.contains("version = 1"), "{contract}");
        std::fs::write(&path, contract.replace("version = 1", "version = 2")).unwrap();
        bench.lands(Rows { placeless: 10, amount: 100_000, ..GOOD }.body(road));
    }
}
