//! A ledger of some years: pages stay small and quick whatever stands in it.

use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use rusqlite::Connection;

use super::house::House;
use super::pages::PAGES;

/// Largest page, in bytes.
const BYTES_MAX: usize = 150_000;

/// Editions and deliveries as a burst of many months leaves them.
const MANY: &str = "
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO editions (edition, number, report, variant, period, day, made_at, program, definition_version, n_parts,
        size_bytes, content, manifest, aside, state, recorded_at)
    SELECT 'kartu-satker-2026-10-31-' || i, 1, 'kartu-satker', '' || i, '2026-10-31', '2026-10-31',
        '2026-11-01T00:00:00.000Z', '0.1.0', 1, 1, 1, 'c', 'm', 'a', 'recorded', '2026-11-01T00:00:00.000Z'
    FROM n;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO deliveries (kind, edition, recipient, message_id, file, sha256, size_bytes, state, attempts, operator,
        created_at, due_since, finished_at)
    SELECT 'edition', CASE WHEN i % 2 = 0 THEN 'serapan-anggaran-2026-10-31' ELSE 'kartu-satker-2026-10-31-' || i END,
        'p' || i || '@contoh.go.id', '<m' || i || '@contoh.go.id>', 'f' || i, 'aa', 1, 'accepted', 1, 'test',
        '2026-11-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'
    FROM n;";

#[test]
fn pages_stay_small_and_quick_with_ten_thousand_deliveries_and_three_hundred_snapshots() {
    let house = House::new();
    let ledger = Connection::open(house.path("warehouse/state/ledger.db")).unwrap();
    ledger.execute_batch(MANY).unwrap();
    let first: NaiveDate = "2026-01-05".parse().unwrap();
    let snapshots: String = (0..300)
        .map(|n| {
            let day = first + Days::new(n);
            let run = format!("{}T053000000Z-{n:08x}", day.format("%Y%m%d"));
            format!(
                "INSERT INTO runs (run, source, dataset, contract_version, status, started_at, finished_at)
                 VALUES ('{run}', 'omspan', 'dipa_belanja', 1, 'committed', '{day}T05:30:00.000Z', '{day}T05:31:00.000Z');
                 INSERT INTO partitions (run, source, dataset, partition, shape, mode, latest, in_latest, partition_date,
                    staged, n_rows, size_bytes, sums, state, committed_at)
                 VALUES ('{run}', 'omspan', 'dipa_belanja', 'tahun_anggaran=2026/snapshot_date={day}',
                    'tahun_anggaran,snapshot_date', 'snapshot', 'tahun_anggaran=2026', {}, '{day}', '', 1000, 1000, '{{}}',
                    'current', '{day}T05:31:00.000Z');",
                i32::from(n == 299),
            )
        })
        .collect();
    ledger.execute_batch(&format!("BEGIN; {snapshots} COMMIT")).unwrap();
    drop(ledger);
    let daemon = house.serve(&["schedule.cron="]);
    let mut visitor = daemon.signed("cici");
    let more = [
        "/laporan/kartu-satker",
        "/laporan/kartu-satker?halaman=200",
        "/laporan/serapan-anggaran/serapan-anggaran-2026-10-31/1?halaman=50",
    ];
    let mut slowest = Duration::ZERO;
    for path in PAGES.iter().map(|page| page.path).chain(more) {
        assert_eq!(visitor.get(path).status, 200, "{path}");
        let quickest = (0..5).map(|_| {
            let began = Instant::now();
            let answer = visitor.get(path);
            assert!(answer.bytes.len() < BYTES_MAX, "{path} has {} bytes", answer.bytes.len());
            began.elapsed()
        });
        let quickest = quickest.min().unwrap();
        eprintln!("{path}: {} ms", quickest.as_millis());
        slowest = slowest.max(quickest);
    }
    // Unoptimised, and on a machine that does other things, too: what reads whole tables takes far longer.
    assert!(slowest < Duration::from_millis(1_500), "{slowest:?}");
    assert_eq!(visitor.get("/laporan/kartu-satker?halaman=201").status, 404);
}
