//! Laravel's paginator: which rows stand on a page, and the object around them.

use crate::sandbox::document::with;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ops::Range;

/// Rows a page unless asked otherwise, and at most.
const DEFAULT: usize = 15;
const MOST: usize = 1_000;
/// The host the service believes it has: nobody outside reaches it.
const INTERNAL_HOST: &str = "http://sipp-app.internal/api";

/// A page that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// 1-based.
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Page {
    /// What `page` and `per_page` ask for; what cannot be read is as if it were absent.
    pub(super) fn asked(parameters: &HashMap<String, String>) -> Self {
        let number = |name: &str| parameters.get(name).and_then(|text| text.parse().ok()).filter(|n| *n > 0);
        Self { number: number("page").unwrap_or(1), size: number("per_page").unwrap_or(DEFAULT).min(MOST) }
    }

    /// Its rows, by their index among `total`.
    pub(super) fn span(self, total: usize) -> Range<usize> {
        let from = (self.number - 1).saturating_mul(self.size).min(total);
        from..from.saturating_add(self.size).min(total)
    }

    /// The last page of `total` rows: 1 where there are none.
    pub(super) fn last(self, total: usize) -> usize {
        total.div_ceil(self.size).max(1)
    }

    /// The answer: `rows` on this page of `total`, in the paginator of `path`.
    pub(super) fn document(self, path: &str, total: usize, rows: Vec<Value>) -> Value {
        let url = |number: usize| format!("{INTERNAL_HOST}/{path}?page={number}");
        let last = self.last(total);
        let previous = (self.number > 1).then(|| url(self.number - 1));
        let next = (self.number < last).then(|| url(self.number + 1));
        let span = self.span(total);
        let edges = (!rows.is_empty()).then(|| (span.start + 1, span.start + rows.len()));
        let link =
            |url: &Option<String>, label: &str, active: bool| json!({ "url": url, "label": label, "active": active });
        let links = [
            link(&previous, "&laquo; Previous", false),
            link(&Some(url(self.number)), &self.number.to_string(), true),
            link(&next, "Next &raquo;", false),
        ];
        let mut paginator = with(json!({ "current_page": self.number }), "data", rows);
        let rest = json!({
            "first_page_url": url(1),
            "from": edges.map(|(from, _)| from),
            "last_page": last,
            "last_page_url": url(last),
            "links": links,
            "next_page_url": next,
            "path": format!("{INTERNAL_HOST}/{path}"),
            "per_page": self.size,
            "prev_page_url": previous,
            "to": edges.map(|(_, to)| to),
            "total": total,
        });
        if let (Value::Object(paginator), Value::Object(rest)) = (&mut paginator, rest) {
            paginator.extend(rest);
        }
        with(json!({}), "data", paginator)
    }
}

#[cfg(test)]
mod tests {
    use super::Page;
    use serde_json::{Value, json};
    use std::collections::HashMap;

    fn asked(pairs: &[(&str, &str)]) -> Page {
        Page::asked(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<HashMap<_, _>>())
    }

    #[test]
    fn a_page_is_15_rows_and_at_most_1000() {
        assert_eq!(asked(&[]), Page { number: 1, size: 15 });
        assert_eq!(asked(&[("page", "3"), ("per_page", "500")]), Page { number: 3, size: 500 });
        assert_eq!(asked(&[("page", "0"), ("per_page", "100000")]), Page { number: 1, size: 1_000 });
        assert_eq!(asked(&[("page", "x"), ("per_page", "-5")]), Page { number: 1, size: 15 });
    }

    #[test]
    fn the_last_page_may_be_exactly_full() {
        let page = Page { number: 2, size: 10 };
        assert_eq!((page.span(20), page.last(20)), (10..20, 2));
        let document = page.document("p3ke", 20, vec![json!({}); 10]);
        assert_eq!(document["data"]["next_page_url"], Value::Null);
        assert_eq!((&document["data"]["from"], &document["data"]["to"]), (&json!(11), &json!(20)));
        assert_eq!(page.span(21), 10..20);
        assert_eq!(page.last(21), 3);
    }

    #[test]
    fn a_page_beyond_the_end_is_empty() {
        for (number, total) in [(3, 20), (usize::MAX, 20), (1, 0)] {
            let page = Page { number, size: 10 };
            assert!(page.span(total).is_empty());
            let document = page.document("p3ke", total, Vec::new());
            let data = &document["data"];
            assert_eq!((&data["data"], &data["from"], &data["to"]), (&json!([]), &Value::Null, &Value::Null));
            assert_eq!(data["next_page_url"], Value::Null);
            assert_eq!(data["total"], total);
        }
    }
}
