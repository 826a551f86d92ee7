//! Prometheus' text format 0.0.4: families with their HELP and TYPE, samples with escaped labels, numbers without floats.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};

/// The media type of a page.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a figure does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows; its name ends in `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A family of figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
}

/// One figure, exactly.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// A number of things.
    Count(u64),
    /// 1 or 0.
    Is(bool),
    /// A span, in seconds.
    Span(TimeDelta),
    /// An instant, in seconds since 1970.
    At(DateTime<Utc>),
}

/// A page that is being written. The samples of a family stand together; a family without any is left out.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    open: Option<&'static str>,
    seen: BTreeSet<&'static str>,
}

impl Page {
    /// Adds a sample.
    pub(super) fn put(&mut self, metric: &Metric, labels: &[(&'static str, &str)], value: Value) {
        let Metric { name, kind, help } = *metric;
        if self.open != Some(name) {
            let is_new = self.seen.insert(name);
            debug_assert!(is_new, "the samples of {name} do not stand together");
            debug_assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
            self.open = Some(name);
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            self.line(format_args!("# HELP {name} {}", escaped(help, false)));
            self.line(format_args!("# TYPE {name} {kind}"));
        }
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value, true))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.line(format_args!("{name}{labels} {}", number(value)));
    }

    /// The whole page.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a text takes what is written");
    }
}

/// A backslash and a line feed are escaped everywhere, quotes in labels.
fn escaped(text: &str, in_label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if in_label { text.replace('"', "\\\"") } else { text }
}

fn number(value: Value) -> String {
    match value {
        Value::Count(n) => n.to_string(),
        Value::Is(yes) => u8::from(yes).to_string(),
        Value::Span(span) => seconds(span.num_milliseconds()),
        Value::At(at) => seconds(at.timestamp_millis()),
    }
}

/// Milliseconds as seconds, with as many digits as there are.
fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let (whole, rest) = (millis.unsigned_abs() / 1_000, millis.unsigned_abs() % 1_000);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest:03}") }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Metric, Page, Value};
    use chrono::{DateTime, TimeDelta};

    const ROWS: Metric = Metric { name: "lumbung_rows", kind: Kind::Gauge, help: "Rows \\ of\na \"table\"." };
    const CALLS: Metric = Metric { name: "lumbung_calls_total", kind: Kind::Counter, help: "Calls." };

    #[test]
    fn families_and_labels_are_written_as_the_format_asks() {
        let mut page = Page::default();
        page.put(&ROWS, &[("name", "a\\b\"c\nd"), ("year", "")], Value::Count(u64::MAX));
        page.put(&ROWS, &[], Value::Is(true));
        page.put(&CALLS, &[("how", "é")], Value::Count(0));
        let expected = "# HELP lumbung_rows Rows \\\\ of\\na \"table\".\n# TYPE lumbung_rows gauge\n\
            lumbung_rows{name=\"a\\\\b\\\"c\\nd\",year=\"\"} 18446744073709551615\nlumbung_rows 1\n\
            # HELP lumbung_calls_total Calls.\n# TYPE lumbung_calls_total counter\nlumbung_calls_total{how=\"é\"} 0\n";
        assert_eq!(page.into_text(), expected);
        assert_eq!(Page::default().into_text(), "");
    }

    #[test]
    fn times_are_seconds_to_the_millisecond() {
        let written = |value| {
            let mut page = Page::default();
            page.put(&ROWS, &[], value);
            page.into_text().lines().last().unwrap().trim_start_matches("lumbung_rows ").to_owned()
        };
        let at = |millis| Value::At(DateTime::from_timestamp_millis(millis).unwrap());
        assert_eq!(written(at(1_793_491_200_000)), "1793491200");
        assert_eq!(written(at(1_793_491_200_045)), "1793491200.045");
        assert_eq!(written(Value::Span(TimeDelta::milliseconds(-1_500))), "-1.500");
        assert_eq!(written(Value::Is(false)), "0");
    }
}
