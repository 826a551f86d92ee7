//! A sixth source that nobody has thought of: one endpoint with pages and six columns. It needs one TOML file and no Rust.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::{Lab, Ran};

/// The whole of what a maintainer writes.
const CONTRACT: &str = r#"
[source]
name = "simpeg"
title = "Sistem Informasi Kepegawaian"
document = "Invented for this test"
version = 1
base_url = "https://simpeg.example.go.id/api"
timezone = "Asia/Makassar"

[source.auth]
kind = "header"
header = "X-Token"

[source.envelope]
kind = "document"
verdicts = [{ at = ["ok"], is = ["false"], verdict = "failed" }]
message = ["why"]

[[dataset]]
name = "formasi"
title = "Formasi jabatan"
grain = "one post of a unit"
path = "formasi"
query = { halaman = "{page}", jumlah = "{size}" }
paging = { kind = "page_number", page_rows = 40, total = "info.semua" }
rows = "document"
rows_at = ["isi"]
control = ["anggaran"]
columns = [
  { name = "kode", type = "code(5)", required = true, class = "public", meaning = "post" },
  { name = "unit", type = "text", class = "public", meaning = "unit" },
  { name = "terisi", type = "boolean", class = "public", meaning = "filled" },
  { name = "tmt", type = "date", format = "DD/MM/YYYY", class = "public", meaning = "since" },
  { name = "jumlah", type = "integer", extract = "integer", class = "public", meaning = "posts" },
  { name = "anggaran", type = "money", class = "public", meaning = "budget of the post" },
]
"#;

const ROWS: usize = 130;

#[derive(serde::Deserialize)]
struct Asked {
    halaman: usize,
    jumlah: usize,
}

async fn formasi(State(token): State<Arc<String>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    if headers.get("x-token").and_then(|value| value.to_str().ok()) != Some(token.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let row = |i: usize| {
        json!({"Kode": format!("{i:05}"), "unit": "Biro", "terisi": if i.is_multiple_of(2) { "Ya" } else { "Tidak" },
            "tmt": "1/3/2024", "jumlah": format!("{i} orang"), "anggaran": "1.000.000,50"})
    };
    let first = (asked.halaman - 1) * asked.jumlah;
    let rows: Vec<_> = (first..ROWS.min(first + asked.jumlah)).map(row).collect();
    json!({"ok": true, "info": {"semua": ROWS}, "isi": rows}).to_string().into_response()
}

#[test]
fn a_sixth_source_needs_one_toml_file() {
    let lab = Lab::new(&[]);
    let config = lab.path().join("config-of-test");
    std::fs::create_dir_all(config.join("sources")).unwrap();
    std::fs::write(config.join("sources/simpeg.toml"), CONTRACT).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/formasi", get(formasi)).with_state(Arc::new("open-sesame".to_owned()));
    let server = runtime.spawn(axum::serve(listener, router).into_future());
    let run = |arguments: &[&str]| {
        let mut command = lab.bare_command();
        command.args(["--config", config.to_str().unwrap()]);
        command.args(["--set", &format!("sources.simpeg.base_url=http://{address}")]);
        command.env("LUMBUNG_SIMPEG_TOKEN", "open-sesame").args(arguments);
        Ran::from(command.output().unwrap())
    };
    let loaded = run(&["--output", "json", "snapshot", "simpeg"]);
    assert_eq!(loaded.code, 0, "{}\n{}", loaded.stdout, loaded.stderr);
    let said = &loaded.json_lines()[0];
    assert_eq!((said["rows"].as_u64(), said["pages"].as_u64()), (Some(130), Some(4)), "{said}");
    assert_eq!(said["control"]["anggaran"], "130000065.00", "{said}");
    let query = "SELECT count(*), sum(jumlah), min(kode), max(tmt), sum(anggaran) FROM simpeg.formasi WHERE terisi";
    let read = run(&["sql", "--format", "csv", query]);
    assert_eq!(read.stdout.lines().nth(1), Some("65,4160,00000,2024-03-01,65000032.50"), "{}", read.stdout);
    assert_eq!(run(&["--output", "json", "snapshot", "simpeg.formasi"]).json_lines()[0]["status"], "unchanged");
    server.abort();
}
