//! The world's businesses, projects, licences and persons as the guide's trees ask for them: what stands in each field.

mod business;
mod licence;
mod operator;
mod person;
mod project;
mod staff;

pub(super) use business::{FetchRecord, NibRecord, ProjectsRecord, StpwRecord};
pub(super) use licence::LicenseRecord;
pub(super) use operator::OperatorRecord;

use super::fill::Record;
use chrono::NaiveDate;

/// The version of the guide the service says it follows.
const VERSION: &str = "4.3";

/// Parts of a record, boxed.
fn boxed<'a, R: Record + 'a>(records: impl Iterator<Item = R>) -> Vec<Box<dyn Record + 'a>> {
    records.map(|record| Box::new(record) as Box<dyn Record + 'a>).collect()
}

/// A day, or nothing.
fn day(date: Option<NaiveDate>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

/// Y or N.
fn yes(is: bool) -> String {
    (if is { "Y" } else { "N" }).to_owned()
}
