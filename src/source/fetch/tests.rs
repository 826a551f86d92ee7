//! When a source is asked again.

use super::{pause, retry_after};
use crate::contract::HttpLimits;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use std::time::Duration;

#[test]
fn a_server_says_when_to_come_again_in_seconds_or_by_a_date() {
    let said = |after: &'static str, date: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
        date.map(|date| headers.insert(DATE, HeaderValue::from_static(date)));
        retry_after(&headers).map(|left| left.as_secs())
    };
    let now = Some("Sun, 01 Nov 2026 06:00:00 GMT");
    assert_eq!(said(" 7 ", now), Some(7));
    assert_eq!(said("Sun, 01 Nov 2026 06:02:00 GMT", now), Some(120));
    assert_eq!(said("Sun, 01 Nov 2026 05:00:00 GMT", now), Some(0));
    assert_eq!(said("Sun, 01 Nov 2026 06:02:00 GMT", None), None);
    assert_eq!(said("soon", now), None);
}

#[test]
fn pauses_double_and_are_bounded() {
    let limits =
        HttpLimits { connect_timeout_secs: 1, read_timeout_secs: 1, attempts: 4, backoff_secs: 2, body_bytes_max: 1 };
    let seconds = |attempt, after: Option<u64>| pause(&limits, attempt, after.map(Duration::from_secs)).as_secs();
    assert_eq!([seconds(2, None), seconds(3, None), seconds(4, None)], [2, 4, 8]);
    assert_eq!(seconds(60, None), 300);
    assert_eq!(seconds(2, Some(7)), 7);
    assert_eq!(seconds(2, Some(1_000_000)), 600);
}
