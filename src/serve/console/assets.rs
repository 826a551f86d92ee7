//! Style, script and the mark, carried by the binary: each under a path with the hash of its content, so that browsers keep it for good.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use super::ConsoleServer;
use super::problem::Problem;

/// An asset as it is served.
struct Asset {
    path: String,
    tag: String,
    kind: &'static str,
    bytes: &'static [u8],
}

/// The style: what all pages have, and what the pages on data, SQL and operation have beside it.
const STYLE_TEXT: &str = concat!(
    include_str!("../../../templates/console/console.css"),
    include_str!("../../../templates/console/console-tools.css")
);
/// The script, in the same two parts.
const SCRIPT_TEXT: &str = concat!(
    include_str!("../../../templates/console/console.js"),
    include_str!("../../../templates/console/console-tools.js")
);

static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", STYLE_TEXT.as_bytes()));
static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("js", "text/javascript; charset=utf-8", SCRIPT_TEXT.as_bytes()));

static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("png", "image/png", include_bytes!("../../../templates/report/lumbung.png")));

/// What browsers may do with it: the path changes with the content.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

impl Asset {
    fn new(extension: &str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let digest: String = Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/aset/{digest}.{extension}"), tag: format!("\"{digest}\""), kind, bytes }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let tag = HeaderValue::from_str(&self.tag).expect("hex digits within quotes");
        let fixed = [
            (header::CACHE_CONTROL, HeaderValue::from_static(FOR_GOOD)),
            (header::ETAG, tag.clone()),
            (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
        ];
        match headers.get(header::IF_NONE_MATCH) == Some(&tag) {
            true => (StatusCode::NOT_MODIFIED, fixed).into_response(),
            false => (fixed, self.bytes).into_response(),
        }
    }
}

/// Where the style lies.
pub(super) fn style_path() -> &'static str {
    &STYLE.path
}

/// Where the script lies.
pub(super) fn script_path() -> &'static str {
    &SCRIPT.path
}

/// Where the mark lies that stands beside a page's title.
pub(super) fn mark_path() -> &'static str {
    &MARK.path
}

pub(super) fn routes() -> Router<Arc<ConsoleServer>> {
    Router::new().route("/aset/{name}", get(asset))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let known =
        [&*STYLE, &*SCRIPT, &*MARK].into_iter().find(|asset| asset.path.strip_prefix("/aset/") == Some(&name));
    known.map(|asset| asset.answer(&headers)).ok_or(Problem::NotFound)
}
