//! Which column of a query tells its rows apart: where a figure's row is looked for.

use crate::report::definition::{Body, Compared, ReportDefinition, RowSource};

impl ReportDefinition {
    /// The key column of the query called `name`; `None` where it gives one row.
    #[must_use]
    pub fn key_column(&self, name: &str) -> Option<&str> {
        self.sections.iter().find_map(|section| match &section.body {
            Body::Tiles(_) => None,
            Body::Changes(changes) => changes.entries.iter().find_map(|entry| match &entry.what {
                Compared::Rows { query, key, .. } if query.name == name => Some(key.as_str()),
                _ => None,
            }),
            Body::Exceptions(exceptions) => exceptions.checks.iter().find_map(|check| key(&check.rows, name)),
            Body::Table(table) => key(&table.rows, name),
            Body::Chart(chart) => key(&chart.table.rows, name),
            Body::Notes(notes) => {
                notes.iter().filter_map(|note| note.rows.as_ref()).find_map(|(rows, _)| key(rows, name))
            }
        })
    }

    /// The two columns that the report itself computes the share `column` of the query called `name` from: part and whole.
    #[must_use]
    pub fn share_of(&self, name: &str, column: &str) -> Option<(&str, &str)> {
        let tables = self.sections.iter().filter_map(|section| match &section.body {
            Body::Table(table) => Some(table),
            Body::Chart(chart) => Some(&chart.table),
            _ => None,
        });
        let mut columns = tables.filter(|table| table.rows.query.name == name).flat_map(|table| &table.columns);
        let (part, whole) = columns.find(|own| own.name == column)?.share.as_ref()?;
        Some((part.as_str(), whole.as_str()))
    }
}

fn key<'a>(rows: &'a RowSource, name: &str) -> Option<&'a str> {
    (rows.query.name == name).then_some(rows.key.as_str())
}
