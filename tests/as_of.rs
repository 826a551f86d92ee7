//! As of a day: several days are loaded one after the other, what every mart says on each is noted while that day is the
//! newest, and asked again when later ones have come. Not a row may differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use lumbung::catalog::{Catalog, SessionLimits, ViewSet, dataset_tables, ledger_tables, reference_tables};
use lumbung::config::ConfigFolder;
use lumbung::reference::Reference;
use lumbung::warehouse::{AsOf, Warehouse};

use crate::harness::{Lab, Ran};

/// Days that are loaded, the first before the others' revisions and postings.
const DAYS: [&str; 3] = ["2026-10-25", "2026-11-01", "2026-11-08"];

/// What is loaded each day: everything that changes from day to day in the simulation, and what the marts need beside it.
const LOADED: [&str; 4] = ["omspan", "sipp", "padi", "simda"];

/// Every row of every mart as text, sorted, because a view has no order.
type Marts = BTreeMap<String, Vec<String>>;

/// What the marts say as of `as_of`.
async fn marts(lab: &Lab, as_of: AsOf) -> Marts {
    let config = ConfigFolder::locate(Some(&lab.path().join("config-as-shipped"))).unwrap();
    let contracts = config.contracts().unwrap();
    let reference = Reference::load(&config).unwrap();
    let warehouse = Warehouse::open_for_reading(&lab.warehouse()).unwrap();
    let files = Arc::new(warehouse.committed_set(as_of).unwrap());
    let mut tables = dataset_tables(&files, &contracts);
    let (imported, mut memory) = reference_tables(&files, &reference);
    tables.extend(imported);
    memory.extend(ledger_tables(&warehouse, &files, as_of));
    let views = ViewSet::embedded();
    let catalog = Catalog::build_with(tables, memory, &views, SessionLimits::default()).unwrap();
    let mut marts = Marts::new();
    for view in views.views() {
        marts.insert(view.name.clone(), rows(&catalog, &view.name).await);
    }
    marts
}

async fn rows(catalog: &Catalog, mart: &str) -> Vec<String> {
    let result = catalog.query(&format!("SELECT * FROM mart.{mart}")).await.unwrap_or_else(|e| panic!("{mart}: {e}"));
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in result.collect().await.unwrap_or_else(|e| panic!("{mart}: {e}")) {
        let cells: Vec<_> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        let row = |i| cells.iter().map(|cell| cell.value(i).to_string()).collect::<Vec<_>>().join(" | ");
        rows.extend((0..batch.num_rows()).map(row));
    }
    rows.sort();
    rows
}

#[test]
fn every_mart_says_of_a_past_day_what_it_said_on_that_day() {
    let mut lab = Lab::new(&[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    std::fs::create_dir_all(lab.path().join("config-as-shipped")).unwrap();
    let mut noted: Vec<(&str, Marts)> = Vec::new();
    for day in DAYS {
        lab.set_today(day);
        let load = [&["snapshot"], &LOADED[..], &["--from", day, "--to", day]].concat();
        let ran: Ran = lab.systems_command(&load).output().unwrap().into();
        assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
        noted.push((day, runtime.block_on(marts(&lab, AsOf::Latest))));
    }
    let (_, newest) = &noted[2];
    let moved = newest.iter().filter(|(mart, rows)| noted[0].1[*mart] != **rows).count();
    assert!(moved > 10, "only {moved} marts differ between the days: nothing is proved");
    for (day, said) in &noted {
        let asked = runtime.block_on(marts(&lab, AsOf::Date(day.parse().unwrap())));
        for (mart, rows) in said {
            assert_eq!(&asked[mart], rows, "mart.{mart} as of {day}: what it says now on the left");
        }
    }
}
