//! The tables of a page in the order of the layout, for the files that hold all of them.

use crate::report::page::{Cell, Page, Table, Unit};

/// A table and where it stands.
pub(super) struct Placed<'a> {
    /// The heading it stands below.
    pub(super) heading: &'a str,
    pub(super) table: &'a Table,
}

/// "Perlu perhatian", the sections, the chart's figures.
pub(super) fn tables(page: &Page) -> Vec<Placed<'_>> {
    let attention = &page.attention;
    let attention = attention.table.as_ref().map(|table| Placed { heading: &attention.heading, table });
    let sections = page.sections.iter().map(|section| Placed { heading: &section.heading, table: &section.table });
    let chart = page.chart.as_ref().map(|chart| Placed { heading: &chart.heading, table: &chart.table });
    attention.into_iter().chain(sections).chain(chart).collect()
}

impl Placed<'_> {
    /// The heading of a column with its unit: the figures in a file stand in full, whatever unit the mail prints them
    /// in. `column` counts from 0 without the row header's.
    pub(super) fn label(&self, column: usize) -> String {
        let label = self.table.columns.get(column + 1).map_or("", |column| column.label.trim());
        match self.unit(column) {
            Some(Unit::Rupiah) if !label.ends_with("(Rp)") => format!("{label} (Rp)"),
            Some(Unit::Percent) if !label.contains('%') => format!("{label} (%)"),
            Some(Unit::Points) if !label.contains("poin") => format!("{label} (poin)"),
            _ => label.to_owned(),
        }
    }

    /// The unit of a column whose figures all have the same.
    fn unit(&self, column: usize) -> Option<Unit> {
        let cells = self.table.rows.iter().filter_map(|row| row.cells.get(column));
        let mut units = cells.filter_map(|cell| cell.figure).map(|figure| figure.unit);
        let first = units.next()?;
        units.all(|unit| unit == first).then_some(first)
    }
}

/// The unit as a word.
pub(super) fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Rupiah => "rupiah",
        Unit::Percent => "persen",
        Unit::Points => "poin",
        Unit::Count => "jumlah",
        Unit::Value(_) => "nilai",
    }
}

/// The sign that a printed figure carries before it, such as `▼`: colour alone says nothing.
pub(super) fn mark(cell: &Cell) -> Option<char> {
    cell.text.chars().next().filter(|first| matches!(first, '▲' | '▼' | '●' | '■' | '◆' | '!'))
}
