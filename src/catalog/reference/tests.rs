//! Tests of `ref.*` in a session: config rows, imports, and how they were on a day.

use serde_json::json;

use super::super::fixture::json_rows;
use super::super::{Catalog, SessionLimits, ViewSet};
use super::reference_tables;
use crate::config::ConfigFolder;
use crate::reference::{ImportRequest, Reference, import};
use crate::warehouse::{AsOf, Warehouse};

#[tokio::test]
async fn an_import_wins_over_the_config_from_its_day_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = "2026-03-02T05:00:00Z".parse().unwrap();
    let warehouse = Warehouse::open(&folder.path().join("warehouse"), at).unwrap();
    let reference = Reference::load(&ConfigFolder::embedded()).unwrap();
    let load = |date: &str, rows: &str| {
        let file = folder.path().join("kewenangan.csv");
        std::fs::write(&file, format!("kode,singkatan,uraian\n{rows}")).unwrap();
        let request = ImportRequest { file: &file, date: date.parse().unwrap(), accept_shrink: false, at };
        import::import(&warehouse, &reference.table("kewenangan").unwrap().definition, &request).unwrap();
    };
    // An import blocks: it wants a thread of its own.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            load("2026-02-01", "1,KP,Pusat\n2,KD,Daerah\n");
            load("2026-03-01", "1,KP,Kantor pusat\n2,KD,Baru\n");
        });
    });
    let session = async |as_of| {
        let (tables, memory) = reference_tables(&warehouse.committed_set(as_of).unwrap(), &reference);
        Catalog::build_with(tables, memory, &ViewSet::default(), SessionLimits::default()).unwrap()
    };
    let now = session(AsOf::Latest).await;
    assert_eq!(
        json_rows(&now, "SELECT * FROM ref.kewenangan ORDER BY kode").await,
        [
            json!({"kode": "1", "singkatan": "KP", "uraian": "Kantor pusat"}),
            json!({"kode": "2", "singkatan": "KD", "uraian": "Baru"})
        ]
    );
    let history = "SELECT snapshot_date, count(*) AS n FROM history.ref_kewenangan GROUP BY 1 ORDER BY 1";
    assert_eq!(
        json_rows(&now, history).await,
        [json!({"snapshot_date": "2026-02-01", "n": 2}), json!({"snapshot_date": "2026-03-01", "n": 2})]
    );
    assert_eq!(json_rows(&now, "SELECT count(*) AS n FROM ref.sumber_dana").await, [json!({"n": 19})]);
    assert_eq!(json_rows(&now, "SELECT count(*) AS n FROM ref.wilayah").await, [json!({"n": 0})]);
    let listed = "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'ref'";
    assert_eq!(json_rows(&now, listed).await, [json!({"n": 18})]);

    let name = "SELECT uraian FROM ref.kewenangan WHERE kode = '2'";
    let february = session(AsOf::Date("2026-02-10".parse().unwrap())).await;
    assert_eq!(json_rows(&february, name).await, [json!({"uraian": "Daerah"})]);
    let before = session(AsOf::Date("2026-01-10".parse().unwrap())).await;
    assert_eq!(json_rows(&before, name).await, [json!({"uraian": "Kantor daerah"})], "the config's rows");
}
