//! A dataset made up for a test.

use std::sync::Arc;

use crate::contract::{Dataset, parse};

/// A dataset whose rows come as `rows` says (`objects`, `csv`), with `columns`, and the further keys in `more`.
pub(crate) fn dataset(rows: &str, columns: &str, more: &str) -> Arc<Dataset> {
    let text = format!(
        r#"
[source]
name = "s"
title = "t"
document = "d"
version = 1
base_url = "https://example.org"
timezone = "Asia/Jakarta"
[source.auth]
kind = "bearer"
[[dataset]]
name = "d"
title = "t"
grain = "g"
path = "p"
paging = {{ kind = "whole" }}
envelope = "spanint"
rows = "{rows}"
{more}
columns = [{columns}
]
"#
    );
    Arc::new(parse("s.toml", &text).unwrap().datasets.remove(0))
}
