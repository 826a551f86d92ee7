//! The rows that differ, handed on one by one.
//!
//! They are put together from columns that are read one at a time, some thousand rows in each go: memory does not grow
//! with their number.

use super::column::Both;
use super::pairs::Shown;
use super::{Cell, DiffError, DiffRequest, RowDifference, Side};

/// Rows that are put together in one go over the columns.
const ROWS: usize = 20_000;

/// Old and new value of one column in each of the rows at hand.
type Cells = Vec<(Option<String>, Option<String>)>;

/// Hands the rows of `shown` to `each`, in their order.
pub(super) fn hand_over(
    request: &DiffRequest<'_>,
    sides: (&Side<'_>, &Side<'_>),
    shown: &[Shown],
    each: &mut dyn FnMut(RowDifference) -> std::io::Result<()>,
) -> Result<(), DiffError> {
    let values: Vec<&String> = request.columns.iter().filter(|column| !request.key.contains(column)).collect();
    for rows in shown.chunks(ROWS) {
        let mut key = request.key.iter().map(|name| cells(sides, name, rows)).collect::<Result<Vec<_>, _>>()?;
        let mut columns = values.iter().map(|name| cells(sides, name, rows)).collect::<Result<Vec<_>, _>>()?;
        for (i, row) in rows.iter().enumerate() {
            let key = key.iter_mut().map(|cells| std::mem::take(&mut cells[i])).map(|(old, new)| new.or(old));
            let mut row = RowDifference { fate: row.fate, key: key.collect(), cells: Vec::new() };
            for (name, cells) in values.iter().zip(&mut columns) {
                let (old, new) = std::mem::take(&mut cells[i]);
                if old != new {
                    row.cells.push(Cell { column: (*name).clone(), old, new });
                }
            }
            each(row)?;
        }
    }
    Ok(())
}

fn cells((from, to): (&Side<'_>, &Side<'_>), name: &str, rows: &[Shown]) -> Result<Cells, DiffError> {
    let column = Both::read(from, to, name)?;
    rows.iter().map(|row| column.cells(row)).collect()
}
